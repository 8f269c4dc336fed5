"""`udrl evaluate`, `udrl play` and `udrl explain`: what is done with the agent of a run."""

import csv
from contextlib import closing
from pathlib import Path

import click
import numpy as np

from udrl_sklearn._distillation import distill
from udrl_sklearn._environments import make_rendered
from udrl_sklearn._playing import Player
from udrl_sklearn._plot import EpisodeDisplay, record_episode
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
from ._measure import measure
from ._progress import counting_episodes, counting_steps, progress_bar


@udrl.command(
    cls=AskingCommand,
    epilog=examples(
        "udrl evaluate runs/cartpole",
        "udrl evaluate runs/cartpole --command 200 200 --episodes 30",
    ),
)
@run_argument
@command_option
@click.option("--episodes", type=click.IntRange(1), default=100, show_default=True, help="How many to live through.")
@seed_option
@trust_option
def evaluate(run, command, episodes, seed, trust):
    """Measure what the agent of a RUN obtains.

    It acts under a command. Results are added to evaluation.json in the run folder.
    """
    found = find_run(run)
    click.echo(measure(found, found.agent(trust), command, episodes, seed))


@udrl.command(
    cls=AskingCommand,
    epilog=examples(
        "udrl play runs/cartpole",
        "udrl play runs/cartpole --command 100 --record cartpole.gif",
    ),
)
@run_argument
@command_option
@seed_option
@click.option("--record", type=click.Path(path_type=Path), help="Write a film (.gif or .mp4) instead of a window.")
@click.option("--every", type=click.IntRange(1), default=1, help="Film each so many steps, for smaller files.")
@click.option("--max-steps", type=click.IntRange(1), help="End after so many steps.")
@trust_option
def play(run, command, seed, record, every, max_steps, trust):
    """Watch an episode of the agent of a RUN."""
    found = find_run(run)
    agent = found.agent(trust)
    with failure(), closing(make_rendered(found.env, "human" if record is None else "rgb_array")) as env:
        length = max_steps or (env.spec.max_episode_steps if env.spec else None) or agent.max_episode_steps
        if record is not None:
            with progress_bar(length, "Recording") as bar:
                counted = counting_steps(env, bar)
                limits = {"every": every, "max_steps": max_steps}
                total_return = record_episode(agent, counted, record, command=command, seed=seed, **limits)
            click.echo(f"Wrote {record}")
        else:
            player = Player(agent, env, command=command, seed=seed)
            while not player.is_over and player.n_steps < length:
                player.step()
            total_return = player.return_so_far
    click.echo(f"Return {total_return:.1f}")


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
