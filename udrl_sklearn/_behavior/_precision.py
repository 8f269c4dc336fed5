"""A warning about estimators that round features to single precision."""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
from sklearn.feature_selection import SelectorMixin
from sklearn.pipeline import Pipeline

from ._compatibility import is_net, takes_float32_only
from ._tree_inference import BAGGINGS, BOOSTINGS, FORESTS, TREES

# A feature loses precision if rounding makes more than this fraction of its different values equal to another one.
MAX_MERGED_FRACTION = 0.1
# The warning looks at so many rows.
MAX_ROWS = 10_000


def rounds_features(estimator: Any) -> bool:
    """Tell whether an estimator gets features in single precision: neural networks and most trees, also in others.

    In a pipeline a transformer may take an offset away before, unless it only selects columns.
    """
    if isinstance(estimator, Pipeline):
        steps = [step for _, step in estimator.steps if step not in (None, "passthrough")]
        return not any(not isinstance(step, SelectorMixin) for step in steps[:-1]) and rounds_features(steps[-1])
    if isinstance(estimator, (*TREES, *FORESTS, *BOOSTINGS)) or is_net(estimator) or takes_float32_only(estimator):
        return True
    if type(estimator).__module__.partition(".")[0] in ("catboost", "xgboost"):
        return True
    if isinstance(estimator, (*BAGGINGS, AdaBoostClassifier, AdaBoostRegressor)) and estimator.estimator is None:
        return True  # of trees
    return any(map(rounds_features, _inner_estimators(estimator)))


def _inner_estimators(estimator: Any) -> Iterator[Any]:
    """Yield the estimators that an estimator fits: its parameters, or in a list of pairs with a name."""
    for value in estimator.get_params(deep=False).values():
        parts = [part[1] for part in value if isinstance(part, tuple)] if isinstance(value, list) else [value]
        yield from (part for part in parts if hasattr(part, "fit") and not isinstance(part, type))


def warn_of_rounding(estimator: Any, X: np.ndarray, names: list[str] | None) -> bool:
    """Warn if different values of a feature become equal in the single precision of an estimator.

    Parameters
    ----------
    estimator : estimator
    X : ndarray of shape (n_rows, n_features)
        Rows for it.
    names : list of str or None
        Names of the columns; None calls them by number.

    Returns
    -------
    has_warned : bool
    """
    if np.can_cast(X.dtype, np.float32) or not rounds_features(estimator):
        return False
    for i, column in enumerate(X[:MAX_ROWS].T):
        n_values, n_rounded = len(np.unique(column)), len(np.unique(column.astype(np.float32)))
        if n_rounded < (1 - MAX_MERGED_FRACTION) * n_values:
            scaler = "" if takes_float32_only(estimator) else ", or put a scaler before the estimator in a pipeline"
            warnings.warn(
                f"The column {names[i] if names else i!r} loses precision: {type(estimator).__name__} rounds features "
                f"to float32, in which {n_values} different values become {n_rounded}. Subtract an offset from the "
                f"column{scaler}.",
                stacklevel=2,
            )
            return True
    return False
