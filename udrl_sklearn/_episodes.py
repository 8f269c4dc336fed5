"""Episodes as arrays: observations, actions and rewards."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, SupportsIndex, overload

import numpy as np


def returns_to_go(rewards: np.ndarray) -> np.ndarray:
    """Sum the rewards from each step to the end of the episode.

    The return to go of step t is ``sum(rewards[t:])``, without discount.

    Parameters
    ----------
    rewards : ndarray of shape (T,)
        The reward of each step.

    Returns
    -------
    returns : ndarray of shape (T,)
        In the unit of the reward.

    Examples
    --------
    >>> import numpy as np
    >>> returns_to_go(np.array([1.0, 0.0, 2.0]))
    array([3., 2., 2.])
    """
    return np.cumsum(rewards[::-1])[::-1]


@dataclass(frozen=True, eq=False)
class Episode:
    """One episode of T steps.

    There is one observation more than there are steps: the last one is the observation after the last action. If the
    episode was truncated, the value of the rest is estimated from it. All arrays are copied.

    Parameters
    ----------
    observations : array-like of shape (T + 1, n_features)
        Flattened observations, with the one after the last step.
    actions : array-like of shape (T,) or (T, n_components)
        Integers (or other labels) for discrete actions, floats for continuous ones. A column for
        each component of a MultiDiscrete, MultiBinary or Box action.
    rewards : array-like of shape (T,)
        The reward of each step.
    terminated : bool, default=True
        Whether the episode reached a terminal state.
    truncated : bool, default=False
        Whether the episode was cut off before that, by a time limit for instance.

    Raises
    ------
    ValueError
        If the lengths do not fit together, or a number is NaN or infinite.

    See Also
    --------
    Episodes : Many episodes in a few arrays.
    UDRLAgent.fit : Takes a list of episodes.

    Examples
    --------
    >>> from udrl_sklearn import Episode
    >>> episode = Episode(observations=[[0.0], [1.0], [2.0]], actions=[1, 1], rewards=[0.0, 1.0])
    >>> episode.total_return, len(episode)
    (1.0, 2)
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    terminated: bool = True
    truncated: bool = False

    def __post_init__(self) -> None:
        # Copies, because whoever logs episodes may reuse the arrays for the next one.
        observations, actions = np.array(self.observations), np.array(self.actions)
        if observations.dtype.kind == "O":
            observations = observations.astype(np.float64)
        rewards = np.array(self.rewards, dtype=np.float64)
        _check_shapes(observations, actions, rewards)
        for name, array in (("observations", observations), ("actions", actions), ("rewards", rewards)):
            _check_finite(name, array)
        for name, value in (("observations", observations), ("actions", actions), ("rewards", rewards)):
            object.__setattr__(self, name, value)
        for name in ("terminated", "truncated"):
            object.__setattr__(self, name, bool(getattr(self, name)))

    @classmethod
    def _of_checked_views(cls, **attributes: Any) -> "Episode":
        """Return an episode that shares its arrays, which have been checked before."""
        episode = cls.__new__(cls)
        for name, value in attributes.items():
            object.__setattr__(episode, name, value)
        return episode

    def __len__(self) -> int:
        return len(self.rewards)

    @property
    def total_return(self) -> float:
        """Sum of all rewards, without discount."""
        return float(returns_to_go(self.rewards)[0])


