"""`udrl compare`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import click
import numpy as np

from udrl_sklearn._runs._run_folder import Run, RunError, find_runs, group_runs
from udrl_sklearn._runs._statistics import bootstrap_interval, interquartile_mean

from ._group import examples, udrl
from ._read_runs import read_each
from ._run_options import runs_argument

HEADER = ("", "runs", "steps", "seconds", "mean return", "95% interval", "each run")


class Outcome(NamedTuple):
    """The mean return of a run under the command "max", and the steps and the seconds of its training."""

    mean_return: float
    n_timesteps: int
    seconds: float


@udrl.command(
    epilog=examples(
        "udrl compare runs",
    ),
)
@runs_argument
def compare(runs: tuple[Path, ...]) -> None:
    """Compare RUNS of several estimators and seeds.

    Runs that differ only in the seed are one row. It shows the interquartile mean over the seeds of the mean return
    under the command "max", with its 95% bootstrap interval. A folder stands for all runs in it.
    """
    lines: list[tuple[str, ...]] = [HEADER]
    outcomes = read_each(find_runs(runs), _outcome)
    for title, group in group_runs(outcomes).items():
        lines.append(_table_row(title, [outcomes[run] for run in group]))
    _print_table(lines)


def _outcome(run: Run) -> Outcome:
    """Return the outcome of a run that was evaluated."""
    run.check()
    scores = [entry["mean_return"] for entry in run.evaluations if entry["command"] == "max"]
    if not scores:
        raise RunError(f"it has no evaluation under max. Add it with: udrl evaluate {run.path}")
    history = run.history
    seconds = sum(record.get(part, 0.0) for record in history for part in ("rollout_seconds", "fit_seconds"))
    return Outcome(scores[-1], int(history[-1]["timesteps"]), seconds)


def _table_row(title: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return the cells of a group of runs, in the order of the header."""
    scores, steps, seconds = np.transpose(outcomes)
    low, high = bootstrap_interval(scores)
    return (
        title,
        f"{len(outcomes)}",
        f"{np.median(steps):,.0f}",
        f"{np.median(seconds):.1f}",
        f"{interquartile_mean(scores):.1f}",
        f"{low:.1f} to {high:.1f}",
        " ".join(f"{score:.0f}" for score in sorted(scores)),
    )


def _print_table(lines: Sequence[tuple[str, ...]]) -> None:
    """Print lines of cells as columns, the first one aligned to the left."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        click.echo("  ".join([first.ljust(widths[0]), *cells]).rstrip())
