"""Run folders: what one training leaves on disk, enough to look at it, to use it and to repeat it.

config.yaml         all that was asked for; `udrl train --config` repeats it
versions.json       of Python, the packages and the machine
history.csv         a line for each iteration
evaluation.json     what was obtained, episode by episode
agent.skops         the fitted agent
training_curve.png  and other pictures
"""

import copy
import csv
import importlib.metadata
import json
import os
import platform
from pathlib import Path

import gymnasium
import yaml

from udrl_sklearn._agent import UDRLAgent

PACKAGES = ("udrl_sklearn", "scikit-learn", "numpy", "scipy", "gymnasium", "joblib", "torch", "skorch")


class NoRun(ValueError):
    """A folder that holds no run, or not what is wanted of it."""


class Run:
    """A run folder.

    Parameters
    ----------
    path : str or path-like
        The folder.
    """

    def __init__(self, path):
        self.path = Path(path)

    @property
    def config(self):
        """What was asked for, as a dict."""
        return read_config(self.path / "config.yaml")

    @property
    def history(self):
        """A list with a dict for each iteration, as `history_` of the agent."""
        path = self.path / "history.csv"
        if not path.exists():
            raise NoRun(f"{path} does not exist: the training did not get so far.")
        with path.open(newline="") as file:
            return [
                {name: float(value) for name, value in row.items() if value != ""}
                | {name: int(row[name]) for name in ("iteration", "timesteps", "episodes")}
                for row in csv.DictReader(file)
            ]

    @property
    def evaluations(self):
        """A list of dicts: what was asked for, the command that it stands for, and the outcome of each episode."""
        path = self.path / "evaluation.json"
        return json.loads(path.read_text()) if path.exists() else []

    @property
    def env(self):
        """The environment, as agents take it."""
        return environment(self.config)

    @property
    def title(self):
        """What was trained, and where."""
        config = self.config
        return f"{config['estimator']} on {config['env']}"

    def agent(self, trust=False):
        """Load the agent.

        Raises
        ------
        NoRun
            If there is none, or if its file holds types that are not trusted.
        """
        path = self.path / "agent.skops"
        if not path.exists():
            raise NoRun(f"{path} does not exist: the training has left no agent.")
        if trust:
            from skops.io import get_untrusted_types

            return UDRLAgent.load(path, trusted=get_untrusted_types(file=path))
        try:
            return UDRLAgent.load(path)
        except TypeError as error:
            types = str(error).partition(" If you know")[0]
            raise NoRun(f"{types} If you made this run yourself, or trust who did, add --trust.") from error

    def write_config(self, config):
        """Begin a run: write down what is asked for, and what it runs on."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "config.yaml").open("w") as file:
            yaml.safe_dump(config, file, sort_keys=False, allow_unicode=True)
        with (self.path / "versions.json").open("w") as file:
            json.dump(_versions(), file, indent=2)

    def write_history(self, history):
        """Write the history of an agent."""
        with (self.path / "history.csv").open("w", newline="") as file:
            columns = dict.fromkeys(name for record in history for name in record)
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(history)

    def write_agent(self, agent):
        """Write a fitted agent, and its history."""
        self.write_history(agent.history_)
        agent.save(self.path / "agent.skops")

    def add_evaluation(self, asked, evaluation, seed):
        """Write down what was asked for and obtained, in the place of an earlier evaluation of the same kind."""
        entry = {
            "asked": _plain(asked),
            "command": _plain(evaluation.command),
            "seed": seed,
            "n_episodes": len(evaluation.returns),
            "mean_return": evaluation.mean_return,
            "std_return": evaluation.std_return,
            "returns": evaluation.returns.tolist(),
            "lengths": evaluation.lengths.tolist(),
        }
        kind = ("asked", "seed", "n_episodes")
        others = [other for other in self.evaluations if any(other[key] != entry[key] for key in kind)]
        with (self.path / "evaluation.json").open("w") as file:
            json.dump([*others, entry], file, indent=2)


def find_runs(paths):
    """Return the runs at paths, each a run folder or a folder with some in it."""
    found = []
    for path in map(Path, paths):
        folders = [path] if _is_run(path) else sorted(filter(_is_run, path.iterdir())) if path.is_dir() else []
        if not folders:
            raise NoRun(f"{path} is no run folder: there is no config.yaml in it. `udrl train --out {path}` makes one.")
        found += map(Run, folders)
    return found


def find_run(path):
    """Return the one run at a path."""
    found = find_runs([path])
    if len(found) > 1:
        names = ", ".join(str(run.path) for run in found)
        raise NoRun(f"{path} holds {len(found)} runs, and one is needed: {names}.")
    return found[0]


def group_runs(runs):
    """Return {title: runs} of the same configuration but for the seed."""
    groups = {}
    for run in runs:
        config = run.config
        config.pop("random_state")
        groups.setdefault(repr(config), []).append(run)
    taken = [group[0].title for group in groups.values()]
    return {
        title if taken.count(title) == 1 else f"{title} ({group[0].path.name})": group
        for title, group in zip(taken, groups.values(), strict=True)
    }


def read_config(path):
    """Return the dict that a YAML file holds."""
    try:
        with open(path) as file:
            config = yaml.safe_load(file)
    except (OSError, yaml.YAMLError) as error:
        raise NoRun(f"{path} can't be read: {error}") from error
    if not isinstance(config, dict):
        raise NoRun(f"{path} should hold lines such as `env: CartPole-v1`, got {type(config).__name__}.")
    return config


def environment(config):
    """Return the environment of a configuration, as agents take it."""
    if not config.get("env_set"):
        return config["env"]
    spec = copy.deepcopy(gymnasium.spec(config["env"]))  # the registry's own
    spec.kwargs = spec.kwargs | config["env_set"]
    return spec


def _is_run(path):
    return (path / "config.yaml").is_file()


def _plain(command):
    """Return a command as JSON has it."""
    return command if command == "max" else list(command)


def _versions():
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"versions": versions, "platform": platform.platform(), "cores": os.cpu_count()}
