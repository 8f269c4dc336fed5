"""Discrete actions: a classifier for each component."""

import copy
from collections.abc import Collection
from typing import Any, Self

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.dummy import DummyClassifier

from udrl_sklearn._envs._spaces import ActionTargets

from ._base import Behavior, CommandScale, Masks
from ._clone_and_fit import fit_weighted, resample_by_weight
from ._compatibility import (
    CODED_LABELS,
    NAMED_COLUMNS,
    REPEATED_ROWS,
    first_accepted,
    has_unknown_weights,
    is_binary_net,
    n_rows_per_label,
    predicts_indices,
    repeat_rare,
    set_class_weight,
)
from ._compiled_estimator import CompiledEstimator


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
    names : list of str or None, default=None
        Names of the columns, for estimators that need them.

    Attributes
    ----------
    heads : list of Head
        One for each component.
    """

    def __init__(
        self,
        estimator: Any,
        labels: list[np.ndarray],
        command_scale: CommandScale | None = (1.0, 1.0),
        names: list[str] | None = None,
    ) -> None:
        super().__init__(estimator, command_scale, names)
        self.labels = labels
        self.heads = [Head(None, component, component) for component in labels]

    @classmethod
    def from_fitted(cls, estimators: list[Any], like: "DiscreteBehavior") -> Self:
        """Make a behavior of classifiers that are fitted already, one for each component, in the place of others.

        They see commands unscaled, or observations alone, as those of the other behavior.
        """
        behavior = cls(None, like.labels, like.command_scale and (1.0, 1.0))
        behavior.heads = [
            Head(estimator, component, estimator.classes_)
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
            self._fit_head(X, y, labels, sample_weight, rng)
            for labels, y in zip(self.labels, actions.reshape(len(X), -1).T, strict=True)
        ]

    def _fit_head(
        self,
        X: np.ndarray,
        y: np.ndarray,
        labels: np.ndarray,
        sample_weight: np.ndarray | None,
        rng: np.random.Generator,
    ) -> "Head":
        """Fit a clone on the labels that occur."""
        X, y, sample_weight = resample_by_weight(self.estimator, X, y, sample_weight, rng)
        present, counts = np.unique(y, return_counts=True)
        if len(present) == 1:
            return Head(DummyClassifier(strategy="prior").fit(X, y), labels, present)
        estimator = self.new_clone(rng)

        def fit(forms: Collection[str]) -> Head:
            head = self._new_head(clone(estimator), labels, present, forms)
            rows = X, y, sample_weight
            if REPEATED_ROWS in forms:
                rows = repeat_rare(*rows, n_rows_per_label(estimator))
            fit_weighted(head.estimator, head.fit_input(rows[0]), head.encode(rows[1]), rows[2])
            estimate_probabilities(head, X[:1])  # an estimator may take labels that it can't predict
            return head

        forms = self._forms(present)
        if counts.min() < n_rows_per_label(estimator):
            forms.append(REPEATED_ROWS)
        return first_accepted(fit, forms)

    def has_rare_labels(self, actions: np.ndarray) -> bool:
        """Tell whether some action has so few rows that an estimator which splits them may fail."""
        columns, n_rows = actions.reshape(len(actions), -1).T, n_rows_per_label(self.estimator)
        return any(np.unique(y, return_counts=True)[1].min() < n_rows for y in columns)

    def _update_batch(self, X: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> None:
        for i, y in enumerate(actions.reshape(len(X), -1).T):
            if self.heads[i].estimator is None:
                self.heads[i] = self._first_update(X, y, self.labels[i], rng)
            elif len(self.labels[i]) > 1:
                self.heads[i].update(X, y)

    def _first_update(self, X: np.ndarray, y: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> "Head":
        """Update a new clone, which then knows all labels."""
        if len(labels) == 1:
            return Head(DummyClassifier(strategy="prior").fit(X[:1], labels), labels, labels)
        estimator = self.new_clone(rng)

        def update(forms: Collection[str]) -> Head:
            head = self._new_head(clone(estimator), labels, labels, forms)
            head.update(X, y)
            estimate_probabilities(head, X[:1])
            return head

        return first_accepted(update, self._forms(labels))

    def _forms(self, labels: np.ndarray) -> list[str]:
        """Return the forms of rows and labels, other than the plain one, that an estimator may want."""
        is_coded = np.array_equal(labels, np.arange(len(labels))) or predicts_indices(self.estimator)
        # Weights of labels that do not exist would become those of codes.
        has_codes = not is_coded and not has_unknown_weights(self.estimator, np.concatenate(self.labels))
        forms = [CODED_LABELS] if has_codes else []
        return forms if self.names is None else [NAMED_COLUMNS, *forms]

    def _new_head(self, estimator: Any, labels: np.ndarray, known: np.ndarray, forms: Collection[str]) -> "Head":
        """Return a head with an estimator that will be fitted on the labels that are known."""
        targets = known
        if predicts_indices(estimator):  # its outputs are for all labels
            known, targets = labels, np.arange(len(labels), dtype=np.float32 if is_binary_net(estimator) else np.int64)
        elif CODED_LABELS in forms:
            targets = np.arange(len(known))
        set_class_weight(estimator, known, targets, np.concatenate(self.labels))
        names = self.estimator_names if NAMED_COLUMNS in forms else None
        return Head(estimator, labels, known, targets, names)

    def predicts(self, targets: ActionTargets) -> bool:
        """Tell whether the actions are these."""
        labels = targets.labels or []
        return len(labels) == len(self.labels) and all(map(np.array_equal, self.labels, labels))

    def predict_proba(self, X: np.ndarray, masks: Masks | None = None) -> list[np.ndarray]:
        """Return the probability of each label: a list of arrays (n, n_labels), one for each component."""
        X = self.estimator_input(X)
        probabilities = [
            head.predict_proba(X, len(labels)) for head, labels in zip(self.heads, self.labels, strict=True)
        ]
        if masks is None:
            return probabilities
        return [mask_probabilities(proba, mask) for proba, mask in zip(probabilities, masks, strict=True)]

    def predict(self, X: np.ndarray, masks: Masks | None = None) -> np.ndarray:
        """Return the most probable actions: (n,), or (n, n_components) if there are several."""
        return self._to_actions([proba.argmax(axis=1) for proba in self.predict_proba(X, masks)])

    def sample(
        self, X: np.ndarray, uniforms: np.ndarray, *, greedy: bool, epsilon: float, masks: Masks | None = None
    ) -> np.ndarray:
        """Sample actions from the probabilities, see `Behavior.sample`."""
        columns = []
        for component, (proba, numbers) in enumerate(zip(self.predict_proba(X, masks), uniforms.T, strict=True)):
            if greedy:
                proba = np.eye(proba.shape[1])[proba.argmax(axis=1)]
            if epsilon > 0:
                is_possible = np.ones(proba.shape[1]) if masks is None else masks[component]
                proba = (1 - epsilon) * proba + epsilon * is_possible / is_possible.sum(axis=-1, keepdims=True)
            columns.append(_invert_cumulative(proba, numbers))
        return self._to_actions(columns)

    def select_by_power(
        self, X: np.ndarray, uniforms: np.ndarray, power: float | np.ndarray, masks: Masks | None = None
    ) -> np.ndarray:
        """Select actions in proportion to a power of their probability, see `Behavior.select_by_power`."""
        ratios = [proba / proba.max(axis=1, keepdims=True) for proba in self.predict_proba(X, masks)]
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
    """A fitted classifier, and the labels of its probability columns.

    Parameters
    ----------
    estimator : classifier or None
    labels : ndarray of shape (n_labels,)
        All labels of the component, in increasing order.
    known : ndarray of shape (n_known_labels,)
        The label of each column of probabilities, in increasing order.
    targets : ndarray of shape (n_known_labels,), default=None
        What the estimator gets and predicts for these labels. None stands for the labels themselves.
    names : list of str or None, default=None
        Names of the columns if the estimator takes rows as a DataFrame.

    Attributes
    ----------
    codes : ndarray of shape (n_known_labels,)
        For each column of probabilities, the index of its label among all labels of the component.
    """

    def __init__(
        self,
        estimator: Any,
        labels: np.ndarray,
        known: np.ndarray,
        targets: np.ndarray | None = None,
        names: list[str] | None = None,
    ) -> None:
        super().__init__(estimator, names)
        self.known = known
        self.targets = known if targets is None else targets
        self.codes = np.searchsorted(labels, known)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return labels as the estimator gets them."""
        return y if self.targets is self.known else self.targets[np.searchsorted(self.known, y)]

    def update(self, X: np.ndarray, y: np.ndarray) -> None:
        """Update the estimator on one batch."""
        self.estimator.partial_fit(self.fit_input(X), self.encode(y), classes=self.targets)

    def predict_proba(self, X: np.ndarray, n_labels: int) -> np.ndarray:
        """Return the probability of each label: ndarray of shape (n, n_labels)."""
        known = self.predict_fast(X)
        if known is None:
            known = estimate_probabilities(self, X)
        if len(self.codes) == n_labels:
            return known
        proba = np.zeros((len(X), n_labels))
        proba[:, self.codes] = known
        return proba


