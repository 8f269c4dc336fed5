"""A warning about estimators that round features to single precision."""

import warnings
from typing import Any

import numpy as np
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
from sklearn.multioutput import MultiOutputRegressor

from ._compatibility import is_net, takes_float32_only
from ._tree_inference import BAGGINGS, BOOSTINGS, FORESTS, TREES

# A feature loses precision if rounding makes more than this fraction of its different values equal to another one.
MAX_MERGED_FRACTION = 0.1
# The warning looks at so many rows.
MAX_ROWS = 10_000


def rounds_features(estimator: Any) -> bool:
    """Tell whether an estimator gets features in single precision: neural networks, and most trees."""
    while isinstance(estimator, (*BAGGINGS, AdaBoostClassifier, AdaBoostRegressor, MultiOutputRegressor)):
        if estimator.estimator is None:
            return True  # of trees
        estimator = estimator.estimator
    return isinstance(estimator, (*TREES, *FORESTS, *BOOSTINGS)) or is_net(estimator) or takes_float32_only(estimator)


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
