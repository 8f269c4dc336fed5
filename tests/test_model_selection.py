from functools import partial

import gymnasium
import matplotlib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.callback import FitCallback, ProgressBar, ScoringMonitor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, HalvingRandomSearchCV, KFold, cross_val_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn import UDRLAgent, seeded_envs
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._hindsight import relabel
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned


@pytest.fixture
def agent():
    return UDRLAgent(
        DecisionTreeClassifier(min_samples_leaf=10),
        method=AdvantageWeighted(LinearRegression()),
        total_timesteps=400,
        n_timesteps_per_iter=200,
        n_eval_episodes=4,
        random_state=0,
    )


def test_grid_search_fits_on_some_environments_and_scores_on_the_others(agent):
    envs = seeded_envs("CartPole-v1", 4)
    grid = {"estimator__min_samples_leaf": [10, 100], "method__gamma": [0.9]}
    search = GridSearchCV(agent, grid, cv=2).fit(envs)
    by_hand = [
        clone(agent).set_params(**search.best_params_).fit([envs[i] for i in train]).score([envs[i] for i in test])
        for train, test in KFold(2).split(envs)
    ]
    best = search.cv_results_["mean_test_score"][search.best_index_]
    assert search.best_score_ == best == pytest.approx(np.mean(by_hand))
    assert search.best_estimator_.n_timesteps_ >= 400
    assert search.score(envs) == search.best_estimator_.score(envs)


def test_halving_search_uses_timesteps_as_resource(agent):
    search = HalvingRandomSearchCV(
        agent,
        {"estimator__max_depth": range(1, 10), "method__temperature": [0.5, 1.0, 2.0]},
        resource="total_timesteps",
        min_resources=100,
        max_resources=400,
        factor=2,
        cv=2,
        random_state=0,
    ).fit(seeded_envs("CartPole-v1", 4))
    assert search.n_resources_ == [100, 200, 400]
    assert search.n_candidates_ == [4, 2, 1]
    assert search.best_params_["total_timesteps"] == 400 <= search.best_estimator_.n_timesteps_


def test_cross_val_score_is_the_mean_return_on_each_fold(agent):
    scores = cross_val_score(agent, seeded_envs("CartPole-v1", 3), cv=3)
    assert scores.shape == (3,) and np.isfinite(scores).all() and scores.min() > 5
    assert_array_equal(scores, cross_val_score(agent, seeded_envs("CartPole-v1", 3), cv=3))


@pytest.mark.parametrize("kind", ["episodes", "joined episodes", "array of environments"])
def test_cross_validation_takes_every_sequence(agent, kind):
    episodes = clone(agent).fit(MatchEnv).buffer_.episodes
    X = {
        "episodes": list(episodes),
        "joined episodes": episodes,
        "array of environments": np.array(seeded_envs(MatchEnv, 4), dtype=object),
    }[kind]
    scores = cross_val_score(agent, X, cv=2, error_score="raise")
    assert scores.shape == (2,) and (scores > 0).all()


@pytest.mark.slow
def test_search_in_workers_gives_the_same_scores(agent):
    envs = seeded_envs("CartPole-v1", 2)
    one, two = (
        GridSearchCV(agent, {"method": [AdvantageWeighted(gamma=0.5), ReturnConditioned()]}, cv=2, n_jobs=n_jobs)
        .fit(envs)
        .cv_results_["mean_test_score"]
        for n_jobs in (1, 2)
    )
    assert_array_equal(one, two)


class StartRecorder(gymnasium.Wrapper):
    """Keeps the first observation of each episode in a list."""

    def __init__(self, starts):
        super().__init__(gymnasium.make("CartPole-v1"))
        self.starts = starts

    def reset(self, **options):
        observation, info = super().reset(**options)
        self.starts.append(tuple(observation.tolist()))
        return observation, info


