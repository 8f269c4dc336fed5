"""Evaluations that are written down."""

from ._group import failure
from ._progress import counting_episodes, progress_bar


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
