"""`udrl plot`."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from udrl_sklearn._inspection._plot import CommandResponseDisplay, TrainingCurveDisplay
from udrl_sklearn._runs._run_folder import Run, find_runs, group_runs

from ._group import examples, library_errors, save_figure, udrl
from ._progress import count_episodes, progress_bar
from ._read_runs import read_each
from ._run_options import runs_argument, trust_option


@udrl.command(
    epilog=examples(
        "udrl plot runs/cartpole",
        "udrl plot runs --out curves.png",
    ),
)
@runs_argument
@click.option("--out", type=click.Path(path_type=Path), help="File of the learning curves.")
@trust_option
def plot(runs: tuple[Path, ...], out: Path | None, trust: bool) -> None:
    """Plot the learning curves of RUNS.

    For a single run it also plots the achieved returns over the desired returns.

    Runs that differ only in the seed are one curve: their median, with a band from the lowest to the highest. A
    folder stands for all runs in it.
    """
    folders = find_runs(runs)
    readable = read_each(folders, Run.check)
    if len(folders) == 1:
        (run,) = readable
        _plot_curves({run.title: [run]}, out or run.path / "training_curve.png")
        _plot_command_response(run, trust)
    else:
        _plot_curves(group_runs(readable), out or Path("training_curves.png"))


def _plot_curves(groups: Mapping[str, Sequence[Run]], path: Path) -> None:
    """Plot the learning curve of each group of runs."""
    ax = None
    for title, group in groups.items():
        display = TrainingCurveDisplay.from_histories([run.history for run in group], name=title, ax=ax)
        ax = display.ax_
    save_figure(display.figure_, path)


def _plot_command_response(run: Run, trust: bool) -> None:
    """Plot the achieved returns of an agent over the desired returns."""
    agent = run.agent(trust)
    with progress_bar(300, "Evaluating commands") as bar, library_errors():
        display = CommandResponseDisplay.from_estimator(agent, count_episodes(agent, run.env, bar), n_episodes=30)
    save_figure(display.figure_, run.path / "command_response.png")
