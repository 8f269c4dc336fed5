from fractions import Fraction

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces, wrappers

from udrl_sklearn._envs._reset_and_step import reset, step

OBSERVATION = np.zeros(2, dtype=np.float32)
INTERFACE = "does not have the interface of gymnasium"


class Scripted(gymnasium.Env):
    """Returns what it is told to return."""

    observation_space, action_space = spaces.Box(-1, 1, (2,)), spaces.Discrete(2)

    def __init__(self, at_reset=(OBSERVATION, {}), at_step=(OBSERVATION, 0.0, False, False, {})):
        self.at_reset, self.at_step = at_reset, at_step

    def reset(self, *, seed=None, options=None):
        return self.at_reset

    def step(self, action):
        return self.at_step


class WithoutSeed(Scripted):
    def reset(self):
        return OBSERVATION


def test_values_of_reset_and_step_are_returned():
    env = Scripted(at_step=[OBSERVATION, 1.5, True, False, {"info": 1}])
    observation, info = reset(env, 0)
    assert observation is OBSERVATION
    assert info == {}
    assert step(env, 0) == (OBSERVATION, 1.5, True, False, {"info": 1})


@pytest.mark.parametrize("result", [OBSERVATION, (OBSERVATION, 1), {"a": 1, "b": 2}, (OBSERVATION, {}, {}), None])
@pytest.mark.parametrize("wrap", [lambda env: env, wrappers.RecordEpisodeStatistics], ids=["bare", "wrapped"])
def test_reset_without_info_is_refused(result, wrap):
    with pytest.raises(TypeError, match=INTERFACE):
        reset(wrap(Scripted(at_reset=result)), 0)


@pytest.mark.parametrize("wrap", [lambda env: env, lambda env: wrappers.TimeLimit(env, 5)], ids=["bare", "wrapped"])
def test_reset_without_a_seed_is_refused(wrap):
    with pytest.raises(TypeError, match=INTERFACE):
        reset(wrap(WithoutSeed()), 0)


@pytest.mark.parametrize("wrap", [lambda env: env, lambda env: wrappers.TimeLimit(env, 5)], ids=["bare", "wrapped"])
@pytest.mark.parametrize("result", [(OBSERVATION, 0.0, False, {}), (OBSERVATION, 0.0), None])
def test_step_of_the_old_interface_is_refused(wrap, result):
    env = wrap(Scripted(at_step=result))
    reset(env, 0)
    with pytest.raises(TypeError, match=INTERFACE):
        step(env, 0)


def test_error_within_an_environment_is_not_taken_for_its_interface():
    class Unlucky(Scripted):
        def step(self, action):
            _position, _speed = [1.0]

    with pytest.raises(ValueError, match=r"^not enough values to unpack \(expected 2, got 1\)$"):
        step(wrappers.RecordEpisodeStatistics(Unlucky()), 0)


@pytest.mark.parametrize("ends", [({}, {}), ({"__all__": True}, False), (False, None), (True, {"info": 1})], ids=str)
def test_ends_that_are_not_bool_are_refused(ends):
    with pytest.raises(TypeError, match="in the place of terminated or truncated"):
        step(Scripted(at_step=(OBSERVATION, 0.0, *ends, {})), 0)


@pytest.mark.parametrize("ends", [(np.True_, np.False_), (1, 0), (np.array([True]), np.array(False))], ids=str)
def test_ends_may_be_any_kind_of_bool(ends):
    result = step(Scripted(at_step=(OBSERVATION, 0.0, *ends, {})), 0)
    assert result[2:4] == (True, False)
    assert type(result[2]) is bool


@pytest.mark.parametrize(
    "reward", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0), np.array([2.0]), np.array([[2]]), Fraction(2), [2.0]]
)
def test_reward_may_be_any_one_number(reward):
    taken = step(Scripted(at_step=(OBSERVATION, reward, False, False, {})), 0)[1]
    assert taken == 2
    assert type(taken) is float


@pytest.mark.parametrize("reward", [np.array([1.0, 2.0]), [1, 2], {"a": 1.0}, None, "1.5", 1j, [], [None]], ids=repr)
def test_other_rewards_are_refused_with_advice(reward):
    with pytest.raises(TypeError, match=r"it must be one number. Wrap the environment in a gymnasium.RewardWrapper"):
        step(Scripted(at_step=(OBSERVATION, reward, False, False, {})), 0)


@pytest.mark.parametrize("error", [ValueError("too hot"), TypeError("no joint")])
def test_other_errors_of_an_environment_are_its_own(error):
    class Failing(Scripted):
        def reset(self, *, seed=None, options=None):
            raise error

        def step(self, action):
            raise error

    for call in (lambda: reset(Failing(), 0), lambda: step(Failing(), 0)):
        with pytest.raises(type(error)) as raised:
            call()
        assert raised.value is error
