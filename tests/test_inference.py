import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from udrl_sklearn._inference import fast_predictor

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4)).astype(np.float32)
# A noisy label with a rare class, so that probabilities are fractions that rounding could tell apart.
LABELS = np.digitize(X[:, 0] + rng.normal(size=300), [-1, 0.5, 2.2])
TARGETS = X[:, :2] + rng.normal(size=(300, 2))
WEIGHTS = rng.random(300)

CLASSIFIERS = [
    DecisionTreeClassifier(max_depth=4, random_state=0),
    ExtraTreeClassifier(min_samples_leaf=7, random_state=0),
    RandomForestClassifier(7, min_samples_leaf=5, random_state=0),
    ExtraTreesClassifier(7, min_samples_leaf=5, random_state=0),
]
REGRESSORS = [
    DecisionTreeRegressor(max_depth=4, random_state=0),
    ExtraTreeRegressor(min_samples_leaf=7, random_state=0),
    RandomForestRegressor(7, min_samples_leaf=5, random_state=0),
    ExtraTreesRegressor(7, min_samples_leaf=5, random_state=0),
]


def name(estimator):
    return type(estimator).__name__


@pytest.mark.parametrize("n_rows", [1, 300])
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=name)
def test_probabilities_equal_the_classifiers_own_to_the_last_bit(classifier, n_rows):
    classifier.fit(X, LABELS, sample_weight=WEIGHTS)
    rows = X[:n_rows]
    np.testing.assert_array_equal(fast_predictor(classifier, rows)(rows), classifier.predict_proba(rows), strict=True)


@pytest.mark.parametrize("targets", [TARGETS[:, 0], TARGETS], ids=["one output", "two outputs"])
@pytest.mark.parametrize("regressor", REGRESSORS, ids=name)
def test_predictions_equal_the_regressors_own_to_the_last_bit(regressor, targets):
    regressor.fit(X, targets, sample_weight=WEIGHTS)
    predicted = fast_predictor(regressor, X)(X)
    np.testing.assert_array_equal(predicted.reshape(targets.shape), regressor.predict(X), strict=True)


def test_answers_do_not_depend_on_earlier_ones():
    forest = RandomForestRegressor(3, random_state=0).fit(X, TARGETS[:, 0])
    predictor = fast_predictor(forest, X)
    first = predictor(X).copy()
    np.testing.assert_array_equal(predictor(X), first)
    np.testing.assert_array_equal(forest.predict(X), first[:, 0])


class OwnForest(RandomForestClassifier):
    """A subclass, which may predict in a way of its own."""


@pytest.mark.parametrize(
    "estimator",
    [
        DummyClassifier(),
        OwnForest(2),
        GradientBoostingClassifier(n_estimators=2),
        BaggingClassifier(n_estimators=2),
        make_pipeline(DecisionTreeClassifier()),
    ],
    ids=name,
)
def test_other_estimators_are_left_to_themselves(estimator):
    assert fast_predictor(estimator.fit(X, LABELS), X) is None


def test_rows_in_double_precision_are_left_to_the_estimator():
    tree = DecisionTreeClassifier().fit(X, LABELS)
    assert fast_predictor(tree, X.astype(np.float64)) is None
