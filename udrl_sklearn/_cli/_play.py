"""`udrl play`."""

from contextlib import closing
from pathlib import Path

import click
import gymnasium

from udrl_sklearn import Command, UDRLAgent
from udrl_sklearn._envs._sources import make_rendered
from udrl_sklearn._inspection._episode_runner import EpisodeRunner
from udrl_sklearn._inspection._plot import record_episode
from udrl_sklearn._runs._run_folder import find_run

from ._group import examples, library_errors, udrl
from ._options import IntType
from ._progress import count_steps, progress_bar
from ._run_options import AgentCommand, command_option, run_argument, seed_option, trust_option


@udrl.command(
    cls=AgentCommand,
    epilog=examples(
        "udrl play runs/cartpole",
        "udrl play runs/cartpole --command 100 --record cartpole.gif",
    ),
)
@run_argument
@command_option
@seed_option
@click.option(
    "--record", type=click.Path(path_type=Path), help="Write a video (.gif or .mp4) instead of opening a window."
)
@click.option("--every", type=IntType(1), default=1, help="Record only every N-th step, for smaller files.")
@click.option("--max-steps", type=IntType(1), help="End the episode after this number of steps.")
@trust_option
def play(
    run: Path, command: Command | str, seed: int, record: Path | None, every: int, max_steps: int | None, trust: bool
) -> None:
    """Show an episode of the agent of a RUN."""
    folder = find_run(run)
    agent = folder.agent(trust)
    with library_errors(), closing(make_rendered(folder.env, "human" if record is None else "rgb_array")) as env:
        if record is None:
            total_return = _show(agent, env, command, seed, max_steps)
        else:
            total_return = _record(agent, env, command, seed, record, every, max_steps)
    click.echo(f"Return {total_return:.1f}")


def _show(agent: UDRLAgent, env: gymnasium.Env, command: Command | str, seed: int, max_steps: int | None) -> float:
    """Run an episode in a window and return its return."""
    runner = EpisodeRunner(agent, env, command=command, seed=seed)
    length = _max_length(agent, env, max_steps)
    while not runner.is_over and runner.n_steps < length:
        runner.step()
    return runner.return_so_far


def _record(
    agent: UDRLAgent,
    env: gymnasium.Env,
    command: Command | str,
    seed: int,
    path: Path,
    every: int,
    max_steps: int | None,
) -> float:
    """Write a video of an episode and return its return."""
    with progress_bar(_max_length(agent, env, max_steps), "Recording") as bar:
        env = count_steps(env, bar)
        total_return = record_episode(agent, env, path, command=command, seed=seed, every=every, max_steps=max_steps)
    click.echo(f"Wrote {path}")
    return total_return


def _max_length(agent: UDRLAgent, env: gymnasium.Env, max_steps: int | None) -> int:
    """Return the highest number of steps that an episode can have."""
    return max_steps or (env.spec.max_episode_steps if env.spec else None) or agent.max_episode_steps
