"""What checks of agents and of methods share."""

import warnings

import gymnasium
import joblib
import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning

from ._toy_envs import ContinuousToyEnv, DiscreteToyEnv


class ActionRecorder(gymnasium.Wrapper):
    """Keeps the actions taken."""

    def __init__(self, env):
        super().__init__(env)
        self.actions = []

    def step(self, action):
        self.actions.append(action)
        return super().step(action)


def toy_env(agent):
    """Return the class of the environment with the agent's kind of actions."""
    return DiscreteToyEnv if is_classifier(agent) else ContinuousToyEnv


def small_agent(agent_orig, **params):
    """Return a clone with a small budget."""
    small = {
        "total_timesteps": 140,
        "target_return": None,
        "n_warm_up_episodes": 10,
        "n_episodes_per_iter": 5,
        "n_timesteps_per_iter": 70,
        "replay_size": None,
        "n_updates_per_iter": agent_orig.n_updates_per_iter and 10,
        "batch_size": 64,
        "n_eval_episodes": 10,
        "max_episode_steps": 100,
        "warm_start": False,
        "n_jobs": None,
        "random_state": 0,
        "verbose": 0,
    }
    return clone(agent_orig).set_params(**{**small, **params})


def fit_quietly(agent, X=None, y=None):
    """Fit on X, or on the environment for the agent; so few steps let hardly anything converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return agent.fit(toy_env(agent) if X is None else X, y)


def fitted_agent(agent_orig, **params):
    agent = small_agent(agent_orig, **params)
    fit_quietly(agent)
    return agent


def toy_rows():
    """Return rows (24, 4) for each signal and time under the open-ended command and two exact ones."""
    signals, times, commands = np.meshgrid([0, 1], [0, 0.25, 0.5, 0.75], [0, 2, 4], indexing="ij")
    return np.column_stack([signals.ravel(), times.ravel(), commands.ravel(), commands.ravel()]).astype(np.float32)


def toy_actions(agent):
    signals = toy_rows()[:, 0]
    return signals.astype(int) if is_classifier(agent) else 0.5 + 0.5 * signals


def run_episode(policy, env):
    """Run one episode."""
    observation, _ = env.reset(seed=0)
    ended = False
    while not ended:
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        policy.update(reward)
        ended = terminated or truncated


def same_episodes(first, second):
    """Tell whether two sequences of episodes hold the same."""
    parts = ("observations", "actions", "rewards")
    return len(first) == len(second) and all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for one, other in zip(first, second, strict=True)
        for part in parts
    )


def own_state(agent):
    """Return what the agent holds: hashes, and for its fits that it still holds them.

    Some estimators count how often they are asked, such as scikit-learn's neighbors.
    """
    fits = ("estimator", "estimator_", "max_estimator_", "value_estimator_", "behavior_")
    return {name: id(held) if name in fits else joblib.hash(held) for name, held in vars(agent).items()}


def fitted_attributes(agent):
    return {name for name in vars(agent) if name.endswith("_")}


def nested_parameter(agent):
    """Return a parameter of the agent's estimator and a new value for it, or None if there is none."""
    if not hasattr(agent.estimator, "get_params"):
        return None
    for parameter, value in sorted(agent.estimator.get_params().items()):
        if parameter.split("__")[-1] == "random_state":
            return parameter, 123
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return parameter, value + 1 if isinstance(value, int) else value / 2
    return None


def assert_raises(error, call, what):
    raised = None
    try:
        call()
    except Exception as caught:
        raised = caught
    assert isinstance(raised, error), f"{what} must raise {error.__name__}, got {raised!r}."
