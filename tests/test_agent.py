"""UDRLAgent as a whole, on environments whose optimum is known and on real ones."""

import threading
from functools import partial

import gymnasium
import joblib
import numpy as np
import pytest
from gymnasium import spaces
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_info, threadpool_limits
from toy_envs import BanditEnv, ContinuousMatchEnv, FailingEnv, FixedLengthEnv, MatchEnv, SpacesEnv

from udrl_sklearn import Command, Episode, UDRLAgent

SMALL = {"total_timesteps": 1500, "n_timesteps_per_iter": 200, "random_state": 0}


def small_agent(estimator=None, **params):
    estimator = DecisionTreeClassifier(min_samples_leaf=20) if estimator is None else estimator
    return UDRLAgent(estimator, **SMALL | params)


@pytest.fixture(scope="module")
def cartpole_agent():
    forest = RandomForestClassifier(30, min_samples_leaf=10)
    return UDRLAgent(forest, total_timesteps=8000, random_state=0).fit("CartPole-v1")


@pytest.mark.parametrize("env", [BanditEnv, MatchEnv])
def test_reaches_the_known_optimum(env):
    agent = small_agent().fit(env)
    assert agent.score(env) == env().optimum


def test_unfitted_ensemble_which_is_falsy_serves_as_value_estimator():
    agent = small_agent(value_estimator=RandomForestRegressor(5, min_samples_leaf=5)).fit(MatchEnv)
    assert type(agent.value_estimator_) is RandomForestRegressor
    assert agent.score(MatchEnv) == MatchEnv().optimum


def test_learns_continuous_actions_close_to_the_optimum():
    agent = small_agent(DecisionTreeRegressor(min_samples_leaf=20)).fit(ContinuousMatchEnv)
    assert agent.history_[0]["mean_return"] < -2  # at random
    assert agent.score(ContinuousMatchEnv) > -0.5


@pytest.mark.slow
def test_learns_pendulum():
    agent = UDRLAgent(total_timesteps=8000, random_state=0).fit("Pendulum-v1")
    assert agent.score("Pendulum-v1") > agent.history_[0]["mean_return"] + 300


@pytest.mark.slow
@pytest.mark.parametrize(
    "env", ["MountainCarContinuous-v0", "Acrobot-v1", "LunarLander-v3", "LunarLanderContinuous-v3", "Hopper-v5"]
)
def test_evaluation_on_real_environments_equals_a_hand_written_loop(env):
    agent = UDRLAgent(total_timesteps=1000, n_warm_up_episodes=2, n_eval_episodes=1, random_state=0).fit(env)
    actions = agent.buffer_.episodes.actions
    assert all(map(agent.action_space_.contains, actions))
    assert agent.buffer_.lengths.max() <= gymnasium.spec(env).max_episode_steps
    low = Command(float(agent.buffer_.returns.min()) - 1, 100.0)
    with SeedRecorder(gymnasium.make(env)) as recorder, gymnasium.make(env) as same:
        evaluation = agent.evaluate(recorder, command=low, n_episodes=1)
        by_hand = returns_in_own_loop(same, agent.policy(low), recorder.seeds)
    assert evaluation.command == low
    np.testing.assert_allclose(evaluation.returns, by_hand)


def test_exact_commands_are_followed_on_cartpole(cartpole_agent):
    asked = [40, 80, 120]
    obtained = [cartpole_agent.evaluate("CartPole-v1", command=r, n_episodes=20).mean_return for r in asked]
    np.testing.assert_allclose(obtained, asked, rtol=0.25)


def test_max_command_gets_high_return_on_cartpole(cartpole_agent):
    assert cartpole_agent.score("CartPole-v1") > 200


def test_desired_return_above_all_achieved_returns_acts_as_max(cartpole_agent):
    impossible = cartpole_agent.evaluate("CartPole-v1", command=1e6, n_episodes=5)
    assert impossible.command == "max"
    np.testing.assert_array_equal(impossible.returns, cartpole_agent.evaluate("CartPole-v1", n_episodes=5).returns)


