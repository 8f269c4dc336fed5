"""`udrl explain`."""

import csv
from pathlib import Path

import click
import numpy as np

from udrl_sklearn import Command, Explanation, UDRLAgent
from udrl_sklearn._inspection._distillation import distill
from udrl_sklearn._inspection._plot import EpisodeDisplay
from udrl_sklearn._inspection._plot._canvas import pyplot
from udrl_sklearn._runs._run_folder import Run, find_run

from ._group import examples, library_errors, save_figure, udrl
from ._options import IntType
from ._progress import count_episodes, progress_bar
from ._run_options import AgentCommand, command_option, run_argument, seed_option, trust_option


@udrl.command(
    cls=AgentCommand,
    epilog=examples(
        "udrl explain runs/cartpole",
        "udrl explain runs/cartpole --command 100 100",
        "udrl explain runs/cartpole --distill 3",
    ),
)
@run_argument
@command_option
@seed_option
@click.option(
    "--distill", "depth", type=IntType(1), help="Also distill the agent into one decision tree of this depth."
)
@trust_option
def explain(run: Path, command: Command | str, seed: int, depth: int | None, trust: bool) -> None:
    """Explain the actions of the agent of a RUN.

    The explanation is the contribution of each feature to the action, at each step of an episode.

    Writes contributions.csv, with a row for each step, and episode.png to the run folder. With --distill it also
    writes the decision tree, as tree.txt and tree.png.
    """
    folder = find_run(run)
    agent = folder.agent(trust)
    with library_errors():
        display = EpisodeDisplay.from_estimator(agent, folder.env, command=command, seed=seed)
    _write_contributions(display, folder.path / "contributions.csv")
    _print_contributions(display.explanation)
    save_figure(display.figure_, folder.path / "episode.png")
    if depth is not None:
        _distill(folder, agent, command, depth)


def _write_contributions(display: EpisodeDisplay, path: Path) -> None:
    """Write the contributions at each step of an episode."""
    explanation = display.explanation
    header = ["step", "action", "reward", "desired_return", "desired_horizon", "value", "base_value"]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*header, *(f"contribution of {name}" for name in explanation.feature_names)])
        for step, reward in enumerate(display.episode.rewards):
            experience = explanation.actions[step], reward, *display.commands[step]
            values = explanation.values[step], explanation.base_values[step], *explanation.contributions[step]
            writer.writerow([step, *experience, *values])
    click.echo(f"Wrote {path}")


def _print_contributions(explanation: Explanation) -> None:
    """Print the mean absolute contribution of each feature, the highest first."""
    means = np.abs(explanation.contributions).mean(axis=0)
    click.echo(f"Mean absolute contribution over {len(explanation.contributions)} steps:")
    for i in np.argsort(-means, kind="stable"):
        click.echo(f"  {explanation.feature_names[i]:24} {means[i]:8.4f}")


def _distill(run: Run, agent: UDRLAgent, command: Command | str, depth: int) -> None:
    """Distill an agent into a decision tree, write the tree, and print how well it imitates the agent."""
    counts = {"n_rounds": 5, "n_episodes": 20, "n_eval_episodes": 100}
    # Each round has episodes for learning and for selection. After the last there are episodes for the fidelity, and
    # an evaluation of agent and tree.
    n_episodes = (2 * counts["n_rounds"] + 1) * counts["n_episodes"] + 2 * counts["n_eval_episodes"]
    with library_errors(), progress_bar(n_episodes, "Distilling") as bar:
        env = count_episodes(agent, run.env, bar)
        distillation = distill(agent, env, command=command, max_depth=depth, **counts)
    click.echo(str(distillation))
    click.echo(distillation.to_text())
    (run.path / "tree.txt").write_text(distillation.to_text(), encoding="utf-8")
    click.echo(f"Wrote {run.path / 'tree.txt'}")
    n_leaves = distillation.tree.get_n_leaves()
    figure, ax = pyplot("udrl explain").subplots(figsize=(2 + 1.2 * n_leaves, 2 + 1.2 * depth), layout="constrained")
    distillation.plot(ax=ax, filled=True)
    save_figure(figure, run.path / "tree.png")
