"""Results as CSV files, with one row for each evaluation of each run.

A run that has rows in its file is not run again, so an interrupted benchmark continues where it stopped.
"""

import csv
from pathlib import Path

import joblib

from benchmarks.conditions import current_commit, describe_conditions

RESULTS = Path(__file__).parents[1] / "results" / "learning"
DISTRIBUTIONS = ("stable_baselines3", "torch", "skorch", "lightgbm", "xgboost-cpu")


def run_missing(name, keys, runs, train, *, n_jobs, folder=None):
    """Do the runs that have no rows in the file yet, several at a time.

    Parameters
    ----------
    name : str
        Name of the CSV file, without suffix, that says which runs were done.
    keys : tuple of str
        Names of the columns that identify a run.
    runs : iterable of tuple
        A value for each of these columns.
    train : callable
        Takes these values; returns a dict of CSV file names and lists of rows (dicts).
    n_jobs : int
        Runs at a time, each in a process with one thread.
    folder : Path or None, default=None
        Where the CSV files are; None takes `RESULTS`.
    """
    done = {tuple(row[key] for key in keys) for row in read_rows(name, folder)}
    missing = [run for run in runs if tuple(map(str, run)) not in done]
    if not missing:
        return
    commit = current_commit()
    _append_conditions(commit, folder)
    finished = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        joblib.delayed(_run)(train, run) for run in missing
    )
    for number, (run, tables) in enumerate(finished, start=1):
        for table, rows in tables.items():
            _append(table, [dict(zip(keys, run, strict=True)) | row | {"commit": commit} for row in rows], folder)
        print(f"{number}/{len(missing)}", *run, tables[name][-1], flush=True)


def read_rows(name, folder=None):
    """Return the rows of a CSV file of results as dicts of strings; an empty list if there is no file."""
    path = _path(name, folder)
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _run(train, run):
    return run, train(*run)


def _append_conditions(commit, folder):
    """Record the conditions of all rows with this commit, if they are not recorded yet."""
    row = {"commit": commit, "conditions": describe_conditions(*DISTRIBUTIONS)}
    if row not in read_rows("conditions", folder):
        _append("conditions", [row], folder)


def _append(name, rows, folder):
    path = _path(name, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(rows)


def _path(name, folder):
    return (RESULTS if folder is None else folder) / f"{name}.csv"
