"""The loop of fit: warm-up, iterations, finetuning, and how it ends."""

import threading
from functools import partial

import joblib
import numpy as np
import pytest
from gymnasium import spaces
from sklearn.ensemble import RandomForestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier
from small_agents import small_agent
from threadpoolctl import threadpool_info, threadpool_limits
from toy_envs import FailingEnv, FixedLengthEnv, MatchEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted, ReturnConditioned


class ThreadRecorder(MatchEnv):
    """Keeps the threads in which it is stepped."""

    threads = set()

    def step(self, action):
        self.threads.add(threading.current_thread())
        return super().step(action)


def test_joblib_configuration_sets_the_workers():
    ThreadRecorder.threads.clear()
    with joblib.parallel_config("threading", n_jobs=2):
        threaded = small_agent().fit(ThreadRecorder)
    assert ThreadRecorder.threads
    assert threading.main_thread() not in ThreadRecorder.threads
    np.testing.assert_array_equal(threaded.buffer_.returns, small_agent().fit(MatchEnv).buffer_.returns)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_thread_limits_are_restored_after_fit(backend):
    with threadpool_limits(limits=2), joblib.parallel_config(backend, n_jobs=2):
        before = [library["num_threads"] for library in threadpool_info()]
        small_agent(total_timesteps=300).fit(MatchEnv)
        assert [library["num_threads"] for library in threadpool_info()] == before


def test_estimator_with_random_state_keeps_it():
    agent = small_agent(RandomForestClassifier(5, random_state=7)).fit(MatchEnv)
    assert agent.estimator_.random_state == 7
    assert isinstance(small_agent(RandomForestClassifier(5)).fit(MatchEnv).estimator_.random_state, int)


@pytest.mark.parametrize("total_timesteps", [200, 600, 2400])
def test_auto_max_rows_is_the_newest_half_of_the_steps_within_bounds(total_timesteps, monkeypatch):
    monkeypatch.setattr("udrl_sklearn.methods._base.RECENT_TIMESTEPS_BOUNDS", (120, 480))
    agent = small_agent(total_timesteps=total_timesteps, n_timesteps_per_iter="auto", n_episodes_per_iter=1)
    agent.fit(MatchEnv)
    n_rows = agent.max_estimator_.tree_.n_node_samples[0]
    assert n_rows == pytest.approx(np.clip(total_timesteps / 2, 120, 480), abs=5)  # whole episodes, of five steps
    n_collected = np.diff([record["timesteps"] for record in agent.history_])
    assert n_collected[0] == 10  # a twelfth of 120
    assert n_collected.max() == {200: 10, 600: 25, 2400: 40}[total_timesteps]


class LotteryEnv(FixedLengthEnv):
    """Reward 1 for action 1 in one of so many episodes, and 0 in all others."""

    def __init__(self, n_blanks):
        super().__init__(spaces.Discrete(1), spaces.Discrete(2), length=4)
        self.n_blanks = n_blanks

    def reset(self, *, seed=None, options=None):
        self.wins = seed % (self.n_blanks + 1) == 0
        return super().reset(seed=seed)

    def reward(self, action):
        return float(self.wins and action == 1)


def test_warm_up_continues_until_returns_differ():
    agent = UDRLAgent(
        DecisionTreeClassifier(), total_timesteps=2000, n_warm_up_episodes=5, n_timesteps_per_iter=20, random_state=0
    ).fit(partial(LotteryEnv, 30))
    n_random = agent.history_[0]["episodes"]
    returns = agent.buffer_.returns
    assert n_random > 5
    assert (returns[: n_random - 5] == 0).all()
    assert returns[n_random - 5 : n_random].any()  # it ended with the first that won
    assert len(agent.history_) > 2


