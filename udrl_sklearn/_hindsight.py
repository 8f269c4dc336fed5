"""Hindsight: episodes become rows that say which action belongs to which command."""

from typing import NamedTuple

import numpy as np

from ._episodes import returns_to_go


class Rows(NamedTuple):
    """Training rows of a behavior function, an observation and a command beside the action taken."""

    observations: np.ndarray  # (n_rows, n_features)
    commands: np.ndarray  # (n_rows, 2): desired return, desired horizon in steps
    actions: np.ndarray  # (n_rows,) or (n_rows, n_components)

    def take(self, index):
        """Return the rows at `index`."""
        return Rows(*(array[index] for array in self))


def relabel(episodes, *, segments="trailing", rows_per_episode=None, rng=None):
    """Relabel episodes with the commands that they fulfilled.

    A segment that starts at step t and ends before step t' fulfilled the command
    ``(sum(rewards[t:t']), t' - t)`` with the action at t as its first action. Trailing segments end
    with the episode (t' = T), which is the choice of Srivastava et al. 2019, section 2.3.2.

    Parameters
    ----------
    episodes : list of Episode
        At least one.
    segments : {"trailing", "random"}, default="trailing"
        Whether segments reach to the episode's end, or to a step after t drawn uniformly.
    rows_per_episode : int, array-like of shape (n_episodes,) or None, default=None
        How many steps of each episode to draw, with replacement; None takes every step once.
    rng : numpy.random.Generator or None, default=None
        Needed for whatever is drawn.

    Returns
    -------
    rows : Rows

    Examples
    --------
    >>> from udrl_sklearn import Episode
    >>> episode = Episode([[0.0], [1.0], [2.0]], actions=[1, 0], rewards=[1.0, 5.0])
    >>> relabel([episode]).commands
    array([[6., 2.],
           [5., 1.]])
    """
    commands, starts = [], []
    for episode, n_rows in zip(episodes, np.broadcast_to(rows_per_episode, len(episodes)), strict=True):
        n_steps = len(episode)
        start = np.arange(n_steps) if n_rows is None else rng.integers(n_steps, size=n_rows)
        end = np.full(len(start), n_steps) if segments == "trailing" else rng.integers(start, n_steps) + 1
        to_go = np.append(returns_to_go(episode.rewards), 0.0)
        commands.append(np.column_stack([to_go[start] - to_go[end], end - start]))
        starts.append(start)
    pairs = list(zip(episodes, starts, strict=True))
    return Rows(
        np.concatenate([episode.observations[start] for episode, start in pairs]),
        np.concatenate(commands),
        np.concatenate([episode.actions[start] for episode, start in pairs]),
    )


def spread_over_returns(episodes, n_rows, rng, *, segments="trailing", n_bins=20):
    """Draw segments evenly over the range of returns that the episodes had.

    A buffer soon holds one level of return almost alone. To follow commands of every level, rows are
    drawn so that each of `n_bins` equally wide intervals of the episodes' return counts the same.

    Parameters
    ----------
    episodes : list of Episode
        At least one.
    n_rows : int
        How many rows to draw, with replacement.
    rng : numpy.random.Generator
        Source of randomness.
    segments : {"trailing", "random"}, default="trailing"
        See `relabel`.
    n_bins : int, default=20
        Number of intervals.

    Returns
    -------
    rows : Rows
    """
    returns = np.array([episode.total_return for episode in episodes])
    lengths = np.array([len(episode) for episode in episodes])
    edges = np.linspace(returns.min(), returns.max(), n_bins + 1)
    bins = np.clip(np.searchsorted(edges, returns, side="right") - 1, 0, n_bins - 1)
    steps_in_bin = np.bincount(bins, weights=lengths, minlength=n_bins)
    probability = lengths / steps_in_bin[bins]
    counts = rng.multinomial(n_rows, probability / probability.sum())
    drawn = [episode for episode, count in zip(episodes, counts, strict=True) if count]
    return relabel(drawn, segments=segments, rows_per_episode=counts[counts > 0], rng=rng)
