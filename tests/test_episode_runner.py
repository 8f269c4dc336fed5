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


def run_to_the_end(runner):
    while not runner.is_over:
        runner.step()
    return runner.return_so_far


@pytest.mark.parametrize("command", ["max", 30, (15, 15)])
def test_episode_equals_the_first_of_an_evaluation(agent, command):
    with gymnasium.make("CartPole-v1") as env:
        total_return = run_to_the_end(EpisodeRunner(agent, env, command=command, seed=3))
    assert total_return == agent.evaluate("CartPole-v1", command=command, n_episodes=1, seed=3).returns[0]


def test_step_has_command_prediction_and_explanation(agent):
    with gymnasium.make("CartPole-v1") as env:
        runner = EpisodeRunner(agent, env, command=(40, 30))
        runner.step()
        step = runner.next_step
        assert (step.index, step.return_so_far, step.command) == (1, 1.0, (39.0, 29.0))
        assert runner.headline == "step 1, return 1.0, desired 39.0 in 29 steps"
        np.testing.assert_array_equal(step.row[0, -2:], [39, 29])
        np.testing.assert_array_equal(step.predictions, agent.predict_proba(step.row)[0])
        explanation = step.explain()
    assert explanation.actions.tolist() == [step.action]
    assert explanation.values[0] == pytest.approx(step.predictions[step.action])
    assert explanation.action_names == [("push left", "push right")[step.action]]


def test_continuous_actions_are_predicted_and_explained():
    agent = UDRLAgent(DecisionTreeRegressor(min_samples_leaf=5), total_timesteps=500, random_state=0).fit(
        ContinuousMatchEnv
    )
    runner = EpisodeRunner(agent, ContinuousMatchEnv())
    np.testing.assert_allclose(runner.next_step.predictions, runner.next_step.action)
    np.testing.assert_allclose(runner.next_step.explain().values, runner.next_step.predictions[:1])
    assert runner.next_step.explain().action_names == ["action[0]"]


def test_command_can_be_changed_within_an_episode(agent):
    with gymnasium.make("CartPole-v1") as env:
        runner = EpisodeRunner(agent, env)
        runner.step()
        runner.set_command((7, 9))
        assert runner.next_step.command == (7.0, 9.0)
        assert (runner.next_step.index, runner.return_so_far) == (1, 1.0)
        runner.step()
        assert runner.next_step.command == (6.0, 8.0)


def test_headline_names_the_open_ended_command(agent):
    with gymnasium.make("CartPole-v1") as env:
        assert EpisodeRunner(agent, env).headline == 'step 0, return 0.0, command "max"'


def test_step_after_the_end_needs_a_reset(agent):
    with gymnasium.make("CartPole-v1") as env:
        runner = EpisodeRunner(agent, env)
        run_to_the_end(runner)
        assert runner.headline == f"step {runner.n_steps}, return {runner.return_so_far:.1f}, over"
        with pytest.raises(RuntimeError, match="reset"):
            runner.step()
        runner.reset(command=(9, 9), seed=1)
        assert (runner.next_step.index, runner.return_so_far, runner.is_over) == (0, 0.0, False)


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
