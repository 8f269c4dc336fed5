"""The estimator and the method of an agent: the defaults in the place of None, and their parameters."""

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn import DefaultForest, UDRLAgent, seeded_envs
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned

SMALL = {"total_timesteps": 200, "n_timesteps_per_iter": 100, "random_state": 0}


def agent(**params):
    return UDRLAgent(**SMALL).set_params(method__value_estimator=LinearRegression(), **params)


@pytest.mark.parametrize(
    ("env", "forest"), [(MatchEnv, RandomForestClassifier), (ContinuousMatchEnv, RandomForestRegressor)]
)
def test_parameters_of_the_default_forest_are_searched_for_actions_of_both_kinds(env, forest):
    grid = {"estimator__n_estimators": [2, 3], "method__gamma": [0.9]}
    params = {"estimator__max_depth": 4, "estimator__min_samples_leaf": 3}
    search = GridSearchCV(agent(**params), grid, cv=2).fit(seeded_envs(env, 2))
    fitted = search.best_estimator_.max_estimator_
    assert type(fitted) is forest
    assert fitted.n_estimators == search.best_params_["estimator__n_estimators"]
    assert (fitted.max_depth, fitted.min_samples_leaf, fitted.max_features, fitted.max_samples) == (4, 3, 0.75, 0.5)
    assert is_classifier(search.best_estimator_) == (forest is RandomForestClassifier)


@pytest.mark.parametrize("X", [MatchEnv, ContinuousMatchEnv, "rows"], ids=["discrete", "continuous", "rows"])
def test_default_forest_with_a_default_value_is_the_default(X):
    rows = np.random.default_rng(0).normal(size=(40, 5))
    arguments = (rows, (rows[:, 0] > 0).astype(int), np.full(40, 0.1)) if isinstance(X, str) else (X,)
    default, same = agent().fit(*arguments), agent(estimator__min_samples_leaf=10).fit(*arguments)
    predicted = [
        each.predict(np.random.default_rng(1).normal(size=(50, each.n_features_in_))) for each in (default, same)
    ]
    np.testing.assert_array_equal(*predicted)


def test_nested_parameters_put_the_defaults_in_the_place_of_none():
    made = UDRLAgent().set_params(
        epsilon=0.5, estimator__max_depth=3, method__temperature=0.5, method__value_estimator__max_iter=7
    )
    assert repr(made.estimator) == "DefaultForest(max_depth=3)"
    assert (type(made.method), made.method.temperature, made.epsilon) == (AdvantageWeighted, 0.5, 0.5)
    values = made.method.value_estimator
    assert (values.max_iter, values.learning_rate, values.early_stopping) == (7, 0.2, False)
    assert clone(made).get_params()["estimator__max_depth"] == 3
    assert repr(clone(made)) == repr(made)
    assert "RandomForestClassifier" in made._repr_html_()
    made.set_params(estimator__max_depth=4)
    assert (made.estimator.max_depth, made.estimator.n_estimators) == (4, 30)


def test_parts_that_are_given_keep_their_parameters():
    made = UDRLAgent(DecisionTreeClassifier(max_depth=2), method=ReturnConditioned(last_few=7))
    made.set_params(estimator__min_samples_leaf=3, method__segments="random")
    assert (made.estimator.max_depth, made.estimator.min_samples_leaf) == (2, 3)
    assert (made.method.last_few, made.method.segments) == (7, "random")
    made.set_params(estimator=None, estimator__max_depth=3)
    assert repr(made.estimator) == "DefaultForest(max_depth=3)"
    made.set_params(estimator=DecisionTreeClassifier(), estimator__max_depth=5)
    assert repr(made.estimator) == "DecisionTreeClassifier(max_depth=5)"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"estimator__depth": 3}, r"Invalid parameter 'depth' for estimator DefaultForest\(\)"),
        ({"method__last_few": 3}, r"Invalid parameter 'last_few' for estimator AdvantageWeighted\(\)"),
        ({"method__value_estimator__depth": 3}, "Invalid parameter 'depth' for estimator HistGradientBoosting"),
    ],
)
def test_unknown_nested_parameter_changes_nothing(params, message):
    made = UDRLAgent()
    with pytest.raises(ValueError, match=message):
        made.set_params(**params)
    assert made.estimator is None and made.method is None


def test_weights_of_classes_are_refused_for_continuous_actions():
    made = agent(estimator__class_weight="balanced").fit(MatchEnv)
    behavior = made.behavior_
    assert made.max_estimator_.class_weight == "balanced"
    with pytest.raises(ValueError, match="class_weight='balanced' weighs discrete actions, and these are continuous"):
        made.fit(ContinuousMatchEnv)
    assert made.behavior_ is behavior


def test_agent_is_of_the_kind_that_its_actions_need():
    made = UDRLAgent(DefaultForest(n_estimators=3), **SMALL)
    assert is_classifier(made)
    assert is_regressor(made.fit(ContinuousMatchEnv)) and is_classifier(made.fit(MatchEnv))


def test_agent_with_a_default_forest_is_loaded(tmp_path):
    made = agent(estimator__n_estimators=3).fit(MatchEnv)
    made.save(tmp_path / "agent")
    loaded = UDRLAgent.load(tmp_path / "agent")
    assert repr(loaded) == repr(made)
    X = np.hstack([np.eye(3), np.zeros((3, 2))])
    np.testing.assert_array_equal(loaded.predict_proba(X), made.predict_proba(X))
