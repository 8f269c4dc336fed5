"""The agents that are compared: agents of this library and, as baselines, PPO and DQN."""

from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from udrl_sklearn import UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted

from .evaluation import evaluate_commands, train_agent
from .tasks import N_TEST_EPISODES, TASKS

N_EVALUATIONS = 20


def _boosting(is_discrete):
    estimator = HistGradientBoostingClassifier if is_discrete else HistGradientBoostingRegressor
    return estimator(max_iter=30, max_leaf_nodes=15, min_samples_leaf=100, early_stopping=False)


#: Name -> function that returns an unfitted agent, given whether actions are discrete.
AGENTS = {
    "RandomForest": lambda is_discrete: UDRLAgent(),
    "RandomForest, finetune_fraction=0.1": lambda is_discrete: UDRLAgent(
        method=AdvantageWeighted(finetune_fraction=0.1)
    ),
    "HistGradientBoosting": lambda is_discrete: UDRLAgent(_boosting(is_discrete)),
}
BASELINES = ("PPO", "DQN")


def learn_task(task_name, agent_name, seed):
    """Train an agent on a task; return its scores during training and, for agents of this library, its commands."""
    task = TASKS[task_name]
    budget = {"n_timesteps": task.n_timesteps, "every": task.n_timesteps // N_EVALUATIONS}
    if agent_name in BASELINES:
        from .baselines import train_baseline  # only the baselines need stable-baselines3

        return {"scores": train_baseline(agent_name, task_name, seed, n_episodes=N_TEST_EPISODES, **budget)}
    agent = AGENTS[agent_name](task.has_discrete_actions)
    scores = train_agent(agent, task.env, seed, **budget)
    return {"scores": scores, "commands": evaluate_commands(agent, task.env)}
