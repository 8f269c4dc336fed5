"""Discrete actions: a classifier for each component."""

import copy
from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.dummy import DummyClassifier

from udrl_sklearn._envs._spaces import ActionTargets

from ._base import Behavior, CommandScale
from ._clone_and_fit import fit_weighted, resample_by_weight
from ._tree_inference import CompiledEstimator


class DiscreteBehavior(Behavior):
    """A classifier for each component of a discrete action.

    Parameters
    ----------
    estimator : classifier
        Cloned for each component.
    labels : list of ndarray
        Every label that each component can take, in increasing order.
    command_scale : pair of floats or None, default=(1.0, 1.0)
        Factors on desired return and desired horizon. With None the estimator sees observations alone.

    Attributes
    ----------
    heads : list of Head
        One for each component.
    """

    def __init__(
        self, estimator: Any, labels: list[np.ndarray], command_scale: CommandScale | None = (1.0, 1.0)
    ) -> None:
        super().__init__(estimator, command_scale)
        self.labels = labels
        self.heads = [Head(None, np.arange(len(component))) for component in labels]

    @classmethod
    def from_fitted(cls, estimators: list[Any], like: "DiscreteBehavior") -> Self:
        """Make a behavior of classifiers that are fitted already, one for each component, in the place of others.

        They see commands unscaled, or observations alone, as those of the other behavior.
        """
        behavior = cls(None, like.labels, like.command_scale and (1.0, 1.0))
        behavior.heads = [
            Head(estimator, np.searchsorted(component, estimator.classes_))
            for estimator, component in zip(estimators, like.labels, strict=True)
        ]
        behavior.observation_std = like.observation_std
        return behavior

    @property
    def n_uniforms(self) -> int:
        """How many random numbers one action needs."""
        return len(self.labels)

    @property
    def fitted_estimator(self) -> Any:
        """The fitted classifier, or the list of them if actions have several components."""
        estimators = [head.estimator for head in self.heads]
        return estimators[0] if len(estimators) == 1 else estimators

    def _fit(
        self, X: np.ndarray, actions: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
    ) -> None:
        X = self.estimator_input(X)
        self.heads = [
            self._fit_head(X, np.searchsorted(labels, y), sample_weight, rng)
            for labels, y in zip(self.labels, actions.reshape(len(X), -1).T, strict=True)
        ]

    def _fit_head(
        self, X: np.ndarray, codes: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
    ) -> "Head":
        """Fit a clone on the labels that occur, as 0..k-1; some estimators accept no others."""
        X, codes, sample_weight = resample_by_weight(self.estimator, X, codes, sample_weight, rng)
        present, codes = np.unique(codes, return_inverse=True)
        if len(present) == 1:
            return Head(DummyClassifier(strategy="prior").fit(X, codes), present)
        return Head(fit_weighted(self.new_clone(rng), X, codes, sample_weight, rng), present)

    def _update_batch(self, X: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> None:
        for head, labels, y in zip(self.heads, self.labels, actions.reshape(len(X), -1).T, strict=True):
            if head.estimator is None:
                dummy = DummyClassifier(strategy="prior")
                head.estimator = self.new_clone(rng) if len(labels) > 1 else dummy.fit(X[:1], [0])
            if len(labels) > 1:
                head.estimator.partial_fit(X, np.searchsorted(labels, y), classes=head.codes)

    def predicts(self, targets: ActionTargets) -> bool:
        """Tell whether the actions are these."""
        labels = targets.labels or []
        return len(labels) == len(self.labels) and all(map(np.array_equal, self.labels, labels))

    def predict_proba(self, X: np.ndarray) -> list[np.ndarray]:
        """Return the probability of each label: a list of arrays (n, n_labels), one for each component."""
        X = self.estimator_input(X)
        return [head.predict_proba(X, len(labels)) for head, labels in zip(self.heads, self.labels, strict=True)]

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable actions: (n,), or (n, n_components) if there are several."""
        return self._to_actions([proba.argmax(axis=1) for proba in self.predict_proba(X)])

    def sample(self, X: np.ndarray, uniforms: np.ndarray, *, greedy: bool, epsilon: float) -> np.ndarray:
        """Sample actions from the probabilities, see `Behavior.sample`."""
        columns = []
        for proba, numbers in zip(self.predict_proba(X), uniforms.T, strict=True):
            if greedy:
                proba = np.eye(proba.shape[1])[proba.argmax(axis=1)]
            if epsilon > 0:
                proba = (1 - epsilon) * proba + epsilon / proba.shape[1]
            columns.append(_invert_cumulative(proba, numbers))
        return self._to_actions(columns)

    def select_by_power(self, X: np.ndarray, uniforms: np.ndarray, power: float) -> np.ndarray:
        """Select actions in proportion to a power of their probability, see `Behavior.select_by_power`."""
        ratios = [proba / proba.max(axis=1, keepdims=True) for proba in self.predict_proba(X)]
        columns = [_invert_cumulative(ratio**power, u) for ratio, u in zip(ratios, uniforms.T, strict=True)]
        return self._to_actions(columns)

    def for_inference(self) -> Self:
        """Return a copy that can only predict, and is small enough to send to a worker."""
        behavior = copy.copy(self)
        behavior.heads = [head.for_inference() for head in self.heads]
        return behavior

    def _to_actions(self, indices: list[np.ndarray]) -> np.ndarray:
        columns = [labels[index] for labels, index in zip(self.labels, indices, strict=True)]
        return columns[0] if len(columns) == 1 else np.column_stack(columns)


class Head(CompiledEstimator):
    """A fitted classifier, and the codes of its probability columns.

    Parameters
    ----------
    estimator : fitted classifier or None
    codes : ndarray of shape (n_known_labels,)
        For each column of probabilities, the index of its label among all labels of the component.
    """

    def __init__(self, estimator: Any, codes: np.ndarray) -> None:
        super().__init__(estimator)
        self.codes = codes

    def predict_proba(self, X: np.ndarray, n_labels: int) -> np.ndarray:
        """Return the probability of each label: ndarray of shape (n, n_labels)."""
        known = self.predict_fast(X)
        if known is None:
            known = estimate_probabilities(self.estimator, X, len(self.codes))
        if len(self.codes) == n_labels:
            return known
        proba = np.zeros((len(X), n_labels))
        proba[:, self.codes] = known
        return proba


def estimate_probabilities(estimator: Any, X: np.ndarray, n_classes: int) -> np.ndarray:
    """Return class probabilities (n, n_classes) of a classifier, even if it has no `predict_proba`.

    Without `predict_proba` they are the softmax of the decision function, and without a decision
    function the predicted class has probability 1.
    """
    X = X.astype(np.float64)  # see `ContinuousBehavior._predict_unclipped`
    if hasattr(estimator, "predict_proba"):
        with np.errstate(divide="ignore"):  # naive Bayes takes the logarithm of priors, 0 for labels without rows
            return estimator.predict_proba(X)
    if hasattr(estimator, "decision_function"):
        decision = estimator.decision_function(X)
        if decision.ndim == 1:
            positive = expit(decision)
            return np.column_stack([1 - positive, positive])
        certain = np.eye(n_classes)[estimator.predict(X)]
        if decision.shape[1] != n_classes:
            return certain
        agrees = decision.argmax(axis=1) == certain.argmax(axis=1)
        return np.where(agrees[:, None], softmax(decision, axis=1), certain)
    return np.eye(n_classes)[estimator.predict(X)]


def _invert_cumulative(proba: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Return a column index for each row of probabilities, by inverting their cumulative sum at numbers in [0, 1)."""
    cumulative = proba.cumsum(axis=1)
    return (cumulative > uniforms[:, None] * cumulative[:, -1:]).argmax(axis=1)
