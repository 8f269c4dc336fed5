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


def seeded_clone(estimator: Any, rng: np.random.Generator) -> Any:
    """Clone an estimator, with a seed for each `random_state` that is None in it or in its parts."""
    estimator = clone(estimator)
    unset = [
        name
        for name, value in sorted(estimator.get_params(deep=True).items())
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    ]
    return estimator.set_params(**{name: int(rng.integers(2**31)) for name in unset})


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
