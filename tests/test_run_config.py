import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeClassifier
from toy_estimators import Recorder

from udrl_sklearn import UDRLAgent, recipes
from udrl_sklearn._runs._config import flat_params, make_config
from udrl_sklearn._runs._estimators_by_name import EstimatorError, estimator_name, make_estimator
from udrl_sklearn._runs._methods import METHODS, find_method
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned


def agent_of(config):
    """Return the agent that a configuration describes."""
    method = METHODS[config["method"]]
    params = {name: value for name, value in config.items() if name in method().get_params(deep=False)}
    if params.get("value_estimator"):
        params["value_estimator"] = make_estimator(params["value_estimator"], {})
    estimator = make_estimator(config["estimator"], config["set"])
    names = set(UDRLAgent().get_params(deep=False)) - {"estimator", "method"}
    return UDRLAgent(estimator, method=method(**params), **{name: config[name] for name in names})


@pytest.mark.parametrize(
    "method", [None, ReturnConditioned(last_few=9), AdvantageWeighted(HistGradientBoostingRegressor(), gamma=1)]
)
def test_configuration_describes_the_whole_agent(method):
    agent = UDRLAgent(DecisionTreeClassifier(max_depth=3), method=method, epsilon=0.1, replay_size=None)
    config = make_config(
        agent,
        env="CartPole-v1",
        env_params={"render_mode": None},
        estimator="DecisionTreeClassifier",
        estimator_params={"max_depth": 3},
    )
    assert list(config)[:5] == ["env", "env_set", "estimator", "set", "method"]
    assert all(isinstance(value, str | float | int | bool | dict | None) for value in config.values())
    assert repr(agent_of(config)) == repr(agent.set_params(method=agent.learning_method))


def test_parameters_of_a_recipe_are_flat_and_those_of_its_method_complete():
    params = flat_params(recipes.srivastava_2019())
    assert (params["method"], params["last_few"], params["rows_per_episode"]) == ("ReturnConditioned", 75, None)
    assert params["replay_size"] == 500
    assert "total_timesteps" not in params  # the recipe leaves it open
    assert flat_params({"epsilon": 0.1})["method"] == "AdvantageWeighted"


def test_name_of_an_estimator_makes_the_estimator():
    assert estimator_name(Ridge()) == "Ridge"
    assert estimator_name(Recorder()) == "toy_estimators.Recorder"
    assert isinstance(make_estimator(estimator_name(Recorder()), {}), Recorder)
    with pytest.raises(EstimatorError, match="Ridge has a name only if its parameters are the defaults"):
        estimator_name(Ridge(alpha=2))


def test_method_is_found_in_any_case():
    assert find_method("RETURNCONDITIONED") == "ReturnConditioned"
    with pytest.raises(ValueError, match="There is no method 'Advantage'"):
        find_method("Advantage")
