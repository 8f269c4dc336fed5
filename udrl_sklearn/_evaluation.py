"""Evaluation: episodes under one command, on seeds that were not learned from."""

from dataclasses import dataclass

import numpy as np

from ._commands import Command
from ._environments import EVALUATION
from ._lanes import EpisodePlan
from ._rollout import collect_episodes


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an agent obtained under one command.

    Attributes
    ----------
    returns : ndarray of shape (n_episodes,)
        Sum of rewards of each episode, without discount.
    lengths : ndarray of shape (n_episodes,)
        Steps of each episode.
    command : Command or "max"
        What was asked at the start of each.
    """

    returns: np.ndarray
    lengths: np.ndarray
    command: Command | str

    @property
    def mean_return(self) -> float:
        """Mean of the returns."""
        return float(self.returns.mean())

    @property
    def std_return(self) -> float:
        """Standard deviation of the returns."""
        return float(self.returns.std())

    def __repr__(self):
        return (
            f"Evaluation(mean_return={self.mean_return:.1f}, std_return={self.std_return:.1f}, "
            f"n_episodes={len(self.returns)}, command={self.command})"
        )


def draw_plans(sources, commands, seed_range, rng):
    """Plan an episode for each command, in turn on each source, from seeds drawn out of a range.

    Parameters
    ----------
    sources : list of EnvSource
    commands : ndarray of shape (n_episodes, 2)
    seed_range : pair of int
    rng : numpy.random.Generator

    Returns
    -------
    plans : list of EpisodePlan
    """
    draws = rng.integers(*seed_range, size=len(commands))
    return [
        EpisodePlan(i % len(sources), sources[i % len(sources)].reset_seed(draw), tuple(command))
        for i, (draw, command) in enumerate(zip(draws, commands, strict=True))
    ]


def evaluate(pool, actor, command, *, n_episodes=100, seed=0, seed_range=EVALUATION, **rollout):
    """Let an actor act under a command.

    Parameters
    ----------
    pool : EnvPool
        The environments; a list of them takes turns.
    actor : Actor or TurnsActor
        Chooses the actions.
    command : Command
        As in arrays: open-ended or exact, with a horizon.
    n_episodes : int, default=100
        Number of episodes.
    seed : int, default=0
        Picks the episodes' reset seeds, the same for every agent.
    seed_range : pair of int
        Where they are picked from.
    **rollout : dict
        Passed to `collect_episodes`.

    Returns
    -------
    returns, lengths : ndarray of shape (n_episodes,)
    """
    episodes = live(pool, actor, command, n_episodes=n_episodes, seed=seed, seed_range=seed_range, **rollout)
    return np.array([episode.total_return for episode in episodes]), np.array([len(episode) for episode in episodes])


def live(pool, actor, command, *, n_episodes, seed=0, seed_range=EVALUATION, **rollout):
    """Return the episodes of an actor under a command, in the order of their seeds; see `evaluate`.

    The seed may be a numpy.random.Generator to draw from.
    """
    commands = np.tile(command, (n_episodes, 1))
    plans = draw_plans(pool.sources, commands, seed_range, np.random.default_rng(seed))
    episodes = dict(collect_episodes(pool, plans, actor, **rollout))
    return [episodes[i] for i in range(n_episodes)]
