"""Run folders: the files that one training writes, enough to evaluate its agent and to repeat the training.

config.yaml         all options of the training; `udrl train --config` repeats it
versions.json       versions of Python and the packages, and the machine
history.csv         a row for each iteration
evaluation.json     return and length of each episode of the evaluations
agent.skops         the fitted agent
training_curve.png  and other pictures
"""

import copy
import csv
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import yaml
from gymnasium.envs.registration import EnvSpec

from udrl_sklearn import Command, Evaluation, UDRLAgent
from udrl_sklearn._envs._sources import find_spec

from ._config import Config, title_parts
from ._text_values import read_yaml, write_yaml

PACKAGES = ("udrl_sklearn", "scikit-learn", "numpy", "scipy", "gymnasium", "joblib", "torch", "skorch")

# An evaluation replaces another one with the same values of these.
IDENTITY = ("command", "seed", "n_episodes")
EVALUATION_KEYS = (*IDENTITY, "mean_return")  # those that are read again

RunEnv = str | EnvSpec  # an environment that a configuration can name


class RunError(ValueError):
    """A folder is not a run folder, or a file in it is missing or invalid."""


class Run:
    """A run folder.

    Parameters
    ----------
    path : str or path-like
        The folder.
    """

    def __init__(self, path: str | PathLike) -> None:
        self.path = Path(path)

    @property
    def config(self) -> Config:
        """All options of the training."""
        path = self.path / "config.yaml"
        config = read_config(path)
        missing = [name for name in ("env", "estimator", "random_state") if name not in config]
        if missing:
            raise RunError(f"{path} is not the configuration of a run: it has no {' and no '.join(missing)}.")
        return config

    @property
    def history(self) -> list[dict[str, float]]:
        """A list with a dict for each iteration, as `history_` of the agent."""
        path = self.path / "history.csv"
        if not path.exists():
            raise RunError(f"{path} does not exist: the training has not written a history.")
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            raise RunError(f"{path} is empty: the training has not completed an iteration.")
        try:
            return [
                {name: float(value) for name, value in row.items() if value != ""}
                | {name: int(row[name]) for name in ("iteration", "timesteps", "episodes")}
                for row in rows
            ]
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(f"{path} can't be read: {error!r}") from error

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """A list with a dict for each evaluation, as `add_evaluation` writes it."""
        path = self.path / "evaluation.json"
        if not path.exists():
            return []
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise RunError(f"{path} can't be read: {error}") from error
        if not isinstance(entries, list) or not all(map(_is_evaluation, entries)):
            raise RunError(
                f"{path} must be a list of evaluations, each with {', '.join(EVALUATION_KEYS)} as `udrl evaluate` "
                "writes them. Delete the file, and evaluate again."
            )
        return entries

    def check(self) -> None:
        """Raise a RunError if the configuration or the history is missing or invalid."""
        _ = self.config
        _ = self.history

    @property
    def env(self) -> RunEnv:
        """The environment, in a form that agents take."""
        config = self.config
        return env_with_params(config["env"], config.get("env_set") or {})

    @property
    def title(self) -> str:
        """The estimator, the method if it is not the default one, and the environment."""
        config = self.config
        return f"{' with '.join(title_parts(config))} on {config['env']}"

    def agent(self, trust: bool = False) -> UDRLAgent:
        """Load the agent.

        Parameters
        ----------
        trust : bool, default=False
            Whether the file may contain types of other packages.

        Raises
        ------
        RunError
            If there is no agent, or its file contains types that are not trusted.
        """
        path = self.path / "agent.skops"
        if not path.exists():
            raise RunError(f"{path} does not exist: the training has not saved an agent.")
        from udrl_sklearn._persistence import untrusted_types  # skops takes long to import

        types = untrusted_types(path)
        if types and not trust:
            raise RunError(
                f"{path} contains types that are not trusted: {types}. If you trust the author of this run, add "
                "--trust."
            )
        return UDRLAgent.load(path, trusted=types)

    def write_config(self, config: Config) -> None:
        """Create the folder, and write the configuration and the versions of the packages."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "config.yaml").open("w", encoding="utf-8") as file:
            write_yaml(config, file)
        with (self.path / "versions.json").open("w", encoding="utf-8") as file:
            json.dump(_versions(), file, indent=2)

    def write_history(self, history: Sequence[Mapping[str, float]]) -> None:
        """Write the history of an agent."""
        with (self.path / "history.csv").open("w", newline="", encoding="utf-8") as file:
            columns = dict.fromkeys(name for record in history for name in record)
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(history)

    def write_agent(self, agent: UDRLAgent) -> None:
        """Write a fitted agent and its history."""
        self.write_history(agent.history_)
        agent.save(self.path / "agent.skops")

    def add_evaluation(self, command: Command | str, evaluation: Evaluation, seed: int) -> None:
        """Add an evaluation. It replaces one with the same command, seed and number of episodes.

        Parameters
        ----------
        command : Command or "max"
            The command as it was given. That of the evaluation has a horizon.
        evaluation : Evaluation
        seed : int
            The seed of the episodes.
        """
        entry = {
            "command": _to_json(command),
            "resolved_command": _to_json(evaluation.command),
            "seed": seed,
            "n_episodes": len(evaluation.returns),
            "mean_return": evaluation.mean_return,
            "std_return": evaluation.std_return,
            "returns": evaluation.returns.tolist(),
            "lengths": evaluation.lengths.tolist(),
        }
        others = [other for other in self.evaluations if any(other[key] != entry[key] for key in IDENTITY)]
        with (self.path / "evaluation.json").open("w", encoding="utf-8") as file:
            json.dump([*others, entry], file, indent=2)


def find_runs(paths: Iterable[str | PathLike]) -> list[Run]:
    """Return the runs at paths. Each path is a run folder, or a folder that contains some at any depth."""
    runs: list[Run] = []
    for path in map(Path, paths):
        folders = _run_folders(path)
        if not folders:
            raise RunError(f"{path} is not a run folder: it has no config.yaml. `udrl train --out {path}` makes one.")
        runs += map(Run, folders)
    return runs


def find_run(path: str | PathLike) -> Run:
    """Return the one run at a path."""
    runs = find_runs([path])
    if len(runs) > 1:
        names = ", ".join(str(run.path) for run in runs)
        raise RunError(f"{path} contains {len(runs)} runs, expected one: {names}.")
    return runs[0]


def group_runs(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Return {title: runs}, where runs with one title differ only in the seed."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        config = run.config
        config.pop("random_state")
        groups.setdefault(repr(config), []).append(run)
    titles = [group[0].title for group in groups.values()]
    return {
        title if titles.count(title) == 1 else f"{title} ({group[0].path.name})": group
        for title, group in zip(titles, groups.values(), strict=True)
    }


def read_config(path: str | PathLike) -> Config:
    """Return the content of a YAML file that contains a dict."""
    try:
        with open(path, "rb") as file:  # as bytes, because YAML has its own rules for encodings
            config = read_yaml(file)
    except (OSError, yaml.YAMLError) as error:
        raise RunError(f"{path} can't be read: {error}") from error
    if not isinstance(config, dict):
        raise RunError(f"{path} must have lines such as `env: CartPole-v1`, got {type(config).__name__}.")
    return config


def env_with_params(env_id: str, params: Mapping[str, Any]) -> RunEnv:
    """Return an environment with keyword arguments, in a form that agents take."""
    if not params:
        return env_id
    spec = copy.deepcopy(find_spec(env_id))  # gymnasium's registry keeps its own
    spec.kwargs = spec.kwargs | dict(params)
    return spec


def _run_folders(path: Path) -> list[Path]:
    """Return the run folders at or below a path, without those in hidden folders."""
    if _is_run(path):
        return [path]
    children = [child for child in path.iterdir() if not child.name.startswith(".")] if path.is_dir() else []
    # A link may be a run, but is not followed further, because it can lead back.
    folders = [child for child in sorted(children) if _is_run(child) or not child.is_symlink()]
    return [run for folder in folders for run in _run_folders(folder)]


def _is_run(path: Path) -> bool:
    return (path / "config.yaml").is_file()


def _is_evaluation(entry: Any) -> bool:
    has_keys = isinstance(entry, dict) and all(key in entry for key in EVALUATION_KEYS)
    return has_keys and isinstance(entry["mean_return"], int | float)


def _to_json(command: Command | str | None) -> str | list[float | None] | None:
    """Return a command in the form that it has in JSON."""
    return list(command) if isinstance(command, Command) else command


def _versions() -> dict[str, Any]:
    """Return the versions of Python and the packages, and the machine."""
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {"versions": versions, "platform": platform.platform(), "cores": os.cpu_count()}
