"""Continuous actions: a regressor, with a normal distribution around its prediction to explore with."""

import copy
from collections.abc import Collection
from typing import Any, Self

import numpy as np
from scipy.special import ndtri
from sklearn.base import clone
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import get_tags

from udrl_sklearn._envs._spaces import ActionTargets

from ._base import Behavior, CommandScale, Masks, dtype_of_rows
from ._clone_and_fit import fit_weighted, resample_by_weight
from ._compatibility import NAMED_COLUMNS, first_accepted, takes_float32_only
from ._compiled_estimator import CompiledEstimator


class ContinuousBehavior(Behavior):
    """A regressor for continuous actions, and the standard deviation of actions around its prediction.

    The standard deviation is that of the training actions around the prediction, for each component, and never less
    than `MIN_RELATIVE_STD` of the range of the actions. It does not use the sample weights: rows with large weights lie
    close together, and with their standard deviation exploration would end before the best action is found.

    Parameters
    ----------
    estimator : regressor
        Cloned; wrapped in a MultiOutputRegressor if actions have several components and it needs that.
    low, high : ndarray of shape (n_components,)
        Bounds of the actions; may be infinite.
    command_scale : pair of floats or None, default=(1.0, 1.0)
        Factors on desired return and desired horizon. With None the estimator sees observations alone.
    names : list of str or None, default=None
        Names of the columns, for estimators that need them.

    Attributes
    ----------
    compiled : CompiledEstimator
        The fitted regressor.
    action_range : (ndarray, ndarray), each of shape (n_components,)
        Lowest and highest action of the last fit.
    residual_std : ndarray of shape (n_components,)
        Standard deviation of the actions around the prediction.
    """

    MIN_RELATIVE_STD = 0.05

    action_range: tuple[np.ndarray, np.ndarray]
    residual_std: np.ndarray

    def __init__(
        self,
        estimator: Any,
        low: np.ndarray,
        high: np.ndarray,
        command_scale: CommandScale | None = (1.0, 1.0),
        names: list[str] | None = None,
    ) -> None:
        if len(low) > 1 and not (get_tags(estimator).target_tags.multi_output or takes_float32_only(estimator)):
            estimator = MultiOutputRegressor(estimator)
        super().__init__(estimator, command_scale, names)
        self.low = low
        self.high = high
        self.compiled = CompiledEstimator(None)

    @classmethod
    def from_fitted(cls, estimator: Any, like: "ContinuousBehavior") -> Self:
        """Make a behavior of a regressor that is fitted already, in the place of another one.

        It sees commands unscaled, or observations alone, as that of the other behavior.
        """
        behavior = cls(estimator, like.low, like.high, like.command_scale and (1.0, 1.0))
        behavior.compiled = CompiledEstimator(estimator)
        behavior.action_range, behavior.residual_std = like.action_range, like.residual_std
        behavior.observation_std = like.observation_std
        return behavior

    @property
    def n_uniforms(self) -> int:
        """How many random numbers one action needs."""
        return len(self.low) + 1

    @property
    def fitted_estimator(self) -> Any:
        """The fitted regressor."""
        return self.compiled.estimator

    def _fit(
        self, X: np.ndarray, actions: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
    ) -> None:
        regressor = self.new_clone(rng)
        X, y, sample_weight = resample_by_weight(regressor, self.estimator_input(X), actions, sample_weight, rng)

        def fit(forms: Collection[str]) -> CompiledEstimator:
            compiled = self._new_compiled(clone(regressor), forms)
            fit_weighted(compiled.estimator, compiled.fit_input(X), self._to_targets(y, compiled), sample_weight)
            self._predict_slowly(compiled, X[:1])
            return compiled

        self.compiled = first_accepted(fit, self._forms)

    def _update_batch(self, X: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> None:
        def update(compiled: CompiledEstimator) -> CompiledEstimator:
            compiled.estimator.partial_fit(compiled.fit_input(X), self._to_targets(actions, compiled))
            return compiled

        if self.compiled.estimator is None:
            regressor = self.new_clone(rng)
            self.compiled = first_accepted(
                lambda forms: update(self._new_compiled(clone(regressor), forms)), self._forms
            )
        else:
            update(self.compiled)

    @property
    def _forms(self) -> list[str]:
        """The forms of rows, other than the plain one, that an estimator may want."""
        return [] if self.names is None else [NAMED_COLUMNS]

    def _new_compiled(self, estimator: Any, forms: Collection[str]) -> CompiledEstimator:
        return CompiledEstimator(estimator, self.estimator_names if NAMED_COLUMNS in forms else None)

    def predicts(self, targets: ActionTargets) -> bool:
        """Tell whether the actions are these."""
        return np.array_equal(self.low, targets.low) and np.array_equal(self.high, targets.high)

    def predict(self, X: np.ndarray, masks: Masks | None = None) -> np.ndarray:
        """Return the predicted actions, within bounds: (n,), or (n, n_components) if there are several."""
        actions = np.clip(self._predict_unclipped(X), self.low, self.high)
        return actions[:, 0] if len(self.low) == 1 else actions

    def sample(
        self, X: np.ndarray, uniforms: np.ndarray, *, greedy: bool, epsilon: float, masks: Masks | None = None
    ) -> np.ndarray:
        """Sample actions around the prediction, see `Behavior.sample`; always of shape (n, n_components)."""
        center, coin, uniforms = self._predict_unclipped(X), uniforms[:, :1], uniforms[:, 1:]
        if not greedy:
            center = center + self.residual_std * ndtri(np.clip(uniforms, 1e-12, None))
        low, high = np.maximum(self.low, self.action_range[0]), np.minimum(self.high, self.action_range[1])
        actions = np.where(coin < epsilon, low + uniforms * (high - low), center)
        return np.clip(actions, self.low, self.high)

    def select_by_power(
        self, X: np.ndarray, uniforms: np.ndarray, power: float | np.ndarray, masks: Masks | None = None
    ) -> np.ndarray:
        """Return the predicted actions: a regressor has no probabilities."""
        return self.predict(X)

    def for_inference(self) -> Self:
        """Return a copy that can only predict, and is small enough to send to a worker."""
        behavior = copy.copy(self)
        behavior.compiled = self.compiled.for_inference()
        return behavior

    def _predict_unclipped(self, X: np.ndarray) -> np.ndarray:
        X = self.estimator_input(X)
        fast = self.compiled.predict_fast(X)
        if fast is not None:
            return fast
        predicted = self._predict_slowly(self.compiled, X)
        # Rounding removes a last bit that depends on the other rows, see `CompiledEstimator.predict_input`, so that an
        # episode does not depend on the episodes that run beside it.
        return predicted if self.compiled.is_compiled else predicted.astype(dtype_of_rows(X.dtype))

    def _predict_slowly(self, compiled: CompiledEstimator, X: np.ndarray) -> np.ndarray:
        """Return the predictions (n, n_components) of the estimator itself."""
        predicted = compiled.estimator.predict(compiled.predict_input(X)).reshape(len(X), -1)
        if predicted.shape[1] != len(self.low):
            raise ValueError(
                f"{type(compiled.estimator).__name__} predicts {predicted.shape[1]} number(s) for each row, and "
                f"actions have {len(self.low)}. Give it one output for each component of the actions."
            )
        return predicted

    def _to_targets(self, actions: np.ndarray, compiled: CompiledEstimator) -> np.ndarray:
        if compiled.takes_float32_only:  # it compares its outputs with targets of the same shape and type
            return actions.reshape(-1, len(self.low)).astype(np.float32)
        return actions.reshape(-1) if len(self.low) == 1 else actions

    def _measure_deviations(self, X: np.ndarray, actions: np.ndarray) -> None:
        super()._measure_deviations(X, actions)
        actions = actions.reshape(len(X), -1)
        variance = np.mean((actions - self._predict_unclipped(X)) ** 2, axis=0)
        low, high = self.action_range = actions.min(axis=0), actions.max(axis=0)
        self.residual_std = np.maximum(np.sqrt(variance), self.MIN_RELATIVE_STD * (high - low))
