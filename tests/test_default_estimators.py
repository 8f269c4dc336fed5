import numpy as np
import pytest
from gymnasium import spaces
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn._behavior._default_estimators import (
    MIN_ROWS_TO_HALVE,
    DefaultForest,
    EstimatorKind,
    check_estimator_kind,
    default_value_estimator,
)
from udrl_sklearn._envs._spaces import ActionTargets


@pytest.mark.parametrize("discrete", [True, False])
def test_estimator_of_the_wrong_kind_is_refused(discrete):
    targets = ActionTargets.from_arrays(np.array([1, 2]), discrete=discrete)
    right, wrong = DefaultForest().for_actions(discrete), DefaultForest().for_actions(not discrete)
    check_estimator_kind(right, targets, "Toy")
    kind = "discrete actions, which need a classifier" if discrete else "continuous actions, which need a regressor"
    with pytest.raises(TypeError, match=f"Toy has {kind}.*got RandomForest"):
        check_estimator_kind(wrong, targets, "Toy")


@pytest.mark.parametrize(("discrete", "kind"), [(True, RandomForestClassifier), (False, RandomForestRegressor)])
def test_default_estimator_is_a_forest_for_the_kind_of_actions(discrete, kind):
    assert type(DefaultForest().for_actions(discrete)) is kind


@pytest.mark.parametrize("discrete", [True, False])
@pytest.mark.parametrize(
    ("n_rows", "max_samples"), [(None, 0.5), (1, None), (MIN_ROWS_TO_HALVE - 1, None), (MIN_ROWS_TO_HALVE, 0.5)]
)
def test_trees_of_the_default_forest_take_half_of_the_rows_unless_they_are_few(discrete, n_rows, max_samples):
    assert DefaultForest().for_actions(discrete, n_rows=n_rows).max_samples == max_samples


@pytest.mark.parametrize("n_rows", [1, 2, MIN_ROWS_TO_HALVE])
def test_default_forest_can_be_fitted_on_any_number_of_rows(n_rows):
    y = np.arange(n_rows) % 2
    # Rounding may leave the sum of weights of mean 1 a little below the number of rows.
    forest = (
        DefaultForest()
        .for_actions(n_rows=n_rows)
        .fit(np.zeros((n_rows, 3)), y, sample_weight=np.full(n_rows, 1 - 1e-15))
    )
    assert len(forest.estimators_) == 30


def test_default_value_estimator_is_a_new_regressor_each_time():
    assert type(default_value_estimator()) is HistGradientBoostingRegressor
    assert default_value_estimator() is not default_value_estimator()


def test_default_forest_takes_every_parameter_of_the_forests():
    own = DefaultForest().get_params().keys()
    for forest in (RandomForestClassifier(), RandomForestRegressor()):
        assert forest.get_params().keys() - own == {"warm_start"}  # each fit has clones of its own
    assert own - RandomForestRegressor().get_params().keys() == {"class_weight"}


def test_default_forest_has_the_defaults_of_scikit_learn_but_for_four_parameters():
    for discrete, forest in ((True, RandomForestClassifier()), (False, RandomForestRegressor())):
        made = DefaultForest().for_actions(discrete).get_params()
        changed = {name for name, value in forest.get_params().items() if made[name] != value}
        assert changed == {"n_estimators", "min_samples_leaf", "max_features", "max_samples"}


def test_parameters_of_the_default_forest_are_those_of_the_forest():
    forest = DefaultForest(5, max_samples=7, criterion="entropy", class_weight="balanced", max_depth=2).for_actions()
    params = forest.n_estimators, forest.max_samples, forest.criterion, forest.class_weight, forest.max_depth
    assert params == (5, 7, "entropy", "balanced", 2)
    assert DefaultForest(bootstrap=False).for_actions().max_samples is None  # else scikit-learn refuses it


class WithoutTags:
    """Has the methods of an estimator, but none of scikit-learn's tags."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros(len(X))


class WithoutType(BaseEstimator):
    """An estimator of no kind."""

    def fit(self, X, y):
        return self


class WithoutFit:
    """Has tags, but nothing to fit."""

    __sklearn_tags__ = LogisticRegression().__sklearn_tags__


PARTS = [("tree", DecisionTreeClassifier()), ("linear", LogisticRegression())]
CLASSIFIERS = [
    LogisticRegression(),
    StackingClassifier(PARTS),
    GridSearchCV(StackingClassifier(PARTS), {"cv": [2, 3]}),
    make_pipeline(StandardScaler(), LogisticRegression()),
]
REGRESSORS = [LinearRegression(), StackingRegressor([("linear", LinearRegression())])]


def name(value):
    return value.__name__ if isinstance(value, type) else type(value).__name__


@pytest.mark.parametrize("estimator", CLASSIFIERS, ids=name)
def test_classifiers_are_recognized(estimator):
    assert EstimatorKind("classifier").is_satisfied_by(estimator)
    assert EstimatorKind("classifier", "regressor").is_satisfied_by(estimator)
    assert not EstimatorKind("regressor").is_satisfied_by(estimator)


@pytest.mark.parametrize("estimator", REGRESSORS, ids=name)
def test_regressors_are_recognized(estimator):
    assert EstimatorKind("regressor").is_satisfied_by(estimator)
    assert EstimatorKind("classifier", "regressor").is_satisfied_by(estimator)
    assert not EstimatorKind("classifier").is_satisfied_by(estimator)


@pytest.mark.parametrize(
    "value",
    [
        KMeans(),
        StandardScaler(),
        LogisticRegression,
        LinearRegression,
        WithoutTags(),
        WithoutType(),
        WithoutFit(),
        GridSearchCV(KMeans(), {}),
        "LogisticRegression",
        None,
        3,
    ],
    ids=name,
)
def test_other_objects_are_no_estimator_of_a_kind(value):
    assert not EstimatorKind("classifier", "regressor").is_satisfied_by(value)


def test_constraint_says_which_kinds_it_takes():
    assert str(EstimatorKind("regressor")) == "a regressor of scikit-learn's API"
    assert str(EstimatorKind("classifier", "regressor")) == "a classifier or regressor of scikit-learn's API"


@pytest.mark.parametrize("outer", [MultiOutputClassifier, ClassifierChain])
def test_classifiers_of_several_outputs_are_refused(outer):
    targets = ActionTargets.from_space(spaces.MultiDiscrete([2, 2]))
    with pytest.raises(TypeError, match="a clone of its classifier for each component of an action"):
        check_estimator_kind(outer(LogisticRegression()), targets, "The action space")
