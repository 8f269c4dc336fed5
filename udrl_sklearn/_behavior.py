"""The behavior function B(observation, desired return, desired horizon) -> action.

Whatever estimator a user brings, the classes here make it answer in the same way: actions for rows of a
design matrix, greedy or drawn. Rows are ``[observation | desired_return | desired_horizon]`` in the units
of the environment; only the estimator itself sees scaled commands.
"""

import copy
from contextlib import nullcontext

import numpy as np
from scipy.special import expit, ndtri, softmax
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter
from threadpoolctl import threadpool_limits

from ._inference import Fitted

# Up to as many rows native code gets one thread, see `limited_threads`.
FEW_ROWS = 50_000


def default_estimator(discrete=True, halve_rows=True):
    """Return the estimator that an agent uses when it is given none; each tree draws half of the rows, or as many."""
    forest = RandomForestClassifier if discrete else RandomForestRegressor
    max_samples = 0.5 if halve_rows else None
    return forest(n_estimators=30, min_samples_leaf=10, max_features=0.6, max_samples=max_samples)


def design_matrix(observations, commands):
    """Join observations (n, n_features) and commands (n, 2) to float32 rows of a design matrix."""
    X = np.empty((len(observations), observations.shape[1] + 2), dtype=np.float32)
    X[:, :-2], X[:, -2:] = observations, commands
    return X


class BehaviorFunction:
    """Answers open-ended commands with one fit of the estimator and exact commands with another.

    The two kinds of rows disagree: what is best differs from what reached some return. In one fit they
    disturb each other, so each row is led to the fit that learned its kind of command.

    Parameters
    ----------
    exact : DiscreteBehavior, ContinuousBehavior or None
        Answers exact commands; all commands if there is no other.
    open_ended : DiscreteBehavior, ContinuousBehavior or None, default=None
        Answers open-ended commands, which have a horizon of 0.
    """

    def __init__(self, exact, open_ended=None):
        self.exact = exact
        self.open_ended = open_ended

    def for_command(self, command):
        """Return what answers a command (desired return, horizon) and all that come of it in an episode."""
        if self.exact is None or self.open_ended is None:
            return self.exact or self.open_ended
        return self.open_ended if command[1] == 0 else self.exact

    def predict(self, X):
        """Return the best actions: (n,), or (n, n_components) if there are several."""
        return self._lead("predict", X)

    def predict_proba(self, X):
        """Return the probability of each label: a list of arrays (n, n_labels), one a component."""
        return self._lead("predict_proba", X)

    def _lead(self, method, X):
        """Call a method of the fit that knows the kind of command, row by row."""
        if self.exact is None or self.open_ended is None:
            return getattr(self.exact or self.open_ended, method)(X)
        is_open = X[:, -1] == 0
        if is_open.all() or not is_open.any():
            return getattr(self.open_ended if is_open.all() else self.exact, method)(X)
        open_ended = getattr(self.open_ended, method)(X[is_open])
        exact = getattr(self.exact, method)(X[~is_open])
        if isinstance(exact, list):
            return [_interleave(is_open, *parts) for parts in zip(open_ended, exact, strict=True)]
        return _interleave(is_open, open_ended, exact)


def _interleave(is_first, first, second):
    """Put two arrays together, the rows of the first where `is_first` holds."""
    joined = np.empty((len(is_first), *first.shape[1:]), dtype=np.result_type(first, second))
    joined[is_first], joined[~is_first] = first, second
    return joined


def make_behavior(estimator, targets, command_scale=(1.0, 1.0)):
    """Return what fits `estimator` to action targets: discrete or continuous, unfitted."""
    if targets.is_discrete:
        return DiscreteBehavior(estimator, targets.labels, command_scale)
    return ContinuousBehavior(estimator, targets.low, targets.high, command_scale)


