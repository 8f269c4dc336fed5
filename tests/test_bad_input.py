"""Bad input gets one clear error, before anything is changed."""

from functools import partial

import numpy as np
import pytest
from gymnasium import spaces
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from toy_envs import ContinuousMatchEnv, EndlessEnv, MatchEnv, OldGymEnv, SpacesEnv

from udrl_sklearn import Episode, UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned

SMALL = {"total_timesteps": 300, "n_timesteps_per_iter": 100, "random_state": 0}


def assert_same_fit(agent, before):
    fitted = {name: value for name, value in vars(agent).items() if name.endswith("_")}
    assert set(fitted) == {name for name in before if name.endswith("_")}
    assert all(before[name] is value for name, value in fitted.items())


@pytest.fixture(scope="module")
def agent():
    return UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(MatchEnv)


def test_unsupported_spaces_are_refused():
    observations = partial(SpacesEnv, spaces.Sequence(spaces.Discrete(2)), spaces.Discrete(2))
    actions = partial(SpacesEnv, spaces.Discrete(2), spaces.Dict(a=spaces.Discrete(2)))
    with pytest.raises(ValueError, match="fixed number of feature columns"):
        UDRLAgent(**SMALL).fit(observations)
    with pytest.raises(ValueError, match="Actions of the space"):
        UDRLAgent(**SMALL).fit(actions)


@pytest.mark.parametrize(
    "params",
    [
        {"total_timesteps": -1},
        {"total_timesteps": 0.5},
        {"n_warm_up_episodes": 0},
        {"epsilon": -0.1},
        {"replay_keep": "worst"},
        {"method": "advantage"},
        {"method": AdvantageWeighted},
        {"return_scale": 0.0},
        {"target_return": float("nan")},
        {"random_state": -1},
        {"estimator": "forest"},
    ],
    ids=str,
)
def test_invalid_parameter_is_refused_and_the_earlier_fit_kept(params):
    check_refused(params, params)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        (AdvantageWeighted, {"gamma": float("nan")}),
        (AdvantageWeighted, {"gamma": 1.5}),
        (AdvantageWeighted, {"temperature": 0}),
        (AdvantageWeighted, {"max_weight": 0.5}),
        (AdvantageWeighted, {"segments": "leading"}),
        (AdvantageWeighted, {"value_estimator": DecisionTreeClassifier()}),
        (ReturnConditioned, {"last_few": 0}),
        (ReturnConditioned, {"rows_per_episode": 1.5}),
    ],
    ids=str,
)
def test_invalid_parameter_of_a_method_is_refused_and_the_earlier_fit_kept(method, params):
    check_refused({"method": method(**params)}, params)


def check_refused(params, invalid):
    agent = UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(MatchEnv)
    before = dict(vars(agent))
    agent.set_params(**params)
    with pytest.raises(ValueError, match=f"The '{next(iter(invalid))}' parameter|Seed must be|cannot be used to seed"):
        agent.fit(MatchEnv)
    assert_same_fit(agent, before)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ("CartPol-v1", ValueError, "Did you mean 'CartPole-v1'"),
        (ContinuousMatchEnv, TypeError, "continuous actions, which need a regressor"),
        (np.full((10, 5), np.inf), ValueError, "contains infinity"),
        ([OldGymEnv()], TypeError, "old gym package"),
    ],
    ids=["id", "kind", "rows", "gym"],
)
def test_refused_fit_keeps_the_earlier_fit(X, error, message):
    agent = UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(MatchEnv)
    before = dict(vars(agent))
    with pytest.raises(error, match=message):
        agent.fit(X, np.zeros(10) if isinstance(X, np.ndarray) else None)
    assert_same_fit(agent, before)


def test_max_episode_steps_bounds_the_episodes_of_fit():
    with pytest.raises(ValueError, match=r"not ended after max_episode_steps=50 .*TimeLimit"):
        UDRLAgent(DecisionTreeClassifier(), max_episode_steps=50, **SMALL).fit(EndlessEnv)


def test_warm_start_on_other_spaces_is_refused_and_the_earlier_fit_kept():
    agent = UDRLAgent(DecisionTreeClassifier(), warm_start=True, **SMALL).fit(MatchEnv)
    before, n_episodes = dict(vars(agent)), len(agent.buffer_)
    with pytest.raises(ValueError, match="With warm_start=True fit continues"):
        agent.fit("CartPole-v1")
    assert_same_fit(agent, before)
    assert len(agent.buffer_) == agent.n_episodes_ == n_episodes


def test_evaluation_in_an_environment_with_other_spaces_is_refused(agent):
    with pytest.raises(
        ValueError, match=r"fitted on 3 observation features and actions of .* and the environment has 4"
    ):
        agent.evaluate("CartPole-v1")


@pytest.mark.parametrize(
    "action_space",
    [spaces.Discrete(4), spaces.Discrete(3, start=1), spaces.MultiDiscrete([3, 2]), spaces.Box(-1, 1, (1,))],
    ids=str,
)
def test_evaluation_in_an_environment_with_other_actions_is_refused(agent, action_space):
    with pytest.raises(ValueError, match="fitted on 3 observation features and actions of"):
        agent.evaluate(partial(SpacesEnv, spaces.Discrete(3), action_space))


def test_evaluation_in_an_environment_with_other_observations_is_refused():
    boxes = [spaces.Box(-1, high, (2,)) for high in (1, 5)]
    agent = UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(partial(SpacesEnv, boxes[0], spaces.Discrete(2)))
    with pytest.raises(ValueError, match=r"and the environment has 2 features of Box\(-1.0, 5.0"):
        agent.evaluate(partial(SpacesEnv, boxes[1], spaces.Discrete(2)))


def test_wrong_number_of_columns_is_refused(agent):
    with pytest.raises(ValueError, match="X has 3 features, but UDRLAgent is expecting 5 features"):
        agent.predict(np.zeros((2, 3)))


def test_columns_in_another_order_are_refused(agent):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.zeros((2, 5)), columns=agent.feature_names_in_[::-1])
    with pytest.raises(ValueError, match="feature names should match"):
        agent.predict(X)


def test_y_with_an_environment_is_refused():
    with pytest.raises(ValueError, match="y and sample_weight belong to rows"):
        UDRLAgent(**SMALL).fit(MatchEnv, [0, 1])


def test_rows_with_one_column_are_refused():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        UDRLAgent(DecisionTreeRegressor()).fit(np.zeros((5, 1)), np.zeros(5))


def test_episodes_with_different_numbers_of_features_is_refused():
    one, other = (Episode(np.zeros((3, n)), [0, 1], [0.0, 1.0]) for n in (2, 3))
    with pytest.raises(ValueError, match="same number of features"):
        UDRLAgent(**SMALL).fit([one, other])
    with pytest.raises(TypeError, match="Expected a list of Episode, got int at position 1"):
        UDRLAgent(**SMALL).fit([one, 3])
