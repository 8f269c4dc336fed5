import copy
import functools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from udrl_sklearn._behavior._compiled_estimator import MAX_ROWS_COMPILED, CompiledEstimator
from udrl_sklearn._behavior._tree_inference import compile_predictor

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4)).astype(np.float32)
# Noisy labels, so that probabilities are fractions whose last bits depend on rounding.
SIGNAL = X[:, 0] + rng.normal(size=300)
LABELS = {
    "two classes": (SIGNAL > 0).astype(int),
    "a rare class": np.digitize(SIGNAL, [-1, 0.5, 2.2]),
    "twelve classes": np.digitize(SIGNAL, np.linspace(-1.5, 1.5, 11)),
}
TARGETS = X[:, :3] + rng.normal(size=(300, 3))
WEIGHTS = rng.random(300)


def forest(kind, n_estimators=7):
    return kind(n_estimators, min_samples_leaf=5, random_state=0)


def bagging(kind, tree, n_estimators=7, **params):
    return kind(tree(max_depth=4), n_estimators, random_state=0, **params)


def boosting(kind, n_estimators=7, **params):
    return kind(n_estimators=n_estimators, random_state=0, **params)


def histogram_boosting(kind, n_estimators=7, **params):
    return kind(max_iter=n_estimators, **{"early_stopping": False, "random_state": 0, **params})


CLASSIFIERS = [
    DecisionTreeClassifier(max_depth=4, random_state=0),
    ExtraTreeClassifier(min_samples_leaf=7, random_state=0),
    forest(RandomForestClassifier),
    forest(ExtraTreesClassifier),
    bagging(BaggingClassifier, DecisionTreeClassifier),
    boosting(GradientBoostingClassifier),
    histogram_boosting(HistGradientBoostingClassifier),
]
REGRESSORS = [
    DecisionTreeRegressor(max_depth=4, random_state=0),
    ExtraTreeRegressor(min_samples_leaf=7, random_state=0),
    forest(RandomForestRegressor),
    forest(ExtraTreesRegressor),
    bagging(BaggingRegressor, DecisionTreeRegressor),
    boosting(GradientBoostingRegressor),
    histogram_boosting(HistGradientBoostingRegressor),
]
OF_ONE_OUTPUT = (GradientBoostingRegressor, HistGradientBoostingRegressor)


def name(estimator):
    return type(estimator).__name__


def predictions(estimator, rows):
    """Return the estimator's own predictions, (n, n_classes) or (n, n_outputs)."""
    return estimator.predict_proba(rows) if is_classifier(estimator) else estimator.predict(rows).reshape(len(rows), -1)


def assert_same_predictions(estimator, rows):
    predict = compile_predictor(estimator)
    for n_rows in (1, 2, 3, 17, len(rows)):
        np.testing.assert_array_equal(predict(rows[:n_rows]), predictions(estimator, rows[:n_rows]), strict=True)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=name)
def test_probabilities_equal_predict_proba_exactly(classifier, labels, weights):
    assert_same_predictions(clone(classifier).fit(X, labels, sample_weight=weights), X)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("regressor", REGRESSORS, ids=name)
def test_predictions_equal_predict_exactly(regressor, weights):
    assert_same_predictions(clone(regressor).fit(X, TARGETS[:, 0], sample_weight=weights), X)


@pytest.mark.parametrize(
    "regressor", [regressor for regressor in REGRESSORS if not isinstance(regressor, OF_ONE_OUTPUT)], ids=name
)
def test_multi_output_predictions_equal_predict_exactly(regressor):
    assert_same_predictions(clone(regressor).fit(X, TARGETS), X)


@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("regressor", REGRESSORS, ids=name)
def test_multi_output_regressor_gives_one_column_per_estimator(regressor, n_outputs):
    assert_same_predictions(MultiOutputRegressor(regressor).fit(X, TARGETS[:, :n_outputs]), X)


@pytest.mark.parametrize("n_trees", [1, 2, 3, 7, 8, 9, 100])
@pytest.mark.parametrize(
    "make",
    [
        functools.partial(forest, RandomForestRegressor),
        functools.partial(forest, ExtraTreesClassifier),
        functools.partial(bagging, BaggingRegressor, DecisionTreeRegressor),
        functools.partial(bagging, BaggingClassifier, ExtraTreeClassifier),
        functools.partial(boosting, GradientBoostingRegressor),
        functools.partial(boosting, GradientBoostingClassifier),
        functools.partial(histogram_boosting, HistGradientBoostingRegressor),
        functools.partial(histogram_boosting, HistGradientBoostingClassifier),
    ],
    ids=lambda make: make.args[0].__name__,
)
def test_any_number_of_trees_gives_exact_predictions(make, n_trees):
    estimator = make(n_trees)
    y = LABELS["a rare class"] if is_classifier(estimator) else TARGETS[:, 0]
    assert_same_predictions(estimator.fit(X, y), X)


