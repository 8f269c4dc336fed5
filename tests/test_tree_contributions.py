import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from scipy.special import expit
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from udrl_sklearn._behavior._tree_inference import compile_predictor
from udrl_sklearn._inspection._tree_contributions import path_contributions, shapley_contributions, vote_contributions


def rows(n_classes):
    """Return 300 float32 rows of 6 features, of which the last never varies, and labels."""
    X, y = make_classification(300, 5, n_informative=4, n_redundant=0, n_classes=n_classes, flip_y=0.2, random_state=0)
    return np.column_stack([X, np.ones(300)]).astype(np.float32), y


def test_classification_tree_matches_a_hand_worked_example():
    # 3 of 8 rows are of class 1. Right of 0.5 in feature 0 it is 3 of 4, and there above 0.5 in feature 1 all.
    X = np.array([[0, 0, 7]] * 4 + [[1, 0, 7]] * 2 + [[1, 1, 7]] * 2, dtype=np.float32)
    tree = DecisionTreeClassifier().fit(X, [0, 0, 0, 0, 0, 1, 1, 1])
    base_values, contributions = path_contributions(compile_predictor(tree), X[[0, 4, 7]])
    np.testing.assert_allclose(base_values, [[5 / 8, 3 / 8]] * 3)
    of_class_1 = [[-3 / 8, 0, 0], [3 / 8, -1 / 4, 0], [3 / 8, 1 / 4, 0]]
    np.testing.assert_allclose(contributions[:, :, 1], of_class_1)
    np.testing.assert_allclose(contributions[:, :, 0], np.negative(of_class_1))


def test_regression_tree_matches_a_hand_worked_example():
    # The mean is 3. Above 1.5 it is 8, else 4/3: 0 up to 0.5 and 4 above. Both splits count for the feature.
    X = np.array([[0], [0], [1], [2]], dtype=np.float32)
    tree = DecisionTreeRegressor().fit(X, [0.0, 0.0, 4.0, 8.0])
    base_values, contributions = path_contributions(compile_predictor(tree), X)
    np.testing.assert_allclose(base_values, [[3]] * 4)
    np.testing.assert_allclose(contributions[:, :, 0], [[-3], [-3], [1], [5]])


def test_sample_weights_of_the_training_rows_count():
    X = np.array([[0], [1]], dtype=np.float32)
    tree = DecisionTreeRegressor().fit(X, [0.0, 4.0], sample_weight=[1.0, 3.0])
    base_values, contributions = path_contributions(compile_predictor(tree), X)
    np.testing.assert_allclose(base_values, [[3]] * 2)
    np.testing.assert_allclose(contributions[:, :, 0], [[-3], [1]])


def test_boosted_regression_adds_the_learning_rates_share_of_each_tree():
    # It starts from the mean 3; the first tree adds half of the residuals -2 and 2, the second half of -1 and 1.
    X = np.array([[0], [1]], dtype=np.float32)
    boosting = GradientBoostingRegressor(n_estimators=2, learning_rate=0.5).fit(X, [1.0, 5.0])
    base_values, contributions = path_contributions(compile_predictor(boosting), X)
    np.testing.assert_allclose(base_values, [[3]] * 2)
    np.testing.assert_allclose(contributions[:, :, 0], [[-1.5], [1.5]])


def test_contributions_to_a_probability_are_in_proportion_to_those_to_the_score():
    # Two equal features, and stumps that split by one or the other. The probability goes from 1/2 to expit(score).
    X = np.repeat(np.float32([[0, 0], [1, 1]]), 100, axis=0)
    boosting = GradientBoostingClassifier(n_estimators=40, max_features=1, max_depth=1, random_state=0)
    stumps = boosting.fit(X, X[:, 0]).estimators_.ravel()
    scores = np.zeros(2)
    for stump in stumps:
        scores[stump.tree_.feature[0]] += 0.1 * stump.predict(X[-1:])[0]
    assert scores.min() > 0.5

    base_values, contributions = path_contributions(compile_predictor(boosting), X[-1:])
    expected = scores / scores.sum() * (expit(scores.sum()) - 0.5)
    np.testing.assert_allclose(base_values, [[0.5, 0.5]])
    np.testing.assert_allclose(contributions[0], np.column_stack([-expected, expected]), rtol=1e-9)


def changes_on_the_way(tree, row):
    """Return what each feature changes on the way of a row through a classification tree, step by step."""
    inner, node = tree.tree_, 0
    changes = np.zeros((len(row), inner.value.shape[2]))
    while inner.children_left[node] >= 0:
        feature = inner.feature[node]
        is_left = row[feature] <= inner.threshold[node]
        child = inner.children_left[node] if is_left else inner.children_right[node]
        changes[feature] += inner.value[child, 0] - inner.value[node, 0]
        node = child
    return changes


