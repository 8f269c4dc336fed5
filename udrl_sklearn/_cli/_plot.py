"""`udrl plot`."""

from pathlib import Path

import click

from udrl_sklearn._plot import CommandResponseDisplay, TrainingCurveDisplay
from udrl_sklearn._runs._run_folder import find_runs, group_runs

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
    for title, group in group_runs(found).items():
        display = TrainingCurveDisplay.from_histories([run.history for run in group], name=title, ax=ax)
        ax = display.ax_
    save(display.figure_, out or Path("training_curves.png"))