class _Behavior:
    """What both kinds share: scaled commands, and estimators with all their randomness seeded.

    Attributes
    ----------
    observation_spread : ndarray of shape (n_features - 2,)
        Standard deviation of each feature of the observations last learned from.
    """

    def __init__(self, estimator, command_scale):
        self.estimator = estimator
        self.command_scale = tuple(command_scale)

    @property
    def is_incremental(self):
        """Whether the estimator can be updated rather than fitted anew."""
        return hasattr(self.estimator, "partial_fit")

    def fit(self, X, actions, sample_weight, rng):
        """Fit fresh clones on all rows."""
        self.observation_spread = X[:, :-2].std(axis=0)
        self._fit(X, actions, sample_weight, rng)
        return self

    def update(self, X, actions, sample_weight, *, n_updates, batch_size, rng):
        """Update the estimator on batches, drawn in proportion to the weights."""
        self.observation_spread = X[:, :-2].std(axis=0)
        probability = None if sample_weight is None else sample_weight / sample_weight.sum()
        for rows in rng.choice(len(X), size=(n_updates, batch_size), p=probability):
            self._update_batch(self.scaled(X[rows]), actions[rows], rng)
        return self

    def scaled(self, X):
        """Return rows as the estimator sees them."""
        if self.command_scale == (1.0, 1.0):
            return X
        X = X.astype(np.result_type(X, np.float32)) if X.dtype.kind in "iub" else X.copy()
        X[:, -2] *= X.dtype.type(self.command_scale[0])
        X[:, -1] *= X.dtype.type(self.command_scale[1])
        return X


class DiscreteBehavior(_Behavior):
    """A classifier for each component of a discrete action.

    Parameters
    ----------
    estimator : classifier
        Cloned for each component.
    labels : list of ndarray
        Every label that each component can take, in increasing order.
    command_scale : pair of floats
        Factors on desired return and desired horizon.

    Attributes
    ----------
    heads : list of Head
        One for each component.
    """

    def __init__(self, estimator, labels, command_scale=(1.0, 1.0)):
        super().__init__(estimator, command_scale)
        self.labels = labels
        self.heads = [Head(None, np.arange(len(component))) for component in labels]

    @property
    def n_uniforms(self):
        """How many random numbers one action needs."""
        return len(self.labels)

    @property
    def fitted_estimator(self):
        """The fitted classifier, or the list of them if actions have several components."""
        estimators = [head.estimator for head in self.heads]
        return estimators[0] if len(estimators) == 1 else estimators

    def _fit(self, X, actions, sample_weight, rng):
        X = self.scaled(X)
        self.heads = [
            _fit_head(self.estimator, X, np.searchsorted(labels, y), sample_weight, rng)
            for labels, y in zip(self.labels, actions.reshape(len(X), -1).T, strict=True)
        ]

    def _update_batch(self, X, actions, rng):
        for head, labels, y in zip(self.heads, self.labels, actions.reshape(len(X), -1).T, strict=True):
            several = len(labels) > 1
            if head.estimator is None:
                dummy = DummyClassifier(strategy="prior")
                head.estimator = seeded_clone(self.estimator, rng) if several else dummy.fit(X[:1], [0])
            if several:
                head.estimator.partial_fit(X, np.searchsorted(labels, y), classes=head.codes)
        return self

    def predict_proba(self, X):
        """Return the probability of each label: a list of arrays (n, n_labels), one a component."""
        X = self.scaled(X)
        return [head.probabilities(X, len(labels)) for head, labels in zip(self.heads, self.labels, strict=True)]

    def predict(self, X):
        """Return the most probable actions: (n,), or (n, n_components) if there are several."""
        return self._to_actions([p.argmax(axis=1) for p in self.predict_proba(X)])

    def sample(self, X, uniforms, exploration):
        """Draw actions.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
        uniforms : ndarray of shape (n, n_uniforms)
            Random numbers in [0, 1).
        exploration : Exploration

        Returns
        -------
        actions : ndarray of shape (n,) or (n, n_components)
        """
        drawn = [_draw(exploration.explore(p), u) for p, u in zip(self.predict_proba(X), uniforms.T, strict=True)]
        return self._to_actions(drawn)

    def take_turns(self, X, even, power):
        """Choose actions in proportion to a power of their probability, by evenly spread numbers (n, n_uniforms)."""
        ratios = [proba / proba.max(axis=1, keepdims=True) for proba in self.predict_proba(X)]
        return self._to_actions([_draw(ratio**power, u) for ratio, u in zip(ratios, even.T, strict=True)])

    def compact(self):
        """Return a copy to act with, that takes little room on its way to a worker."""
        compact = copy.copy(self)
        compact.heads = [head.compact() for head in self.heads]
        return compact

    def _to_actions(self, indices):
        columns = [labels[index] for labels, index in zip(self.labels, indices, strict=True)]
        return columns[0] if len(columns) == 1 else np.column_stack(columns)


