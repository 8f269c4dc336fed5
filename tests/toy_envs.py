"""Environments whose optimum is known, and some that misbehave; all are the same for the same reset seed."""

from copy import deepcopy

import gymnasium
import numpy as np
from gymnasium import spaces


class BanditEnv(gymnasium.Env):
    """Episodes of one step: reward 1 for the best arm, else 0. The optimum is a return of 1."""

    optimum = 1.0

    def __init__(self, n_arms=2, best_arm=1):
        self.observation_space = spaces.Box(0, 1, (1,))
        self.action_space = spaces.Discrete(n_arms)
        self.best_arm = best_arm

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, dtype=np.float32), {}

    def step(self, action):
        return np.zeros(1, dtype=np.float32), float(action == self.best_arm), True, False, {}


class FixedLengthEnv(gymnasium.Env):
    """What the environments below share: an observation drawn anew each step, and an end after `length` steps."""

    def __init__(self, observation_space, action_space, length=5, truncates=False):
        # Copied because a factory would otherwise share one generator between all environments that it makes.
        self.observation_space = deepcopy(observation_space)
        self.action_space = deepcopy(action_space)
        self.length = length
        self.truncates = truncates
        self.t = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.observation_space.seed(seed)
        self.t = 0
        self.observation = self.observation_space.sample()
        return self.observation, {}

    def step(self, action):
        reward = self.reward(action)
        self.t += 1
        self.observation = self.observation_space.sample()
        end = self.t >= self.length
        return self.observation, reward, end and not self.truncates, end and self.truncates, {}

    def reward(self, action):
        return 1.0


class MatchEnv(FixedLengthEnv):
    """Reward 1 for the action that equals the state, else 0. The optimum is a return of `length`."""

    def __init__(self, n_states=3, length=5, truncates=False):
        super().__init__(spaces.Discrete(n_states), spaces.Discrete(n_states), length, truncates)
        self.optimum = float(length)

    def reward(self, action):
        return float(action == self.observation)


class ContinuousMatchEnv(FixedLengthEnv):
    """Reward -(action - observation)^2, summed over components. The optimum is a return of 0."""

    optimum = 0.0

    def __init__(self, n_components=1, length=5, truncates=False):
        box = spaces.Box(-1, 1, (n_components,))
        super().__init__(box, box, length, truncates)

    def reward(self, action):
        return -float(np.sum((action - self.observation) ** 2))


class GridEnv(gymnasium.Env):
    """Five by five fields, from one corner to the opposite one; an action into a wall changes nothing.

    Reward -1 for a step, and 100 steps at most. The optimum is a return of -8.
    """

    size = 5
    optimum = -8.0

    def __init__(self, shows_picture=False):
        self.shows_picture = shows_picture
        picture = spaces.Box(0, 255, (self.size, self.size, 1), np.uint8)
        self.observation_space = picture if shows_picture else spaces.Discrete(self.size**2)
        self.action_space = spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.t = np.zeros(2, dtype=int), 0
        return self._observe(), {}

    def step(self, action):
        move = [(0, 1), (1, 0), (0, -1), (-1, 0)][action]
        self.place = np.clip(self.place + move, 0, self.size - 1)
        self.t += 1
        arrived = bool((self.place == self.size - 1).all())
        return self._observe(), -1.0, arrived, not arrived and self.t == 100, {}

    def _observe(self):
        if not self.shows_picture:
            return int(self.place @ (self.size, 1))
        picture = np.zeros((self.size, self.size, 1), dtype=np.uint8)
        picture[tuple(self.place)] = 255
        return picture


class SpacesEnv(FixedLengthEnv):
    """Any spaces: refuses actions that are not of its action space; the reward is the action's sum."""

    def reward(self, action):
        assert self.action_space.contains(action), f"{action!r} is not in {self.action_space}"
        return float(np.sum(action))


class FailingEnv(MatchEnv):
    """Raises a RuntimeError at a step (from 0 on) of one of its episodes.

    That is the episode reset with `fail_on_seed` if given, else number `fail_in_episode` (from 0 on) of
    this very instance.
    """

    def __init__(self, fail_at_step=2, *, fail_in_episode=0, fail_on_seed=None, length=5):
        super().__init__(length=length)
        self.fail_at_step = fail_at_step
        self.fail_in_episode = fail_in_episode
        self.fail_on_seed = fail_on_seed
        self.episode = -1

    def reset(self, *, seed=None, options=None):
        self.episode += 1
        self.seed = seed
        return super().reset(seed=seed)

    def step(self, action):
        chosen = self.episode == self.fail_in_episode if self.fail_on_seed is None else self.seed == self.fail_on_seed
        if chosen and self.t == self.fail_at_step:
            raise RuntimeError(f"simulator failed at step {self.t}")
        return super().step(action)


class NanEnv(FixedLengthEnv):
    """Gives NaN as "observation" or "reward" after a step (from 0 on; -1 is the observation of `reset`)."""

    def __init__(self, what="observation", step=3, *, length=5, value=np.nan):
        super().__init__(spaces.Box(-1, 1, (2,)), spaces.Discrete(2), length)
        self.what = what
        self.nan_step = step
        self.value = value

    def reset(self, *, seed=None, options=None):
        observation, info = super().reset(seed=seed)
        return self._spoil("observation", -1, observation), info

    def step(self, action):
        now = self.t
        observation, reward, *ends = super().step(action)
        return self._spoil("observation", now, observation), self._spoil("reward", now, reward), *ends

    def _spoil(self, what, step, value):
        return value * self.value if (what, step) == (self.what, self.nan_step) else value


class EndlessEnv(FixedLengthEnv):
    """Never ends; reward 1 a step."""

    def __init__(self):
        super().__init__(spaces.Box(-1, 1, (1,)), spaces.Discrete(2), length=np.inf)


class OldGymEnv:
    """An environment as the gym package had them before version 0.26."""

    def reset(self):
        return np.zeros(2)

    def step(self, action):
        return np.zeros(2), 0.0, True, {}


class Signs(gymnasium.Env):
    """Eight steps, with reward 1 for the action 1 or 2 that the sign of the first number says; 3 is never right."""

    metadata = {"observation_names": ["signal", "noise"]}
    observation_space = spaces.Box(-1, 1, (2,))
    action_space: spaces.Space = spaces.Discrete(3, start=1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.t = 0
        return self._observe(), {}

    def step(self, action):
        reward, self.t = self._reward(action), self.t + 1
        return self._observe(), reward, self.t == 8, False, {}

    def _reward(self, action):
        return float(action == 1 + self.is_positive)

    def _observe(self):
        signal, noise = self.np_random.uniform(-1, 1, 2)
        self.is_positive = signal > 0
        return np.array([signal, noise], dtype=np.float32)


class TwoTorques(Signs):
    """The same with two torques, of which the first should have the sign."""

    action_space = spaces.Box(-1, 1, (2,))

    def _reward(self, action):
        return float(action[0]) * (1.0 if self.is_positive else -1.0)


class Clock(Signs):
    """The same with seconds since 1970, whose last digit says the action."""

    metadata = {"observation_names": ["time"]}
    observation_space = spaces.Box(0, np.inf, (1,), np.float64)

    def _observe(self):
        self.is_positive = bool(self.np_random.integers(2))
        return np.array([1.7e9 + self.is_positive])


class IntegerClock(Clock):
    observation_space = spaces.Box(0, 2**40, (1,), np.int64)

    def _observe(self):
        return super()._observe().astype(np.int64)