def test_warm_up_with_equal_returns_ends_at_total_timesteps():
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=500, n_timesteps_per_iter=20, random_state=0)
    agent.fit(partial(LotteryEnv, 10**9))
    assert (len(agent.history_), agent.history_[0]["mean_return"]) == (1, 0.0)
    assert 500 <= agent.n_timesteps_ <= 540
    agent.set_params(method=ReturnConditioned()).fit(partial(LotteryEnv, 10**9))  # as published: a number of episodes
    assert agent.history_[0]["episodes"] == 10


@pytest.mark.slow
def test_sticky_warm_up_actions_solve_mountain_car():
    agent = UDRLAgent(total_timesteps=20_000, random_state=0).fit("MountainCar-v0")
    assert agent.score("MountainCar-v0") > -160  # plain random actions never reach the goal: -200


def test_total_timesteps_are_exceeded_by_less_than_a_tenth_with_long_episodes():
    agent = UDRLAgent(RandomForestClassifier(20, min_samples_leaf=10), total_timesteps=8000, random_state=0)
    agent.fit("CartPole-v1")
    # How many episodes it takes is guessed by the length of the last ones, and the new ones may be longer.
    assert 8000 <= agent.n_timesteps_ < 1.1 * 8000
    assert agent.buffer_.lengths[-4:].mean() > 100  # the agent had become good at long episodes


def test_fit_finishes_its_episodes_and_stops_after_total_timesteps():
    agent = small_agent(total_timesteps=500).fit("CartPole-v1")
    assert agent.n_timesteps_ == agent.buffer_.n_timesteps >= 500
    assert agent.n_episodes_ == len(agent.buffer_)
    assert agent.history_[-2]["timesteps"] < 500  # it stopped at the first chance
    assert agent.n_iter_ == len(agent.history_) > 1
    assert agent.termination_condition_ == "total_timesteps"


def test_fit_stops_at_the_target_return():
    agent = UDRLAgent(
        DecisionTreeClassifier(min_samples_leaf=5), total_timesteps=10_000, target_return=5.0, random_state=0
    ).fit(MatchEnv)
    assert agent.n_timesteps_ < 9000
    assert agent.history_[-1]["evaluated_return"] >= 5.0
    assert all(record["evaluated_return"] < 5.0 for record in agent.history_[:-1])
    assert agent.termination_condition_ == "target_return"


def test_verbose_prints_one_line_per_iteration(capsys):
    agent = small_agent(verbose=1).fit(MatchEnv)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(agent.history_)
    assert lines[0].startswith("iteration    0 | timesteps")


def test_warm_start_has_no_second_warm_up():
    agent = small_agent(warm_start=True).fit(MatchEnv).fit(MatchEnv)
    assert [record["iteration"] for record in agent.history_] == list(range(len(agent.history_)))
    at_random = [record["iteration"] for record in agent.history_ if record["mean_return"] < 2.5]
    assert at_random == [0]


FINETUNING = [AdvantageWeighted(finetune_fraction=fraction) for fraction in (0.0, 0.4)]


@pytest.mark.parametrize(
    "estimator", [DecisionTreeClassifier(min_samples_leaf=20), GaussianNB()], ids=["tree", "updated"]
)
def test_finetuning_takes_the_last_steps_and_leaves_max_unchanged(estimator):
    agents = [small_agent(estimator, method=method).fit(MatchEnv) for method in FINETUNING]
    assert [agent.n_timesteps_ for agent in agents] == [1500, 1500]
    # The steps before are as without finetuning, and "max" is not learned from the last ones.
    n_before = agents[1].history_[-1]["timesteps"]
    assert n_before == pytest.approx(900, abs=20)
    before = small_agent(estimator, total_timesteps=900).fit(MatchEnv)
    X = np.column_stack([np.eye(3), np.zeros((3, 2))])
    np.testing.assert_array_equal(agents[1].predict_proba(X), before.predict_proba(X))
    assert np.array_equal(agents[1].buffer_.returns[: before.n_episodes_], before.buffer_.returns)


