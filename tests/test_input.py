"""What fit and score take X for."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVR
from small_agents import small_agent
from toy_envs import MatchEnv

from udrl_sklearn import Episode, UDRLAgent, seeded_envs
from udrl_sklearn._input import read_input

EPISODE = Episode(np.zeros((3, 2)), [0, 1], [0.0, 1.0])


@pytest.mark.parametrize(
    ("X", "kind"),
    [
        ("CartPole-v1", "environment"),
        (np.array(["CartPole-v1"] * 2), "environment"),
        (np.array(seeded_envs("CartPole-v1", 2), dtype=object), "environment"),
        (iter([MatchEnv]), "environment"),
        (EPISODE, "episodes"),
        ([EPISODE], "episodes"),
        (iter([EPISODE]), "episodes"),
        ({"observations": []}, "episodes"),
    ],
    ids=["id", "ids", "array", "iterator", "episode", "list", "episode iterator", "dict"],
)
def test_environments_and_episodes_are_told_apart(X, kind):
    assert read_input(X).kind == kind


@pytest.mark.parametrize("X", [np.zeros((3, 4)), [[0.0, 1.0, 2.0]], [np.zeros(3)]], ids=["array", "lists", "arrays"])
def test_rows_need_their_actions(X):
    assert read_input(X, [0] * len(X)).kind == "rows"
    with pytest.raises(ValueError, match=r"it was taken for rows .*requires y to be passed, but the target y is None"):
        read_input(X)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([], ValueError, "got an empty list"),
        (iter([]), ValueError, "got an empty list"),
        (None, TypeError, r"got None\. An environment that gymnasium.make did not make has no spec"),
        ([None, MatchEnv], TypeError, "got a list of None and type"),
        (5, TypeError, "got 5"),
        (object(), TypeError, "got an object"),
        ({MatchEnv}, TypeError, "got a set"),
    ],
    ids=["list", "iterator", "None", "first None", "number", "object", "set"],
)
def test_other_objects_are_named_beside_what_is_expected(X, error, message):
    with pytest.raises(
        error, match=rf"Expected an environment .*logged episodes .*or rows with their actions y; {message}"
    ):
        read_input(X)


@pytest.mark.parametrize(("X", "kind"), [(MatchEnv, "an environment"), ([EPISODE], "logged episodes")])
def test_y_and_sample_weight_belong_to_rows(X, kind):
    for given in ({"y": [0, 1]}, {"sample_weight": [1, 1]}):
        with pytest.raises(ValueError, match=f"y and sample_weight belong to rows, and X was taken for {kind}"):
            read_input(X, **given)


def test_agent_learns_from_and_scores_on_generators_and_arrays():
    envs = [MatchEnv, MatchEnv]
    agents = [small_agent(total_timesteps=300).fit(X) for X in (envs, iter(envs), np.array(envs, dtype=object))]
    episodes = agents[0].buffer_.episodes
    for agent in agents[1:]:
        np.testing.assert_array_equal(agent.buffer_.returns, episodes.returns)
    agent, *_ = agents
    assert agent.score(envs) == agent.score(iter(envs)) == agent.score(np.array(envs, dtype=object))
    assert agent.score(episode for episode in episodes) == agent.score(episodes) == agent.score(agent.buffer_)
    assert agent.evaluate(iter(envs), n_episodes=2).mean_return == agent.evaluate(envs, n_episodes=2).mean_return
    assert agent.hindsight_rows(iter(episodes))[0].shape == (len(episodes.rewards), 5)


@pytest.mark.parametrize("X", [None, [], "CartPole-v1", np.zeros((3, 5))], ids=["None", "list", "env", "rows"])
def test_refused_input_keeps_the_earlier_fit(X):
    agent = UDRLAgent(random_state=0).fit(np.eye(3), [0, 1, 0])
    behavior = agent.behavior_
    with pytest.raises((TypeError, ValueError)):
        agent.fit(X, sample_weight=[1.0] * 3)
    assert agent.behavior_ is behavior


@pytest.mark.parametrize(
    ("estimator", "given", "message"),
    [
        (SVR(), (MatchEnv,), "need a classifier"),
        (SVR(), ([EPISODE],), "need a classifier"),
        (LogisticRegression(), (np.where(np.eye(3), np.nan, 1.0), [0, 1, 0]), "contains NaN"),
    ],
    ids=["kind for an environment", "kind for episodes", "NaN in rows"],
)
def test_refused_estimator_keeps_the_earlier_fit(estimator, given, message):
    agent = UDRLAgent(random_state=0).fit(np.eye(3), [0, 1, 0])
    fitted = {name: value for name, value in vars(agent).items() if name.endswith("_")}
    with pytest.raises((TypeError, ValueError), match=message):
        agent.set_params(estimator=estimator).fit(*given)
    now = {name: value for name, value in vars(agent).items() if name.endswith("_")}
    assert now.keys() == fitted.keys() and all(now[name] is fitted[name] for name in fitted)
