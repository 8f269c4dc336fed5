"""Rows of a supervised fit, as scikit-learn's estimators take them."""

from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_X_y, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, _get_feature_names

from ._envs._spaces import COMMAND_NAMES


class TrainingRows(NamedTuple):
    """Rows with commands, the actions taken, their weights, and the names of the columns."""

    X: np.ndarray  # (n_rows, n_features)
    actions: np.ndarray  # (n_rows,) or (n_rows, n_components)
    sample_weight: np.ndarray | None  # (n_rows,)
    names: list[str] | None

    @property
    def commands(self) -> np.ndarray:
        """The commands without NaN: ndarray of shape (n, 2)."""
        commands = self.X[:, -2:]
        return commands[~np.isnan(commands).any(axis=1)]


def check_training_rows(X: Any, y: Any, sample_weight: Any, *, discrete: bool, estimator: Any) -> TrainingRows:
    """Return rows as arrays, or raise a ValueError that says what is wrong with them.

    NaN is left to the wrapped estimator.

    Parameters
    ----------
    X, y, sample_weight : array-like
        As for `UDRLAgent.fit`.
    discrete : bool
        Whether the actions are discrete.
    estimator : estimator
        The subject of messages.
    """
    rows, actions = check_X_y(
        X,
        y,
        ensure_min_features=2,
        ensure_all_finite="allow-nan",
        multi_output=True,
        y_numeric=not discrete,
        estimator=estimator,
    )
    if np.isnan(rows[:, -2:]).any(axis=1).all():
        raise ValueError(
            f"The last two columns of X are the command, {COMMAND_NAMES}. It contains NaN in each row; at least one "
            "row must have a command."
        )
    if actions.ndim == 2 and actions.shape[1] == 1:
        actions = column_or_1d(actions, warn=True)
    if discrete:
        check_classification_targets(actions)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
    names = _get_feature_names(X)
    return TrainingRows(rows, actions, sample_weight, None if names is None else names.tolist())