Y = LABELS | {"target": TARGETS[:, 0], "positive target": np.exp(TARGETS[:, 0]), "three targets": TARGETS}
SMALL_SAMPLES = {"max_samples": 10, "n_estimators": 20}


@pytest.mark.parametrize(
    ("estimator", "y"),
    [
        (DecisionTreeClassifier(max_leaf_nodes=9, class_weight="balanced"), "a rare class"),
        (DecisionTreeRegressor(ccp_alpha=0.02), "target"),
        (DecisionTreeRegressor(criterion="absolute_error", max_depth=3), "target"),
        (RandomForestRegressor(5, monotonic_cst=[1, 0, -1, 0]), "target"),
        (bagging(BaggingClassifier, DecisionTreeClassifier, max_features=0.5), "a rare class"),
        (bagging(BaggingClassifier, DecisionTreeClassifier, bootstrap_features=True), "a rare class"),
        (bagging(BaggingRegressor, ExtraTreeRegressor, max_features=3, bootstrap_features=True), "three targets"),
        (bagging(BaggingClassifier, DecisionTreeClassifier, **SMALL_SAMPLES), "a rare class"),
        (boosting(GradientBoostingClassifier, loss="exponential"), "two classes"),
        (boosting(GradientBoostingClassifier, init="zero"), "two classes"),
        (boosting(GradientBoostingClassifier, init="zero", subsample=0.5), "a rare class"),
        (boosting(GradientBoostingClassifier, init=DummyClassifier(strategy="uniform")), "a rare class"),
        (boosting(GradientBoostingRegressor, loss="huber"), "target"),
        (boosting(GradientBoostingRegressor, init="zero"), "target"),
        (boosting(GradientBoostingRegressor, init=DummyRegressor(strategy="median")), "target"),
        (boosting(GradientBoostingRegressor, 50, n_iter_no_change=2), "target"),
        (histogram_boosting(HistGradientBoostingRegressor, loss="poisson"), "positive target"),
        (histogram_boosting(HistGradientBoostingRegressor, loss="quantile", quantile=0.8), "target"),
        (histogram_boosting(HistGradientBoostingRegressor, 100, early_stopping=True), "target"),
        (histogram_boosting(HistGradientBoostingClassifier, 100, early_stopping=True), "a rare class"),
        (histogram_boosting(HistGradientBoostingRegressor, 1), "target"),
        (histogram_boosting(HistGradientBoostingClassifier, 1, max_bins=5), "a rare class"),
    ],
    ids=str,
)
def test_predictions_are_exact_for_all_estimator_parameters(estimator, y):
    assert_same_predictions(estimator.fit(X, Y[y]), X)


def test_class_missing_in_some_bagging_samples_keeps_its_column():
    estimator = bagging(BaggingClassifier, DecisionTreeClassifier, **SMALL_SAMPLES)
    with config_context(enable_metadata_routing=True):  # so that each tree gets the sampled rows, rather than weights
        estimator.fit(X, 3 - LABELS["a rare class"])
    assert {tuple(tree.classes_) for tree in estimator.estimators_} >= {(0, 1, 2, 3), (1, 2, 3)}
    assert_same_predictions(estimator, X)


@pytest.mark.parametrize("regressor", REGRESSORS, ids=name)
def test_trees_with_a_single_leaf_are_supported(regressor):
    assert_same_predictions(clone(regressor).fit(X, np.full(300, 0.1)), X)


# Each feature is missing in a third of the rows, and the target depends on what is missing.
MISSING = rng.random(X.shape) < 1 / 3
X_WITH_GAPS = np.where(MISSING, np.float32(np.nan), X)
TARGET_OF_GAPS = MISSING @ [3.0, -2.0, 1.0, 0.5] + TARGETS[:, 0]
LABELS_OF_GAPS = np.digitize(TARGET_OF_GAPS, [-1, 2])

