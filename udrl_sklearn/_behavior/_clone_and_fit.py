"""Fits of estimators: seeds, sample weights, threads."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

# Up to as many rows native code gets one thread, see `limited_threads`.
MAX_ROWS_ONE_THREAD = 50_000


def seeded_clone(estimator: Any, rng: np.random.Generator, n_command_features: int | None = None) -> Any:
    """Clone an estimator, with a seed for each `random_state` that is None in it or in its parts.

    A parameter `n_command_features` of it or of its parts is set, if a number is given: how many of the last columns
    are the command.
    """
    estimator = clone(estimator)
    params = sorted(estimator.get_params(deep=True).items())
    values = {
        name: int(rng.integers(2**31))
        for name, value in params
        if value is None and name.rpartition("__")[2] == "random_state"
    }
    if n_command_features is not None:
        names = [name for name, _ in params if name.rpartition("__")[2] == "n_command_features"]
        values |= dict.fromkeys(names, n_command_features)
    return estimator.set_params(**values)


def fit_weighted(
    estimator: Any, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
) -> Any:
    """Fit with sample weights; an estimator that takes none gets rows that are sampled in proportion to them."""
    X, y, sample_weight = resample_by_weight(estimator, X, y, sample_weight, rng)
    return estimator.fit(X, y) if sample_weight is None else estimator.fit(X, y, sample_weight=sample_weight)


def resample_by_weight(
    estimator: Any, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return rows and weights as the estimator takes them.

    If it takes no weights, the rows are sampled in proportion to them, and the weights are None.
    """
    inner = estimator.estimator if isinstance(estimator, MultiOutputRegressor) else estimator
    if sample_weight is None or has_fit_parameter(inner, "sample_weight"):
        return X, y, sample_weight
    rows = rng.choice(len(X), size=len(X), p=sample_weight / sample_weight.sum())
    return X[rows], y[rows], None


def limited_threads(n_rows: int) -> AbstractContextManager:
    """Return a context in which work on few rows runs in one thread.

    Native threads that wait for each other cost more than they gain on few rows, above all when other processes
    use the cores.
    """
    return threadpool_limits(limits=1) if n_rows <= MAX_ROWS_ONE_THREAD else nullcontext()
