"""Hindsight: episodes become rows, each with a command that its action fulfilled."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ._episodes import Episode, Episodes


class Rows(NamedTuple):
    """Training rows of a behavior function: observations, commands, and the actions taken."""

    observations: np.ndarray  # (n_rows, n_features)
    commands: np.ndarray  # (n_rows, 2): desired return, desired horizon in steps
    actions: np.ndarray  # (n_rows,) or (n_rows, n_components)
    steps: np.ndarray  # (n_rows,): step of the episode, from 0 on

    def take(self, index: np.ndarray | slice) -> "Rows":
        """Return the rows at `index`."""
        return Rows(*(array[index] for array in self))


def relabel(
    episodes: Sequence[Episode],
    *,
    segments: str = "trailing",
    rows_per_episode: int | np.ndarray | None = None,
    rng: np.random.Generator | None = None,
) -> Rows:
    """Relabel episodes with the commands that they fulfilled.

    A segment that starts at step t and ends before step t' fulfilled the command
    ``(sum(rewards[t:t']), t' - t)``, and the action at step t is its first action. Trailing segments end
    with the episode (t' = T), as in Srivastava et al. 2019, section 2.3.2.

    Parameters
    ----------
    episodes : sequence of Episode
        At least one.
    segments : {"trailing", "random"}, default="trailing"
        Whether a segment ends with the episode, or before a step after t that is sampled uniformly.
    rows_per_episode : int, ndarray of shape (n_episodes,) or None, default=None
        How many steps of each episode to sample, with replacement. None takes every step once.
    rng : numpy.random.Generator or None, default=None
        Source of randomness. Not needed for all trailing segments.

    Returns
    -------
    rows : Rows

    Raises
    ------
    ValueError
        If steps or segments are sampled, and there is no `rng`.

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
        start = _check_rng(rng).integers(episodes.lengths[index])
    length = episodes.lengths[index]
    end = length if segments == "trailing" else _check_rng(rng).integers(start, length) + 1
    step = episodes.starts[index] + start
    row, end_row = step + index, step + index + end - start
    achieved_return = episodes.returns_to_go[row] - episodes.returns_to_go[end_row]
    commands = np.column_stack([achieved_return, end - start])
    return Rows(episodes.observations[row], commands, episodes.actions[step], start)


def _check_rng(rng: np.random.Generator | None) -> np.random.Generator:
    if rng is None:
        raise ValueError("Steps or segments are sampled, so relabel needs rng=numpy.random.default_rng(seed).")
    return rng


def sample_rows(episodes: Sequence[Episode], n_rows: int, rng: np.random.Generator) -> Rows:
    """Sample steps uniformly, and relabel them with their trailing segments.

    Parameters
    ----------
    episodes : sequence of Episode
        At least one.
    n_rows : int
        How many rows to sample, with replacement. If there are no more steps than that, each one becomes a row.
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


def sample_stratified_rows(
    episodes: Sequence[Episode],
    n_rows: int,
    rng: np.random.Generator,
    *,
    segments: str = "trailing",
    n_bins: int = 20,
) -> Rows:
    """Sample segments evenly over the range of the episodes' returns (stratified sampling).

    Most episodes in a buffer soon have similar returns. To follow commands for every return, an agent needs rows
    with every return. So the range of returns is divided into `n_bins` intervals of equal width, and each of them
    that has episodes is sampled with the same probability.

    Parameters
    ----------
    episodes : sequence of Episode
        At least one.
    n_rows : int
        How many rows to sample, with replacement.
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
