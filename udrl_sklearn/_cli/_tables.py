"""`udrl plot`, `udrl export` and `udrl compare`: what is told of many runs."""

import csv
from pathlib import Path

import click
import numpy as np

from udrl_sklearn._plot import CommandResponseDisplay, TrainingCurveDisplay
from udrl_sklearn._runs._run_folder import find_runs
from udrl_sklearn._runs._statistics import bootstrap_interval, interquartile_mean

from ._group import examples, failure, runs_argument, save, trust_option, udrl
from ._progress import counting_episodes, progress_bar


@udrl.command(
    epilog=examples(
        "udrl plot runs/cartpole",
        "udrl plot runs --out curves.png",
    ),
)
@runs_argument
@click.option("--out", type=click.Path(path_type=Path), help="The picture, if there are several runs.")
@trust_option
def plot(runs, out, trust):
    """Draw learning curves of RUNS.

    For a single run also how the agent follows commands.

    Runs of the same estimator on the same environment are one curve: their median, and the band between lowest and
    highest. A folder stands for all runs in it.
    """
    found = find_runs(runs)
    if len(found) == 1:
        (run,) = found
        display = TrainingCurveDisplay.from_histories([run.history], name=run.title)
        save(display.figure_, out or run.path / "training_curve.png")
        agent = run.agent(trust)
        with progress_bar(300, "Asking for returns") as bar, failure():
            display = CommandResponseDisplay.from_estimator(
                agent, counting_episodes(agent, run.env, bar), n_episodes=30
            )
        save(display.figure_, run.path / "command_response.png")
        return
    ax = None
    for title, group in _grouped(found).items():
        display = TrainingCurveDisplay.from_histories([run.history for run in group], name=title, ax=ax)
        ax = display.ax_
    save(display.figure_, out or Path("training_curves.png"))


@udrl.command(
    epilog=examples(
        "udrl export runs --csv histories.csv",
        "udrl export runs/cartpole --csv",
    ),
)
@runs_argument
@click.option("--csv", "path", is_flag=False, flag_value="-", default="-", help="The file. [default: the screen]")
def export(runs, path):
    """Write the histories of RUNS as one table.

    It has a line for each iteration of each run.
    """
    rows = []
    for run in find_runs(runs):
        config = run.config
        of_run = {"run": str(run.path), **{key: config[key] for key in ("env", "estimator", "random_state")}}
        rows += [of_run | record for record in run.history]
    with click.open_file(path, "w") as file:
        columns = dict.fromkeys(name for row in rows for name in row)
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


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
    for title, group in _grouped(find_runs(runs)).items():
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


def _grouped(runs):
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