class Head(Fitted):
    """A fitted classifier and the codes that its probability columns stand for."""

    def __init__(self, estimator, codes):
        super().__init__(estimator)
        self.codes = codes

    def probabilities(self, X, n_labels):
        known = self.fast(X)
        if known is None:
            known = estimated_probabilities(self.estimator, X, len(self.codes))
        if len(self.codes) == n_labels:
            return known
        proba = np.zeros((len(X), n_labels))
        proba[:, self.codes] = known
        return proba


def _fit_head(estimator, X, codes, sample_weight, rng):
    """Fit a clone on the labels that occur, as 0..k-1; some estimators accept no others."""
    X, codes, sample_weight = _weighted_rows(estimator, X, codes, sample_weight, rng)
    present, codes = np.unique(codes, return_inverse=True)
    if len(present) == 1:
        return Head(DummyClassifier(strategy="prior").fit(X, codes), present)
    return Head(fit_weighted(seeded_clone(estimator, rng), X, codes, sample_weight, rng), present)


def estimated_probabilities(estimator, X, n_classes):
    """Return class probabilities (n, n_classes) of a classifier, even where it offers none.

    Without `predict_proba` they are the softmax of the decision function, and without a decision
    function all the mass is on the predicted class.
    """
    X = X.astype(np.float64)  # see `ContinuousBehavior._columns`
    if hasattr(estimator, "predict_proba"):
        with np.errstate(divide="ignore"):  # naive Bayes takes the logarithm of priors, 0 for labels never seen
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


def _draw(proba, uniforms):
    """Draw a column index for each row of probabilities by inverting the cumulative sum."""
    cumulative = proba.cumsum(axis=1)
    return (cumulative > uniforms[:, None] * cumulative[:, -1:]).argmax(axis=1)


class ContinuousBehavior(_Behavior):
    """A regressor for continuous actions, with a spread around it to explore with.

    The spread is the standard deviation of the training actions around the prediction, for each
    component, and never under `MIN_SPREAD` of the action's range. It leaves the weights out: rows with much
    weight lie close together, and with their spread exploration would die out before the best is found.

    Parameters
    ----------
    estimator : regressor
        Cloned; wrapped in a MultiOutputRegressor if actions have several components and it needs that.
    low, high : ndarray of shape (n_components,)
        Bounds of the actions; may be infinite.
    command_scale : pair of floats
        Factors on desired return and desired horizon.
    """

    MIN_SPREAD = 0.05

    def __init__(self, estimator, low, high, command_scale=(1.0, 1.0)):
        if len(low) > 1 and not get_tags(estimator).target_tags.multi_output:
            estimator = MultiOutputRegressor(estimator)
        super().__init__(estimator, command_scale)
        self.low = low
        self.high = high
        self.fitted = Fitted(None)

    @property
    def n_uniforms(self):
        """How many random numbers one action needs."""
        return len(self.low) + 1

    @property
    def fitted_estimator(self):
        """The fitted regressor."""
        return self.fitted.estimator

    def _fit(self, X, actions, sample_weight, rng):
        y = self._targets(actions)
        fresh = seeded_clone(self.estimator, rng)
        self.fitted = Fitted(fit_weighted(fresh, self.scaled(X), y, sample_weight, rng))
        self._measure_spread(X, actions)

    def update(self, X, actions, sample_weight, *, n_updates, batch_size, rng):
        """Update the estimator on batches, drawn in proportion to the weights."""
        super().update(X, actions, sample_weight, n_updates=n_updates, batch_size=batch_size, rng=rng)
        self._measure_spread(X, actions)
        return self

    def _update_batch(self, X, actions, rng):
        if self.fitted.estimator is None:
            self.fitted = Fitted(seeded_clone(self.estimator, rng))
        self.fitted.estimator.partial_fit(X, self._targets(actions))

    def predict(self, X):
        """Return the actions predicted, within bounds: (n,), or (n, n_components) if there are several."""
        actions = np.clip(self._columns(X), self.low, self.high)
        return actions[:, 0] if len(self.low) == 1 else actions

    def sample(self, X, uniforms, exploration):
        """Draw actions around the prediction, see `DiscreteBehavior.sample`; always (n, n_components)."""
        center, coin, uniforms = self._columns(X), uniforms[:, :1], uniforms[:, 1:]
        if exploration.sampled:
            center = center + self.spread * ndtri(np.clip(uniforms, 1e-12, None))
        bottom, top = np.maximum(self.low, self.seen[0]), np.minimum(self.high, self.seen[1])
        actions = np.where(coin < exploration.epsilon, bottom + uniforms * (top - bottom), center)
        return np.clip(actions, self.low, self.high)

    def take_turns(self, X, even, power):
        """Return the actions predicted: a continuous action has no others to take turns with."""
        return self.predict(X)

    def compact(self):
        """Return a copy to act with, that takes little room on its way to a worker."""
        compact = copy.copy(self)
        compact.fitted = self.fitted.compact()
        return compact

    def _columns(self, X):
        X = self.scaled(X)
        fast = self.fitted.fast(X)
        if fast is not None:
            return fast
        predicted = self.fitted.estimator.predict(X.astype(np.float64)).reshape(len(X), -1)
        # In linear algebra the last bit depends on the rows beside a row. Rounding from float64 leaves it out,
        # so that an episode does not depend on the episodes that advance with it.
        return predicted if self.fitted.has_fast_way else predicted.astype(X.dtype)

    def _targets(self, actions):
        return actions.reshape(-1) if len(self.low) == 1 else actions

    def _measure_spread(self, X, actions):
        actions = actions.reshape(len(X), -1)
        variance = np.mean((actions - self._columns(X)) ** 2, axis=0)
        self.seen = actions.min(axis=0), actions.max(axis=0)
        self.spread = np.maximum(np.sqrt(variance), self.MIN_SPREAD * (self.seen[1] - self.seen[0]))


