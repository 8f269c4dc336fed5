"""What is measured: mean returns during training, and how closely a fitted agent follows commands."""

import numpy as np
from scipy.stats import spearmanr

from .tasks import N_TEST_EPISODES

N_COMMANDS = 10
N_COMMAND_EPISODES = 30


class EvaluateDuringFit:
    """A scikit-learn callback that evaluates an agent at regular numbers of steps, between two iterations.

    Parameters
    ----------
    env : environment
        The environment to evaluate on.
    every : int
        Steps between two evaluations.
    n_episodes : int
        Episodes of an evaluation.

    Attributes
    ----------
    rows : list of dict
        One row for each evaluation.
    """

    def __init__(self, env, every, n_episodes):
        self.env = env
        self.every = every
        self.n_episodes = n_episodes
        self.next_timestep = every
        self.rows = []

    def setup(self, estimator, context):
        """Do nothing before a fit."""

    def teardown(self, estimator, context):
        """Do nothing after a fit."""

    def on_fit_task_begin(self, estimator, context):
        """Do nothing before an iteration."""

    def on_fit_task_end(self, estimator, context):
        """Evaluate after an iteration if the next evaluation is due."""
        if context.task_name == "iteration" and estimator.n_timesteps_ >= self.next_timestep:
            self.next_timestep = next_evaluation(estimator.n_timesteps_, self.every)
            self.evaluate(estimator)
        return False

    def evaluate(self, agent):
        """Add a row; its seconds are those of rollouts and fits, without evaluations."""
        seconds = sum(record["rollout_seconds"] + record["fit_seconds"] for record in agent.history_)
        returns = agent.evaluate(self.env, n_episodes=self.n_episodes).returns
        self.rows.append(evaluation_row(agent.n_timesteps_, seconds, returns))


def next_evaluation(timesteps, every):
    """Return the first multiple of `every` after `timesteps`."""
    return (timesteps // every + 1) * every


def evaluation_row(timesteps, seconds, returns):
    """Return one row of a result."""
    return {"timesteps": timesteps, "seconds": round(seconds, 2)} | _mean_and_std(returns)


def train_agent(agent, env, seed, *, n_timesteps, every):
    """Fit an agent and return a row for each evaluation; the last one is after all steps."""
    evaluations = EvaluateDuringFit(env, every, N_TEST_EPISODES)
    agent.set_params(total_timesteps=n_timesteps, random_state=seed)
    agent.set_callbacks(evaluations).fit(env)
    agent.set_callbacks()
    # The steps of finetuning are not part of an iteration.
    if not evaluations.rows or evaluations.rows[-1]["timesteps"] < agent.n_timesteps_:
        evaluations.evaluate(agent)
    return evaluations.rows


def evaluate_commands(agent, env):
    """Evaluate equidistant desired returns over the range of the returns in the buffer; return a row for each."""
    returns = agent.buffer_.returns
    rows = []
    for desired_return in np.linspace(returns.min(), returns.max(), N_COMMANDS):
        achieved = agent.evaluate(env, command=desired_return, n_episodes=N_COMMAND_EPISODES).returns
        rows.append({"desired_return": round(float(desired_return), 2)} | _mean_and_std(achieved))
    return rows


def command_following(rows):
    """Measure how closely commands are followed.

    Parameters
    ----------
    rows : list of dict
        From `evaluate_commands`.

    Returns
    -------
    correlation : float
        Spearman's rank correlation of desired and achieved returns.
    error : float
        Median absolute error, divided by the range of desired returns.
        Both are NaN if the range is empty, because all episodes of the training had the same return.
    """
    desired, achieved = (np.array([float(row[key]) for row in rows]) for key in ("desired_return", "mean_return"))
    if np.ptp(desired) == 0:
        return np.nan, np.nan
    correlation = spearmanr(desired, achieved).statistic if np.ptp(achieved) else 0.0
    return correlation, np.median(np.abs(achieved - desired)) / np.ptp(desired)


def _mean_and_std(returns):
    return {"mean_return": round(float(returns.mean()), 2), "std_return": round(float(returns.std()), 2)}