def test_folds_share_no_start_of_an_episode(agent):
    starts = []
    envs = seeded_envs(partial(StartRecorder, starts), 4)
    folds = [envs[:2], envs[2:]]
    learned, scored = [], []
    for fold in folds:
        starts.clear()
        agent.fit(fold)
        learned.append(set(starts))
        starts.clear()
        agent.set_params(n_eval_episodes=20).score(fold)
        scored.append(set(starts))
    assert len(learned[0]) > 10 and len(scored[0]) == 20
    sets = [*learned, *scored]
    assert len(set.union(*sets)) == sum(map(len, sets))


@pytest.fixture(params=["arrays", "dataframe"])
def rows(request):
    """Return what makes the rows of an agent's episodes: arrays, or a DataFrame and an array."""

    def rows_of(agent):
        rows = relabel(agent.buffer_.episodes)
        X = design_matrix(rows.observations, rows.commands)
        if request.param == "dataframe":
            # pandas refuses to write the grid of a partial dependence, which is float64, into float32 columns.
            X = pd.DataFrame(X, columns=agent.feature_names_in_, dtype=np.float64)
        return X, rows.actions

    return rows_of


def test_permutation_importance_finds_the_features_that_matter(agent, rows):
    X, _ = rows(agent.fit(MatchEnv(n_states=2)))
    X = X.assign(desired_return=0, desired_horizon=0) if isinstance(X, pd.DataFrame) else X * [1, 1, 0, 0]
    importances = permutation_importance(agent, X, agent.predict(X), n_repeats=3, random_state=0).importances_mean
    assert_array_equal(importances[2:], 0.0)
    assert importances[:2].max() > 0.3


def test_permutation_importance_scores_hindsight_rows(agent, rows):
    X, y = rows(agent.fit(MatchEnv(n_states=2)))
    result = permutation_importance(agent, X, y, n_repeats=2, random_state=0)
    assert result.importances.shape == (4, 2) and result.importances_mean.max() > 0.05


def test_permutation_importance_accepts_a_regressor(agent, rows):
    agent.set_params(estimator=DecisionTreeRegressor(min_samples_leaf=10)).fit(ContinuousMatchEnv())
    X, y = rows(agent)
    assert np.isfinite(permutation_importance(agent, X, y, n_repeats=2, random_state=0).importances).all()


def test_partial_dependence_of_the_action_on_command_and_observation(agent, rows):
    matplotlib.use("Agg")
    X, _ = rows(agent.fit(MatchEnv(n_states=2)))
    names = [str(name) for name in agent.feature_names_in_]
    display = PartialDependenceDisplay.from_estimator(
        agent, X, ["desired_return", ("observation==1", "desired_horizon")], feature_names=names, grid_resolution=4
    )
    one, two = (result["average"] for result in display.pd_results)
    assert one.shape[0] == 1 and two.ndim == 3
    assert ((0 <= one) & (one <= 1)).all() and ((0 <= two) & (two <= 1)).all()
    matplotlib.pyplot.close(display.figure_)


class Stopper:
    """Stops `fit` after an iteration, and keeps what it was told."""

    def __init__(self, last_iteration):
        self.last_iteration = last_iteration
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append("setup")

    def teardown(self, estimator, context):
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator, context):
        self.calls.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        self.calls.append(f"end {context.task_name}")
        assert fitted_estimator.evaluate(MatchEnv(), n_episodes=2).lengths.tolist() == [5, 5]
        return context.task_name == "iteration" and context.task_id == self.last_iteration


def test_callback_stops_fit_after_the_second_iteration(agent):
    stopper = Stopper(last_iteration=1)
    assert isinstance(stopper, FitCallback)
    agent.set_params(total_timesteps=2000).set_callbacks(stopper).fit(MatchEnv())
    iteration = ["begin iteration", "end iteration"]
    assert stopper.calls == ["setup", "begin fit", *iteration, *iteration, "end fit", "teardown"]
    assert len(agent.history_) == 2 and agent.n_timesteps_ < 2000
    assert agent.evaluate(MatchEnv(), command=(2, 5), n_episodes=10).returns.mean() == pytest.approx(2, abs=1)


