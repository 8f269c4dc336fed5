import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.base import BaseEstimator, clone
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from toy_estimators import IncrementalRecorder, NeedsCodes, NeedsManyRows, NeedsNames, OnlyPredicts, blobs

from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._envs._spaces import ActionTargets


def name(value):
    return type(value).__name__ if isinstance(value, BaseEstimator) else None


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


def assert_separates(behavior, X, y, all_labels):
    (proba,) = behavior.predict_proba(X)
    assert proba.shape == (len(X), len(all_labels))
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(proba[:, ~np.isin(all_labels, y)], 0)
    np.testing.assert_array_equal(behavior.predict(X), y)


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


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=name)
@pytest.mark.parametrize("labels", [[2, 5, 9], ["down", "left", "up"]], ids=str)
def test_classes_of_a_fitted_classifier_are_the_labels_unless_it_wants_codes(classifier, labels, rng):
    X, y = blobs(labels)
    fitted = DiscreteBehavior(classifier, [np.array(labels)]).fit(X, y, None, rng).fitted_estimator
    assert fitted.classes_.tolist() == ([0, 1, 2] if isinstance(classifier, NeedsCodes) else labels)
    expected = np.arange(3).repeat(30) if isinstance(classifier, NeedsCodes) else y
    np.testing.assert_array_equal(fitted.predict(X), expected)


@pytest.mark.parametrize("favorite", [5, 9])
@pytest.mark.parametrize("classifier", [DecisionTreeClassifier(), RandomForestClassifier(5), LinearSVC()], ids=name)
def test_class_weight_is_that_of_the_labels(classifier, favorite, rng):
    X, y = np.zeros((40, 3), dtype=np.float32), np.repeat([5, 9], 20)
    weights = {2: 99.0, favorite: 9.0}  # 2 does not occur
    behavior = DiscreteBehavior(clone(classifier).set_params(class_weight=weights), [np.array([2, 5, 9])])
    assert (behavior.fit(X, y, None, rng).predict(X) == favorite).all()
    assert behavior.estimator.class_weight == weights


def test_class_weight_of_one_component_does_not_disturb_another(rng):
    X, y = blobs([0, 1])
    behavior = DiscreteBehavior(DecisionTreeClassifier(class_weight={7: 3.0}), [np.arange(2), np.array([6, 7])])
    actions = np.column_stack([y, 7 - y])
    np.testing.assert_array_equal(behavior.fit(X, actions, None, rng).predict(X), actions)


class OneColumnForEachNumber(OnlyPredicts):
    """Predicts a column for each number up to the highest label."""

    def predict_proba(self, X):
        return np.eye(self.classes_[-1] + 1)[self.predict(X)]


def test_classifier_with_other_columns_than_its_labels_gets_codes(rng):
    X, y = blobs([5, 9])
    behavior = DiscreteBehavior(OneColumnForEachNumber(), [np.array([5, 9])]).fit(X, y, None, rng)
    assert_separates(behavior, X, y, np.array([5, 9]))
    assert behavior.fitted_estimator.classes_.tolist() == [0, 1]


def test_estimator_that_needs_names_gets_a_frame(rng):
    X = rng.normal(size=(60, 3)).astype(np.float32)
    y = np.where(X[:, 0] > 0, 9, 5)
    names = ["x", "desired_return", "desired_horizon"]
    for scale, columns in (((1.0, 1.0), names), (None, names[:1])):
        behavior = DiscreteBehavior(NeedsNames(), [np.array([5, 9])], scale, names).fit(X, y, None, rng)
        np.testing.assert_array_equal(behavior.predict(X), y)
        np.testing.assert_array_equal(behavior.for_inference().predict(X[:1]), y[:1])
        assert behavior.fitted_estimator.columns_ == columns


def test_estimator_that_takes_an_array_gets_no_frame(rng):
    X, y = blobs([0, 1])
    behavior = DiscreteBehavior(DecisionTreeClassifier(), [np.arange(2)], names=["a", "b", "c"]).fit(X, y, None, rng)
    assert not hasattr(behavior.fitted_estimator, "feature_names_in_")


def test_rare_labels_are_repeated_for_an_estimator_that_needs_more_rows(rng):
    X, y = blobs([0, 1, 2])
    rows = np.arange(61)  # one row of label 2
    behavior = DiscreteBehavior(NeedsManyRows(5), [np.arange(3)]).fit(X[rows], y[rows], None, rng)
    assert behavior.fitted_estimator.counts_.tolist() == [30, 30, 10]
    assert behavior.has_rare_labels(y[rows]) and not behavior.has_rare_labels(y)
    plain = DiscreteBehavior(NeedsManyRows(1), [np.arange(3)]).fit(X[rows], y[rows], None, rng)
    assert plain.fitted_estimator.counts_.tolist() == [30, 30, 1]


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
    for favorite in (0, 1):
        weights = np.where(y == favorite, 9.0, 1.0)
        behavior = DiscreteBehavior(classifier, [np.arange(2)]).fit(X, y, weights, rng)
        assert (behavior.predict(X) == favorite).all()


