"""UDRLAgent on environments and spaces of every kind."""

from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from sklearn.base import is_classifier, is_regressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from small_agents import SMALL, small_agent
from toy_envs import ContinuousMatchEnv, MatchEnv, SpacesEnv

from udrl_sklearn import UDRLAgent


@pytest.mark.parametrize(
    ("action_space", "classifier"),
    [
        (spaces.Discrete(3, start=-1), True),
        (spaces.MultiDiscrete([3, 2]), True),
        (spaces.MultiDiscrete([[3, 2], [2, 2]]), True),
        (spaces.MultiBinary(3), True),
        (spaces.Box(-2, 2, (2,)), False),
        (spaces.Box(-2, 2, ()), False),
        (spaces.Box(0, 4, (2, 2), dtype=np.int64), False),
    ],
    ids=str,
)
def test_every_action_space_is_learned(action_space, classifier):
    env = partial(SpacesEnv, spaces.Box(-1, 1, (2,)), action_space)  # its reward is the sum of the action
    tree = DecisionTreeClassifier(min_samples_leaf=20) if classifier else DecisionTreeRegressor(min_samples_leaf=20)
    agent = small_agent(tree).fit(env)
    assert agent.score(env) > agent.history_[0]["mean_return"] + 1
    assert action_space.contains(agent.policy((3, 3))(np.zeros(2, dtype=np.float32)))
    n_components = agent.behavior_.predict(np.zeros((4, 4), dtype=np.float32)).shape[1:]
    assert n_components == (() if action_space.shape in ((), (1,)) else (int(np.prod(action_space.shape)),))


@pytest.mark.parametrize(
    "observation_space",
    [
        spaces.Discrete(4),
        spaces.MultiDiscrete([3, 2]),
        spaces.MultiBinary([2, 2]),
        spaces.Box(0, 255, (4, 4, 3), np.uint8),
        spaces.Dict(position=spaces.Box(-1, 1, (2,)), door=spaces.Discrete(2)),
        spaces.Tuple([spaces.Box(-1, 1, (2,)), spaces.Dict(a=spaces.MultiBinary(2))]),
    ],
    ids=str,
)
def test_every_observation_space_becomes_named_columns(observation_space):
    env = partial(SpacesEnv, observation_space, spaces.Discrete(2))
    agent = small_agent().fit(env)
    assert agent.n_features_in_ == spaces.flatdim(observation_space) + 2
    assert len(set(agent.feature_names_in_)) == agent.n_features_in_
    assert list(agent.feature_names_in_[-2:]) == ["desired_return", "desired_horizon"]
    assert agent.score(env) > agent.history_[0]["mean_return"]


def test_images_keep_their_dtype_in_the_buffer():
    env = partial(SpacesEnv, spaces.Box(0, 255, (4, 4, 3), np.uint8), spaces.Discrete(2))
    assert small_agent().fit(env).buffer_.episodes[0].observations.dtype == np.uint8


def test_default_estimator_fits_the_kind_of_actions():
    assert is_classifier(UDRLAgent(**SMALL).fit(MatchEnv))
    assert is_regressor(UDRLAgent(**SMALL).fit(ContinuousMatchEnv))


@pytest.mark.parametrize(
    "env",
    ["CartPole-v1", gymnasium.spec("CartPole-v1"), partial(gymnasium.make, "CartPole-v1")],
    ids=["id", "spec", "factory"],
)
def test_id_spec_factory_and_instance_give_the_same_agent(env):
    agent = small_agent().fit(env)
    with gymnasium.make("CartPole-v1") as instance:
        same = small_agent().fit(instance)
        instance.reset()  # it was left open
    np.testing.assert_array_equal(agent.buffer_.returns, same.buffer_.returns)


def test_episodes_alternate_between_listed_environments():
    envs = [partial(MatchEnv, length=3), partial(MatchEnv, length=5)]
    agent = small_agent().fit(envs)
    assert agent.buffer_.lengths[:10].tolist() == [3, 5] * 5  # the warm-up
    assert agent.evaluate(envs, n_episodes=4).lengths.tolist() == [3, 5] * 2
    assert agent.score(envs) == 4.0
