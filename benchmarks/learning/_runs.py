"""Runs: a recipe learns an environment from a seed, with a row of numbers for each evaluation on the way.

Rows are kept in a CSV file, and what stands there is not run again: an interrupted benchmark goes on where it was.
"""

import csv
import subprocess
from pathlib import Path

import joblib

RESULTS = Path(__file__).parent / "results"


class EvaluateOnTheWay:
    """Evaluates an agent each time when it has learned from so many more steps, called after each iteration.

    Parameters
    ----------
    env : environment
        Where to act.
    every : int
        Steps between two evaluations.
    n_episodes : int
        Episodes of an evaluation.
    """

    def __init__(self, env, every, n_episodes):
        self.env = env
        self.every = every
        self.n_episodes = n_episodes
        self.due = every
        self.rows = []

    def __call__(self, agent):
        """Evaluate if it is time to; seconds of evaluations do not count."""
        if agent.n_timesteps_ >= self.due:
            self.due = next_due(agent.n_timesteps_, self.every)
            self.evaluate(agent)

    def evaluate(self, agent):
        """Add a row of numbers."""
        seconds = sum(record["rollout_seconds"] + record["fit_seconds"] for record in agent.history_)
        returns = agent.evaluate(self.env, n_episodes=self.n_episodes).returns
        self.rows.append(evaluation_row(agent.n_timesteps_, seconds, returns))


def next_due(timesteps, every):
    """Return the first multiple of `every` that is still to come."""
    return (timesteps // every + 1) * every


def evaluation_row(timesteps, seconds, returns):
    """Return one row of numbers."""
    return {
        "timesteps": timesteps,
        "seconds": round(seconds, 2),
        "mean_return": round(float(returns.mean()), 2),
        "std_return": round(float(returns.std()), 2),
    }


def run_missing(name, keys, runs, train, *, n_jobs):
    """Do those runs whose rows are not in the file yet, several at a time.

    Parameters
    ----------
    name : str
        Of the CSV file among the results that tells which runs were done.
    keys : tuple of str
        Names of the columns that tell runs apart.
    runs : iterable of tuple
        A value for each of them.
    train : callable
        Takes these values, returns rows (dicts) for each CSV file by its name.
    n_jobs : int
        Runs at a time, each in a process with one thread.
    """
    done = {tuple(row[key] for key in keys) for row in read_rows(name)}
    missing = [run for run in runs if tuple(map(str, run)) not in done]
    commit = _commit()
    finished = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        joblib.delayed(_keyed)(train, run) for run in missing
    )
    for number, (run, tables) in enumerate(finished, start=1):
        for table, rows in tables.items():
            _append(table, [dict(zip(keys, run, strict=True)) | row | {"commit": commit} for row in rows])
        print(f"{number}/{len(missing)}", *run, tables[name][-1], flush=True)


def read_rows(name):
    """Return the rows of a CSV file among the results as dicts of strings; none if there is no file."""
    path = RESULTS / f"{name}.csv"
    if not path.exists():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _keyed(train, run):
    return run, train(*run)


def _append(name, rows):
    path = RESULTS / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerows(rows)


def _commit():
    """Return the commit that runs now, with a "+" if the package was changed since."""
    here = Path(__file__).parent
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=here, text=True).strip()
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "../../udrl_sklearn"], cwd=here).returncode
    return commit + "+" * changed