@pytest.mark.parametrize("present", [[0, 1], [0, 1, 2]], ids=["one remains", "two remain"])
def test_label_whose_rows_are_never_sampled_has_probability_zero(present, rng):
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
    sampled = behavior.sample(X, rng.random((90, 2)), greedy=False, epsilon=0.0)
    np.testing.assert_array_equal(sampled, actions)


def test_fit_clones_the_given_estimator(rng):
    given_estimator = DecisionTreeClassifier()
    behavior = DiscreteBehavior(given_estimator, [np.arange(2)]).fit(*blobs([0, 1]), None, rng)
    assert not hasattr(given_estimator, "tree_")
    assert given_estimator.random_state is None
    assert hasattr(behavior.fitted_estimator, "tree_")


def test_update_samples_batches_by_weight_and_passes_all_classes(rng):
    X = np.arange(12, dtype=np.float32).reshape(4, 3)
    y, weights = np.array([5, 7, 7, 5]), np.array([0.0, 1.0, 3.0, 0.0])
    behavior = DiscreteBehavior(IncrementalRecorder(), [np.array([2, 5, 7])])
    behavior.update(X, y, weights, n_updates=50, batch_size=8, rng=rng)
    batches = behavior.fitted_estimator.batches_
    assert len(batches) == 50
    for rows, labels, classes in batches:
        assert rows.shape == (8, 3)
        assert (labels == 7).all()
        assert classes.tolist() == [2, 5, 7]
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
    behavior.update(X, y, None, n_updates=40, batch_size=30, rng=rng)
    assert (behavior.predict(X) == y).mean() > 0.95


def test_update_accepts_a_component_with_one_label(rng):
    X, y = blobs([0, 1])
    behavior = DiscreteBehavior(SGDClassifier(), [np.array([4]), np.arange(2)])
    behavior.update(X, np.column_stack([np.full(len(y), 4), y]), None, n_updates=20, batch_size=30, rng=rng)
    assert (behavior.predict(X)[:, 0] == 4).all()


def test_update_scales_commands(rng):
    X, y = blobs([0, 1])
    before = X.copy()
    behavior = DiscreteBehavior(IncrementalRecorder(), [np.arange(2)], command_scale=(10.0, 0.5))
    behavior.update(X, y, None, n_updates=1, batch_size=60, rng=rng)
    rows = {tuple(row) for row in behavior.fitted_estimator.batches_[0][0]}
    assert rows <= {tuple(row) for row in before * np.array([1, 10, 0.5], dtype=np.float32)}
    np.testing.assert_array_equal(X, before)


def test_fit_and_predict_use_the_same_scale(rng):
    X, y = blobs([0, 1, 2])
    scale = np.array([1, 1000, 0.001], dtype=np.float32)
    behavior = DiscreteBehavior(OnlyPredicts(), [np.arange(3)], command_scale=(1000.0, 0.001)).fit(X, y, None, rng)
    np.testing.assert_allclose(behavior.fitted_estimator.means_, [(scale * X[y == i]).mean(axis=0) for i in range(3)])
    np.testing.assert_array_equal(behavior.predict(X), behavior.fitted_estimator.predict(scale * X))


@given(hnp.arrays(float, (5, 4), elements=st.floats(0, 1)), st.floats(0, 1, exclude_max=True))
@example(np.tile([0, 0.3, 0.6999999, 0], (5, 1)), 1 - 2**-53)  # rounding left the sum under the random number
def test_action_of_probability_zero_is_never_sampled(proba, uniform):
    proba[:, 2] += 0.5 * (proba.sum(axis=1) < 1e-9)
    sampled = fitted_with(proba).sample(np.zeros((5, 3)), np.full((5, 1), uniform), greedy=False, epsilon=0.0)
    assert (proba[np.arange(5), sampled] > 0).all()


def fitted_with(proba):
    """Return a behavior whose classifier predicts the given probabilities."""
    behavior = DiscreteBehavior(None, [np.arange(proba.shape[1])])
    behavior.predict_proba = lambda X, masks: [proba]
    return behavior


@pytest.mark.parametrize(
    ("greedy", "epsilon", "frequencies"),
    [
        (False, 0.0, [0.5, 0.3, 0.2, 0]),
        (False, 0.4, [0.4, 0.28, 0.22, 0.1]),
        (True, 0.4, [0.7, 0.1, 0.1, 0.1]),
        (True, 0.0, [1, 0, 0, 0]),
    ],
    ids=["sampled", "sampled, epsilon", "greedy, epsilon", "greedy"],
)
def test_actions_are_sampled_with_their_probabilities(greedy, epsilon, frequencies):
    proba = np.tile([0.5, 0.3, 0.2, 0.0], (10_000, 1))
    uniforms = (np.arange(10_000)[:, None] + 0.5) / 10_000  # an even grid in place of random numbers
    sampled = fitted_with(proba).sample(np.zeros((10_000, 3)), uniforms, greedy=greedy, epsilon=epsilon)
    np.testing.assert_allclose(np.bincount(sampled, minlength=4) / 10_000, frequencies, atol=1e-3)


LABELS = [np.array([2, 5, 7]), np.array([1, 3])]