class Recorder(Stopper):
    """Keeps the calls, and which arguments callbacks get."""

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        self.calls.append(f"end {context.task_name}")
        self.X, self.y, self.metadata = X, y, metadata
        self.predicted = fitted_estimator.predict(X)
        return True


@pytest.mark.parametrize(
    ("given", "tasks"),
    [
        ("episodes", ["begin fit", "begin iteration", "end iteration", "end fit"]),
        ("rows", ["begin fit", "end fit"]),
    ],
)
def test_callbacks_are_called_by_fits_without_an_environment(agent, given, tasks):
    rows = clone(agent).fit(MatchEnv()).hindsight_rows()
    arguments = rows if given == "rows" else (clone(agent).fit(MatchEnv()).buffer_.episodes,)
    recorder = Recorder(last_iteration=None)
    agent.set_callbacks(recorder).fit(*arguments)
    assert recorder.calls == ["setup", *tasks, "teardown"]
    assert_array_equal(recorder.X, rows[0])
    assert_array_equal(recorder.y, rows[1])
    assert_array_equal(recorder.predicted, agent.predict(rows[0]))
    if given == "rows":
        weights = np.arange(len(rows[1]))
        agent.fit(*rows, sample_weight=weights)
        assert_array_equal(recorder.metadata["sample_weight"], weights)
    else:
        assert (agent.n_iter_, agent.termination_condition_) == (1, "all_episodes")


def test_callbacks_are_torn_down_and_not_begun_by_a_refused_fit(agent):
    recorder = Recorder(last_iteration=None)
    for refused in ((np.zeros((3, 4)), [0, 1]), ([],)):
        with pytest.raises(ValueError):
            agent.set_callbacks(recorder).fit(*refused)
    assert recorder.calls == []


def test_progress_bar_shows_fits_on_episodes_and_rows(agent, capsys):
    rows = agent.fit(MatchEnv()).hindsight_rows()
    for arguments in (rows, (agent.buffer_,)):
        capsys.readouterr()
        clone(agent).set_callbacks(ProgressBar()).fit(*arguments)
        assert "UDRLAgent - fit" in capsys.readouterr().out


class Failing(Stopper):
    def on_fit_task_begin(self, estimator, context):
        raise RuntimeError("callback failed")


def test_failing_callback_is_torn_down(agent):
    failing = Failing(last_iteration=None)
    with pytest.raises(RuntimeError, match="callback failed"):
        agent.set_callbacks(failing).fit(MatchEnv())
    assert failing.calls == ["setup", "teardown"]


def test_progress_bar_does_not_change_the_fit(agent, capsys):
    plain = clone(agent).fit(MatchEnv())
    watched = agent.set_callbacks(ProgressBar()).fit(MatchEnv())
    assert "UDRLAgent - fit" in capsys.readouterr().out
    for one, other in zip(plain.buffer_.episodes, watched.buffer_.episodes, strict=True):
        assert_array_equal(one.actions, other.actions)


def test_progress_bar_of_a_search_shows_the_agents(agent, capsys):
    search = GridSearchCV(agent, {"method__gamma": [0.9]}, cv=2).set_callbacks(ProgressBar())
    search.fit(seeded_envs("CartPole-v1", 2))
    assert "UDRLAgent - fit" in capsys.readouterr().out


def test_scoring_monitor_scores_each_iteration(agent):
    monitor = ScoringMonitor(scoring=["accuracy"])
    agent.set_callbacks(monitor).fit(MatchEnv())
    whole, *iterations = monitor.get_logs().data
    assert [record["task_name"] for record in iterations] == ["iteration"] * len(agent.history_)
    assert whole["accuracy"] == pytest.approx(agent.score(*agent.hindsight_rows()))
    assert all(0.3 < record["accuracy"] <= 1 for record in iterations)
