"""`udrl play`."""

from contextlib import closing
from pathlib import Path

import click

from udrl_sklearn._environments import make_rendered
from udrl_sklearn._playing import Player
from udrl_sklearn._plot import record_episode
from udrl_sklearn._runs._run_folder import find_run

from ._group import (
    AskingCommand,
    command_option,
    examples,
    failure,
    run_argument,
    seed_option,
    trust_option,
    udrl,
)
from ._progress import counting_steps, progress_bar


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
