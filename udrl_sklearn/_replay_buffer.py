"""The replay buffer of whole episodes."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ._episodes import Episode, Episodes


class ReplayBuffer:
    """Episodes in the order in which they were collected.

    Parameters
    ----------
    max_episodes : int or None, default=None
        How many episodes to keep; None keeps all.
    keep : {"recent", "best"}, default="recent"
        Which ones to keep when there are more: the newest, or those with the highest return. Of equal ones it keeps
        the newest.

    Attributes
    ----------
    n_timesteps_total, n_episodes_total : int
        Steps and episodes that were ever added, those that were dropped included.

    See Also
    --------
    Episodes : What `episodes` returns.

    Examples
    --------
    >>> from udrl_sklearn import Episode, ReplayBuffer
    >>> buffer = ReplayBuffer(max_episodes=1)
    >>> buffer.add([Episode([[0.0], [1.0]], actions=[i], rewards=[i]) for i in range(3)])
    >>> buffer.returns, buffer.n_episodes_total
    (array([2.]), 3)
    """

    _columns: "dict[str, _GrowingArray]"

    def __init__(self, max_episodes: int | None = None, keep: str = "recent") -> None:
        self.max_episodes = max_episodes
        self.keep = keep
        self.n_timesteps_total = self.n_episodes_total = 0
        self._clear()

    def _clear(self) -> None:
        self._columns = {field.name: _GrowingArray() for field in fields(Episodes)}
        self._columns["lengths"] = _GrowingArray(np.intp)

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def n_timesteps(self) -> int:
        """Number of steps of all episodes in the buffer."""
        return len(self._columns["rewards"].rows)

    @property
    def episodes(self) -> Episodes:
        """All episodes, oldest first. Episodes that are added later do not change them."""
        return Episodes(**{name: column.rows for name, column in self._columns.items()})

    @property
    def returns(self) -> np.ndarray:
        """Return of each episode: ndarray of shape (n_episodes,)."""
        return self.episodes.returns

    @property
    def lengths(self) -> np.ndarray:
        """Number of steps of each episode: ndarray of shape (n_episodes,)."""
        return self._columns["lengths"].rows

    def add(self, episodes: Sequence[Episode]) -> None:
        """Add episodes, and drop those over `max_episodes`.

        Parameters
        ----------
        episodes : sequence of Episode
            Oldest first.

        Raises
        ------
        ValueError
            If their steps have other shapes than those in the buffer.
        """
        if len(episodes) == 0:
            return
        new = Episodes.of(episodes)
        self._append(new)
        self.n_timesteps_total += len(new.rewards)
        self.n_episodes_total += len(new)
        self._drop_excess()

    def set_limit(self, max_episodes: int | None, keep: str) -> None:
        """Change how many episodes are kept and which ones, and drop those over the limit.

        Parameters
        ----------
        max_episodes, keep
            As for the class. Episodes that were dropped before do not come back.
        """
        self.max_episodes, self.keep = max_episodes, keep
        self._drop_excess()

    def _drop_excess(self) -> None:
        if self.max_episodes is None or len(self) <= self.max_episodes:
            return
        if self.keep == "best":
            best = Episodes.of(self.best(self.max_episodes))
            self._clear()
            self._append(best)
        else:
            dropped = self.episodes[: -self.max_episodes]
            for name, column in self._columns.items():
                column.drop_first(len(getattr(dropped, name)))

    def _append(self, episodes: Episodes) -> None:
        for name, column in self._columns.items():
            expected, shape = column.rows.shape[1:], getattr(episodes, name).shape[1:]
            if len(self) and expected != shape:
                raise ValueError(f"{name} of each step must have shape {expected}, as in the buffer; got {shape}.")
        for name, column in self._columns.items():
            column.extend(getattr(episodes, name))

    def best(self, n_episodes: int) -> Sequence[Episode]:
        """Return the episodes with the highest returns.

        Parameters
        ----------
        n_episodes : int
            How many. Of equal ones the newest are taken; all, if there are fewer.

        Returns
        -------
        episodes : list of Episode
            Oldest first.
        """
        episodes = self.episodes
        return [episodes[i] for i in self.best_indices(n_episodes)]

    def best_indices(self, n_episodes: int) -> np.ndarray:
        """Return the indices of the episodes with the highest returns.

        Parameters
        ----------
        n_episodes : int
            As for `best`.

        Returns
        -------
        indices : ndarray of shape (n,)
            In increasing order, so that the oldest episode is first.
        """
        newest_first = np.argsort(-self.returns[::-1], kind="stable")[:n_episodes]
        return np.sort(len(self) - 1 - newest_first)

    def recent(self, n_timesteps: int | None) -> Episodes:
        """Return the newest episodes that have a number of steps together.

        Parameters
        ----------
        n_timesteps : int or None
            How many steps, at least. With None, or with fewer steps in the buffer, all episodes are returned.

        Returns
        -------
        episodes : Episodes
            Oldest first.
        """
        if n_timesteps is None:
            return self.episodes
        steps_back = np.cumsum(self.lengths[::-1])
        n_episodes = int(np.searchsorted(steps_back, n_timesteps)) + 1
        return self.episodes[-n_episodes:]

    def __copy__(self) -> "ReplayBuffer":
        """Return a buffer with the same episodes. Adding to one of the two does not change the other."""
        twin = ReplayBuffer.__new__(ReplayBuffer)
        vars(twin).update(vars(self), _columns={name: column.copy() for name, column in self._columns.items()})
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_columns": {name: column.rows for name, column in self._columns.items()}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._clear()
        for name, rows in state["_columns"].items():
            self._columns[name].extend(rows)


class _GrowingArray:
    """Rows in an array with spare capacity, so that the cost of adding rows does not depend on the rows before.

    Views of the rows stay as they are, because no element is ever written twice.

    Parameters
    ----------
    dtype : dtype, default=float64
        Rows of another type change it to the common type.
    """

    def __init__(self, dtype: DTypeLike = np.float64) -> None:
        self._storage = np.empty(0, dtype=dtype)
        self._first = self._end = 0

    @property
    def rows(self) -> np.ndarray:
        """The rows: a view of shape (n_rows, ...)."""
        return self._storage[self._first : self._end]

    def copy(self) -> "_GrowingArray":
        """Return an array with the same rows. It allocates memory of its own once it grows."""
        twin = _GrowingArray(self._storage.dtype)
        twin._storage, twin._end = self.rows, self._end - self._first
        return twin

    def extend(self, rows: np.ndarray) -> None:
        """Append rows."""
        has_capacity = self._end + len(rows) <= len(self._storage)
        if not (has_capacity and np.result_type(self._storage, rows) == self._storage.dtype):
            self._reallocate(rows)
        self._storage[self._end : self._end + len(rows)] = rows
        self._end += len(rows)

    def drop_first(self, n_rows: int) -> None:
        """Drop the oldest rows."""
        self._first += n_rows

    def _reallocate(self, rows: np.ndarray) -> None:
        """Move to new memory, with twice the capacity that is needed for new rows."""
        kept = self.rows if self._end else rows[:0]
        capacity = 2 * (len(kept) + len(rows))
        self._storage = np.empty((capacity, *rows.shape[1:]), dtype=np.result_type(kept, rows))
        self._storage[: len(kept)] = kept
        self._first, self._end = 0, len(kept)
