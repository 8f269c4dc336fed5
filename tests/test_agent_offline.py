"""UDRLAgent on logged episodes and on rows."""

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from small_agents import small_agent
from toy_envs import MatchEnv

from udrl_sklearn import Episode, UDRLAgent


def test_agent_learns_from_logged_episodes():
    logged = small_agent().fit(MatchEnv).buffer_.episodes
    agent = small_agent(RandomForestClassifier(20)).fit(logged)
    assert agent.score(MatchEnv) == 5.0
    assert agent.score(logged) > 0.5
    assert agent.n_episodes_ == len(logged)


def test_warm_start_continues_online_after_logged_episodes():
    logged = small_agent().fit(MatchEnv).buffer_.episodes[:20]
    agent = small_agent(warm_start=True).fit(logged).fit(MatchEnv)
    assert agent.n_episodes_ > 20
    assert agent.score(MatchEnv) == 5.0


def test_fit_on_rows_equals_a_plain_supervised_fit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 4))
    y = np.where(X[:, 0] > 0, "right", "left")
    tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    agent = UDRLAgent(tree).fit(X, y)
    np.testing.assert_array_equal(agent.predict(X), clone(tree).fit(X, y).predict(X))
    np.testing.assert_array_equal(agent.classes_, ["left", "right"])
    assert not hasattr(agent, "buffer_")


def test_command_scales_apply_to_integer_rows():
    X = np.array([[0, 10, 1], [0, 20, 1], [0, 30, 1], [0, 40, 1]])
    agent = UDRLAgent(LogisticRegression(C=1e6), return_scale=0.1, horizon_scale=0.5).fit(X, [0, 0, 1, 1])
    np.testing.assert_array_equal(agent.predict(X), [0, 0, 1, 1])
    assert X.dtype.kind == "i"


def test_hindsight_rows_hold_each_step_with_its_remaining_return_and_horizon():
    agent = small_agent().fit(MatchEnv)
    X, y = agent.hindsight_rows(agent.buffer_.episodes[:1])
    episode = agent.buffer_.episodes[0]
    np.testing.assert_array_equal(X[:, :-2], episode.observations[:-1])
    np.testing.assert_array_equal(X[:, -2], [episode.rewards[t:].sum() for t in range(5)])
    np.testing.assert_array_equal(X[:, -1], [5, 4, 3, 2, 1])
    np.testing.assert_array_equal(y, episode.actions)
    assert agent.hindsight_rows()[0].shape == (agent.n_timesteps_, agent.n_features_in_)


def test_default_forest_accepts_sample_weights_of_any_sum():
    X = np.column_stack([np.repeat([-1.0, 1.0], 200), np.zeros((400, 2))])
    y = (X[:, 0] > 0).astype(int)
    agents = [UDRLAgent(random_state=0).fit(X, y, sample_weight=np.full(400, w)) for w in (1.0, 1 / 400)]
    assert [agent.predict_proba(X[[0, -1]]).tolist() for agent in agents] == 2 * [[[1.0, 0.0], [0.0, 1.0]]]


def test_default_forest_samples_half_of_the_rows_from_21_rows_on():
    def episode(length):
        observations = np.zeros((length + 1, 1), dtype=np.float32)
        return Episode(observations, np.arange(length) % 2, np.ones(length), terminated=True, truncated=False)

    taken = [UDRLAgent(random_state=0).fit([episode(length)]).max_estimator_.max_samples for length in (20, 21)]
    assert taken == [None, 0.5]
