import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier, SGDClassifier, SGDRegressor
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from udrl_sklearn._behavior import (
    BehaviorFunction,
    ContinuousBehavior,
    DiscreteBehavior,
    Exploration,
    check_estimator_kind,
    default_estimator,
    design_matrix,
    fit_weighted,
    make_behavior,
    seeded_clone,
)
from udrl_sklearn._commands import OPEN_ENDED, Command, next_command
from udrl_sklearn._spaces import ActionTargets

GREEDY, SAMPLED = Exploration(sampled=False), Exploration(sampled=True)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


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


CLASSIFIERS = [
    DecisionTreeClassifier(),
    RandomForestClassifier(5),
    GradientBoostingClassifier(n_estimators=5),
    LogisticRegression(),
    GaussianNB(),
    KNeighborsClassifier(3),
    LinearSVC(),
    SVC(),
    SGDClassifier(),  # a hinge loss: no probabilities
    RidgeClassifier(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    OnlyPredicts(),
    NeedsCodes(),
]


def name(value):
    return type(value).__name__ if isinstance(value, BaseEstimator) else None


def blobs(labels, n_each=30, seed=0):
    """Return rows around a corner of its own for each label, far from each other, and the labels."""
    rng = np.random.default_rng(seed)
    corners = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]])[: len(labels)]
    X = np.concatenate([corner + rng.normal(scale=0.5, size=(n_each, 3)) for corner in corners]).astype(np.float32)
    return X, np.repeat(labels, n_each)


def assert_separates(behavior, X, y, all_labels):
    (proba,) = behavior.predict_proba(X)
    assert proba.shape == (len(X), len(all_labels))
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(proba[:, ~np.isin(all_labels, y)], 0)
    np.testing.assert_array_equal(behavior.predict(X), y)


def test_design_matrix_puts_the_command_last_in_single_precision():
    X = design_matrix(np.array([[255, 3]], dtype=np.uint8), np.array([[1.5, 2.0]]))
    assert X.dtype == np.float32
    assert X.tolist() == [[255, 3, 1.5, 2]]


@pytest.mark.parametrize("present", [[5, 9], [2, 5, 9]], ids=["two of four", "three of four"])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=name)
def test_labels_missing_from_the_data_have_probability_zero(classifier, present, weighted, rng):
    X, y = blobs(present)
    labels = np.array([2, 5, 7, 9])
    behavior = DiscreteBehavior(classifier, [labels]).fit(X, y, rng.uniform(1, 2, len(y)) if weighted else None, rng)
    assert_separates(behavior, X, y, labels)


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=name)
def test_single_label_in_the_data_has_probability_one(classifier, rng):
    X = rng.normal(size=(20, 3)).astype(np.float32)
    behavior = DiscreteBehavior(classifier, [np.array([2, 5, 7])]).fit(X, np.full(20, 5), rng.random(20), rng)
    np.testing.assert_array_equal(behavior.predict_proba(X)[0], np.tile([0.0, 1.0, 0.0], (20, 1)))
    np.testing.assert_array_equal(behavior.predict(X), 5)


@pytest.mark.parametrize(
    ("module", "classifier", "params"),
    [
        ("xgboost", "XGBClassifier", {"n_estimators": 5, "n_jobs": 1}),
        ("lightgbm", "LGBMClassifier", {"n_estimators": 5, "n_jobs": 1, "verbose": -1, "min_data_in_bin": 1}),
    ],
)
def test_xgboost_and_lightgbm_work_as_estimators(module, classifier, params, rng):
    estimator = getattr(pytest.importorskip(module), classifier)(**params)
    X, y = blobs([2, 5, 9])
    labels = np.array([2, 5, 7, 9])
    assert_separates(DiscreteBehavior(estimator, [labels]).fit(X, y, np.ones(len(y)), rng), X, y, labels)


def test_labels_may_be_strings(rng):
    X, y = blobs(["left", "right"])
    behavior = DiscreteBehavior(LinearSVC(), [np.array(["left", "right", "stay"])]).fit(X, y, None, rng)
    assert_separates(behavior, X, y, np.array(["left", "right", "stay"]))


