"""The behavior function B(observation, desired return, desired horizon) -> action."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from udrl_sklearn._commands import Command, is_open_ended

from ._base import Behavior


@dataclass(frozen=True)
class BehaviorFunction:
    """Predicts actions for rows with a command, exact or open-ended.

    A method may learn the two kinds of commands apart, each with its own clone of the estimator: what is best differs
    from what achieved a given return. Each row then goes to the behavior that learned its kind of command. If there is
    one behavior only, it gets all rows.

    Parameters
    ----------
    exact : Behavior or None
        Predicts for exact commands.
    open_ended : Behavior or None, default=None
        Predicts for the open-ended command.
    """

    exact: Behavior | None
    open_ended: Behavior | None = None

    @property
    def behaviors(self) -> list[Behavior]:
        """The one or two behaviors; the one for the open-ended command last."""
        return [behavior for behavior in (self.exact, self.open_ended) if behavior is not None]

    def for_command(self, command: ArrayLike | Command) -> Behavior:
        """Return the behavior for a command (desired return, horizon), and for all that follow it in an episode."""
        return self.behaviors[-1] if is_open_ended(command) else self.behaviors[0]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the best actions: (n,), or (n, n_components) if there are several."""
        return self._dispatch("predict", X)

    def predict_proba(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the probability of each label: a list of arrays (n, n_labels), one for each component."""
        return self._dispatch("predict_proba", X)

    def _dispatch(self, method: str, X: np.ndarray) -> Any:
        """Call a method of the behavior that learned the kind of command, row by row."""
        if len(self.behaviors) == 1:
            return getattr(self.behaviors[0], method)(X)
        is_open = is_open_ended(X[:, -2:])
        if is_open.all() or not is_open.any():
            return getattr(self.open_ended if is_open.all() else self.exact, method)(X)
        open_ended = getattr(self.open_ended, method)(X[is_open])
        exact = getattr(self.exact, method)(X[~is_open])
        if isinstance(exact, list):
            return [_interleave(is_open, *parts) for parts in zip(open_ended, exact, strict=True)]
        return _interleave(is_open, open_ended, exact)


def _interleave(is_first: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Join two arrays, with the rows of the first where `is_first` holds."""
    joined = np.empty((len(is_first), *first.shape[1:]), dtype=np.result_type(first, second))
    joined[is_first], joined[~is_first] = first, second
    return joined