ACCEPT_GAPS = [
    estimator
    for estimator in (*CLASSIFIERS, *REGRESSORS)
    if not isinstance(estimator, GradientBoostingClassifier | GradientBoostingRegressor)
]


def fit_on(rows, estimator):
    return clone(estimator).fit(rows, LABELS_OF_GAPS if is_classifier(estimator) else TARGET_OF_GAPS)


@pytest.mark.parametrize("fitted_on", [X, X_WITH_GAPS], ids=["fitted without", "fitted with"])
@pytest.mark.parametrize("estimator", ACCEPT_GAPS, ids=name)
def test_missing_values_take_the_estimators_branch(estimator, fitted_on):
    assert_same_predictions(fit_on(fitted_on, estimator), X_WITH_GAPS)


def test_both_branches_for_missing_values_occur():
    nodes = fit_on(X_WITH_GAPS, ACCEPT_GAPS[0]).tree_.__getstate__()["nodes"]
    assert set(nodes["missing_go_to_left"][nodes["left_child"] >= 0]) == {0, 1}


@pytest.mark.parametrize(
    "estimator", [estimator for estimator in ACCEPT_GAPS if name(estimator).startswith("Hist")], ids=name
)
def test_infinite_values_take_the_estimators_branch(estimator):
    rows = X_WITH_GAPS.copy()
    rows[::7, 1], rows[1::7, 2], rows[2::7] = np.inf, -np.inf, np.inf
    for fitted_on in (X, rows):
        assert_same_predictions(fit_on(fitted_on, estimator), rows)


IN_SMALL = [
    DecisionTreeClassifier(random_state=0),
    ExtraTreeRegressor(random_state=0),
    RandomForestClassifier(3, random_state=0),
    ExtraTreesRegressor(5, random_state=0),
    BaggingClassifier(DecisionTreeClassifier(), 4, random_state=0),
    GradientBoostingClassifier(n_estimators=3, random_state=0),
    GradientBoostingRegressor(n_estimators=6, random_state=0),
    HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=1, early_stopping=False),
    HistGradientBoostingRegressor(max_iter=6, min_samples_leaf=1, early_stopping=False),
]
even_numbers = hnp.arrays(np.float32, st.tuples(st.integers(4, 40), st.just(2)), elements=st.sampled_from([0, 2, 4, 6]))
# Thresholds lie between even numbers: at 1, 2, 3, 4 or 5. Rows lie on them, right beside them, and away from them.
on_thresholds = np.arange(-1, 8, dtype=np.float32)
beside_thresholds = [np.nextafter(on_thresholds, np.float32(side)) for side in (-9, 9)]
queries = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 30), st.just(2)),
    elements=st.sampled_from(np.concatenate([on_thresholds, *beside_thresholds]).tolist()),
)


@pytest.mark.parametrize("estimator", IN_SMALL, ids=name)
@given(even_numbers, queries, st.integers(0, 2**32))
def test_rows_at_and_next_to_a_threshold_give_exact_predictions(estimator, fitted_on, rows, seed):
    y = np.random.default_rng(seed).integers(3, size=len(fitted_on))
    y[:3] = 0, 1, 2
    fitted = clone(estimator).fit(fitted_on, y)
    np.testing.assert_array_equal(compile_predictor(fitted)(rows), predictions(fitted, rows), strict=True)


def test_calls_do_not_share_memory():
    for regressor in REGRESSORS:
        fitted = clone(regressor).fit(X, TARGETS[:, 0])
        own, predict = predictions(fitted, X), compile_predictor(fitted)
        first = predict(X)
        predict(X[::-1])[:] = 99
        np.testing.assert_array_equal(predict(X), own)
        np.testing.assert_array_equal(first, own)
        np.testing.assert_array_equal(predictions(fitted, X), own)


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSORS, MultiOutputRegressor(REGRESSORS[-1])], ids=name)
def test_pickled_predictor_predicts_the_same(estimator):
    y = LABELS["a rare class"] if is_classifier(estimator) else TARGETS[:, 0]
    predict = compile_predictor(clone(estimator).fit(X, TARGETS if isinstance(estimator, MultiOutputRegressor) else y))
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(predict))(X), predict(X), strict=True)


class OwnForest(RandomForestClassifier):
    """A subclass, which may predict in another way."""


class OwnTree(DecisionTreeClassifier):
    """A subclass, which may predict in another way."""


