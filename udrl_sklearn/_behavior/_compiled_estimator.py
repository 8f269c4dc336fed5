"""A fitted estimator with its compiled predictor."""

import copy
from functools import cached_property
from typing import Any, Self

import numpy as np

from ._compatibility import as_frame, takes_float32_only
from ._tree_inference import Predictor, compile_predictor

# For more rows the estimator itself is as fast, and takes less memory.
MAX_ROWS_COMPILED = 1000


class CompiledEstimator:
    """A fitted estimator, and its compiled predictor if it can be compiled.

    The estimator is compiled at the first prediction. Copies and pickles do not contain the predictor.

    Parameters
    ----------
    estimator : fitted estimator or None
        None before the first fit.
    names : list of str or None, default=None
        Names of the columns if the estimator takes rows as a DataFrame; None if it takes an array.
    """

    def __init__(self, estimator: Any, names: list[str] | None = None) -> None:
        self.estimator = estimator
        self.names = names
        self.takes_float32_only = estimator is not None and takes_float32_only(estimator)

    @cached_property
    def predictor(self) -> Predictor | None:
        """The compiled predictor, see `compile_predictor`; None if the estimator can't be compiled."""
        try:
            return compile_predictor(self.estimator)
        except (
            AttributeError,
            ValueError,
        ):  # private attributes may change with the version of scikit-learn
            return None

    @property
    def is_compiled(self) -> bool:
        """Whether there is a compiled predictor."""
        return self.predictor is not None

    def predict_fast(self, X: np.ndarray) -> np.ndarray | None:
        """Return predictions of the compiled predictor for a few rows.

        None stands for more than `MAX_ROWS_COMPILED` rows, rows with NaN that the estimator refuses, or an estimator
        that can't be compiled: these need the estimator itself.
        """
        if self.predictor is None or (len(X) > MAX_ROWS_COMPILED and self.estimator is not None):
            return None
        if not self.predictor.takes_nan and np.isnan(X).any():
            return None
        return self.predictor(X)

    def fit_input(self, X: np.ndarray) -> Any:
        """Return rows in the form in which the estimator takes them; neural networks take single precision alone."""
        if self.takes_float32_only:
            X = X.astype(np.float32)
        return X if self.names is None else as_frame(X, self.names)

    def predict_input(self, X: np.ndarray) -> Any:
        """Return rows to predict in the form in which the estimator takes them, in double precision if it can.

        In linear algebra the last bit of a row depends on the other rows. In double precision that is a small one.
        """
        return self.fit_input(X.astype(np.float64))

    def for_inference(self) -> Self:
        """Return a copy without the estimator if it is compiled, which is small enough to send to a worker."""
        if not self.is_compiled:
            return self
        twin = copy.copy(self)
        twin.estimator, twin.predictor = None, self.predictor
        return twin

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "predictor" or self.estimator is None}
