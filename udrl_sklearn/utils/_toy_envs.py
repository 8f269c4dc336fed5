"""Small environments with a known optimum, for checks of agents."""

from abc import abstractmethod
from typing import Any, ClassVar

import gymnasium
import numpy as np


class ToyEnv(gymnasium.Env):
    """Four steps with a signal of 0 or 1. It is 1 with probability 0.75, and then the reward is twice as high.

    The observation is the signal, the time from 0 to 1, and zeros up to `n_columns`. Returns vary even
    for the best agent, so that a mean differs from any single return.
    """

    N_STEPS: ClassVar[int] = 4
    BEST_RETURN: ClassVar[float] = 3.5
    RANDOM_RETURN: ClassVar[float]

    def __init__(self, n_columns: int = 2) -> None:
        self.n_columns = n_columns
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (n_columns,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Start an episode."""
        super().reset(seed=seed)
        self._step = 0
        return self._observe(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict]:
        """Return the reward for an action after the last signal."""
        reward = self._fitness(action) * (1.0 if self._signal else 0.5)
        self._step += 1
        return self._observe(), reward, self._step == self.N_STEPS, False, {}

    @abstractmethod
    def _fitness(self, action: Any) -> float:
        """Return how well an action fits the signal, at most 1."""

    def _observe(self) -> np.ndarray:
        self._signal = int(self.np_random.random() < 0.75)
        observation = np.zeros(self.n_columns, np.float32)
        observation[:2] = self._signal, self._step / self.N_STEPS
        return observation


class DiscreteToyEnv(ToyEnv):
    """Reward for the action that equals the signal in the observation: 1 for a signal of 1, 0.5 for 0.

    Episodes have four steps. The best mean return is 3.5; random actions achieve 1.75.

    Parameters
    ----------
    n_columns : int, default=2
        Length of an observation. All numbers after the second one are zero.

    Examples
    --------
    >>> from udrl_sklearn.utils.estimator_checks import DiscreteToyEnv
    >>> env = DiscreteToyEnv()
    >>> observation, _ = env.reset(seed=0)
    >>> env.step(int(observation[0]))[1]
    1.0
    """

    RANDOM_RETURN = 1.75

    def __init__(self, n_columns: int = 2) -> None:
        super().__init__(n_columns)
        self.action_space = gymnasium.spaces.Discrete(2)

    def _fitness(self, action: Any) -> float:
        return float(action == self._signal)


class ContinuousToyEnv(ToyEnv):
    """Reward for an action near 1 after a signal of 1, and half as much for an action near 0.5 after a signal of 0.

    The reward is 1 or 0.5 for the best action, and decreases with the distance from it. Episodes have four steps. The
    best mean return is 3.5; random actions achieve 0.1875.

    Parameters
    ----------
    n_columns : int, default=2
        Length of an observation. All numbers after the second one are zero.

    Examples
    --------
    >>> from udrl_sklearn.utils.estimator_checks import ContinuousToyEnv
    >>> env = ContinuousToyEnv()
    >>> observation, _ = env.reset(seed=0)
    >>> env.step([0.5 + 0.5 * observation[0]])[1]
    1.0
    """

    RANDOM_RETURN = 0.1875

    def __init__(self, n_columns: int = 2) -> None:
        super().__init__(n_columns)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def _fitness(self, action: Any) -> float:
        return 1.0 - abs(float(action[0]) - 0.5 - 0.5 * self._signal)