def fitted_once(labels, command_scale):
    """Return a behavior with these labels and this scale, and with a standard deviation of 1 and 2."""
    behavior = DiscreteBehavior(None, labels, command_scale)
    behavior.observation_std = np.array([1.0, 2.0])
    return behavior


def test_estimator_without_commands_gets_observations_alone(rng):
    X, y = blobs([0, 1])
    behavior = DiscreteBehavior(DecisionTreeClassifier(), [np.arange(2)], command_scale=None).fit(X, y, None, rng)
    assert behavior.fitted_estimator.n_features_in_ == X.shape[1] - 2
    other_commands = X + np.array([0, 5, 7], dtype=np.float32)
    np.testing.assert_array_equal(behavior.predict_proba(other_commands), behavior.predict_proba(X))
    copy = DiscreteBehavior.from_fitted([behavior.fitted_estimator], like=behavior)
    np.testing.assert_array_equal(copy.predict(X), behavior.predict(X))


def test_behavior_of_fitted_classifiers_predicts_as_they_do(rng):
    X = rng.normal(size=(300, 4)).astype(np.float32)
    actions = np.column_stack([np.where(X[:, 0] > 0, 7, 2), np.where(X[:, 1] > 0, 3, 1)])  # none has the label 5
    trees = [DecisionTreeClassifier(max_depth=2, random_state=0).fit(X[:, :], y) for y in actions.T]
    noisy = [clone(tree).fit(X, rng.permutation(y)) for tree, y in zip(trees, actions.T, strict=True)]
    for estimators in (trees, noisy):
        behavior = DiscreteBehavior.from_fitted(estimators, like=fitted_once(LABELS, (9.0, 9.0)))
        np.testing.assert_array_equal(behavior.predict(X), np.column_stack([e.predict(X) for e in estimators]))
        first, second = behavior.predict_proba(X)
        np.testing.assert_array_equal(first[:, [0, 2]], estimators[0].predict_proba(X))
        np.testing.assert_array_equal(first[:, 1], 0)
        np.testing.assert_array_equal(second, estimators[1].predict_proba(X))
        assert behavior.fitted_estimator == estimators
        assert behavior.observation_std.tolist() == [1.0, 2.0]
        assert behavior.command_scale == (1.0, 1.0)


@pytest.mark.parametrize("labels", [["down", "up"], [5, 9]], ids=str)
def test_behavior_of_a_fitted_classifier_samples_its_labels(labels, rng):
    X, y = blobs(labels)
    tree = DecisionTreeClassifier().fit(X, y)
    behavior = DiscreteBehavior.from_fitted([tree], like=fitted_once([np.array(labels)], (9.0, 9.0)))
    uniforms = rng.random((len(X), behavior.n_uniforms))
    np.testing.assert_array_equal(behavior.sample(X, uniforms, greedy=False, epsilon=0.0), y)
    np.testing.assert_array_equal(behavior.select_by_power(X, uniforms, 2), y)
    np.testing.assert_array_equal(behavior.for_inference().predict(X), y)
    assert behavior.fitted_estimator is tree


def test_behavior_predicts_only_the_actions_with_its_labels():
    behavior = DiscreteBehavior(DecisionTreeClassifier(), LABELS)
    same = np.array([[2, 1], [5, 3], [7, 3]])
    assert behavior.predicts(ActionTargets.from_arrays(same, discrete=True))
    for other in (same[:2], same[:, :1], same[:, ::-1], same + 1):
        assert not behavior.predicts(ActionTargets.from_arrays(other, discrete=True))
    assert not behavior.predicts(ActionTargets.from_arrays(same.astype(float), discrete=False))


@pytest.mark.parametrize("estimator", [DecisionTreeClassifier(), SGDClassifier()])
def test_observation_std_excludes_the_command_columns(estimator, rng):
    behavior = DiscreteBehavior(estimator, [np.arange(2)])
    X = np.array([[0, 5, 1, 9], [4, 5, 2, 9]], dtype=np.float32)  # the last two columns are commands
    if hasattr(estimator, "partial_fit"):
        behavior.update(X, np.array([0, 1]), None, n_updates=1, batch_size=2, rng=rng)
    else:
        behavior.fit(X, np.array([0, 1]), None, rng)
    np.testing.assert_array_equal(behavior.observation_std, [2, 0])


@pytest.mark.parametrize("nest", [lambda tree: tree, lambda tree: GridSearchCV(tree, {"max_depth": [2]}, cv=2)])
def test_weights_of_labels_are_never_those_of_codes(nest, rng):
    X, y = np.ones((40, 3)), np.array([1, 3] * 20)
    weigh = DecisionTreeClassifier(class_weight={1: 50, 2: 1})
    behavior = DiscreteBehavior(nest(weigh), [np.arange(4)]).fit(X, y, None, rng)  # 0 and 2 do not occur
    assert behavior.predict(X[:1]) == [1]
    unknown = DiscreteBehavior(nest(DecisionTreeClassifier(class_weight={0: 1, 1: 90})), [np.array([1, 3])])
    with pytest.raises(ValueError, match="not in class_weight"):
        unknown.fit(X, y, None, rng)
