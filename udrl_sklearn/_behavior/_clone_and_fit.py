"""Fits of estimators: seeds, sample weights, threads."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
from sklearn import config_context, get_config
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ._compatibility import nested_params

# Up to as many rows native code gets one thread, see `limited_threads`.
MAX_ROWS_ONE_THREAD = 50_000


def seeded_clone(estimator: Any, rng: np.random.Generator, n_command_features: int | None = None) -> Any:
    """Clone an estimator, with a seed for each `random_state` that is None in it or in its parts.

    A parameter `n_command_features` of it or of its parts is set, if a number is given: how many of the last columns
    are the command.
    """
    estimator = clone(estimator)
    states = sorted(nested_params(estimator, "random_state").items())
    values = {name: int(rng.integers(2**31)) for name, value in states if value is None}
    if n_command_features is not None:
        values |= dict.fromkeys(nested_params(estimator, "n_command_features"), n_command_features)
    return estimator.set_params(**values)


def fit_weighted(estimator: Any, X: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> Any:
    """Fit with sample weights, or without if they are None, whether metadata routing is enabled or not."""
    if sample_weight is None:
        return estimator.fit(X, y)
    if not get_config()["enable_metadata_routing"]:
        return estimator.fit(X, y, sample_weight=sample_weight)
    try:
        return estimator.fit(X, y, sample_weight=sample_weight)
    except (NotImplementedError, UnsetMetadataPassedError):  # no routing, or parts without a request for weights
        if not has_fit_parameter(estimator, "sample_weight"):
            raise
        with config_context(enable_metadata_routing=False):
            return estimator.fit(X, y, sample_weight=sample_weight)


def resample_by_weight(
    estimator: Any, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return rows and weights as the estimator takes them.

    If it takes no weights, the rows are sampled in proportion to them, and the weights are None.
    """
    if sample_weight is None or _takes_weights(estimator):
        return X, y, sample_weight
    rows = rng.choice(len(X), size=len(X), p=sample_weight / sample_weight.sum())
    return X[rows], y[rows], None


def _takes_weights(estimator: Any) -> bool:
    inner = estimator.estimator if isinstance(estimator, MultiOutputRegressor) else estimator
    if has_fit_parameter(inner, "sample_weight") or not get_config()["enable_metadata_routing"]:
        return has_fit_parameter(inner, "sample_weight")
    return bool(get_routing_for_object(inner).consumes("fit", ["sample_weight"]))  # a pipeline with requests


def limited_threads(n_rows: int) -> AbstractContextManager:
    """Return a context in which work on few rows runs in one thread.

    Native threads that wait for each other cost more than they gain on few rows, above all when other processes
    use the cores.
    """
    return threadpool_limits(limits=1) if n_rows <= MAX_ROWS_ONE_THREAD else nullcontext()
