import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegressionCV, SGDClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier
from threadpoolctl import threadpool_info, threadpool_limits
from toy_estimators import Recorder

from udrl_sklearn._behavior._clone_and_fit import (
    MAX_ROWS_ONE_THREAD,
    fit_weighted,
    limited_threads,
    resample_by_weight,
    seeded_clone,
)


def test_estimator_without_sample_weight_is_fitted_on_rows_sampled_by_weight(rng):
    X, weights = np.arange(4000.0)[:, None], np.tile([0.0, 1.0, 3.0, 4.0], 1000)
    sampled, y, weights = resample_by_weight(Recorder(), X, X[:, 0] + 0.5, weights, rng)
    assert len(sampled) == 4000
    assert weights is None
    np.testing.assert_array_equal(y, sampled[:, 0] + 0.5)  # rows stay together
    counts = np.bincount(sampled[:, 0].astype(int) % 4, minlength=4)
    assert counts[0] == 0
    np.testing.assert_allclose(counts[1:] / 4000, [1 / 8, 3 / 8, 1 / 2], rtol=0.1)


@pytest.mark.parametrize("estimator", [LinearRegression(), MultiOutputRegressor(LinearRegression())], ids=str)
def test_rows_are_unchanged_for_an_estimator_that_takes_weights(estimator, rng):
    X, y, weights = np.arange(4.0)[:, None], np.arange(4.0), np.array([0.0, 1.0, 3.0, 4.0])
    same_X, same_y, same_weights = resample_by_weight(estimator, X, y, weights, rng)
    assert same_X is X and same_y is y and same_weights is weights


@pytest.mark.parametrize("estimator", [Recorder(), MultiOutputRegressor(Recorder())], ids=str)
def test_estimator_that_takes_no_weights_gets_sampled_rows_without_weights(estimator, rng):
    X, y = np.arange(4.0)[:, None], np.arange(4.0)
    sampled_X, sampled_y, weights = resample_by_weight(estimator, X, y, np.array([0.0, 0.0, 2.0, 0.0]), rng)
    assert weights is None
    assert sampled_X.ravel().tolist() == sampled_y.tolist() == [2, 2, 2, 2]


def test_weights_may_have_any_sum():
    X, y, weights = np.zeros((200, 1)), np.repeat([0.0, 1.0], 100), np.repeat([1e-3, 3e-3], 100)
    fitted = fit_weighted(LinearRegression(), X, y, weights)
    assert fitted.predict(X[:1]) == pytest.approx(0.75)


@pytest.mark.parametrize(
    "estimator",
    [
        CalibratedClassifierCV(DecisionTreeClassifier(max_depth=1), ensemble=False),
        AdaBoostClassifier(n_estimators=2),
        LogisticRegressionCV(cv=3, scoring="accuracy", l1_ratios=(0,), use_legacy_attributes=False),
        MultiOutputRegressor(LinearRegression()),
        VotingClassifier([("tree", DecisionTreeClassifier(max_depth=1))]),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_weights_count_with_and_without_metadata_routing(estimator):
    X = np.repeat([0.0, 1.0], 100)[:, None]
    y = np.tile([0, 1], 100)
    weights = np.where(y == X[:, 0], 9.0, 1.0)
    if isinstance(estimator, MultiOutputRegressor):
        y = np.column_stack([y, y])
    predictions = []
    for enabled in (False, True):
        with config_context(enable_metadata_routing=enabled):
            rows = resample_by_weight(estimator, X, y, weights, np.random.default_rng(0))
            predictions.append(fit_weighted(clone(estimator), *rows).predict(X))
    np.testing.assert_array_equal(predictions[0], predictions[1])
    np.testing.assert_array_equal(predictions[0].reshape(200, -1)[:, 0].round(), X[:, 0])


def test_pipeline_that_requests_weights_gets_them(rng):
    X, y, weights = np.zeros((4, 1)), np.array([0.0, 0.0, 1.0, 1.0]), np.array([1.0, 1.0, 3.0, 3.0])
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(LinearRegression().set_fit_request(sample_weight=True))
        rows = resample_by_weight(pipeline, X, y, weights, rng)
        assert rows[2] is weights
        assert fit_weighted(pipeline, *rows).predict(X[:1]) == pytest.approx(0.75)


class TakesCommands(Recorder):
    def __init__(self, n_command_features=2):
        self.n_command_features = n_command_features


def test_seeded_clone_sets_how_many_features_are_the_command(rng):
    pipeline = make_pipeline(TakesCommands(), TakesCommands())
    clones = [seeded_clone(pipeline, rng, n_command_features=n) for n in (0, None)]
    assert [[part.n_command_features for _, part in clone.steps] for clone in clones] == [[0, 0], [2, 2]]
    assert pipeline[0].n_command_features == 2


def test_seeded_clone_sets_every_random_state_that_is_none():
    pipeline = make_pipeline(RandomForestClassifier(random_state=3), SGDClassifier())
    first, same, other = (seeded_clone(pipeline, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first["randomforestclassifier"].random_state == 3
    seeds = [clone["sgdclassifier"].random_state for clone in (first, same, other)]
    assert isinstance(seeds[0], int)
    assert seeds[0] == seeds[1] != seeds[2]
    assert pipeline["sgdclassifier"].random_state is None


@pytest.mark.parametrize(
    ("n_rows", "is_limited"), [(1, True), (MAX_ROWS_ONE_THREAD, True), (MAX_ROWS_ONE_THREAD + 1, False)]
)
def test_few_rows_get_one_native_thread(n_rows, is_limited):
    with threadpool_limits(limits=2):
        before = [library["num_threads"] for library in threadpool_info()]
        with limited_threads(n_rows):
            now = [library["num_threads"] for library in threadpool_info()]
        assert [library["num_threads"] for library in threadpool_info()] == before
    assert 2 in before
    assert now == ([1] * len(before) if is_limited else before)
