"""Each row of the table in docs/estimators.md, "What an estimator may be", with real estimators."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import test_clone_and_fit
import test_discrete
import test_fitter
import torch
from gymnasium import spaces
from sklearn import config_context
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier, export_text
from sklearn.utils import get_tags
from skorch import NeuralNetBinaryClassifier, NeuralNetClassifier, NeuralNetRegressor
from toy_envs import Clock, IntegerClock, Signs, TwoTorques
from xgboost import XGBClassifier

from udrl_sklearn import Episode, UDRLAgent, distill, explain

PAGE = Path(__file__).parents[1] / "docs" / "estimators.md"


def fit(estimator, env=Signs, **params):
    small = {"total_timesteps": 480, "n_timesteps_per_iter": 240, "n_updates_per_iter": 40, "random_state": 0}
    return UDRLAgent(estimator, **small | params).fit(env)


def score(agent, env=Signs):
    return agent.evaluate(env, n_episodes=10).mean_return


RANDOM = 8 / 3


@pytest.mark.parametrize(
    "estimator",
    [
        LinearSVC(),
        RidgeClassifier(),
        KNeighborsClassifier(9),
        make_pipeline(StandardScaler(), LogisticRegression()),
        DecisionTreeClassifier(min_samples_leaf=5, class_weight={1: 2.0, 2: 2.0, 3: 1.0}),
        make_pipeline(StandardScaler(), LogisticRegression(class_weight={3: 0.5})),
        MLPClassifier((8,), learning_rate_init=0.01),
        SGDClassifier(early_stopping=True),
        SGDClassifier(class_weight="balanced"),
        CalibratedClassifierCV(DecisionTreeClassifier(min_samples_leaf=5)),
    ],
    ids=str,
)
def test_estimator_is_fitted_on_the_actions_themselves(estimator):
    agent = fit(estimator)
    assert agent.max_estimator_.classes_.tolist() == agent.classes_.tolist() == [1, 2, 3]
    assert score(agent) > RANDOM


@pytest.mark.parametrize("estimator", [LogisticRegression(), LinearSVC()], ids=str)
def test_only_class_of_the_rows_is_predicted(estimator):
    agent = UDRLAgent(estimator).fit(np.eye(4), [3] * 4)
    assert agent.predict(np.eye(4)).tolist() == [3] * 4


def test_clone_for_max_gets_observations_alone():
    agent = fit(None)
    assert (agent.max_estimator_.n_features_in_, agent.estimator_.n_features_in_) == (2, 4)


@pytest.mark.parametrize(
    "estimator", [XGBClassifier(n_estimators=5), make_pipeline(StandardScaler(), XGBClassifier(n_estimators=5))]
)
def test_estimator_that_requires_codes_gets_them(estimator):
    agent = fit(estimator)
    assert agent.max_estimator_.classes_.tolist() == [0, 1, 2]
    assert score(agent) > RANDOM


def logged(labels, n_episodes=12, rare=None):
    """Return episodes in which the first label is right for positive numbers, and the second for others."""
    rng, episodes = np.random.default_rng(0), []
    for i in range(n_episodes):
        observations, index = rng.normal(size=(21, 2)), rng.integers(2, size=20)
        actions = np.array(labels)[index]
        if rare is not None and i == 3:
            actions[4] = rare
        episodes.append(Episode(observations, actions, (index == (observations[:-1, 0] <= 0)).astype(float)))
    return episodes


@pytest.mark.parametrize("dtype", [str, object])
def test_labels_of_logged_episodes_may_be_strings(dtype):
    episodes = logged(np.array(["right", "left"], dtype=dtype), n_episodes=60)
    tree = DecisionTreeClassifier(max_depth=2, class_weight={"left": 1.1})
    agent = UDRLAgent(tree, acting="greedy", random_state=0).fit(episodes)
    assert agent.classes_.tolist() == agent.estimator_.classes_.tolist() == ["left", "right"]
    policy = agent.policy("max")
    assert [policy([signal, 0.0]) for signal in (-2.0, 2.0)] == ["left", "right"]
    assert "class: left" in export_text(agent.max_estimator_)
    assert explain(agent, [[2.0, 0.0]]).actions.tolist() == ["right"]


class NeverOne:
    """A dataset in the manner of Minari: of four actions 0 is taken on the left, 2 in the middle and 3 on the right."""

    observation_space, action_space = spaces.Box(-1, 1, (1,)), spaces.Discrete(4)

    def iterate_episodes(self):
        rng = np.random.default_rng(0)
        for _ in range(20):
            observations = rng.uniform(-1, 1, (9, 1)).astype(np.float32)
            actions = np.array([0, 2, 3])[((observations[:8, 0] + 1) * 1.5).astype(int)]
            ends = np.arange(1, 9) == 8
            yield SimpleNamespace(
                observations=observations, actions=actions, rewards=np.ones(8), terminations=ends, truncations=~ends
            )


def test_tree_shows_actions_by_their_own_names_if_another_one_never_occurred():
    tree = DecisionTreeClassifier(max_depth=2, min_samples_leaf=2, class_weight={0: 1.0, 1: 9.0, 2: 1.0, 3: 1.0})
    agent = UDRLAgent(tree, random_state=0).fit(NeverOne())
    assert agent.classes_.tolist() == [0, 1, 2, 3]
    assert agent.estimator_.classes_.tolist() == [0, 2, 3]
    assert agent.max_estimator_.predict([[-0.9], [0.0], [0.9]]).tolist() == [0, 2, 3]
    assert "class: 2" in export_text(agent.max_estimator_)
    assert "class: 1" not in export_text(agent.max_estimator_)
    assert agent.predict_proba([[0.0, 4.0, 4.0]]).tolist() == [[0, 0, 1, 0]]
    assert explain(agent, [[0.0]]).action_names == ["action 2"]


def test_distilled_tree_has_the_actions_as_classes():
    distillation = distill(fit(None), Signs, max_depth=2, n_rounds=1, n_episodes=4, n_eval_episodes=4)
    assert set(distillation.tree.classes_) <= {1, 2, 3}
    assert "action 1" in distillation.to_text()


@pytest.mark.parametrize(
    ("estimator", "names"),
    [
        (make_column_transformer((StandardScaler(), ["signal"])), ["signal", "noise"]),
        (make_column_transformer((StandardScaler(), make_column_selector("sig"))), ["signal", "noise"]),
        (FunctionTransformer(lambda frame: frame[["signal"]]), ["signal", "noise"]),
        (
            make_column_transformer((StandardScaler(), ["signal", "desired_return"])),
            ["signal", "noise", "desired_return", "desired_horizon"],
        ),
    ],
    ids=["names", "selector", "function", "a command"],
)
def test_estimator_that_needs_names_gets_them(estimator, names):
    agent = fit(make_pipeline(estimator, LogisticRegression()))
    assert agent.max_estimator_[0].feature_names_in_.tolist() == names
    assert score(agent) > RANDOM
    assert agent.predict_proba(agent.hindsight_rows()[0][:2]).shape == (2, 3)


@pytest.mark.parametrize("params", [{"monotonic_cst": {"signal": 1}}, {"categorical_features": ["noise"]}], ids=str)
def test_parameters_of_boosting_may_name_columns(params):
    rng = np.random.default_rng(0)
    names = ["signal", "noise", "desired_return", "desired_horizon"]
    X = pd.DataFrame(rng.integers(9, size=(90, 4)).astype(float), columns=names)
    y = np.where(X["signal"] > 4, "up", "down")
    boosting = HistGradientBoostingClassifier(max_iter=5, min_samples_leaf=5, **params)
    agent = UDRLAgent(boosting, random_state=0).fit(X, y)
    assert agent.score(X, y) > 0.9
    assert agent.estimator_.feature_names_in_.tolist() == names


def test_estimator_that_takes_arrays_gets_no_names():
    X = pd.DataFrame(np.eye(4), columns=["a", "b", "desired_return", "desired_horizon"])
    agent = UDRLAgent(DecisionTreeClassifier()).fit(X, [0, 1, 0, 1])
    assert not hasattr(agent.estimator_, "feature_names_in_")
    assert agent.feature_names_in_.tolist() == X.columns.tolist()


ROWS = np.random.default_rng(0).normal(size=(60, 4))
GAPS = np.where(np.arange(240).reshape(60, 4) % 20 == 1, np.nan, ROWS)


@pytest.mark.parametrize(
    "estimator",
    [
        HistGradientBoostingClassifier(max_iter=3),
        DecisionTreeClassifier(),
        make_pipeline(SimpleImputer(), LogisticRegression()),
        None,
    ],
    ids=str,
)
def test_nan_in_rows_reaches_an_estimator_that_takes_it(estimator):
    agent = UDRLAgent(estimator, random_state=0).fit(GAPS, ROWS[:, 0] > 0)
    assert agent.score(GAPS, ROWS[:, 0] > 0) > 0.6


@pytest.mark.parametrize("estimator", [LogisticRegression(), AdaBoostClassifier()], ids=str)
def test_nan_in_rows_is_refused_by_an_estimator_that_does_not_take_it(estimator):
    with pytest.raises(ValueError, match=f"contains NaN.\n{type(estimator).__name__}"):
        UDRLAgent(estimator).fit(GAPS, ROWS[:, 0] > 0)
    agent = UDRLAgent(estimator).fit(ROWS, ROWS[:, 0] > 0)
    with pytest.raises(ValueError, match="contains NaN"):
        agent.predict(GAPS)


def test_command_for_the_best_return_is_one_without_nan():
    X = np.array([[0, 1, 2], [0, 9, np.nan], [0, 5, 3], [0, np.nan, 4]])
    agent = UDRLAgent(DecisionTreeClassifier()).fit(X, [0, 1, 0, 1])
    assert agent.command_ == (5, 3)
    assert agent.resolve(1) == (1, 2)
    with pytest.raises(ValueError, match="contains NaN in each row"):
        UDRLAgent(DecisionTreeClassifier()).fit(X[[1, 3]], [0, 1])


@pytest.mark.parametrize("estimator", [RandomForestClassifier(), LogisticRegression(), KNeighborsClassifier()])
def test_input_tags_are_those_of_the_estimator(estimator):
    expected, tags = get_tags(estimator).input_tags, get_tags(UDRLAgent(estimator)).input_tags
    assert (tags.allow_nan, tags.positive_only) == (expected.allow_nan, expected.positive_only)


@pytest.mark.parametrize("env", [Clock, IntegerClock])
@pytest.mark.parametrize(
    "estimator",
    [
        KNeighborsClassifier(9),
        make_pipeline(StandardScaler(), DecisionTreeClassifier(min_samples_leaf=5)),
        HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=5),
    ],
    ids=["neighbors", "scaler", "boosting"],
)
def test_large_numbers_keep_their_precision(env, estimator):
    agent = fit(estimator, env)
    assert score(agent, env) > 1.8 * RANDOM
    assert agent.hindsight_rows()[0].dtype == np.float64
    assert agent.predict([[1.7e9, 0, 0], [1.7e9 + 1, 0, 0]]).tolist() == [1, 2]


@pytest.mark.parametrize("estimator", [None, DecisionTreeClassifier()], ids=str)
def test_column_that_loses_precision_is_named(estimator):
    with pytest.warns(UserWarning, match="'time' loses precision"):
        fit(estimator, Clock)


@pytest.mark.parametrize(
    "estimator",
    [
        CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2), cv=12),
        MLPClassifier((4,), learning_rate_init=0.05, early_stopping=True, max_iter=500),
        HistGradientBoostingClassifier(max_iter=3, early_stopping=True),
        make_pipeline(StandardScaler(), CalibratedClassifierCV(LinearSVC(), cv=12)),
    ],
    ids=["calibrated", "MLP", "boosting", "pipeline"],
)
def test_rare_action_does_not_stop_an_estimator_that_splits_its_rows(estimator):
    agent = UDRLAgent(estimator, random_state=0).fit(logged([0, 1], rare=2))
    assert agent.estimator_.classes_.tolist() == [0, 1, 2]
    rare, frequent = agent.predict_proba(agent.hindsight_rows()[0]).mean(axis=0)[[2, 0]]
    assert rare < frequent


class Net(torch.nn.Sequential):
    """A layer of 16 units for any number of columns."""

    def __init__(self, n_outputs=3):
        super().__init__(torch.nn.LazyLinear(16), torch.nn.Tanh(), torch.nn.Linear(16, n_outputs))


PARAMS = {"max_epochs": 5, "lr": 0.05, "optimizer": torch.optim.Adam, "train_split": None, "verbose": 0}


@pytest.mark.filterwarnings("ignore:Lazy modules")
@pytest.mark.parametrize(
    ("net", "env"),
    [
        (NeuralNetClassifier(Net, criterion=torch.nn.CrossEntropyLoss, **PARAMS), Signs),
        (NeuralNetRegressor(Net, module__n_outputs=2, **PARAMS), TwoTorques),
    ],
    ids=["classifier", "regressor"],
)
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_own_net_learns(net, env, in_pipeline):
    torch.manual_seed(0)
    agent = fit(make_pipeline(StandardScaler(), net) if in_pipeline else net, env, n_updates_per_iter=3)
    assert score(agent, env) > (RANDOM if env is Signs else 0)


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_own_net_with_one_output_learns_two_labels():
    torch.manual_seed(0)
    y = np.where(ROWS[:, 0] > 0, "up", "down")
    net = NeuralNetBinaryClassifier(Net, module__n_outputs=1, **PARAMS | {"max_epochs": 100})
    assert UDRLAgent(net).fit(ROWS, y).score(ROWS, y) > 0.9


@pytest.mark.filterwarnings("ignore:Lazy modules")
def test_own_net_with_too_many_outputs_is_refused():
    net = NeuralNetClassifier(Net, criterion=torch.nn.CrossEntropyLoss, module__n_outputs=5, **PARAMS)
    with pytest.raises(ValueError, match=r"predicts 5 probabilities for each row, and the 2 actions are \[3, 7\]"):
        UDRLAgent(net).fit(ROWS, np.where(ROWS[:, 0] > 0, 3, 7))


@pytest.mark.parametrize("estimator", [SVR(), GradientBoostingRegressor(n_estimators=5)], ids=str)
def test_regressor_of_one_target_learns_several_components(estimator):
    agent = fit(estimator, TwoTorques)
    assert len(agent.max_estimator_.estimators_) == 2
    assert score(agent, TwoTorques) > 0


@pytest.mark.parametrize(
    ("estimator", "env"),
    [
        (CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2), ensemble=False), Signs),
        (AdaBoostClassifier(n_estimators=3), Signs),
        (GradientBoostingRegressor(n_estimators=3), TwoTorques),
    ],
    ids=["calibrated", "AdaBoost", "several components"],
)
def test_metadata_routing_changes_nothing(estimator, env):
    returns = []
    for enabled in (False, True):
        with config_context(enable_metadata_routing=enabled):
            returns.append(fit(estimator, env).buffer_.returns)
    np.testing.assert_array_equal(*returns)


SHOWN_BY = {
    "has no `predict_proba` (`LinearSVC`, `RidgeClassifier`)": [
        test_discrete.test_probability_grows_with_the_decision_function,
        test_discrete.test_classifier_without_probabilities_keeps_its_own_predictions,
    ],
    "takes no `sample_weight` (`KNeighborsClassifier`, pipelines)": [
        test_clone_and_fit.test_estimator_without_sample_weight_is_fitted_on_rows_sampled_by_weight
    ],
    "was not trained on every action": [test_tree_shows_actions_by_their_own_names_if_another_one_never_occurred],
    "needs at least two classes, and the rows have one": [test_only_class_of_the_rows_is_predicted],
    "has a `class_weight` for an action that does not occur": [
        test_tree_shows_actions_by_their_own_names_if_another_one_never_occurred
    ],
    "requires labels 0, 1, ..., k-1 (`XGBClassifier`)": [test_estimator_that_requires_codes_gets_them],
    "needs names of columns (`ColumnTransformer`, `monotonic_cst` by name)": [
        test_estimator_that_needs_names_gets_them,
        test_parameters_of_boosting_may_name_columns,
    ],
    'is the clone for `"max"`': [
        test_clone_for_max_gets_observations_alone,
        test_estimator_that_needs_names_gets_them,
    ],
    "takes NaN (`HistGradientBoostingClassifier`, `SimpleImputer`)": [
        test_nan_in_rows_reaches_an_estimator_that_takes_it
    ],
    "gets observations of float64, int32 or int64": [test_large_numbers_keep_their_precision],
    "rounds features to float32 (trees, neural networks)": [test_column_that_loses_precision_is_named],
    "has `partial_fit` (`MLPClassifier`, `SGDClassifier`, neural networks)": [
        test_fitter.test_estimator_with_partial_fit_is_updated
    ],
    'refuses `partial_fit` (`early_stopping=True`, `class_weight="balanced"`)': [
        test_fitter.test_estimator_that_refuses_updates_is_fitted_anew
    ],
    "splits its rows (`CalibratedClassifierCV`, early stopping), and an action is rare": [
        test_rare_action_does_not_stop_an_estimator_that_splits_its_rows
    ],
    "is a regressor for one target (`SVR`, `GradientBoostingRegressor`), and actions have several components": [
        test_regressor_of_one_target_learns_several_components
    ],
    "is a network of yours, as a skorch estimator": [
        test_own_net_learns,
        test_own_net_with_one_output_learns_two_labels,
    ],
    "gets weights while metadata routing is enabled": [test_metadata_routing_changes_nothing],
}


def test_every_row_of_the_table_is_tested():
    table = PAGE.read_text(encoding="utf-8").partition("## What an estimator may be")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*?) \|", table, flags=re.MULTILINE)
    assert [row for row in rows if row != "The estimator"] == list(SHOWN_BY)