class Exploration:
    """How actions are drawn.

    Parameters
    ----------
    sampled : bool
        Whether to draw from what the behavior function predicts, rather than take the best.
    epsilon : float, default=0.0
        Probability of a uniformly random action instead.
    persistence : float, default=0.0
        Probability of drawing the same once more while the observation stays the same.
    """

    def __init__(self, sampled, epsilon=0.0, persistence=0.0):
        self.sampled = sampled
        self.epsilon = epsilon
        self.persistence = persistence

    def explore(self, proba):
        """Return the probabilities (n, n_labels) to draw from."""
        if not self.sampled:
            proba = np.eye(proba.shape[1])[proba.argmax(axis=1)]
        if self.epsilon == 0:
            return proba
        return (1 - self.epsilon) * proba + self.epsilon / proba.shape[1]


def fit_weighted(estimator, X, y, sample_weight, rng):
    """Fit with sample weights; rows are drawn in proportion to them where the estimator takes none."""
    X, y, sample_weight = _weighted_rows(estimator, X, y, sample_weight, rng)
    return estimator.fit(X, y) if sample_weight is None else estimator.fit(X, y, sample_weight=sample_weight)


def _weighted_rows(estimator, X, y, sample_weight, rng):
    """Return rows and weights; rows drawn in proportion to them, and None, where the estimator takes none."""
    takes_weights = estimator.estimator if isinstance(estimator, MultiOutputRegressor) else estimator
    if sample_weight is None or has_fit_parameter(takes_weights, "sample_weight"):
        return X, y, sample_weight
    rows = rng.choice(len(X), size=len(X), p=sample_weight / sample_weight.sum())
    return X[rows], y[rows], None


def seeded_clone(estimator, rng):
    """Clone an estimator, with a seed for each `random_state` that is None in it or its parts."""
    estimator = clone(estimator)
    unset = [
        name
        for name, value in sorted(estimator.get_params(deep=True).items())
        if value is None and (name == "random_state" or name.endswith("__random_state"))
    ]
    return estimator.set_params(**{name: int(rng.integers(2**31)) for name in unset})


def limited_threads(n_rows):
    """Return a context in which work on few rows runs in one thread.

    Native threads that wait for each other cost more than they gain on few rows, by far when something else
    keeps the cores busy.
    """
    return threadpool_limits(limits=1) if n_rows <= FEW_ROWS else nullcontext()


def check_estimator_kind(estimator, targets, where):
    """Raise a TypeError if a classifier is given for continuous actions, or the reverse."""
    if targets.is_discrete == is_classifier(estimator):
        return
    kind, needed = ("discrete", "classifier") if targets.is_discrete else ("continuous", "regressor")
    raise TypeError(
        f"{where} has {kind} actions, which need a {needed} as UDRLAgent(estimator=...), got {estimator!r}."
    )