def test_rare_returns_are_counted_by_steps_not_by_episodes():
    rng = np.random.default_rng(0)
    lengths = [2] * 97 + [100] * 3  # three in a hundred episodes, and more than half of the steps
    episodes = [Episode(rng.normal(size=(n + 1, 2)), rng.integers(2, size=n), np.ones(n)) for n in lengths]
    agent = small_agent().fit(episodes)
    assert agent.policy(command=50).command.desired_return == 50
    assert agent.policy(command=100).command == (0, 0)


def test_published_method_clips_desired_return_to_the_best_achieved():
    agent = small_agent(weighting=None).fit(MatchEnv)
    evaluation = agent.evaluate(MatchEnv, command=(1e6, 5), n_episodes=3)
    assert evaluation.command == Command(agent.buffer_.returns.max(), 5)


class SeedRecorder(gymnasium.Wrapper):
    """Keeps the seeds that it is reset with."""

    def __init__(self, env):
        super().__init__(env)
        self.seeds = []

    def reset(self, *, seed=None, options=None):
        self.seeds.append(seed)
        return super().reset(seed=seed, options=options)


def returns_in_own_loop(env, policy, seeds):
    """Return what a policy gets in a loop as a user writes it."""
    returns = []
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        policy.reset()
        start, rewards, over = policy.command, [], False
        while not over:
            observation, reward, terminated, truncated, _ = env.step(policy(observation))
            policy.update(reward)
            rewards.append(reward)
            over = terminated or truncated
        left = start.desired_return - sum(rewards), max(start.desired_horizon - len(rewards), 1)
        np.testing.assert_allclose(policy.command, left)
        returns.append(sum(rewards))
    return returns


def test_policy_in_a_hand_written_loop_gets_the_returns_of_evaluate(cartpole_agent):
    with SeedRecorder(gymnasium.make("CartPole-v1")) as env:
        evaluation = cartpole_agent.evaluate(env, command=(30, 30), n_episodes=10)
        policy = cartpole_agent.policy(command=(30, 30))
        assert policy.command == Command(30, 30)
        assert evaluation.returns.tolist() == returns_in_own_loop(env, policy, env.seeds[:10])


