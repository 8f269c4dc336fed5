"""The program `udrl` in tests: a command as it is typed, and the files that it writes."""

import csv
import shlex

import yaml
from click.testing import CliRunner

from udrl_sklearn._cli._app import udrl

TREE = "--env CartPole-v1 --estimator DecisionTreeClassifier --set min_samples_leaf=10 --total-timesteps 1500"


def run_udrl(line, exit_code=0):
    """Run a command, check its exit code, and return what it prints."""
    result = CliRunner().invoke(udrl, shlex.split(line))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def config_of(path):
    return yaml.safe_load((path / "config.yaml").read_text())


def history_of(path):
    """Return the records of a run, without the columns that differ from one computer to the next."""
    with open(path / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{key: row[key] for key in row if not key.endswith("_seconds")} for row in rows]
