"""Episodes: what an agent lived through, as arrays."""

from dataclasses import dataclass

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

    There is one observation more than there are steps: the last one is what the environment showed
    after the last action. The value of a truncated episode's tail is estimated from it.

    Parameters
    ----------
    observations : array-like of shape (T + 1, n_features)
        Flattened observations, the one after the last step included.
    actions : array-like of shape (T,) or (T, n_components)
        Integers (or other labels) for discrete actions, floats for continuous ones. A column for
        each component of a MultiDiscrete, MultiBinary or Box action.
    rewards : array-like of shape (T,)
        The reward of each step.
    terminated : bool, default=True
        Whether the episode reached an end of its own.
    truncated : bool, default=False
        Whether the episode was cut off, by a time limit for instance.

    Raises
    ------
    ValueError
        If the lengths do not fit together, or a number is NaN or infinite.

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

    def __post_init__(self):
        observations, actions = np.asarray(self.observations), np.asarray(self.actions)
        rewards = np.asarray(self.rewards, dtype=np.float64)
        _check_shapes(observations, actions, rewards)
        for name, array in (("observations", observations), ("actions", actions), ("rewards", rewards)):
            _check_finite(name, array)
        for name, value in (("observations", observations), ("actions", actions), ("rewards", rewards)):
            object.__setattr__(self, name, value)

    def __len__(self):
        return len(self.rewards)

    @property
    def total_return(self) -> float:
        """Sum of all rewards, without discount."""
        return float(self.rewards.sum())


def _check_shapes(observations, actions, rewards):
    if rewards.ndim != 1 or len(rewards) == 0:
        raise ValueError(f"rewards of an Episode must have shape (T,) with T >= 1 steps, got shape {rewards.shape}.")
    n_steps = len(rewards)
    if observations.ndim != 2 or len(observations) != n_steps + 1:
        raise ValueError(
            f"observations of an Episode with {n_steps} rewards must have shape ({n_steps + 1}, n_features): "
            "one row for each step and one for what was seen after the last action. "
            f"Got shape {observations.shape}."
        )
    if actions.ndim not in (1, 2) or len(actions) != n_steps:
        raise ValueError(
            f"actions of an Episode with {n_steps} rewards must have shape ({n_steps},) or "
            f"({n_steps}, n_components), got shape {actions.shape}."
        )


def _check_finite(name, array):
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    step = int(np.argmax(~np.isfinite(array.reshape(len(array), -1)).all(axis=1)))
    raise ValueError(
        f"{name} of an Episode must be finite, got {array[step]} at step {step}. Clean the episode, or leave it out."
    )
