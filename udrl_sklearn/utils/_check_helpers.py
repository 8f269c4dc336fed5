"""Helpers of the checks of agents and of learning methods."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import joblib
import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._episodes import Episode
from udrl_sklearn._rollout._policy import Policy

from ._toy_envs import ContinuousToyEnv, DiscreteToyEnv, ToyEnv

# Takes a name for messages, and an agent.
CheckFunction = Callable[[str, UDRLAgent], None]


class ActionRecorder(gymnasium.Wrapper):
    """Records the actions of an episode."""

    def __init__(self, env: gymnasium.Env) -> None:
        super().__init__(env)
        self.actions: list[Any] = []

    def step(self, action: Any) -> tuple:
        """Record the action, and take the step."""
        self.actions.append(action)
        return super().step(action)


def toy_env(agent: UDRLAgent) -> type[ToyEnv]:
    """Return the class of the environment with the agent's kind of actions."""
    return DiscreteToyEnv if is_classifier(agent) else ContinuousToyEnv


def small_agent(agent_orig: UDRLAgent, **params: Any) -> UDRLAgent:
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


def fit_quietly(agent: UDRLAgent, X: Any = None, y: Any = None) -> UDRLAgent:
    """Fit on X, or on the toy environment for the agent, without warnings that so few steps do not converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return agent.fit(toy_env(agent) if X is None else X, y)


def fitted_agent(agent_orig: UDRLAgent, **params: Any) -> UDRLAgent:
    """Return a clone with a small budget, fitted on the toy environment."""
    return fit_quietly(small_agent(agent_orig, **params))


def toy_rows() -> np.ndarray:
    """Return rows (24, 4) for each signal and time under the open-ended command and two exact ones."""
    signals, times, commands = np.meshgrid([0, 1], [0, 0.25, 0.5, 0.75], [0, 2, 4], indexing="ij")
    return np.column_stack([signals.ravel(), times.ravel(), commands.ravel(), commands.ravel()]).astype(np.float32)


def toy_actions(agent: UDRLAgent) -> np.ndarray:
    """Return the best actions (24,) for `toy_rows`."""
    signals = toy_rows()[:, 0]
    return signals.astype(int) if is_classifier(agent) else 0.5 + 0.5 * signals


def run_episode(policy: Policy, env: gymnasium.Env) -> None:
    """Run one episode."""
    observation, _ = env.reset(seed=0)
    ended = False
    while not ended:
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        policy.update(float(reward))
        ended = terminated or truncated


def same_episodes(first: Sequence[Episode], second: Sequence[Episode]) -> bool:
    """Tell whether two sequences of episodes have the same observations, actions and rewards."""
    parts = ("observations", "actions", "rewards")
    return len(first) == len(second) and all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for one, other in zip(first, second, strict=True)
        for part in parts
    )


def state_hashes(agent: UDRLAgent) -> dict[str, Any]:
    """Return a hash of each attribute of an agent, and the identity of estimators.

    Some estimators change when they predict: scikit-learn's neighbors count their calls.
    """
    estimators = ("estimator", "estimator_", "max_estimator_", "value_estimator_", "behavior_")
    return {name: id(value) if name in estimators else joblib.hash(value) for name, value in vars(agent).items()}


def fitted_attributes(agent: UDRLAgent) -> set[str]:
    """Return the names of all fitted attributes."""
    return {name for name in vars(agent) if name.endswith("_")}


def nested_parameter(agent: UDRLAgent) -> tuple[str, Any] | None:
    """Return a parameter of the agent's estimator and a new value for it, or None if there is none."""
    if not hasattr(agent.estimator, "get_params"):
        return None
    for parameter, value in sorted(agent.estimator.get_params().items()):
        if parameter.split("__")[-1] == "random_state":
            return parameter, 123
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return parameter, value + 1 if isinstance(value, int) else value / 2
    return None


def assert_raises(error: type[Exception], call: Callable[[], Any], what: str) -> None:
    """Assert that a call raises an error; `what` is the subject of the message."""
    raised = None
    try:
        call()
    except Exception as caught:
        raised = caught
    assert isinstance(raised, error), f"{what} must raise {error.__name__}, got {raised!r}."
