import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils._test_common.instance_generator import _get_expected_failed_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks
from sklearn.utils.validation import has_fit_parameter
from toy_envs import MatchEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn._behavior._default_estimators import DefaultForest
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned

AGENTS = [
    UDRLAgent(DecisionTreeClassifier()),
    UDRLAgent(LogisticRegression()),
    UDRLAgent(),
    UDRLAgent(DecisionTreeRegressor()),
]


def excused_by_sklearn(agent):
    """Return the checks that scikit-learn excuses the wrapped estimator itself from."""
    return _get_expected_failed_checks(agent.estimator or DefaultForest().for_actions())


# Not strict: some of these the agent passes, because it does not hand data of one class to its estimator.
@parametrize_with_checks(AGENTS, expected_failed_checks=excused_by_sklearn, xfail_strict=False)
def test_agent_passes_sklearns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("agent", AGENTS, ids=repr)
def test_sklearn_generates_all_its_checks_for_the_agent(agent):
    names = {check.func.__name__ for _, check in estimator_checks_generator(agent)}
    assert len(names) > 50
    assert {"check_n_features_in", "check_sample_weight_equivalence_on_dense_data", "check_fit1d"} < names


ARRAY_API_SCRIPT = """
from sklearn.utils.estimator_checks import estimator_checks_generator
from test_sklearn_conformity import AGENTS
for agent in AGENTS:
    checks = [check for _, check in estimator_checks_generator(agent) if "array_api" in check.func.__name__]
    assert len(checks) == 1
    checks[0](agent)
"""


@pytest.mark.slow
def test_agent_passes_the_array_api_check():
    environment = os.environ | {"SCIPY_ARRAY_API": "1", "PYTHONPATH": os.path.dirname(__file__)}
    done = subprocess.run([sys.executable, "-c", ARRAY_API_SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_agent_is_of_the_kind_of_its_estimator():
    assert is_classifier(UDRLAgent()) and is_classifier(UDRLAgent(LogisticRegression()))
    assert is_regressor(UDRLAgent(DecisionTreeRegressor())) and not is_classifier(UDRLAgent(DecisionTreeRegressor()))


def test_fit_takes_sample_weight():
    assert has_fit_parameter(UDRLAgent(), "sample_weight")


def test_clone_has_the_parameters_and_no_fitted_attributes():
    agent = UDRLAgent(
        DecisionTreeClassifier(max_depth=3), method=ReturnConditioned(), total_timesteps=100, random_state=0
    )
    copy = clone(agent.fit(MatchEnv()))
    assert copy.estimator is not agent.estimator and repr(copy) == repr(agent)
    assert vars(copy).keys() == agent.get_params(deep=False).keys()


def test_parameters_of_the_estimator_are_parameters_of_the_agent():
    agent = UDRLAgent(DecisionTreeClassifier(), method=AdvantageWeighted())
    agent.set_params(epsilon=0.5, estimator__max_depth=2, method__gamma=0.25)
    assert (agent.estimator.max_depth, agent.method.gamma) == (2, 0.25)
    params = agent.get_params()
    assert (params["estimator__max_depth"], params["method__gamma"], params["epsilon"]) == (2, 0.25, 0.5)
    with pytest.raises(ValueError, match="Invalid parameter 'discount'"):
        agent.set_params(discount=0.5)


def test_repr_evaluates_to_an_equal_agent():
    agent = UDRLAgent(DecisionTreeClassifier(max_depth=3), total_timesteps=100, epsilon=0.25, replay_keep="best")
    made, expected = eval(repr(agent)).get_params(), agent.get_params()
    assert type(made.pop("estimator")) is type(expected.pop("estimator"))
    assert made == expected
    assert (made["estimator__max_depth"], made["total_timesteps"], made["epsilon"]) == (3, 100, 0.25)


def test_html_shows_the_estimator_and_whether_the_agent_is_fitted():
    agent = UDRLAgent(DecisionTreeClassifier(), method=ReturnConditioned(), total_timesteps=100)
    # max_leaf_nodes and last_few are parameters of these.
    for text in (
        "DecisionTreeClassifier",
        "max_leaf_nodes",
        "ReturnConditioned",
        "last_few",
        "<span>Not fitted</span>",
    ):
        assert text in agent._repr_html_()
    assert "<span>Fitted</span>" in agent.fit(MatchEnv())._repr_html_()


def test_dataframe_columns_become_feature_names():
    X, y = load_iris(as_frame=True, return_X_y=True)
    agent = UDRLAgent(DecisionTreeClassifier(random_state=0)).fit(X, y)
    assert_array_equal(agent.feature_names_in_, X.columns)
    assert_array_equal(agent.predict(X), agent.fit(X.to_numpy(), y).predict(X.to_numpy()))
    assert not hasattr(agent, "feature_names_in_")


def test_fit_on_an_environment_names_the_columns_of_a_dataframe():
    agent = UDRLAgent(DecisionTreeClassifier(), method=ReturnConditioned(), total_timesteps=100).fit(
        MatchEnv(n_states=2)
    )
    names = ["observation==0", "observation==1", "desired_return", "desired_horizon"]
    assert_array_equal(agent.feature_names_in_, names)
    X = pd.DataFrame([[1, 0, 3.0, 3.0]], columns=names)
    assert_array_equal(agent.predict(X), agent.predict(X.to_numpy()))
    with pytest.raises(ValueError, match="feature names"):
        agent.predict(X.rename(columns={"desired_return": "return"}))


@pytest.mark.parametrize(
    ("estimator", "data"),
    [
        (DecisionTreeClassifier(random_state=0), load_iris(return_X_y=True)),
        (DecisionTreeRegressor(random_state=0), load_diabetes(return_X_y=True)),
    ],
    ids=["classifier", "regressor"],
)
def test_grid_search_on_rows_scores_as_on_the_estimator_itself(estimator, data):
    depths = [1, 3]
    wrapped = GridSearchCV(UDRLAgent(estimator), {"estimator__max_depth": depths}, cv=3).fit(*data)
    plain = GridSearchCV(estimator, {"max_depth": depths}, cv=3).fit(*data)
    np.testing.assert_allclose(wrapped.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
    assert_array_equal(wrapped.predict(data[0]), plain.predict(data[0]))


@pytest.mark.parametrize("fit_on", ["rows", "environment"])
def test_hindsight_rows_need_episodes(fit_on):
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=100, random_state=0)
    with pytest.raises(NotFittedError):
        agent.hindsight_rows()
    if fit_on == "environment":
        assert len(agent.fit(MatchEnv).hindsight_rows()[0]) == agent.n_timesteps_
    else:
        with pytest.raises(NotFittedError, match="no buffer_ of episodes"):
            agent.fit(*load_iris(return_X_y=True)).hindsight_rows()


def test_agent_is_the_last_step_of_a_pipeline_and_a_regressor_of_transformed_targets():
    X, y = load_diabetes(return_X_y=True)
    tree = DecisionTreeRegressor(max_depth=3, random_state=0)
    for around in (lambda part: make_pipeline(StandardScaler(), part), with_scaled_target):
        scores = [around(part).fit(X, y).score(X, y) for part in (tree, UDRLAgent(tree))]
        assert scores[0] == pytest.approx(scores[1])
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=100, random_state=0)
    assert make_pipeline(agent).fit(MatchEnv).score(MatchEnv) == agent.fit(MatchEnv).score(MatchEnv)


def with_scaled_target(regressor):
    return TransformedTargetRegressor(regressor, transformer=StandardScaler())