def test_finetuning_commands_cover_the_range_of_returns():
    agents = [small_agent(method=method).fit(MatchEnv) for method in FINETUNING]
    exploring, finetuning = (agent.buffer_.returns[-100:] for agent in agents)
    assert exploring.min() > 1
    assert (finetuning.min(), finetuning.max()) == (0, 5)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_episodes_before_an_error_are_kept(n_jobs):
    agent = small_agent(n_envs=1, n_jobs=n_jobs, n_warm_up_episodes=20)
    with pytest.raises(RuntimeError, match="simulator failed") as raised:
        agent.fit(partial(FailingEnv, fail_in_episode=5))
    assert type(raised.value) is RuntimeError
    assert agent.n_episodes_ == len(agent.buffer_) == 5 * n_jobs
    assert agent.termination_condition_ == "interrupted"
    agent.set_params(warm_start=True).fit(MatchEnv)  # and it can continue
    assert agent.n_episodes_ > 5


def test_error_in_a_later_iteration_leaves_a_fitted_agent():
    agent = small_agent(n_envs=1)
    with pytest.raises(RuntimeError, match="simulator failed"):
        agent.fit(partial(FailingEnv, fail_in_episode=100))
    assert agent.evaluate(MatchEnv, command=(3, 5), n_episodes=3).returns.shape == (3,)


class StopAfter:
    """A callback that stops a fit after some iterations, or raises a KeyboardInterrupt then."""

    def __init__(self, n_iterations, interrupt=False):
        self.n_iterations, self.interrupt = n_iterations, interrupt

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.task_name != "iteration" or estimator.n_iter_ < self.n_iterations:
            return False
        if self.interrupt:
            raise KeyboardInterrupt
        return True


def test_callback_ends_fit_and_is_the_termination_condition():
    agent = small_agent().set_callbacks(StopAfter(2)).fit(MatchEnv)
    assert (agent.n_iter_, agent.termination_condition_) == (2, "callback")
    assert agent.evaluate(MatchEnv, command=(3, 5), n_episodes=3).returns.shape == (3,)


def test_interrupted_fit_answers_every_command_and_can_continue():
    agent = small_agent(warm_start=True).set_callbacks(StopAfter(2, interrupt=True))
    with pytest.raises(KeyboardInterrupt):
        agent.fit(MatchEnv)
    assert (agent.n_iter_, agent.termination_condition_) == (2, "interrupted")
    assert agent.evaluate(MatchEnv, command=(3, 5), n_episodes=3).returns.shape == (3,)
    agent.set_callbacks().fit(MatchEnv)
    assert agent.n_iter_ > 2
    assert agent.termination_condition_ == "total_timesteps"


class EndsEarly(MatchEnv):
    """Presses Ctrl-C in the episode with this number, counted over all instances."""

    n_episodes, last = 0, 10**9

    def reset(self, *, seed=None, options=None):
        EndsEarly.n_episodes += 1
        if EndsEarly.n_episodes > self.last:
            raise KeyboardInterrupt
        return super().reset(seed=seed)


