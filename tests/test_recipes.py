from functools import partial

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from toy_envs import MatchEnv

from udrl_sklearn import UDRLAgent, recipes
from udrl_sklearn.methods import ReturnConditioned


@pytest.mark.parametrize("recipe", [recipes.srivastava_2019, recipes.cardenas_cartagena_2024])
def test_recipes_are_parameters_of_the_agent(recipe):
    params = recipe()
    agent = UDRLAgent(**params)
    assert {name: agent.get_params()[name] for name in params} == params


@pytest.mark.parametrize("recipe", [recipes.srivastava_2019, recipes.cardenas_cartagena_2024])
def test_recipe_is_not_changed_by_an_agent_that_was_made_of_it(recipe):
    agent = UDRLAgent(**recipe())
    agent.set_params(method__last_few=3)
    assert recipe()["method"].last_few == 75


@pytest.mark.parametrize("recipe", [recipes.srivastava_2019, recipes.cardenas_cartagena_2024])
def test_published_warm_ups_draw_actions_independently(recipe):
    agent = UDRLAgent(GaussianNB(), total_timesteps=1, random_state=0, **recipe()).fit(partial(MatchEnv, length=100))
    actions = np.array([episode.actions for episode in agent.buffer_.episodes])
    share_kept = (np.diff(actions) == 0).mean(axis=1)
    assert share_kept.max() < 0.6  # a third on average


def test_cardenas_cartagena_takes_one_random_step_per_buffered_episode():
    agent = UDRLAgent(
        RandomForestClassifier(10, min_samples_leaf=3, bootstrap=False),
        total_timesteps=1000,
        random_state=0,
        **recipes.cardenas_cartagena_2024(),
    ).fit(MatchEnv)
    assert len(agent.buffer_) == 200  # 1000 steps of 5
    assert agent.estimator_.estimators_[0].tree_.n_node_samples[0] == 200
    assert [record["episodes"] for record in agent.history_[:3]] == [50, 65, 80]


def test_srivastava_raises_its_commands_with_the_best_episodes():
    agent = UDRLAgent(GaussianNB(), total_timesteps=2000, random_state=0, **recipes.srivastava_2019()).fit(MatchEnv)
    desired = np.array([record["desired_return"] for record in agent.history_])
    assert np.isnan(desired[0])  # the warm-up has no command
    assert (np.diff(desired[1:]) >= -0.3).all() and desired[-1] > desired[1]
    assert not hasattr(agent, "max_estimator_")
    assert agent.evaluate(MatchEnv, n_episodes=2).command == agent.command_


def test_srivastava_keeps_the_best_episodes():
    agent = UDRLAgent(
        GaussianNB(), total_timesteps=1500, random_state=0, **recipes.srivastava_2019() | {"replay_size": 60}
    ).fit(MatchEnv)
    assert len(agent.buffer_) == 60
    assert agent.buffer_.returns.min() > agent.history_[0]["mean_return"]
    assert agent.n_episodes_ == 300  # 1500 steps of 5 an episode


def test_random_segments_learn_the_toy_environment():
    agent = UDRLAgent(
        RandomForestClassifier(20, min_samples_leaf=5),
        total_timesteps=2500,
        n_timesteps_per_iter=200,
        method=ReturnConditioned(segments="random"),
        random_state=0,
    ).fit(MatchEnv)
    assert agent.evaluate(MatchEnv, command=(5, 5), n_episodes=20).mean_return > 3.5