@pytest.mark.parametrize(
    "estimator",
    [
        DummyClassifier(),
        KNeighborsClassifier(),
        OwnTree(),
        OwnForest(2),
        BaggingClassifier(OwnTree(), 2),
        BaggingClassifier(KNeighborsClassifier(), 2),
        BaggingClassifier(RandomForestClassifier(2), 2),
        GradientBoostingClassifier(n_estimators=2, init=RandomForestClassifier(2)),
        GradientBoostingRegressor(n_estimators=2, init=LinearRegression()),
        HistGradientBoostingClassifier(max_iter=2, categorical_features=[3]),
        MultiOutputRegressor(LinearRegression()),
        make_pipeline(DecisionTreeClassifier()),
    ],
    ids=str,
)
def test_other_estimators_have_no_fast_predictor(estimator):
    several_outputs = isinstance(estimator, MultiOutputRegressor)
    rows = np.column_stack([X[:, :3], X[:, 3] > 0])
    assert compile_predictor(estimator.fit(rows, TARGETS if several_outputs else LABELS["two classes"])) is None


@pytest.fixture
def fitted():
    return CompiledEstimator(RandomForestClassifier(3, random_state=0).fit(X, LABELS["a rare class"]))


def test_float32_rows_are_predicted_fast(fitted):
    np.testing.assert_array_equal(fitted.predict_fast(X), fitted.estimator.predict_proba(X), strict=True)


@pytest.mark.parametrize("kind", [RandomForestClassifier, HistGradientBoostingClassifier, DecisionTreeRegressor])
def test_float64_rows_are_predicted_as_the_estimator_rounds_them(kind, rng):
    # Neighbors in double precision, many of which are the same number in single precision, and thresholds among them.
    rows = 1 + 1e-9 * rng.integers(300, size=(300, 4))
    rows[::7, 2] = np.nan
    estimator = kind(random_state=0).fit(rows, (rows[:, 0] > np.median(rows[:, 0])).astype(int))
    predict = getattr(estimator, "predict_proba", lambda X: estimator.predict(X)[:, None])
    np.testing.assert_array_equal(CompiledEstimator(estimator).predict_fast(rows), predict(rows), strict=True)


def test_rows_with_nan_are_left_to_an_estimator_that_refuses_them():
    refuses = CompiledEstimator(GradientBoostingClassifier(n_estimators=2).fit(X, LABELS["two classes"]))
    accepts = CompiledEstimator(DecisionTreeClassifier().fit(X, LABELS["two classes"]))
    assert refuses.is_compiled and accepts.is_compiled
    assert refuses.predict_fast(X) is not None
    assert refuses.predict_fast(X_WITH_GAPS) is None
    assert accepts.predict_fast(X_WITH_GAPS) is not None


def test_many_rows_are_left_to_the_estimator(fitted):
    rows = np.resize(X, (MAX_ROWS_COMPILED + 1, 4))
    assert fitted.predict_fast(rows) is None
    np.testing.assert_array_equal(fitted.predict_fast(rows[1:]), fitted.estimator.predict_proba(rows[1:]), strict=True)


def test_estimator_without_a_fast_predictor_returns_none():
    assert CompiledEstimator(DummyClassifier().fit(X, LABELS["two classes"])).predict_fast(X) is None


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda fitted: pickle.loads(pickle.dumps(fitted))])
def test_copies_drop_the_fast_predictor_and_rebuild_it(fitted, duplicate):
    own = fitted.predict_fast(X)
    copied = duplicate(fitted)
    assert "predictor" not in vars(copied)
    np.testing.assert_array_equal(copied.predict_fast(X), own, strict=True)


def test_compact_copy_predicts_any_number_of_rows_and_pickles_smaller(fitted):
    rows = np.resize(X, (MAX_ROWS_COMPILED + 1, 4))
    compact = fitted.for_inference()
    travelled = pickle.loads(pickle.dumps(compact))
    for one in (compact, travelled, copy.copy(compact)):
        np.testing.assert_array_equal(one.predict_fast(rows), fitted.estimator.predict_proba(rows), strict=True)
    assert len(pickle.dumps(compact)) < len(pickle.dumps(fitted))
    assert fitted.predict_fast(rows) is None and isinstance(fitted.estimator, RandomForestClassifier)


def test_estimator_without_a_fast_predictor_is_its_own_compact_copy():
    slow = CompiledEstimator(DummyClassifier().fit(X, LABELS["two classes"]))
    assert slow.for_inference() is slow
