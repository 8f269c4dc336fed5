import gymnasium
import pytest
from gymnasium import wrappers
from toy_envs import ContinuousMatchEnv

from udrl_sklearn._envs._wrappers import layers, wrappers_with_memory


class MyNormalize(wrappers.NormalizeObservation):
    """A wrapper of the user's."""


def frozen(env):
    env = wrappers.NormalizeObservation(env)
    env.update_running_mean = False
    return env


def test_layers_are_listed_from_outside():
    env = ContinuousMatchEnv()
    inner = wrappers.ClipAction(env)
    outer = wrappers.TimeLimit(inner, 5)
    assert list(layers(outer)) == [outer, inner, env]
    assert list(layers(env)) == [env]


@pytest.mark.parametrize(
    ("wrap", "names"),
    [
        (lambda env: env, []),
        (wrappers.NormalizeObservation, ["NormalizeObservation"]),
        (lambda env: wrappers.TimeLimit(wrappers.NormalizeReward(env), 9), ["NormalizeReward"]),
        (lambda env: MyNormalize(wrappers.NormalizeReward(env)), ["MyNormalize", "NormalizeReward"]),
        (frozen, []),
        (lambda env: wrappers.FrameStackObservation(env, 2), []),
        (gymnasium.wrappers.RecordEpisodeStatistics, []),
    ],
)
def test_running_statistics_are_a_memory_until_they_are_frozen(wrap, names):
    assert wrappers_with_memory(wrap(ContinuousMatchEnv())) == names