@pytest.mark.parametrize(
    "classifier",
    [LinearSVC(), SGDClassifier(), SVC(), SVC(decision_function_shape="ovo"), RidgeClassifier(), OnlyPredicts()],
    ids=["LinearSVC", "SGD", "SVC", "SVC one versus one", "Ridge", "only predicts"],
)
@pytest.mark.parametrize("n_labels", [2, 3, 4])
def test_classifier_without_probabilities_keeps_its_own_predictions(classifier, n_labels, rng):
    X = rng.normal(size=(200, 4)).astype(np.float32)
    y = X[:, :n_labels].argmax(axis=1)
    behavior = DiscreteBehavior(classifier, [np.arange(n_labels)]).fit(X, y, None, rng)
    np.testing.assert_array_equal(behavior.predict(X), behavior.fitted_estimator.predict(X))


def test_probability_grows_with_the_decision_function(rng):
    X = np.linspace(-1, 1, 50, dtype=np.float32)[:, None] * np.ones(3, dtype=np.float32)
    behavior = DiscreteBehavior(LinearSVC(), [np.arange(2)]).fit(X, (X[:, 0] > 0).astype(int), None, rng)
    assert (np.diff(behavior.predict_proba(X)[0][:, 1]) > 0).all()


@pytest.mark.parametrize("classifier", [DecisionTreeClassifier(), KNeighborsClassifier(20)], ids=name)
def test_sample_weights_decide_between_contradicting_rows(classifier, rng):
    X, y = np.zeros((400, 3), dtype=np.float32), np.tile([0, 1], 200)
    for favourite in (0, 1):
        weights = np.where(y == favourite, 9.0, 1.0)
        behavior = DiscreteBehavior(classifier, [np.arange(2)]).fit(X, y, weights, rng)
        assert (behavior.predict(X) == favourite).all()


def test_estimator_without_sample_weight_is_fitted_on_rows_drawn_by_weight(rng):
    X, weights = np.arange(4000.0)[:, None], np.tile([0.0, 1.0, 3.0, 4.0], 1000)
    fitted = fit_weighted(Recorder(), X, X[:, 0] + 0.5, weights, rng)
    assert len(fitted.X_) == 4000
    np.testing.assert_array_equal(fitted.y_, fitted.X_[:, 0] + 0.5)  # rows stay together
    counts = np.bincount(fitted.X_[:, 0].astype(int) % 4, minlength=4)
    assert counts[0] == 0
    np.testing.assert_allclose(counts[1:] / 4000, [1 / 8, 3 / 8, 1 / 2], rtol=0.1)


@pytest.mark.parametrize("present", [[0, 1], [0, 1, 2]], ids=["one is left", "two are left"])
def test_label_whose_weight_is_never_drawn_has_probability_zero(present, rng):
    X, y = blobs(present)
    weights = np.where(y == 1, 1e-12, 1.0)
    behavior = DiscreteBehavior(KNeighborsClassifier(3), [np.arange(3)]).fit(X, y, weights, rng)
    (proba,) = behavior.predict_proba(X)
    np.testing.assert_array_equal(proba[:, 1], 0)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    np.testing.assert_array_equal(behavior.predict(X)[y != 1], y[y != 1])


def test_each_component_has_its_own_classifier(rng):
    X, y = blobs([0, 1, 2])
    actions = np.column_stack([y, np.where(y == 2, 7, 6)])
    behavior = DiscreteBehavior(DecisionTreeClassifier(), [np.arange(3), np.array([5, 6, 7])]).fit(
        X, actions, None, rng
    )
    np.testing.assert_array_equal(behavior.predict(X), actions)
    assert [p.shape for p in behavior.predict_proba(X)] == [(90, 3), (90, 3)]
    assert [len(e.classes_) for e in behavior.fitted_estimator] == [3, 2]
    assert behavior.n_uniforms == 2
    drawn = behavior.sample(X, rng.random((90, 2)), SAMPLED)
    np.testing.assert_array_equal(drawn, actions)


