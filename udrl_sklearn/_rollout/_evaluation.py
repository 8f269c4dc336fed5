"""Evaluation: episodes under one command, on seeds that are not used for training."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from udrl_sklearn._commands import Command, is_open_ended, repeat_command
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import EVALUATION, EnvSource
from udrl_sklearn._episodes import Episode

from ._action_selection import Actor
from ._collect import collect_episodes
from ._vector_rollout import EpisodeSpec


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What an agent achieved under one command.

    Attributes
    ----------
    returns : ndarray of shape (n_episodes,)
        Sum of rewards of each episode, without discount.
    lengths : ndarray of shape (n_episodes,)
        Steps of each episode.
    command : Command, "max" or None
        The command at the start of each episode; None for a policy that takes no commands.
    """

    returns: np.ndarray
    lengths: np.ndarray
    command: Command | str | None

    @classmethod
    def of(cls, episodes: Sequence[Episode], command: Command | None) -> "Evaluation":
        """Summarize episodes that began under a command, as in arrays."""
        returns = np.array([episode.total_return for episode in episodes])
        lengths = np.array([len(episode) for episode in episodes])
        return cls(returns, lengths, "max" if command is not None and is_open_ended(command) else command)

    @property
    def mean_return(self) -> float:
        """Mean of the returns."""
        return float(self.returns.mean())

    @property
    def std_return(self) -> float:
        """Standard deviation of the returns."""
        return float(self.returns.std())

    def __repr__(self) -> str:
        command = "" if self.command is None else f", command={self.command}"
        return (
            f"Evaluation(mean_return={self.mean_return:.1f}, std_return={self.std_return:.1f}, "
            f"n_episodes={len(self.returns)}{command})"
        )


def check_counts(**counts: Any) -> None:
    """Raise a ValueError if a named number is no integer of at least 1."""
    for name, value in counts.items():
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must be an integer >= 1, got {value!r}.")


def sample_episode_specs(
    sources: list[EnvSource], commands: np.ndarray, seed_range: tuple[int, int], rng: np.random.Generator
) -> list[EpisodeSpec]:
    """Specify an episode for each command, on each source in turn, with seeds sampled from a range.

    Parameters
    ----------
    sources : list of EnvSource
    commands : ndarray of shape (n_episodes, 2)
    seed_range : pair of int
    rng : numpy.random.Generator

    Returns
    -------
    specs : list of EpisodeSpec
    """
    numbers = rng.integers(*seed_range, size=len(commands))
    return [
        EpisodeSpec(i % len(sources), sources[i % len(sources)].reset_seed(number), tuple(command))
        for i, (number, command) in enumerate(zip(numbers, commands, strict=True))
    ]


def run_episodes(
    pool: EnvPool,
    actor: Actor,
    command: Command,
    *,
    n_episodes: int,
    seed: int | np.random.Generator = 0,
    seed_range: tuple[int, int] = EVALUATION,
    **params: Any,
) -> list[Episode]:
    """Run episodes under a command.

    Parameters
    ----------
    pool : EnvPool
        The environments; of several each gets an episode in turn.
    actor : Actor
        Selects the actions.
    command : Command
        As in arrays: open-ended, or exact with a horizon.
    n_episodes : int
        Number of episodes.
    seed : int or numpy.random.Generator, default=0
        Determines the reset seeds of the episodes, the same for every actor.
    seed_range : pair of int
        The range of the reset seeds.
    **params : dict
        Passed to `collect_episodes`.

    Returns
    -------
    episodes : list of Episode
        In the order of their seeds.

    Raises
    ------
    ValueError
        If `n_episodes` is no integer of at least 1.
    """
    check_counts(n_episodes=n_episodes)
    commands = repeat_command(command, n_episodes)
    specs = sample_episode_specs(pool.sources, commands, seed_range, np.random.default_rng(seed))
    episodes = dict(collect_episodes(pool, specs, actor, **params))
    return [episodes[i] for i in range(n_episodes)]