def estimate_probabilities(head: Head, X: np.ndarray) -> np.ndarray:
    """Return class probabilities (n, n_known_labels) of a classifier, even if it has no `predict_proba`.

    Without `predict_proba` they are the softmax of the decision function, and without a decision
    function the predicted class has probability 1.
    """
    estimator, rows, n_classes = head.estimator, head.predict_input(X), len(head.known)
    if hasattr(estimator, "predict_proba"):
        with np.errstate(divide="ignore"):  # naive Bayes takes the logarithm of priors, 0 for labels without rows
            proba = estimator.predict_proba(rows)
        if proba.shape != (len(X), n_classes):
            raise ValueError(
                f"{type(estimator).__name__} predicts {proba.shape[-1]} probabilities for each row, and the "
                f"{n_classes} actions are {head.known.tolist()}. Give it one output for each action."
            )
        return proba
    certain = (estimator.predict(rows).reshape(-1, 1) == head.targets).astype(float)
    if not hasattr(estimator, "decision_function"):
        return certain
    decision = estimator.decision_function(rows)
    if decision.ndim == 1:
        positive = expit(decision)
        return np.column_stack([1 - positive, positive])
    if decision.shape[1] != n_classes:
        return certain
    agrees = decision.argmax(axis=1) == certain.argmax(axis=1)
    return np.where(agrees[:, None], softmax(decision, axis=1), certain)


def mask_probabilities(proba: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return probabilities (n, n_labels) with 0 for labels that are not possible; the others still sum to 1.

    If the possible ones all have the probability 0, each of them gets the same one.
    """
    possible = np.where(mask, proba, 0.0)
    is_nothing_left = possible.sum(axis=1, keepdims=True) == 0
    possible = np.where(is_nothing_left, mask, possible)
    return possible / possible.sum(axis=1, keepdims=True)


def _invert_cumulative(proba: np.ndarray, uniforms: np.ndarray) -> np.ndarray:
    """Return a column index for each row of probabilities, by inverting their cumulative sum at numbers in [0, 1)."""
    cumulative = proba.cumsum(axis=1)
    return (cumulative > uniforms[:, None] * cumulative[:, -1:]).argmax(axis=1)