def test_fit_clones_the_given_estimator(rng):
    given_estimator = DecisionTreeClassifier()
    behavior = DiscreteBehavior(given_estimator, [np.arange(2)]).fit(*blobs([0, 1]), None, rng)
    assert not hasattr(given_estimator, "tree_")
    assert given_estimator.random_state is None
    assert hasattr(behavior.fitted_estimator, "tree_")


def test_update_draws_batches_by_weight_and_passes_all_classes(rng):
    X = np.arange(12, dtype=np.float32).reshape(4, 3)
    y, weights = np.array([5, 7, 7, 5]), np.array([0.0, 1.0, 3.0, 0.0])
    behavior = DiscreteBehavior(IncrementalRecorder(), [np.array([2, 5, 7])])
    behavior.update(X, y, weights, n_updates=50, batch_size=8, rng=rng)
    batches = behavior.fitted_estimator.batches_
    assert len(batches) == 50
    for rows, codes, classes in batches:
        assert rows.shape == (8, 3)
        assert (codes == 2).all()  # 7 is the label at place 2
        assert classes.tolist() == [0, 1, 2]
    first_columns = np.concatenate([rows[:, 0] for rows, *_ in batches])
    assert set(first_columns) == {3.0, 6.0}
    assert (first_columns == 6).mean() == pytest.approx(0.75, abs=0.08)


def test_update_continues_with_the_same_estimator(rng):
    behavior = DiscreteBehavior(IncrementalRecorder(), [np.arange(2)])
    for _ in range(2):
        behavior.update(*blobs([0, 1]), None, n_updates=3, batch_size=4, rng=rng)
    assert len(behavior.fitted_estimator.batches_) == 6
    assert not hasattr(behavior.estimator, "batches_")


@pytest.mark.parametrize("classifier", [SGDClassifier(), SGDClassifier(loss="log_loss"), GaussianNB()], ids=str)
def test_update_trains_incremental_classifiers(classifier, rng):
    X, y = blobs([5, 9])
    behavior = DiscreteBehavior(classifier, [np.array([2, 5, 9])])
    assert behavior.is_incremental
    behavior.update(X, y, None, n_updates=40, batch_size=30, rng=rng)
    assert (behavior.predict(X) == y).mean() > 0.95


def test_update_accepts_a_component_with_one_label(rng):
    X, y = blobs([0, 1])
    behavior = DiscreteBehavior(SGDClassifier(), [np.array([4]), np.arange(2)])
    behavior.update(X, np.column_stack([np.full(len(y), 4), y]), None, n_updates=20, batch_size=30, rng=rng)
    assert (behavior.predict(X)[:, 0] == 4).all()


