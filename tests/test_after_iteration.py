from types import SimpleNamespace

import pytest
from sklearn.callback import FitCallback
from sklearn.linear_model import LinearRegression
from small_agents import small_agent
from toy_envs import MatchEnv

from udrl_sklearn._runs._after_iteration import AfterIteration
from udrl_sklearn.methods import AdvantageWeighted


@pytest.fixture
def agent():
    return small_agent(method=AdvantageWeighted(LinearRegression()), total_timesteps=1000)


def test_it_is_a_callback_of_scikit_learn():
    assert isinstance(AfterIteration(print), FitCallback)


def test_function_is_called_with_the_agent_after_each_iteration(agent):
    calls = []
    agent.set_callbacks(AfterIteration(lambda given: calls.append((given is agent, len(given.history_))))).fit(MatchEnv)
    assert len(agent.history_) > 2
    assert calls == [(True, n) for n in range(1, len(agent.history_) + 1)]


def test_fit_ends_after_the_iteration_for_which_the_function_returns_true(agent):
    agent.set_callbacks(AfterIteration(lambda given: len(given.history_) == 2)).fit(MatchEnv)
    assert len(agent.history_) == 2
    assert agent.n_timesteps_ < 1000


def test_function_is_called_after_a_fit_on_episodes(agent):
    calls = []
    logged = agent.fit(MatchEnv).buffer_.episodes
    agent.set_callbacks(AfterIteration(lambda given: calls.append(given.n_episodes_))).fit(logged)
    assert calls == [len(logged)]


@pytest.mark.parametrize(("returned", "stops"), [(None, False), (0, False), (True, True), (1, True)])
def test_only_a_true_result_of_an_iteration_stops(returned, stops):
    callback = AfterIteration(lambda estimator: returned)
    assert callback.on_fit_task_end(None, SimpleNamespace(task_name="iteration")) is stops


def test_function_is_not_called_for_other_tasks():
    calls = []
    callback = AfterIteration(lambda estimator: calls.append(estimator) or True)
    callback.setup(None, None)
    callback.on_fit_task_begin(None, SimpleNamespace(task_name="iteration"))
    assert callback.on_fit_task_end(None, SimpleNamespace(task_name="fit")) is False
    callback.teardown(None, None)
    assert calls == []