@dataclass(frozen=True, eq=False)
class Episodes(Sequence[Episode]):
    """A sequence of `Episode`, stored one after the other in a few long arrays.

    Attributes
    ----------
    observations : ndarray of shape (n_timesteps + n_episodes, n_features)
        T + 1 rows for an episode of T steps.
    actions : ndarray of shape (n_timesteps,) or (n_timesteps, n_components)
        As in `Episode`.
    rewards : ndarray of shape (n_timesteps,)
        The reward of each step.
    returns_to_go : ndarray of shape (n_timesteps + n_episodes,)
        For each observation the sum of the rewards that followed; 0 for the last one of an episode.
    lengths : ndarray of shape (n_episodes,)
        Steps of each episode.
    terminated, truncated : ndarray of shape (n_episodes,)
        As in `Episode`.

    See Also
    --------
    Episode : One episode.

    Examples
    --------
    >>> from udrl_sklearn import Episode, Episodes
    >>> one, other = Episode([[0.0], [1.0]], [0], [5.0]), Episode([[0.0], [1.0], [2.0]], [1, 1], [1.0, 1.0])
    >>> episodes = Episodes.of([one, other])
    >>> episodes.returns, episodes.lengths
    (array([5., 2.]), array([1, 2]))
    >>> episodes[1].total_return
    2.0
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    returns_to_go: np.ndarray
    lengths: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray

    @classmethod
    def of(cls, episodes: Sequence[Episode]) -> "Episodes":
        """Join a sequence of at least one `Episode`; `Episodes` are returned as they are."""
        if isinstance(episodes, Episodes):
            return episodes
        return cls(
            np.concatenate([episode.observations for episode in episodes]),
            np.concatenate([episode.actions for episode in episodes]),
            np.concatenate([episode.rewards for episode in episodes]),
            np.concatenate([np.append(returns_to_go(episode.rewards), 0.0) for episode in episodes]),
            np.array([len(episode) for episode in episodes]),
            np.array([episode.terminated for episode in episodes]),
            np.array([episode.truncated for episode in episodes]),
        )

    def __len__(self) -> int:
        return len(self.lengths)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Episode: ...

    @overload
    def __getitem__(self, index: slice) -> "Episodes": ...

    def __getitem__(self, index: SupportsIndex | slice) -> "Episode | Episodes":
        """Return the episode at an index, or the episodes of a slice."""
        if isinstance(index, slice):
            return self._slice(*index.indices(len(self)))
        i = range(len(self))[index]
        first, last = self.starts[i], self.starts[i] + self.lengths[i]
        return Episode._of_checked_views(
            observations=self.observations[first + i : last + i + 1],
            actions=self.actions[first:last],
            rewards=self.rewards[first:last],
            terminated=bool(self.terminated[i]),
            truncated=bool(self.truncated[i]),
        )

    def _slice(self, first: int, last: int, step: int) -> "Episodes":
        if step != 1 and len(range(first, last, step)) > 0:
            return Episodes.of([self[i] for i in range(first, last, step)])
        ends = np.append(self.starts, len(self.rewards))
        last = max(first, last) if step == 1 else first
        steps = slice(ends[first], ends[last])
        rows = slice(ends[first] + first, ends[last] + last)
        return Episodes(
            self.observations[rows],
            self.actions[steps],
            self.rewards[steps],
            self.returns_to_go[rows],
            *(array[first:last] for array in (self.lengths, self.terminated, self.truncated)),
        )

    @cached_property
    def starts(self) -> np.ndarray:
        """Index of the first step of each episode: ndarray of shape (n_episodes,)."""
        return np.cumsum(self.lengths) - self.lengths

    @property
    def returns(self) -> np.ndarray:
        """Return of each episode: ndarray of shape (n_episodes,)."""
        return self.returns_to_go[self.starts + np.arange(len(self))]

    @property
    def n_repeats(self) -> np.ndarray:
        """How often in a row the action of each step was taken on exactly this observation: ndarray (n_timesteps,)."""
        row = np.arange(len(self.rewards)) + np.repeat(np.arange(len(self)), self.lengths)
        begins = (self.observations[row[1:]] != self.observations[row[:-1]]).any(axis=1)
        actions = self.actions.reshape(len(self.actions), -1)
        begins |= (actions[1:] != actions[:-1]).any(axis=1)
        begins[self.starts[1:] - 1] = True
        run = np.append(0, begins.cumsum())
        return np.bincount(run)[run]


def _check_shapes(observations: np.ndarray, actions: np.ndarray, rewards: np.ndarray) -> None:
    if rewards.ndim != 1 or len(rewards) == 0:
        raise ValueError(f"rewards of an Episode must have shape (T,) with T >= 1 steps, got shape {rewards.shape}.")
    n_steps = len(rewards)
    if observations.ndim != 2 or len(observations) != n_steps + 1:
        raise ValueError(
            f"observations of an Episode with {n_steps} rewards must have shape ({n_steps + 1}, n_features): "
            "one row for each step and one for the observation after the last action. "
            f"Got shape {observations.shape}."
        )
    if actions.ndim not in (1, 2) or len(actions) != n_steps:
        raise ValueError(
            f"actions of an Episode with {n_steps} rewards must have shape ({n_steps},) or "
            f"({n_steps}, n_components), got shape {actions.shape}."
        )


def _check_finite(name: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    step = int(np.argmax(~np.isfinite(array.reshape(len(array), -1)).all(axis=1)))
    raise ValueError(
        f"{name} of an Episode must be finite, got {array[step]} at step {step}. Clean the episode, or leave it out."
    )
