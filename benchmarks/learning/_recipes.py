"""What learns: agents of this library and, for comparison, PPO and DQN."""

import numpy as np
from _runs import EvaluateOnTheWay
from _tasks import N_TEST_EPISODES, TASKS
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from udrl_sklearn import UDRLAgent
from udrl_sklearn._callbacks import AfterIteration

N_EVALUATIONS = 20
N_COMMANDS = 10
N_COMMAND_EPISODES = 30


def _boosting(is_discrete):
    kind = HistGradientBoostingClassifier if is_discrete else HistGradientBoostingRegressor
    return kind(max_iter=30, max_leaf_nodes=15, min_samples_leaf=100, early_stopping=False)


#: Name -> what makes an unfitted agent, given whether actions are discrete.
AGENTS = {
    "RandomForest": lambda is_discrete: UDRLAgent(),
    "RandomForest, practice=0.1": lambda is_discrete: UDRLAgent(practice=0.1),
    "HistGradientBoosting": lambda is_discrete: UDRLAgent(_boosting(is_discrete)),
}
BASELINES = ("PPO", "DQN")


def learn_task(task_name, recipe, seed):
    """Let a recipe learn a task; return its scores on the way, and how an agent of ours follows commands in the end."""
    task = TASKS[task_name]
    budget = {"n_timesteps": task.n_timesteps, "every": task.n_timesteps // N_EVALUATIONS}
    if recipe in BASELINES:
        from _baselines import train_baseline  # stable-baselines3 is not needed for the others

        return {"scores": train_baseline(recipe, task_name, task.env, seed, n_episodes=N_TEST_EPISODES, **budget)}
    agent = AGENTS[recipe](task.has_discrete_actions)
    scores = train_agent(agent, task.env, seed, **budget)
    return {"scores": scores, "commands": follow_commands(agent, task.env)}


def train_agent(agent, env, seed, *, n_timesteps, every):
    """Train an agent and return a row for each evaluation, the last one after all its steps."""
    watcher = EvaluateOnTheWay(env, every, N_TEST_EPISODES)
    agent.set_params(total_timesteps=n_timesteps, random_state=seed)
    agent.set_callbacks(AfterIteration(watcher)).fit(env)
    agent.set_callbacks()
    if not watcher.rows or watcher.rows[-1]["timesteps"] < agent.n_timesteps_:  # steps of practice are not watched
        watcher.evaluate(agent)
    return watcher.rows


def follow_commands(agent, env):
    """Ask a fitted agent for returns evenly over the range of those that it has seen; return a row for each."""
    seen = agent.buffer_.returns
    rows = []
    for desired_return in np.linspace(seen.min(), seen.max(), N_COMMANDS):
        returns = agent.evaluate(env, command=desired_return, n_episodes=N_COMMAND_EPISODES).returns
        rows.append(
            {
                "desired_return": round(float(desired_return), 2),
                "mean_return": round(float(returns.mean()), 2),
                "std_return": round(float(returns.std()), 2),
            }
        )
    return rows


def obedience(rows):
    """Return the rank correlation of desired and obtained returns, and the median error over the range desired.

    Who has never seen one episode that was better than another was asked for nothing: NaN.
    """
    desired, obtained = (np.array([float(row[key]) for row in rows]) for key in ("desired_return", "mean_return"))
    if np.ptp(desired) == 0:
        return np.nan, np.nan
    correlation = spearmanr(desired, obtained).statistic if np.ptp(obtained) else 0.0
    return correlation, np.median(np.abs(obtained - desired)) / np.ptp(desired)