def test_evaluation_depends_on_its_seed_alone(cartpole_agent):
    first, second, other = (
        cartpole_agent.evaluate("CartPole-v1", command=60, n_episodes=10, seed=s).returns for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


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


def test_command_scales_apply_to_integer_rows():
    X = np.array([[0, 10, 1], [0, 20, 1], [0, 30, 1], [0, 40, 1]])
    agent = UDRLAgent(LogisticRegression(C=1e6), return_scale=0.1, horizon_scale=0.5).fit(X, [0, 0, 1, 1])
    np.testing.assert_array_equal(agent.predict(X), [0, 0, 1, 1])
    assert X.dtype.kind == "i"


def test_estimator_with_random_state_keeps_it():
    agent = small_agent(RandomForestClassifier(5, random_state=7)).fit(MatchEnv)
    assert agent.estimator_.random_state == 7
    assert isinstance(small_agent(RandomForestClassifier(5)).fit(MatchEnv).estimator_.random_state, int)


@pytest.mark.parametrize("total_timesteps", [200, 600, 2400])
def test_auto_max_rows_is_the_newest_half_of_the_steps_within_bounds(total_timesteps, monkeypatch):
    monkeypatch.setattr("udrl_sklearn._training.AUTO_ROWS", (120, 480))
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


class LuckEnv(FixedLengthEnv):
    """Action 0 pays 2. Action 1 pays 10, and nothing in one of five episodes; the expected returns are 2 and 8."""

    def __init__(self):
        super().__init__(spaces.Discrete(1), spaces.Discrete(2), length=1)

    def reset(self, *, seed=None, options=None):
        self.is_lucky = seed % 5 > 0
        return super().reset(seed=seed)

    def reward(self, action):
        return 2.0 if action == 0 else 10.0 * self.is_lucky


@pytest.mark.parametrize(("smoothing", "obtained"), [(0.0, 8), (0.75, 2), (1.0, 2)])
def test_low_command_is_not_answered_by_unlucky_good_actions(smoothing, obtained):
    agent = small_agent(return_smoothing=smoothing).fit(LuckEnv)
    assert agent.evaluate(LuckEnv, command=0, n_episodes=200).mean_return == pytest.approx(obtained, abs=1)
    assert agent.evaluate(LuckEnv, command=8, n_episodes=200).mean_return == pytest.approx(8, abs=1)


@pytest.mark.parametrize("weighting", ["advantage", None])
def test_desired_return_that_few_steps_exceeded_acts_as_max(weighting):
    episodes = [Episode([[0.0], [0.0]], [i % 2], [float(i)]) for i in range(101)]
    agent = small_agent(weighting=weighting).fit(episodes)
    assert agent.policy(command=94).command == (94, 1)  # six of 101 obtained more
    assert agent.policy(command=95).command == ((0, 0) if weighting else (95, 1))
    assert agent.policy(command=(500, 3)).command == ((0, 0) if weighting else (100, 3))


def test_best_return_acts_as_max_even_if_every_episode_achieved_it():
    agent = small_agent().fit([Episode([[0.0], [0.0]], [i % 2], [7.0]) for i in range(9)])
    assert agent.policy(command=7).command == (0, 0)
    assert agent.policy(command=6).command == (6, 1)


@pytest.mark.parametrize(
    "estimator", [DecisionTreeClassifier(min_samples_leaf=20), GaussianNB()], ids=["tree", "updated"]
)
def test_finetuning_takes_the_last_steps_and_leaves_max_unchanged(estimator):
    agents = [small_agent(estimator, practice=practice).fit(MatchEnv) for practice in (0.0, 0.4)]
    assert [agent.n_timesteps_ for agent in agents] == [1500, 1500]
    # What came before is as without practice, and "max" is not learned from it.
    n_before = agents[1].history_[-1]["timesteps"]
    assert n_before == pytest.approx(900, abs=20)
    before = small_agent(estimator, total_timesteps=900).fit(MatchEnv)
    X = np.column_stack([np.eye(3), np.zeros((3, 2))])
    np.testing.assert_array_equal(agents[1].predict_proba(X), before.predict_proba(X))
    assert np.array_equal(agents[1].buffer_.returns[: before.n_episodes_], before.buffer_.returns)


def test_finetuning_commands_cover_the_range_of_returns():
    agents = [small_agent(practice=practice).fit(MatchEnv) for practice in (0.0, 0.4)]
    exploring, practising = (agent.buffer_.returns[-100:] for agent in agents)
    assert exploring.min() > 1
    assert (practising.min(), practising.max()) == (0, 5)


def test_published_method_has_no_finetuning():
    agents = [small_agent(weighting=None, practice=practice).fit(MatchEnv) for practice in (0.0, 0.4)]
    np.testing.assert_array_equal(agents[0].buffer_.returns, agents[1].buffer_.returns)


def test_random_segments_keep_their_achieved_return():
    # What a part of an episode obtains depends on its length more than on any action.
    agents = [small_agent(segments="random", return_smoothing=smoothing).fit(MatchEnv) for smoothing in (0.0, 1.0)]
    trees = [agent.estimator_.tree_ for agent in agents]
    np.testing.assert_array_equal(trees[0].threshold, trees[1].threshold)


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
    agent.set_params(weighting=None).fit(partial(LotteryEnv, 10**9))  # as published: a number of episodes
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


def test_hindsight_rows_hold_each_step_with_its_remaining_return_and_horizon():
    agent = small_agent().fit(MatchEnv)
    X, y = agent.hindsight_rows(agent.buffer_.episodes[:1])
    episode = agent.buffer_.episodes[0]
    np.testing.assert_array_equal(X[:, :-2], episode.observations[:-1])
    np.testing.assert_array_equal(X[:, -2], [episode.rewards[t:].sum() for t in range(5)])
    np.testing.assert_array_equal(X[:, -1], [5, 4, 3, 2, 1])
    np.testing.assert_array_equal(y, episode.actions)
    assert agent.hindsight_rows()[0].shape == (agent.n_timesteps_, agent.n_features_in_)


def test_fit_finishes_its_episodes_and_stops_after_total_timesteps():
    agent = small_agent(total_timesteps=500).fit("CartPole-v1")
    assert agent.n_timesteps_ == agent.buffer_.n_timesteps >= 500
    assert agent.n_episodes_ == len(agent.buffer_)
    assert agent.history_[-2]["timesteps"] < 500  # it stopped at the first chance


def test_fit_stops_at_the_target_return():
    agent = UDRLAgent(
        DecisionTreeClassifier(min_samples_leaf=5), total_timesteps=10_000, target_return=5.0, random_state=0
    ).fit(MatchEnv)
    assert agent.n_timesteps_ < 9000
    assert agent.history_[-1]["evaluated_return"] >= 5.0
    assert all(record["evaluated_return"] < 5.0 for record in agent.history_[:-1])


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


@pytest.mark.parametrize(
    "env",
    ["CartPole-v1", gymnasium.spec("CartPole-v1"), partial(gymnasium.make, "CartPole-v1")],
    ids=["id", "spec", "factory"],
)
def test_id_spec_factory_and_instance_give_the_same_agent(env):
    agent = small_agent().fit(env)
    with gymnasium.make("CartPole-v1") as instance:
        same = small_agent().fit(instance)
        instance.reset()  # it was left open
    np.testing.assert_array_equal(agent.buffer_.returns, same.buffer_.returns)


def test_episodes_alternate_between_listed_environments():
    envs = [partial(MatchEnv, length=3), partial(MatchEnv, length=5)]
    agent = small_agent().fit(envs)
    assert agent.buffer_.lengths[:10].tolist() == [3, 5] * 5  # the warm-up
    assert agent.evaluate(envs, n_episodes=4).lengths.tolist() == [3, 5] * 2
    assert agent.score(envs) == 4.0


@pytest.mark.parametrize(
    ("action_space", "classifier"),
    [
        (spaces.Discrete(3, start=-1), True),
        (spaces.MultiDiscrete([3, 2]), True),
        (spaces.MultiDiscrete([[3, 2], [2, 2]]), True),
        (spaces.MultiBinary(3), True),
        (spaces.Box(-2, 2, (2,)), False),
        (spaces.Box(-2, 2, ()), False),
        (spaces.Box(0, 4, (2, 2), dtype=np.int64), False),
    ],
    ids=str,
)
def test_every_action_space_is_learned(action_space, classifier):
    env = partial(SpacesEnv, spaces.Box(-1, 1, (2,)), action_space)  # its reward is the sum of the action
    tree = DecisionTreeClassifier(min_samples_leaf=20) if classifier else DecisionTreeRegressor(min_samples_leaf=20)
    agent = small_agent(tree).fit(env)
    assert agent.score(env) > agent.history_[0]["mean_return"] + 1
    assert action_space.contains(agent.policy((3, 3))(np.zeros(2, dtype=np.float32)))
    n_components = agent.behavior_.predict(np.zeros((4, 4), dtype=np.float32)).shape[1:]
    assert n_components == (() if action_space.shape in ((), (1,)) else (int(np.prod(action_space.shape)),))


@pytest.mark.parametrize(
    "observation_space",
    [
        spaces.Discrete(4),
        spaces.MultiDiscrete([3, 2]),
        spaces.MultiBinary([2, 2]),
        spaces.Box(0, 255, (4, 4, 3), np.uint8),
        spaces.Dict(position=spaces.Box(-1, 1, (2,)), door=spaces.Discrete(2)),
        spaces.Tuple([spaces.Box(-1, 1, (2,)), spaces.Dict(a=spaces.MultiBinary(2))]),
    ],
    ids=str,
)
def test_every_observation_space_becomes_named_columns(observation_space):
    env = partial(SpacesEnv, observation_space, spaces.Discrete(2))
    agent = small_agent().fit(env)
    assert agent.n_features_in_ == spaces.flatdim(observation_space) + 2
    assert len(set(agent.feature_names_in_)) == agent.n_features_in_
    assert list(agent.feature_names_in_[-2:]) == ["desired_return", "desired_horizon"]
    assert agent.score(env) > agent.history_[0]["mean_return"]


def test_images_keep_their_dtype_in_the_buffer():
    env = partial(SpacesEnv, spaces.Box(0, 255, (4, 4, 3), np.uint8), spaces.Discrete(2))
    assert small_agent().fit(env).buffer_.episodes[0].observations.dtype == np.uint8


def test_default_estimator_fits_the_kind_of_actions():
    assert is_classifier(UDRLAgent(**SMALL).fit(MatchEnv))
    assert is_regressor(UDRLAgent(**SMALL).fit(ContinuousMatchEnv))


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


def test_predict_uses_the_clone_for_each_kind_of_command(cartpole_agent):
    observations = np.random.default_rng(0).uniform(-0.2, 0.2, (20, 4))
    exact, open_ended = (np.column_stack([observations, np.full((20, 2), c)]) for c in (50.0, 0.0))
    mixed = np.where(np.arange(20)[:, None] % 2 == 0, exact, open_ended)
    proba = cartpole_agent.predict_proba(mixed)
    np.testing.assert_array_equal(proba[::2], cartpole_agent.predict_proba(exact)[::2])
    np.testing.assert_array_equal(proba[1::2], cartpole_agent.predict_proba(open_ended)[1::2])
    assert not np.array_equal(cartpole_agent.predict_proba(exact), cartpole_agent.predict_proba(open_ended))


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_episodes_before_an_error_are_kept(n_jobs):
    agent = small_agent(n_envs=1, n_jobs=n_jobs, n_warm_up_episodes=20)
    with pytest.raises(RuntimeError, match="simulator failed") as raised:
        agent.fit(partial(FailingEnv, fail_in_episode=5))
    assert type(raised.value) is RuntimeError
    assert agent.n_episodes_ == len(agent.buffer_) == 5 * n_jobs
    agent.set_params(warm_start=True).fit(MatchEnv)  # and it can go on from there
    assert agent.n_episodes_ > 5


def test_error_in_a_later_iteration_leaves_a_fitted_agent():
    agent = small_agent(n_envs=1)
    with pytest.raises(RuntimeError, match="simulator failed"):
        agent.fit(partial(FailingEnv, fail_in_episode=100))
    assert agent.evaluate(MatchEnv, command=(3, 5), n_episodes=3).returns.shape == (3,)


def test_default_forest_accepts_sample_weights_of_any_sum():
    X = np.column_stack([np.repeat([-1.0, 1.0], 200), np.zeros((400, 2))])
    y = (X[:, 0] > 0).astype(int)
    agents = [UDRLAgent(random_state=0).fit(X, y, sample_weight=np.full(400, w)) for w in (1.0, 1 / 400)]
    assert [agent.predict_proba(X[[0, -1]]).tolist() for agent in agents] == 2 * [[[1.0, 0.0], [0.0, 1.0]]]


def test_default_forest_draws_half_of_the_rows_from_20_rows_on():
    def episode(length):
        observations = np.zeros((length + 1, 1), dtype=np.float32)
        return Episode(observations, np.arange(length) % 2, np.ones(length), terminated=True, truncated=False)

    taken = [UDRLAgent(random_state=0).fit([episode(length)]).max_estimator_.max_samples for length in (19, 20)]
    assert taken == [None, 0.5]
