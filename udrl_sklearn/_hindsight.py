"""Hindsight: episodes become rows that say which action belongs to which command."""

from typing import NamedTuple

import numpy as np

from ._episodes import Episodes


class Rows(NamedTuple):
    """Training rows of a behavior function, an observation and a command beside the action taken."""

    observations: np.ndarray  # (n_rows, n_features)
    commands: np.ndarray  # (n_rows, 2): desired return, desired horizon in steps
    actions: np.ndarray  # (n_rows,) or (n_rows, n_components)
    steps: np.ndarray  # (n_rows,): step of the episode, from 0 on

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
    episodes : sequence of Episode
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
    episodes = Episodes.of(episodes)
    if rows_per_episode is None:
        index = np.repeat(np.arange(len(episodes)), episodes.lengths)
        start = np.arange(len(index)) - episodes.starts[index]
    else:
        index = np.repeat(np.arange(len(episodes)), rows_per_episode)
        start = rng.integers(episodes.lengths[index])
    length = episodes.lengths[index]
    end = length if segments == "trailing" else rng.integers(start, length) + 1
    step = episodes.starts[index] + start
    row, end_row = step + index, step + index + end - start
    obtained = episodes.returns_to_go[row] - episodes.returns_to_go[end_row]
    return Rows(episodes.observations[row], np.column_stack([obtained, end - start]), episodes.actions[step], start)


def sample_rows(episodes, n_rows, rng):
    """Draw steps, each as probable as any other, and relabel them with their trailing segments.

    Parameters
    ----------
    episodes : sequence of Episode
        At least one.
    n_rows : int
        How many rows to draw, with replacement; every step becomes a row if there are no more of them.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    rows : Rows
    """
    episodes = Episodes.of(episodes)
    n_steps = episodes.lengths.sum()
    if n_steps <= n_rows:
        return relabel(episodes)
    return relabel(episodes, rows_per_episode=rng.multinomial(n_rows, episodes.lengths / n_steps), rng=rng)


def sample_stratified_rows(episodes, n_rows, rng, *, segments="trailing", n_bins=20):
    """Draw segments evenly over the range of returns that the episodes had.

    A buffer soon holds one level of return almost alone. To follow commands of every level, rows are
    drawn so that each of `n_bins` equally wide intervals of the episodes' return counts the same.

    Parameters
    ----------
    episodes : sequence of Episode
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
    episodes = Episodes.of(episodes)
    returns, lengths = episodes.returns, episodes.lengths
    edges = np.linspace(returns.min(), returns.max(), n_bins + 1)
    bins = np.clip(np.searchsorted(edges, returns, side="right") - 1, 0, n_bins - 1)
    steps_in_bin = np.bincount(bins, weights=lengths, minlength=n_bins)
    probability = lengths / steps_in_bin[bins]
    counts = rng.multinomial(n_rows, probability / probability.sum())
    return relabel(episodes, segments=segments, rows_per_episode=counts, rng=rng)
