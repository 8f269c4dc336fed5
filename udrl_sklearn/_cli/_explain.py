"""`udrl explain`."""

import csv

import click
import numpy as np

from udrl_sklearn._distillation import distill
from udrl_sklearn._plot import EpisodeDisplay
from udrl_sklearn._plot._canvas import pyplot
from udrl_sklearn._runs._run_folder import find_run

from ._group import (
    AskingCommand,
    command_option,
    examples,
    failure,
    run_argument,
    save,
    seed_option,
    trust_option,
    udrl,
)
from ._progress import counting_episodes, progress_bar


@udrl.command(
    cls=AskingCommand,
    epilog=examples(
        "udrl explain runs/cartpole",
        "udrl explain runs/cartpole --command 100 100",
        "udrl explain runs/cartpole --distill 3",
    ),
)
@run_argument
@command_option
@seed_option
@click.option("--distill", "depth", type=click.IntRange(1), help="Imitate the agent by one tree of this depth, too.")
@trust_option
def explain(run, command, seed, depth, trust):
    """Tell what contributes to the actions of a RUN.

    That is what each feature contributes, at each step of an episode.

    Leaves contributions.csv, a line for each step, and episode.png in the folder of the RUN; with --distill also the
    tree, as tree.txt and tree.png.
    """
    found = find_run(run)
    agent = found.agent(trust)
    with failure():
        display = EpisodeDisplay.from_estimator(agent, found.env, command=command, seed=seed)
    _write_contributions(display, found.path / "contributions.csv")
    sizes = np.abs(display.explanation.contributions).mean(axis=0)
    click.echo(f"Mean size of contributions over {len(display.episode)} steps:")
    for i in np.argsort(-sizes, kind="stable"):
        click.echo(f"  {display.explanation.feature_names[i]:24} {sizes[i]:8.4f}")
    save(display.figure_, found.path / "episode.png")
    if depth is not None:
        _distill(found, agent, command, depth)


def _write_contributions(display, path):
    """Write the contributions at each step of an episode."""
    explanation = display.explanation
    header = ["step", "action", "reward", "desired_return", "desired_horizon", "value", "base_value"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*header, *(f"contribution of {name}" for name in explanation.feature_names)])
        for step, reward in enumerate(display.episode.rewards):
            told = explanation.actions[step], reward, *display.commands[step]
            values = explanation.values[step], explanation.base_values[step], *explanation.contributions[step]
            writer.writerow([step, *told, *values])
    click.echo(f"Wrote {path}")


def _distill(run, agent, command, depth):
    """Imitate an agent by one tree, and tell how well that goes."""
    counts = {"n_rounds": 5, "n_episodes": 20, "n_eval_episodes": 100}
    # In each round to learn and to choose, in the end to see how far agent and tree agree, and to measure both.
    n_episodes = (2 * counts["n_rounds"] + 1) * counts["n_episodes"] + 2 * counts["n_eval_episodes"]
    with failure(), progress_bar(n_episodes, "Distilling") as bar:
        env = counting_episodes(agent, run.env, bar)
        distillation = distill(agent, env, command=command, max_depth=depth, **counts)
    click.echo(str(distillation))
    click.echo(distillation.to_text())
    (run.path / "tree.txt").write_text(distillation.to_text())
    click.echo(f"Wrote {run.path / 'tree.txt'}")
    n_leaves = distillation.tree.get_n_leaves()
    figure, ax = pyplot("udrl explain").subplots(figsize=(2 + 1.2 * n_leaves, 2 + 1.2 * depth), layout="constrained")
    distillation.plot(ax=ax, filled=True)
    save(figure, run.path / "tree.png")
