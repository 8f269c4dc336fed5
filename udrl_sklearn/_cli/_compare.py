"""`udrl compare`."""

import click
import numpy as np

from udrl_sklearn._runs._run_folder import find_runs, group_runs
from udrl_sklearn._runs._statistics import bootstrap_interval, interquartile_mean

from ._group import examples, runs_argument, udrl


@udrl.command(
    epilog=examples(
        "udrl compare runs",
    ),
)
@runs_argument
def compare(runs):
    """Compare RUNS of several estimators and seeds.

    Shows the interquartile mean over seeds of the mean return of "max", with its 95% bootstrap interval. A folder
    stands for all runs in it.
    """
    lines = [("", "runs", "steps", "seconds", "mean return", "95% interval", "each")]
    for title, group in group_runs(find_runs(runs)).items():
        outcomes = [outcome for outcome in map(_outcome, group) if outcome is not None]
        if not outcomes:
            continue
        scores, steps, seconds = np.transpose(outcomes)
        low, high = bootstrap_interval(scores)
        lines.append(
            (
                title,
                f"{len(outcomes)}",
                f"{np.median(steps):,.0f}",
                f"{np.median(seconds):.1f}",
                f"{interquartile_mean(scores):.1f}",
                f"{low:.1f} to {high:.1f}",
                " ".join(f"{score:.0f}" for score in sorted(scores)),
            )
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        click.echo("  ".join([first.ljust(widths[0]), *cells]).rstrip())


def _outcome(run):
    """Return the mean return of "max", the steps and the seconds of training; None if it was not evaluated."""
    scores = [entry["mean_return"] for entry in run.evaluations if entry["asked"] == "max"]
    if not scores:
        click.echo(f"Left out: {run.path} is not evaluated. Do it by: udrl evaluate {run.path}", err=True)
        return None
    history = run.history
    seconds = sum(record.get(part, 0.0) for record in history for part in ("rollout_seconds", "fit_seconds"))
    return scores[-1], history[-1]["timesteps"], seconds