def test_interrupted_finetuning_keeps_what_was_collected(monkeypatch):
    whole = small_agent(method=AdvantageWeighted(finetune_fraction=0.4)).fit(MatchEnv)
    n_before = whole.history_[-1]["episodes"]
    monkeypatch.setattr(EndsEarly, "n_episodes", 0)
    monkeypatch.setattr(EndsEarly, "last", (n_before + whole.n_episodes_) // 2)
    agent = small_agent(method=AdvantageWeighted(finetune_fraction=0.4), n_envs=1)
    with pytest.raises(KeyboardInterrupt):
        agent.fit(EndsEarly)
    assert agent.termination_condition_ == "interrupted"
    assert n_before < agent.n_episodes_ == len(agent.buffer_) < whole.n_episodes_
    assert agent.n_timesteps_ == agent.buffer_.n_timesteps
    assert agent.evaluate(MatchEnv, command=(3, 5), n_episodes=3).returns.shape == (3,)


class FailsInUpdate(ReturnConditioned):
    """Raises in its second update."""

    def update(self, buffer, learned, fitter, rng):
        if learned.can_act:
            raise RuntimeError("no second update")
        return super().update(buffer, learned, fitter, rng)


def test_records_are_complete_even_if_an_update_raises():
    agent = small_agent(method=FailsInUpdate())
    with pytest.raises(RuntimeError, match="no second update"):
        agent.fit(MatchEnv)
    assert len(agent.history_) == 2
    assert agent.history_[0].keys() == agent.history_[1].keys()


class ReturnsNothing(ReturnConditioned):
    def update(self, buffer, learned, fitter, rng):
        super().update(buffer, learned, fitter, rng)


def test_update_must_return_what_was_learned():
    with pytest.raises(TypeError, match=r"ReturnsNothing.update must return a Learned, got None"):
        small_agent(method=ReturnsNothing()).fit(MatchEnv)


class ExploresByExactCommands(AdvantageWeighted):
    """Learns for both kinds of commands in each iteration, and explores under exact ones."""

    def update(self, buffer, learned, fitter, rng):
        return super().finalize(buffer, super().update(buffer, learned, fitter, rng), fitter, rng)

    def exploration_commands(self, buffer, n_commands, rng):
        return np.tile([0.0, 5.0], (n_commands, 1))  # ask for a return of 0


def test_exploring_uses_the_behavior_for_its_commands():
    agent = small_agent(method=ExploresByExactCommands(), exploration_sticky_probability=0.0).fit(MatchEnv)
    assert agent.history_[-1]["desired_return"] == 0
    assert agent.history_[-1]["mean_return"] < 2.5  # those for "max" achieve 5


class MixesCommands(ExploresByExactCommands):
    def exploration_commands(self, buffer, n_commands, rng):
        return np.array([[0.0, 0.0], [1.0, 5.0]])[np.arange(n_commands) % 2]


def test_exploration_commands_are_of_one_kind():
    with pytest.raises(ValueError, match=r"MixesCommands.exploration_commands must return commands that are all"):
        small_agent(method=MixesCommands()).fit(MatchEnv)


def test_warm_start_with_another_method_begins_where_the_first_ended():
    agent = small_agent(method=ReturnConditioned(), warm_start=True).fit(MatchEnv)
    n_iter = agent.n_iter_
    agent.set_params(method=AdvantageWeighted()).fit(MatchEnv)
    first, second = agent.history_[n_iter : n_iter + 2]
    assert first["desired_return"] > 0  # nothing was learned for "max" yet, so the exact command for the best return
    assert np.isnan(second["desired_return"])
    assert agent.max_estimator_ is not agent.estimator_


class PredictsWithinIterations(StopAfter):
    """Asks the agent in the middle of a fit, as any callback may."""

    def on_fit_task_end(self, estimator, context):
        if context.task_name == "iteration":
            estimator.predict(np.column_stack([np.eye(3), np.full((3, 2), 4.0)]))
        return False


def test_what_callbacks_ask_does_not_change_what_is_learned():
    plain = small_agent(GaussianNB()).fit(MatchEnv)
    asked = small_agent(GaussianNB()).set_callbacks(PredictsWithinIterations(0)).fit(MatchEnv)
    X = np.column_stack([np.eye(3), np.full((3, 2), 4.0)])
    np.testing.assert_array_equal(asked.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_array_equal(asked.buffer_.returns, plain.buffer_.returns)


def test_fit_on_episodes_is_one_iteration():
    logged = small_agent().fit(MatchEnv).buffer_.episodes
    agent = small_agent().fit(logged)
    assert (agent.n_iter_, agent.termination_condition_) == (1, "all_episodes")
    assert agent.fit(*agent.hindsight_rows()) is agent
    assert not hasattr(agent, "n_iter_") and not hasattr(agent, "termination_condition_")
