"""`udrl evaluate`."""

import click

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
from ._progress import counting_episodes, progress_bar


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


def measure(run, agent, command, n_episodes, seed):
    """Let an agent act, write down what it obtains, and return a line about it."""
    with progress_bar(n_episodes, "Evaluating") as bar, failure():
        env = counting_episodes(agent, run.env, bar)
        evaluation = agent.evaluate(env, command=command, n_episodes=n_episodes, seed=seed)
    run.add_evaluation(command, evaluation, seed)
    asked = evaluation.command
    if asked != "max":
        asked = f"{asked.desired_return:g} in {asked.desired_horizon:g} steps"
    return (
        f"Asked for {asked}: mean return {evaluation.mean_return:.1f}, standard deviation {evaluation.std_return:.1f}, "
        f"mean length {evaluation.lengths.mean():.1f}, over {n_episodes} episodes"
    )