def test_forest_contributions_are_the_mean_over_its_trees():
    X, y = rows(3)
    forest = RandomForestClassifier(7, random_state=0).fit(X, y)
    base_values, contributions = path_contributions(compile_predictor(forest), X[:20])
    expected = [np.mean([changes_on_the_way(tree, row) for tree in forest.estimators_], axis=0) for row in X[:20]]
    np.testing.assert_allclose(contributions, expected, atol=1e-12)
    np.testing.assert_allclose(base_values[0], np.mean([tree.tree_.value[0, 0] for tree in forest.estimators_], axis=0))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1.0), st.integers(1, 60), st.integers(2, 4))
def test_boosting_contributions_sum_exactly_at_any_confidence(learning_rate, max_iter, n_classes):
    X, y = rows(n_classes)
    params = {"learning_rate": learning_rate, "max_iter": max_iter, "min_samples_leaf": 1}
    boosting = HistGradientBoostingClassifier(**params, early_stopping=False, random_state=0).fit(X, y)
    base_values, contributions = path_contributions(compile_predictor(boosting), X[:50])
    total = base_values + contributions.sum(axis=1)
    np.testing.assert_allclose(total, boosting.predict_proba(X[:50].astype(float)), atol=1e-9)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_votes_of_adaboost_sum_to_its_probabilities(n_classes):
    X, y = rows(n_classes)
    boosting = AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=5, random_state=0).fit(X, y)
    base_values, contributions = vote_contributions(boosting, X[:50])
    np.testing.assert_allclose(base_values + contributions.sum(axis=1), boosting.predict_proba(X[:50]), atol=1e-9)
    assert not contributions[:, 5].any()  # this feature never varies


def test_one_vote_is_explained_by_the_feature_of_its_split():
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    boosting = AdaBoostClassifier(n_estimators=1).fit(X, [0, 0, 1, 1])
    base_values, contributions = vote_contributions(boosting, X[-1:])
    np.testing.assert_allclose(base_values, [[0.5, 0.5]])
    assert contributions[0, 1].tolist() == [0, 0]
    np.testing.assert_allclose(base_values + contributions[:, 0], boosting.predict_proba(X[-1:]))


@pytest.mark.parametrize(
    "estimator",
    [RandomForestClassifier(2), BaggingClassifier(n_estimators=2), AdaBoostClassifier(LogisticRegression())],
    ids=str,
)
def test_other_estimators_have_no_votes(estimator):
    X, y = rows(2)
    assert vote_contributions(estimator.fit(X, y), X) is None


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    "estimator",
    [XGBClassifier(n_estimators=5, n_jobs=1), LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1)],
    ids=lambda estimator: type(estimator).__name__,
)
def test_shapley_values_of_classifiers_sum_to_probabilities(estimator, n_classes):
    X, y = rows(n_classes)
    X = X.astype(np.float64)
    base_values, contributions = shapley_contributions(estimator.fit(X, y), X[:50])
    assert contributions.shape == (50, 6, n_classes)
    np.testing.assert_allclose(base_values + contributions.sum(axis=1), estimator.predict_proba(X[:50]), atol=1e-6)
    np.testing.assert_allclose(base_values.sum(axis=1), 1)
    np.testing.assert_allclose(contributions[:, 5], 0, atol=1e-12)


@pytest.mark.parametrize(
    "estimator", [XGBRegressor(n_estimators=5, n_jobs=1), LGBMRegressor(n_estimators=5, n_jobs=1, verbose=-1)], ids=str
)
def test_shapley_values_of_regressors_sum_to_predictions(estimator):
    X, _ = rows(2)
    X = X.astype(np.float64)
    estimator.fit(X, X[:, 0] - 2 * X[:, 1])
    base_values, contributions = shapley_contributions(estimator, X[:50])
    total = base_values + contributions.sum(axis=1)
    np.testing.assert_allclose(total[:, 0], estimator.predict(X[:50]), atol=1e-5)


def test_estimators_of_other_libraries_have_no_shapley_values():
    X, y = rows(2)
    assert shapley_contributions(RandomForestClassifier(2).fit(X, y), X) is None


def test_link_that_is_no_softmax_gives_no_contributions():
    X, y = rows(2)
    boosting = GradientBoostingClassifier(n_estimators=3, loss="exponential").fit(X, y)
    assert path_contributions(compile_predictor(boosting), X) is None
