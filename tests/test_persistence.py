from importlib import import_module

import numpy as np
import pytest
from gymnasium import spaces
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from toy_envs import ContinuousMatchEnv, MatchEnv, SpacesEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn._persistence import TRUSTED
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned

SMALL = {"total_timesteps": 300, "n_timesteps_per_iter": 100, "n_updates_per_iter": 3, "random_state": 0}


class Labels:
    """A type that no agent of this library contains."""


@pytest.mark.parametrize(
    ("estimator", "env"),
    [
        (None, MatchEnv),
        (RandomForestClassifier(5), MatchEnv),
        (HistGradientBoostingClassifier(max_iter=5), MatchEnv),
        (KNeighborsClassifier(), MatchEnv),
        (MLPClassifier((8,)), MatchEnv),
        (make_pipeline(StandardScaler(), LogisticRegression()), MatchEnv),
        (DecisionTreeRegressor(), ContinuousMatchEnv),
    ],
    ids=str,
)
def test_loaded_agent_acts_and_continues_like_the_saved_one(estimator, env, tmp_path):
    agent = UDRLAgent(estimator, warm_start=True, **SMALL).fit(env)
    agent.save(tmp_path / "agent.skops")
    loaded = UDRLAgent.load(tmp_path / "agent.skops")
    np.testing.assert_array_equal(
        loaded.evaluate(env, command=-1, n_episodes=3).returns, agent.evaluate(env, command=-1, n_episodes=3).returns
    )
    np.testing.assert_equal(loaded.history_, agent.history_)  # where NaN equals NaN
    np.testing.assert_array_equal(loaded.fit(env).buffer_.returns, agent.fit(env).buffer_.returns)


@pytest.mark.parametrize("method", [AdvantageWeighted(temperature=0.5), ReturnConditioned(last_few=5)], ids=repr)
def test_learning_methods_are_loaded(method, tmp_path):
    UDRLAgent(method=method, **SMALL).fit(MatchEnv).save(tmp_path / "agent.skops")
    loaded = UDRLAgent.load(tmp_path / "agent.skops")
    assert loaded.method.get_params() == method.get_params()


SPACES = {
    "Box": (spaces.Box(0, 1, (2,)), spaces.Box(-1, 1, (2,))),
    "Dict": (spaces.Dict(a=spaces.Discrete(2), b=spaces.Box(0, 1, (1,))), spaces.Discrete(2)),
    "Tuple": (spaces.Tuple([spaces.Discrete(2), spaces.Box(0, 1, (1,))]), spaces.MultiDiscrete([2, 3])),
    "MultiBinary": (spaces.MultiBinary(2), spaces.MultiBinary(2)),
}


@pytest.mark.parametrize(("observation_space", "action_space"), SPACES.values(), ids=SPACES)
def test_spaces_are_loaded(observation_space, action_space, tmp_path):
    UDRLAgent(**SMALL).fit(lambda: SpacesEnv(observation_space, action_space)).save(tmp_path / "agent.skops")
    loaded = UDRLAgent.load(tmp_path / "agent.skops")
    assert (loaded.observation_space_, loaded.action_space_) == (observation_space, action_space)


@pytest.mark.parametrize("name", sorted(TRUSTED))
def test_trusted_type_exists_under_its_name(name):
    module, _, attribute = name.rpartition(".")
    assert isinstance(getattr(import_module(module), attribute), type)


def test_file_with_an_untrusted_type_is_refused(tmp_path):
    agent = UDRLAgent(**SMALL).fit(MatchEnv)
    agent.notes = Labels()
    agent.save(tmp_path / "agent.skops")
    with pytest.raises(TypeError, match=r"not trusted.*Labels"):
        UDRLAgent.load(tmp_path / "agent.skops")
    name = f"{Labels.__module__}.Labels"
    assert isinstance(UDRLAgent.load(tmp_path / "agent.skops", trusted=[name]).notes, Labels)
