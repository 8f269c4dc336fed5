"""`udrl evaluate`."""

from pathlib import Path

import click

from udrl_sklearn import Command, UDRLAgent
from udrl_sklearn._runs._run_folder import Run, find_run

from ._group import examples, library_errors, udrl
from ._options import IntType
from ._progress import count_episodes, progress_bar
from ._run_options import AgentCommand, command_option, run_argument, seed_option, trust_option


@udrl.command(
    cls=AgentCommand,
    epilog=examples(
        "udrl evaluate runs/cartpole",
        "udrl evaluate runs/cartpole --command 200 200 --episodes 30",
    ),
)
@run_argument
@command_option
@click.option("--episodes", type=IntType(1), default=100, show_default=True, help="Number of episodes.")
@seed_option
@trust_option
def evaluate(run: Path, command: Command | str, episodes: int, seed: int, trust: bool) -> None:
    """Evaluate the agent of a RUN under a command.

    The result is added to evaluation.json in the run folder.
    """
    folder = find_run(run)
    click.echo(evaluate_run(folder, folder.agent(trust), command, episodes, seed))


def evaluate_run(run: Run, agent: UDRLAgent, command: Command | str, n_episodes: int, seed: int) -> str:
    """Evaluate an agent, add the result to its run folder, and return a line about it."""
    with progress_bar(n_episodes, "Evaluating") as bar, library_errors():
        env = count_episodes(agent, run.env, bar)
        evaluation = agent.evaluate(env, command=command, n_episodes=n_episodes, seed=seed)
    run.add_evaluation(command, evaluation, seed)
    return (
        f"Command {_to_text(evaluation.command)}: mean return {evaluation.mean_return:.1f}, "
        f"standard deviation {evaluation.std_return:.1f}, mean length {evaluation.lengths.mean():.1f}, "
        f"over {n_episodes} episodes"
    )


def _to_text(command: Command | str | None) -> str:
    """Return a command, with a horizon if it is exact, in words."""
    if isinstance(command, Command):
        return f"{command.desired_return:g} in {command.desired_horizon:g} steps"
    return str(command)
