"""The score of predicted actions on rows, with the checks of scikit-learn's metrics."""

from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_array, check_consistent_length


def score_actions(y: Any, predicted: np.ndarray, sample_weight: Any, *, discrete: bool) -> float:
    """Return the accuracy of discrete actions, or R^2 of continuous ones.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_components)
        The actions.
    predicted : ndarray of shape (n_samples,) or (n_samples, n_components)
        The predicted actions.
    sample_weight : array-like of shape (n_samples,) or None
        Weights of the rows.
    discrete : bool
        Whether actions are discrete. If they have several components, all of them must be right.

    Returns
    -------
    score : float

    Raises
    ------
    ValueError
        If shapes or types of actions differ.
    """
    if not discrete:
        return r2_score(y, predicted, sample_weight=sample_weight)
    if predicted.ndim == 1:
        return float(accuracy_score(y, predicted, sample_weight=sample_weight))
    check_consistent_length(y, predicted, sample_weight)
    y = check_array(y, dtype=None, input_name="y")
    if y.shape != predicted.shape:
        raise ValueError(f"y must have a column for each component of the actions: {predicted.shape}, got {y.shape}.")
    is_correct = (y == predicted).all(axis=1)
    return float(accuracy_score(np.full(len(y), True), is_correct, sample_weight=sample_weight))
