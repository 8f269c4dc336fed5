import re
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from catboost import CatBoostClassifier
from gymnasium import spaces
from lightgbm import LGBMClassifier
from sklearn import gaussian_process, model_selection
from sklearn.base import is_regressor
from sklearn.callback import ProgressBar
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import VALID_METRICS, BallTree, KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import all_estimators
from toy_envs import ContinuousMatchEnv, MatchEnv, SpacesEnv
from toy_estimators import OnlyPredicts

from udrl_sklearn import UDRLAgent, methods
from udrl_sklearn._persistence import TRUSTED, untrusted_types
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned

SMALL = {"total_timesteps": 300, "n_timesteps_per_iter": 100, "n_updates_per_iter": 3, "random_state": 0}
TINY = SMALL | {"total_timesteps": 100, "n_updates_per_iter": 1}


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


def distance(one, other):
    """Return a distance, which is a function of the user."""
    return float(abs(one - other).sum())


class NearestMean(OnlyPredicts):
    """An estimator of the user."""


def examples(title):
    """Return the objects in the table of the page that has this title in the header of its second column."""
    page = (Path(__file__).parents[1] / "docs/saving.md").read_text(encoding="utf-8")
    table = re.search(rf"^\| in the agent \| {title} \|\n\|---\|---\|\n((?:\|.*\n)+)", page, flags=re.M)[1]
    rows = [row.split("|")[2] for row in table.splitlines()]
    assert all("`" in row for row in rows)
    return [code for row in rows for code in re.findall(r"`([^`]+)`", row)]


def vocabulary():
    """Return the names in the tables of the page."""
    names = dict(all_estimators()) | vars(gaussian_process.kernels) | vars(model_selection) | vars(methods)
    return names | {
        **{"np": np, "spaces": spaces, "make_pipeline": make_pipeline, "ProgressBar": ProgressBar},
        **{"FeatureUnion": FeatureUnion, "distance": distance, "NearestMean": NearestMean},
        **{"LGBMClassifier": LGBMClassifier, "CatBoostClassifier": CatBoostClassifier},
    }


def save_example(code, path):
    """Save an agent with the object that an expression makes."""
    value = eval(code, vocabulary())
    env, agent = MatchEnv, UDRLAgent(DecisionTreeClassifier(max_depth=3), **TINY)
    if isinstance(value, spaces.Space):
        env = partial(SpacesEnv, value, spaces.Discrete(2))
    elif isinstance(value, methods.LearningMethod):
        agent.set_params(method=value)
    elif isinstance(value, ProgressBar):
        agent.set_callbacks(value)
    else:
        agent.set_params(estimator=value)
        env = ContinuousMatchEnv if is_regressor(value) else MatchEnv
    agent.fit(env).save(path)
    return agent, env


@pytest.mark.parametrize("code", examples("loaded"))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_the_page_says_to_be_loaded_is_loaded(code, tmp_path):
    agent, env = save_example(code, tmp_path / "agent.skops")
    loaded = UDRLAgent.load(tmp_path / "agent.skops")
    assert loaded.observation_space_ == agent.observation_space_
    np.testing.assert_array_equal(
        loaded.evaluate(env, command=-1, n_episodes=2).returns, agent.evaluate(env, command=-1, n_episodes=2).returns
    )


@pytest.mark.parametrize("code", examples("not loaded without `trusted`"))
def test_what_the_page_says_to_be_refused_is_refused(code, tmp_path):
    save_example(code, tmp_path / "agent.skops")
    with pytest.raises(TypeError, match="not trusted") as error:
        UDRLAgent.load(tmp_path / "agent.skops")
    trusted = eval(str(error.value).rpartition("trusted=")[2].rstrip("."))
    assert isinstance(UDRLAgent.load(tmp_path / "agent.skops", trusted=trusted), UDRLAgent)


def test_every_metric_of_neighbors_is_loaded(tmp_path):
    agent = UDRLAgent(DecisionTreeClassifier(), **TINY).fit(MatchEnv)
    params = {"seuclidean": {"V": np.ones(2)}, "mahalanobis": {"VI": np.eye(2)}, "minkowski": {"p": 3}}
    names = set(VALID_METRICS["ball_tree"]) - {"pyfunc"}
    agent.trees = [BallTree(np.eye(2), metric=name, **params.get(name, {})) for name in sorted(names)]
    agent.save(tmp_path / "agent.skops")
    UDRLAgent.load(tmp_path / "agent.skops")


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
    assert untrusted_types(tmp_path / "agent.skops") == [name]
    assert untrusted_types(tmp_path / "agent.skops", [name]) == []
    assert isinstance(UDRLAgent.load(tmp_path / "agent.skops", trusted=[name]).notes, Labels)