def test_only_command_columns_are_scaled_and_the_input_is_unchanged(rng):
    X = rng.uniform(1, 2, size=(10, 4)).astype(np.float32)
    before = X.copy()
    behavior = ContinuousBehavior(Recorder(), np.array([-np.inf]), np.array([np.inf]), command_scale=(10.0, 0.5))
    behavior.fit(X, X[:, 0], None, rng)
    scaled = before * np.array([1, 1, 10, 0.5], dtype=np.float32)
    np.testing.assert_array_equal(behavior.fitted_estimator.X_, scaled)
    np.testing.assert_allclose(behavior.predict(X), scaled.sum(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(X, before)


def test_update_scales_commands(rng):
    X, y = blobs([0, 1])
    before = X.copy()
    behavior = DiscreteBehavior(IncrementalRecorder(), [np.arange(2)], command_scale=(10.0, 0.5))
    behavior.update(X, y, None, n_updates=1, batch_size=60, rng=rng)
    seen = {tuple(row) for row in behavior.fitted_estimator.batches_[0][0]}
    assert seen <= {tuple(row) for row in before * np.array([1, 10, 0.5], dtype=np.float32)}
    np.testing.assert_array_equal(X, before)


def test_fit_and_predict_use_the_same_scale(rng):
    X, y = blobs([0, 1, 2])
    scale = np.array([1, 1000, 0.001], dtype=np.float32)
    behavior = DiscreteBehavior(OnlyPredicts(), [np.arange(3)], command_scale=(1000.0, 0.001)).fit(X, y, None, rng)
    np.testing.assert_allclose(behavior.fitted_estimator.means_, [(scale * X[y == i]).mean(axis=0) for i in range(3)])
    np.testing.assert_array_equal(behavior.predict(X), behavior.fitted_estimator.predict(scale * X))


class Constant:
    """Stands for a fitted behavior function that always answers the same."""

    def __init__(self, value):
        self.value = value

    def predict(self, X):
        return np.full(len(X), self.value)

    def predict_proba(self, X):
        return [np.full((len(X), 2), self.value), np.full((len(X), 3), self.value)]


MIXED = np.array([[1, 5, 3], [2, 0, 0], [3, 0, 1], [4, 0, 0]], dtype=np.float32)  # rows 1 and 3 are open-ended


@pytest.mark.parametrize("rows", [[0, 1, 2, 3], [0, 2], [1, 3], []], ids=["mixed", "exact", "open-ended", "none"])
def test_each_row_is_answered_by_the_behavior_for_its_kind_of_command(rows):
    behavior, X = BehaviorFunction(Constant(10.0), Constant(20.0)), MIXED[rows]
    expected = np.where(X[:, -1] == 0, 20.0, 10.0)
    np.testing.assert_array_equal(behavior.predict(X), expected)
    for proba, n_labels in zip(behavior.predict_proba(X), (2, 3), strict=True):
        np.testing.assert_array_equal(proba, np.tile(expected[:, None], (1, n_labels)))


@pytest.mark.parametrize("behavior", [BehaviorFunction(Constant(7.0)), BehaviorFunction(None, Constant(7.0))])
def test_single_behavior_answers_all_commands(behavior):
    np.testing.assert_array_equal(behavior.predict(MIXED), 7.0)
    for command in (OPEN_ENDED, Command(2.0, 3.0)):
        np.testing.assert_array_equal(behavior.for_command(command).predict(MIXED), 7.0)


def test_commands_of_one_episode_are_answered_by_one_behavior():
    exact, open_ended = Constant(10.0), Constant(20.0)
    behavior = BehaviorFunction(exact, open_ended)
    for start in (OPEN_ENDED, Command(2.0, 3.0), Command(-4.0, 1.0), Command(0.0, 2.5)):
        commands = np.array([start])
        for _ in range(5):
            assert behavior.for_command(commands[0]) is (open_ended if start == OPEN_ENDED else exact)
            commands = next_command(commands, np.array([1.0]))


@pytest.mark.parametrize(("exact", "open_ended"), [("up", "right"), ("right", "up")])
def test_string_labels_are_not_truncated_when_rows_are_mixed(exact, open_ended):
    behavior = BehaviorFunction(Constant(exact), Constant(open_ended))
    assert behavior.predict(MIXED).tolist() == [exact, open_ended, exact, open_ended]


@given(hnp.arrays(float, (5, 4), elements=st.floats(0, 1)), st.floats(0, 1, exclude_max=True))
@example(np.tile([0, 0.3, 0.6999999, 0], (5, 1)), 1 - 2**-53)  # rounding left the sum under the random number
def test_action_of_probability_zero_is_never_drawn(proba, uniform):
    proba[:, 2] += 0.5 * (proba.sum(axis=1) < 1e-9)
    drawn = fitted_with(proba).sample(np.zeros((5, 3)), np.full((5, 1), uniform), SAMPLED)
    assert (proba[np.arange(5), drawn] > 0).all()


def fitted_with(proba):
    """Return a behavior function whose classifier predicts the given probabilities."""
    behavior = DiscreteBehavior(None, [np.arange(proba.shape[1])])
    behavior.predict_proba = lambda X: [proba]
    return behavior


@pytest.mark.parametrize(
    ("exploration", "frequencies"),
    [
        (SAMPLED, [0.5, 0.3, 0.2, 0]),
        (Exploration(True, 0.4), [0.4, 0.28, 0.22, 0.1]),
        (Exploration(False, 0.4), [0.7, 0.1, 0.1, 0.1]),
        (GREEDY, [1, 0, 0, 0]),
    ],
    ids=["sampled", "sampled, epsilon", "greedy, epsilon", "greedy"],
)
def test_actions_are_drawn_with_their_probabilities(exploration, frequencies):
    proba = np.tile([0.5, 0.3, 0.2, 0.0], (10_000, 1))
    uniforms = (np.arange(10_000)[:, None] + 0.5) / 10_000  # an even grid in place of random numbers
    drawn = fitted_with(proba).sample(np.zeros((10_000, 3)), uniforms, exploration)
    np.testing.assert_allclose(np.bincount(drawn, minlength=4) / 10_000, frequencies, atol=1e-3)


BOUNDS = np.array([-1.0, -2.0]), np.array([1.0, 0.5])


@pytest.mark.parametrize("n_components", [1, 2])
@pytest.mark.parametrize(
    "regressor",
    [
        LinearRegression(),
        DecisionTreeRegressor(),
        KNeighborsRegressor(2),
        GradientBoostingRegressor(n_estimators=3),  # one output only: wrapped
        SVR(),
        make_pipeline(StandardScaler(), SVR()),  # one output only, and its fit takes no sample_weight
    ],
    ids=["linear", "tree", "neighbors", "boosting", "SVR", "pipeline"],
)
@pytest.mark.parametrize("exploration", [SAMPLED, GREEDY, Exploration(True, 0.5)], ids=["sampled", "greedy", "epsilon"])
def test_continuous_actions_stay_within_bounds(regressor, n_components, exploration, rng):
    low, high = (bound[:n_components] for bound in BOUNDS)
    X = rng.normal(scale=2, size=(200, 3)).astype(np.float32)
    actions = np.clip(X[:, :n_components], low, high)
    behavior = ContinuousBehavior(regressor, low, high).fit(X, actions, rng.uniform(0.5, 1, 200), rng)

    predicted = behavior.predict(5 * X)
    assert predicted.shape == ((200,) if n_components == 1 else (200, 2))
    drawn = behavior.sample(5 * X, rng.random((200, behavior.n_uniforms)), exploration)
    assert drawn.shape == (200, n_components)
    for answer in (predicted.reshape(200, -1), drawn):
        assert (answer >= low).all()
        assert (answer <= high).all()
    if exploration is GREEDY:
        np.testing.assert_array_equal(drawn, predicted.reshape(200, -1))


@pytest.mark.parametrize("regressor", [LinearRegression(), KNeighborsRegressor(3), DecisionTreeRegressor()], ids=name)
def test_prediction_of_a_row_does_not_depend_on_the_batch(regressor, rng):
    X = rng.normal(size=(64, 40)).astype(np.float32)
    behavior = ContinuousBehavior(regressor, -np.ones(2), np.ones(2)).fit(X, X[:, :2] + X[:, 2:4], None, rng)
    together = behavior.predict(X)
    np.testing.assert_array_equal(np.concatenate([behavior.predict(X[i : i + 1]) for i in range(64)]), together)


def fit_constant(actions, weights=None, bound=np.inf):
    """Return a behavior function that always predicts the mean of the actions."""
    actions = np.asarray(actions, dtype=float)
    X = np.zeros((len(actions), 3), dtype=np.float32)
    behavior = ContinuousBehavior(DummyRegressor(), np.array([-bound]), np.array([bound]))
    return behavior.fit(X, actions, None if weights is None else np.asarray(weights, dtype=float), None)


@pytest.mark.parametrize(
    ("actions", "weights", "spread"),
    [
        ([1, 5], None, 2),
        ([0, 4], [3, 1], np.sqrt(5)),  # around the weighted mean 1, deviations -1 and 3 count the same
        ([0, 2 * 99 / 100, *[1] * 9998], None, 0.05 * 2 * 99 / 100),  # never under 5% of the range of the actions
        ([3, 3], None, 0),
    ],
)
def test_residual_std_is_measured_around_the_prediction(actions, weights, spread):
    np.testing.assert_allclose(fit_constant(actions, weights).spread, [spread], rtol=1e-6)


def test_continuous_actions_are_normal_around_the_prediction():
    behavior = fit_constant([1, 5])
    uniforms = np.column_stack([np.zeros(999), np.arange(1, 1000) / 1000])
    drawn = behavior.sample(np.zeros((999, 3), dtype=np.float32), uniforms, SAMPLED)[:, 0]
    np.testing.assert_allclose([drawn.mean(), np.median(drawn), drawn.std()], [3, 3, 2], rtol=0.01)


def test_epsilon_actions_are_uniform_over_the_action_range_without_bounds():
    behavior = fit_constant([1, 5])
    uniforms = np.column_stack([np.repeat([0.2, 0.4], 500), np.tile(np.arange(500) / 500, 2)])
    drawn = behavior.sample(np.zeros((1000, 3), dtype=np.float32), uniforms, Exploration(False, 0.3))[:, 0]
    np.testing.assert_allclose(drawn[:500], 1 + 4 * np.arange(500) / 500)  # the coin shows less than 0.3
    np.testing.assert_array_equal(drawn[500:], 3)


@pytest.mark.parametrize("uniform", [0.0, 1 - 2**-53])
def test_extreme_uniforms_give_finite_actions(uniform):
    assert np.isfinite(fit_constant([1, 5]).sample(np.zeros((1, 3)), np.array([[0.5, uniform]]), SAMPLED)).all()


@pytest.mark.parametrize("n_components", [1, 2])
def test_update_trains_incremental_regressors(n_components, rng):
    X = rng.normal(size=(300, 3)).astype(np.float32)
    actions = X[:, :n_components] / 4
    low, high = (bound[:n_components] for bound in BOUNDS)
    behavior = ContinuousBehavior(SGDRegressor(), low, high)
    assert behavior.is_incremental
    behavior.update(X, actions, np.ones(300), n_updates=60, batch_size=50, rng=rng)
    np.testing.assert_allclose(behavior.predict(X).reshape(300, -1), np.clip(actions, low, high), atol=0.1)
    assert (behavior.spread < 0.1).all()


def test_make_behavior_depends_on_the_kind_of_actions():
    discrete = make_behavior(GaussianNB(), ActionTargets.from_arrays(np.array([1, 2]), discrete=True), (2.0, 3.0))
    assert isinstance(discrete, DiscreteBehavior)
    continuous = make_behavior(SVR(), ActionTargets.from_arrays(np.array([1.0, 2.0]), discrete=False), (2.0, 3.0))
    assert isinstance(continuous, ContinuousBehavior)
    assert discrete.command_scale == continuous.command_scale == (2.0, 3.0)


@pytest.mark.parametrize("discrete", [True, False])
def test_estimator_of_the_wrong_kind_is_refused(discrete):
    targets = ActionTargets.from_arrays(np.array([1, 2]), discrete=discrete)
    right, wrong = default_estimator(discrete), default_estimator(not discrete)
    check_estimator_kind(right, targets, "Toy")
    kind = "discrete actions, which need a classifier" if discrete else "continuous actions, which need a regressor"
    with pytest.raises(TypeError, match=f"Toy has {kind}.*got RandomForest"):
        check_estimator_kind(wrong, targets, "Toy")


def test_seeded_clone_sets_every_random_state_that_is_none():
    pipeline = make_pipeline(RandomForestClassifier(random_state=3), SGDClassifier())
    first, same, other = (seeded_clone(pipeline, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first["randomforestclassifier"].random_state == 3
    seeds = [clone["sgdclassifier"].random_state for clone in (first, same, other)]
    assert isinstance(seeds[0], int)
    assert seeds[0] == seeds[1] != seeds[2]
    assert pipeline["sgdclassifier"].random_state is None


@pytest.mark.parametrize("estimator", [DecisionTreeClassifier(), SGDClassifier()])
def test_observation_std_excludes_the_command_columns(estimator, rng):
    behavior = DiscreteBehavior(estimator, [np.arange(2)])
    X = np.array([[0, 5, 1, 9], [4, 5, 2, 9]], dtype=np.float32)  # the last two columns are commands
    if behavior.is_incremental:
        behavior.update(X, np.array([0, 1]), None, n_updates=1, batch_size=2, rng=rng)
    else:
        behavior.fit(X, np.array([0, 1]), None, rng)
    np.testing.assert_array_equal(behavior.observation_spread, [2, 0])
