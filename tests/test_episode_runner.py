import gymnasium
import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn._envs._sources import make_rendered
from udrl_sklearn._inspection._episode_runner import EpisodeRunner


@pytest.fixture(scope="module")
def agent():
    return UDRLAgent(DecisionTreeClassifier(min_samples_leaf=10), total_timesteps=2000, random_state=0).fit(
        "CartPole-v1"
    )


def play_to_the_end(player):
    while not player.is_over:
        player.step()
    return player.return_so_far


@pytest.mark.parametrize("command", ["max", 30, (15, 15)])
def test_episode_equals_the_first_of_an_evaluation(agent, command):
    with gymnasium.make("CartPole-v1") as env:
        played = play_to_the_end(EpisodeRunner(agent, env, command=command, seed=3))
    assert played == agent.evaluate("CartPole-v1", command=command, n_episodes=1, seed=3).returns[0]


def test_step_holds_command_prediction_and_explanation(agent):
    with gymnasium.make("CartPole-v1") as env:
        player = EpisodeRunner(agent, env, command=(40, 30))
        player.step()
        moment = player.moment
        assert (moment.step, moment.return_so_far, moment.command) == (1, 1.0, (39.0, 29.0))
        assert player.headline == "step 1, return 1.0, desired 39.0 in 29 steps"
        np.testing.assert_array_equal(moment.row[0, -2:], [39, 29])
        np.testing.assert_array_equal(moment.predictions, agent.predict_proba(moment.row)[0])
        explanation = moment.explain()
    assert explanation.actions.tolist() == [moment.action]
    assert explanation.values[0] == pytest.approx(moment.predictions[moment.action])
    assert explanation.action_names == [("push left", "push right")[moment.action]]


def test_continuous_actions_are_predicted_and_explained():
    agent = UDRLAgent(DecisionTreeRegressor(min_samples_leaf=5), total_timesteps=500, random_state=0).fit(
        ContinuousMatchEnv
    )
    player = EpisodeRunner(agent, ContinuousMatchEnv())
    np.testing.assert_allclose(player.moment.predictions, player.moment.action)
    np.testing.assert_allclose(player.moment.explain().values, player.moment.predictions[:1])
    assert player.moment.explain().action_names == ["action[0]"]


def test_command_can_be_changed_within_an_episode(agent):
    with gymnasium.make("CartPole-v1") as env:
        player = EpisodeRunner(agent, env)
        player.step()
        player.ask((7, 9))
        assert player.moment.command == (7.0, 9.0)
        assert (player.moment.step, player.return_so_far) == (1, 1.0)
        player.step()
        assert player.moment.command == (6.0, 8.0)


def test_step_after_the_end_needs_a_reset(agent):
    with gymnasium.make("CartPole-v1") as env:
        player = EpisodeRunner(agent, env)
        play_to_the_end(player)
        assert player.headline == f"step {player.n_steps}, return {player.return_so_far:.1f}, over"
        with pytest.raises(RuntimeError, match="reset"):
            player.step()
        player.reset(command=(9, 9), seed=1)
        assert (player.moment.step, player.return_so_far, player.is_over) == (0, 0.0, False)


def test_environment_with_other_spaces_is_refused(agent):
    with gymnasium.make("Acrobot-v1") as env, pytest.raises(ValueError, match="4 observation features"):
        EpisodeRunner(agent, env)


def test_environments_are_made_with_a_render_mode():
    with make_rendered("CartPole-v1", "rgb_array") as env:
        env.reset(seed=0)
        assert env.render().shape == (400, 600, 3)
    with make_rendered(gymnasium.spec("CartPole-v1"), "rgb_array") as env:
        assert env.render_mode == "rgb_array"
    with gymnasium.make("CartPole-v1", render_mode="rgb_array") as env:
        assert make_rendered(env, "rgb_array") is env


def test_environments_without_the_render_mode_are_refused():
    with pytest.raises(ValueError, match="render_mode=None"):
        make_rendered(MatchEnv, "rgb_array")
    with pytest.raises(ValueError, match="can't be shown with render_mode='hologram'; it has"):
        make_rendered("CartPole-v1", "hologram")
    with pytest.raises(ValueError, match="single environment"):
        make_rendered(["CartPole-v1"], "rgb_array")
