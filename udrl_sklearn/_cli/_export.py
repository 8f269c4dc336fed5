"""`udrl export`."""

import csv
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from udrl_sklearn._runs._config import method_name
from udrl_sklearn._runs._run_folder import Run, find_runs

from ._group import examples, udrl
from ._read_runs import read_each
from ._run_options import runs_argument


@udrl.command(
    epilog=examples(
        "udrl export runs --csv histories.csv",
        "udrl export runs/cartpole --csv",
    ),
)
@runs_argument
@click.option(
    "--csv", "path", is_flag=False, flag_value="-", default="-", help="The file. [default: the standard output]"
)
def export(runs: tuple[Path, ...], path: str) -> None:
    """Write the histories of RUNS as one CSV table.

    The table has a row for each iteration of each run.
    """
    tables = read_each(find_runs(runs), _table_rows)
    rows = [row for table in tables.values() for row in table]
    # Without a translation of line ends. The standard output has its own encoding.
    with nullcontext(sys.stdout) if path == "-" else open(path, "w", newline="", encoding="utf-8") as file:
        columns = dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _table_rows(run: Run) -> list[dict[str, Any]]:
    """Return a row for each iteration of a run."""
    config = run.config
    labels = {
        "run": str(run.path),
        "env": config["env"],
        "estimator": config["estimator"],
        "method": method_name(config),
        "random_state": config["random_state"],
    }
    return [labels | record for record in run.history]
