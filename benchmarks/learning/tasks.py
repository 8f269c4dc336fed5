"""The tasks: environments, numbers of steps, target returns and seeds."""

from collections.abc import Callable
from typing import NamedTuple

import gymnasium

TUNING_SEEDS = range(100, 200)
REPORTING_SEEDS = range(4000, 4010)
N_TEST_EPISODES = 100


class Task(NamedTuple):
    """An environment to learn."""

    env: str | Callable[[], gymnasium.Env]
    target_returns: dict[int, float]  # steps -> the mean return to reach after them; a run ends with the last one
    n_seeds: int = 10
    has_discrete_actions: bool = True

    @property
    def n_timesteps(self):
        """The number of steps of a run."""
        return max(self.target_returns)


class RewardAtTheEnd(gymnasium.Wrapper):
    """Gives the whole return of an episode at its last step, and zero before."""

    def reset(self, **kwargs):
        """Reset the environment."""
        self.total = 0.0
        return self.env.reset(**kwargs)

    def step(self, action):
        """Take a step."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.total += float(reward)
        return observation, self.total if terminated or truncated else 0.0, terminated, truncated, info


def make_sparse_lunar_lander(**kwargs):
    """Return LunarLander-v3 with its whole return at the last step."""
    return RewardAtTheEnd(gymnasium.make("LunarLander-v3", **kwargs))


TASKS = {
    "CartPole-v1": Task("CartPole-v1", {20_000: 500, 50_000: 475}),
    "Acrobot-v1": Task("Acrobot-v1", {100_000: -80}),
    "LunarLander-v3": Task("LunarLander-v3", {250_000: 200}, n_seeds=5),
    "LunarLander-v3, 1M steps": Task("LunarLander-v3", {1_000_000: 250}, n_seeds=5),
    "LunarLander-v3, sparse": Task(make_sparse_lunar_lander, {1_000_000: 200}, n_seeds=5),
    "MountainCar-v0": Task("MountainCar-v0", {200_000: -115}),
    "Pendulum-v1": Task("Pendulum-v1", {200_000: -250}, has_discrete_actions=False),
}
