"""Tiny environments whose optimum is known, for checks of agents."""

import gymnasium
import numpy as np


class _ToyEnv(gymnasium.Env):
    """Four steps with a signal of 0 or 1, which is 1 three times out of four and then counts double.

    The observation is the signal, the time from 0 to 1, and zeros up to `n_columns`. Returns vary even
    for the best agent, so that a mean is not mistaken for anything else.
    """

    N_STEPS = 4
    BEST_RETURN = 3.5

    def __init__(self, n_columns=2):
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (n_columns,), np.float32)

    def reset(self, *, seed=None, options=None):
        """Start an episode."""
        super().reset(seed=seed)
        self._step = 0
        return self._observe(), {}

    def step(self, action):
        """Reward an action that fits the signal shown last."""
        reward = self._fitness(action) * (1.0 if self._signal else 0.5)
        self._step += 1
        return self._observe(), reward, self._step == self.N_STEPS, False, {}

    def _observe(self):
        self._signal = int(self.np_random.random() < 0.75)
        observation = np.zeros(self.observation_space.shape, np.float32)
        observation[:2] = self._signal, self._step / self.N_STEPS
        return observation


class DiscreteToyEnv(_ToyEnv):
    """Reward for the action that equals the signal in the observation: 1 for a signal of 1, 0.5 for 0.

    Episodes have four steps. The best mean return is 3.5; random actions obtain 1.75.

    Parameters
    ----------
    n_columns : int, default=2
        Length of an observation; what is over 2 is always zero.

    Examples
    --------
    >>> from udrl_sklearn.utils.estimator_checks import DiscreteToyEnv
    >>> env = DiscreteToyEnv()
    >>> observation, _ = env.reset(seed=0)
    >>> env.step(int(observation[0]))[1]
    1.0
    """

    RANDOM_RETURN = 1.75

    def __init__(self, n_columns=2):
        super().__init__(n_columns)
        self.action_space = gymnasium.spaces.Discrete(2)

    def _fitness(self, action):
        return float(action == self._signal)


class ContinuousToyEnv(_ToyEnv):
    """Reward for an action near 1 for a signal of 1, and half as much for one near 0.5 for a signal of 0.

    The reward falls with the distance, from 1 or 0.5 on. Episodes have four steps. The best mean return
    is 3.5; random actions obtain 0.1875.

    Parameters
    ----------
    n_columns : int, default=2
        Length of an observation; what is over 2 is always zero.

    Examples
    --------
    >>> from udrl_sklearn.utils.estimator_checks import ContinuousToyEnv
    >>> env = ContinuousToyEnv()
    >>> observation, _ = env.reset(seed=0)
    >>> env.step([0.5 + 0.5 * observation[0]])[1]
    1.0
    """

    RANDOM_RETURN = 0.1875

    def __init__(self, n_columns=2):
        super().__init__(n_columns)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def _fitness(self, action):
        return 1.0 - abs(float(action[0]) - 0.5 - 0.5 * self._signal)
