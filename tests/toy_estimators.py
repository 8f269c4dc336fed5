"""Estimators that show how they are used, and data that is easy to learn."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin


class OnlyPredicts(ClassifierMixin, BaseEstimator):
    """Nearest mean, without probabilities, a decision function or sample weights."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means_ = np.array([X[y == c].mean(axis=0) for c in self.classes_])
        return self

    def predict(self, X):
        return self.classes_[((X[:, None] - self.means_) ** 2).sum(axis=2).argmin(axis=1)]


class NeedsCodes(OnlyPredicts):
    """Wants labels 0..k-1, as boosting libraries do."""

    def fit(self, X, y):
        super().fit(X, y)
        if self.classes_.tolist() != list(range(len(self.classes_))):
            raise ValueError(f"expected labels 0..{len(self.classes_) - 1}, got {self.classes_}")
        return self


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps what it is fitted on, and predicts the sum of each row."""

    def fit(self, X, y):
        self.X_, self.y_ = X, y
        return self

    def predict(self, X):
        return X.sum(axis=1)


class IncrementalRecorder(ClassifierMixin, BaseEstimator):
    """Keeps each batch it is updated on."""

    def partial_fit(self, X, y, classes):
        self.batches_ = [*getattr(self, "batches_", []), (X, y, classes)]
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


def blobs(labels, n_each=30, seed=0):
    """Return rows around a corner of its own for each label, far from each other, and the labels."""
    rng = np.random.default_rng(seed)
    corners = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]])[: len(labels)]
    X = np.concatenate([corner + rng.normal(scale=0.5, size=(n_each, 3)) for corner in corners]).astype(np.float32)
    return X, np.repeat(labels, n_each)


class NeedsNames(ClassifierMixin, BaseEstimator):
    """Predicts whether one column, chosen by name, is positive."""

    def __init__(self, column="x"):
        self.column = column

    def fit(self, X, y):
        self.columns_, self.classes_ = list(X.columns), np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(X[self.column] > 0).astype(int)]


class NeedsManyRows(OnlyPredicts):
    """Refuses labels with few rows, as estimators that split their rows with strata."""

    def __init__(self, n_rows=2):
        self.n_rows = n_rows

    def fit(self, X, y):
        self.counts_ = np.unique(y, return_counts=True)[1]
        if self.counts_.min() < self.n_rows:
            raise ValueError("The least populated class has too few rows.")
        return super().fit(X, y)
