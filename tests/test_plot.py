import sys

import matplotlib
import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn import (
    CommandResponseDisplay,
    DecisionMapDisplay,
    EpisodeDisplay,
    TrainingCurveDisplay,
    UDRLAgent,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def fit(seed=0, env=MatchEnv, estimator=None, **params):
    estimator = DecisionTreeClassifier(min_samples_leaf=5) if estimator is None else estimator
    return (
        UDRLAgent(estimator, **{"total_timesteps": 1000, "n_timesteps_per_iter": 200} | params)
        .set_params(random_state=seed)
        .fit(env)
    )


@pytest.fixture(scope="module")
def agent():
    return fit()


def test_training_curve_shows_the_history(agent):
    display = TrainingCurveDisplay.from_estimator(agent)
    np.testing.assert_array_equal(display.line_.get_xdata(), [record["timesteps"] for record in agent.history_])
    np.testing.assert_array_equal(display.line_.get_ydata(), [record["mean_return"] for record in agent.history_])
    assert display.band_ is None
    assert display.ax_.get_legend().get_texts()[0].get_text() == "DecisionTreeClassifier"


def test_training_curve_prefers_evaluated_returns():
    agent = fit(target_return=99)
    display = TrainingCurveDisplay.from_estimator(agent, name="tree", color="red")
    assert display.line_.get_ydata().tolist() == [record["evaluated_return"] for record in agent.history_]
    assert (display.line_.get_label(), display.line_.get_color()) == ("tree", "red")


def test_several_runs_show_median_minimum_and_maximum():
    histories = [
        [{"timesteps": 0, "mean_return": low}, {"timesteps": 10 * (1 + low), "mean_return": high}]
        for low, high in ((0, 10), (1, 41), (2, 92))
    ]
    ax = plt.subplots()[1]
    display = TrainingCurveDisplay.from_histories(histories, ax=ax)
    assert (display.ax_, display.figure_) == (ax, ax.figure)
    x, y = display.line_.get_data()
    assert (x[0], x[-1]) == (0, 10)  # where all runs have been
    assert (y[0], y[-1]) == (1, 21)  # the medians of 0, 1, 2 and of 10, 21, 32
    vertices = display.band_.get_paths()[0].vertices
    assert (vertices[:, 1].min(), vertices[:, 1].max()) == (0, 32)
    assert ax.get_legend() is None


@pytest.mark.parametrize("histories", [[], [[]]])
def test_training_curve_of_no_history_is_refused(histories):
    with pytest.raises(ValueError, match="nothing to plot"):
        TrainingCurveDisplay.from_histories(histories)


def test_command_response_shows_achieved_over_desired_returns(agent):
    display = CommandResponseDisplay.from_estimator(agent, MatchEnv, n_episodes=4, name="tree")
    returns = agent.buffer_.returns
    np.testing.assert_allclose(display.desired_returns, np.linspace(returns.min(), returns.max(), 10))
    expected = [agent.evaluate(MatchEnv, command=r, n_episodes=4).returns for r in display.desired_returns]
    np.testing.assert_array_equal(display.achieved_returns, expected)
    points, caps, _ = display.errorbar_
    np.testing.assert_allclose(points.get_ydata(), np.mean(expected, axis=1))
    np.testing.assert_allclose(caps[1].get_ydata() - points.get_ydata(), np.std(expected, axis=1), atol=1e-12)
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("desired return", "achieved return")
    np.testing.assert_array_equal(display.line_.get_xydata(), np.tile([[returns.min()], [returns.max()]], 2))


def test_decision_map_shows_predictions_over_the_observed_range(agent):
    observation = [0.2, 0.9, 0.0]
    display = DecisionMapDisplay.from_estimator(
        agent, ("observation==0", 2), command=3, observation=observation, grid_resolution=7
    )
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("observation==0", "observation==2")
    assert display.actions.shape == (7, 7)
    horizon = agent.resolve(3).desired_horizon
    rows = [[x, 0.9, y, 3, horizon] for x, y in zip(display.xx.ravel(), display.yy.ravel(), strict=True)]
    np.testing.assert_array_equal(display.actions.ravel(), agent.predict(rows))
    assert (display.xx.min(), display.xx.max(), display.yy.max()) == (0, 1, 1)  # MatchEnv shows one-hot states
    assert [tick.get_text() for tick in display.colorbar_.ax.get_yticklabels()] == ["action 0", "action 1", "action 2"]


def test_decision_map_sets_other_features_to_their_medians():
    agent = fit(env=lambda: ContinuousMatchEnv(n_components=2), estimator=DecisionTreeRegressor(max_depth=4))
    display = DecisionMapDisplay.from_estimator(agent, (1, 0), component=1, grid_resolution=5)
    rows = np.column_stack([display.yy.ravel(), display.xx.ravel(), np.zeros((25, 2))])
    np.testing.assert_allclose(display.actions.ravel(), agent.predict(rows)[:, 1], atol=1e-6)


def test_decision_map_of_unknown_features_is_refused(agent):
    for features in [("observation==0", "speed"), (0, 3), (0, -1)]:
        with pytest.raises(ValueError, match="features must be two of"):
            DecisionMapDisplay.from_estimator(agent, features)
    with pytest.raises(ValueError, match=r"observation must have shape \(3,\), got \(2,\)"):
        DecisionMapDisplay.from_estimator(agent, (0, 1), observation=[0, 0])


@pytest.mark.parametrize("command", ["max", (3, 5)])
def test_episode_display_shows_commands_probabilities_and_contributions(agent, command):
    display = EpisodeDisplay.from_estimator(agent, MatchEnv, command=command, n_features=2)
    episode = display.episode
    assert len(episode) == 5
    assert episode.total_return == agent.evaluate(MatchEnv, command=command, n_episodes=1).returns[0]
    return_so_far = np.concatenate([[0], np.cumsum(episode.rewards)[:-1]])
    if command == "max":
        assert not display.commands.any()
    else:
        np.testing.assert_array_equal(display.commands, np.column_stack([3 - return_so_far, [5, 4, 3, 2, 1]]))
    rows = np.hstack([episode.observations[:-1], display.commands])
    np.testing.assert_array_equal(display.predictions, agent.predict_proba(rows))
    np.testing.assert_allclose(display.explanation.values, display.predictions[np.arange(5), episode.actions])
    assert display.axes_.shape == (3,)
    labels = [text.get_text() for text in display.axes_[1].get_legend().get_texts()]
    assert labels == ["action 0", "action 1", "action 2"]
    assert len(display.axes_[2].get_legend().get_texts()) == 2


def test_episode_display_shows_continuous_actions():
    env = lambda: ContinuousMatchEnv(n_components=2)  # noqa: E731
    agent = fit(env=env, estimator=DecisionTreeRegressor(max_depth=4))
    display = EpisodeDisplay.from_estimator(agent, env)
    np.testing.assert_allclose(display.predictions, display.episode.actions, atol=1e-6)
    np.testing.assert_allclose(display.explanation.values, display.predictions[:, 0], atol=1e-6)


def test_display_without_matplotlib_names_what_to_install(agent, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "matplotlib.pyplot")
    with pytest.raises(ImportError, match=r"TrainingCurveDisplay.plot needs matplotlib.*udrl_sklearn\[plot\]"):
        TrainingCurveDisplay.from_estimator(agent)
