import functools

import numpy as np
import pytest
from comparing import assert_same_episodes
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from rollouts import ACTORS, Matcher, collect, collect_until_error, fitted_behavior, make_specs, run_alone
from toy_envs import ContinuousMatchEnv, EndlessEnv, FixedLengthEnv, MatchEnv, NanEnv, SpacesEnv

from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources
from udrl_sklearn._rollout._action_selection import ExploringActor, GreedyActor, RandomActor
from udrl_sklearn._rollout._vector_rollout import EpisodeSpec, VectorRollout


@pytest.mark.parametrize("truncates", [False, True])
def test_episode_holds_observations_actions_rewards_and_end(truncates):
    (episode,) = collect(lambda: MatchEnv(length=4, truncates=truncates), make_specs(1), GreedyActor(Matcher()))
    env = MatchEnv(length=4, truncates=truncates)
    states = [env.reset(seed=10)[0], *(env.step(0)[0] for _ in range(4))]
    np.testing.assert_array_equal(episode.observations, np.eye(3)[states])
    np.testing.assert_array_equal(episode.actions, states[:-1])
    np.testing.assert_array_equal(episode.rewards, np.ones(4))
    assert (episode.terminated, episode.truncated) == (not truncates, truncates)


def test_commands_are_counted_down_by_each_reward():
    matcher = Matcher()
    collect(lambda: MatchEnv(length=4), [EpisodeSpec(0, 3, (10.0, 2.5))], GreedyActor(matcher))
    commands = np.concatenate(matcher.requests)[:, -2:]
    np.testing.assert_array_equal(commands, [[10, 2.5], [9, 1.5], [8, 1], [7, 1]])


def test_episodes_keep_their_commands_when_others_end():
    matcher, lengths = Matcher(), (2, 5, 3)
    specs = [EpisodeSpec(i, i, (100.0 * i, 50.0 * i)) for i in range(3)]  # the command of episode 0 is open-ended
    collect([functools.partial(MatchEnv, length=n) for n in lengths], specs, GreedyActor(matcher))
    commands = [sorted(map(tuple, X[:, -2:])) for X in matcher.requests]
    running = [[i for i in range(3) if lengths[i] > t] for t in range(5)]
    assert commands == [
        [(100 * i - t, 50 * i - t) if i else (0, 0) for i in indices] for t, indices in enumerate(running)
    ]


@pytest.fixture(params=ACTORS)
def actor(request):
    return ACTORS[request.param]


# Memory for 128 steps is allocated at first.
@pytest.mark.parametrize("n_envs", [1, 2, 5])
@pytest.mark.parametrize(
    "lengths",
    [[127, 128, 129, 300], [600, *[1, 2, 3] * 40], [150, 3, 1, 2, 90, 4] * 5, [1] * 300],
    ids=["around the capacity", "one outlasts many", "long and short ones alternate", "one step each"],
)
def test_episodes_that_exceed_the_capacity_equal_a_plain_loop(actor, lengths, n_envs):
    envs = [functools.partial(MatchEnv, length=n, truncates=n % 2 == 0) for n in lengths]
    specs = make_specs(len(lengths), command=(40.0, 120.0), n_sources=len(lengths))
    expected = [run_alone(env(), spec, actor) for env, spec in zip(envs, specs, strict=True)]
    assert [len(episode) for episode in expected] == lengths
    assert_same_episodes(collect(envs, specs, actor, n_envs=n_envs), expected)


class Echo:
    """In place of a fitted behavior: its actions are the random numbers that it gets."""

    n_uniforms = 2

    def sample(self, X, uniforms, *, greedy, epsilon, masks=None):
        return uniforms


@settings(max_examples=20)
@given(st.lists(st.integers(1, 5) | st.integers(100, 300), min_size=1, max_size=12), st.integers(1, 6))
def test_each_episode_has_its_own_random_stream_at_any_capacity(lengths, n_envs):
    envs = [functools.partial(ContinuousMatchEnv, n_components=2, length=n) for n in lengths]
    specs, actor = make_specs(len(lengths), n_sources=len(lengths)), ExploringActor(Echo())
    episodes = collect(envs, specs, actor, n_envs=n_envs)
    for spec, n, episode in zip(specs, lengths, episodes, strict=True):
        stream = np.random.default_rng((spec.seed, 1)).random((n, 3))
        np.testing.assert_array_equal(episode.actions, stream[:, :2].astype(np.float32))
    assert_same_episodes(episodes, [run_alone(env(), spec, actor) for env, spec in zip(envs, specs, strict=True)])


class RecyclingEnv(FixedLengthEnv):
    """Writes each observation into the same array, and scales actions where they are."""

    def __init__(self):
        super().__init__(spaces.Box(-100, 100, (1,)), spaces.Box(-1, 1, (1,)), length=4)
        self.state = np.zeros(1, dtype=np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state[:] = 0
        return self.state, {}

    def step(self, action):
        _, *others = super().step(action)
        self.state += 1
        action *= 0
        return self.state, *others


def test_reused_observation_array_does_not_change_earlier_steps():
    (episode,) = collect(lambda: RecyclingEnv(), make_specs(1))
    assert episode.observations.ravel().tolist() == [0, 1, 2, 3, 4]


def test_action_changed_in_place_does_not_change_the_episode():
    (episode,) = collect(lambda: RecyclingEnv(), make_specs(1))
    assert (episode.actions != 0).all()


@pytest.mark.parametrize(
    "action_space",
    [
        spaces.Discrete(3, start=2),
        spaces.MultiDiscrete([[2, 3], [2, 2]], start=[[0, 1], [2, 3]]),
        spaces.MultiBinary([2, 2]),
        spaces.Box(-1, 1, ()),
        spaces.Box(-1, 1, (1,), np.float64),
        spaces.Box(-2, 2, (2, 2)),
        spaces.Box(-5, 5, (2,), np.int16),
    ],
    ids=str,
)
def test_stored_actions_of_every_space_can_be_replayed(action_space):
    class Replay:
        """Predicts the actions of an earlier episode, as floating point numbers."""

        def __init__(self, actions):
            self.actions = iter(actions.astype(float))

        def predict(self, X, masks=None):
            return np.array([next(self.actions)])

    make = functools.partial(SpacesEnv, spaces.Box(0, 255, (2, 2), np.uint8), action_space)
    (episode,) = collect(make, make_specs(1))
    assert episode.observations.dtype == np.uint8
    assert len(set(map(bytes, episode.actions))) > 1
    assert episode.rewards.tolist() == [float(np.sum(action, dtype=action_space.dtype)) for action in episode.actions]
    assert_same_episodes([episode], collect(make, make_specs(1), GreedyActor(Replay(episode.actions))))


@pytest.mark.parametrize("reward", [1, True, np.float32(0.5), np.int64(2), np.array(3.0)], ids=repr)
def test_rewards_may_be_any_kind_of_number(reward):
    class RewardEnv(MatchEnv):
        def reward(self, action):
            return reward

    (episode,) = collect(RewardEnv(), make_specs(1))
    assert episode.rewards.dtype == np.float64
    assert (episode.rewards == float(reward)).all()


@pytest.mark.parametrize("actor", [RandomActor(), GreedyActor(fitted_behavior(2, 2))], ids=["random", "greedy"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    ("what", "step", "where"),
    [
        ("observation", -1, "at the start of episode 1"),
        ("observation", 3, "after step 3 of episode 1"),
        ("observation", 4, "after step 4 of episode 1"),  # the last one
        ("reward", 0, "after step 0 of episode 1"),
        ("reward", 4, "after step 4 of episode 1"),
    ],
)
def test_non_finite_values_are_refused_with_episode_and_step(what, step, where, value, actor):
    envs = [lambda: NanEnv(step=99), lambda: NanEnv(what, step, value=value)]
    message = rf"The {what} of .* is .*(nan|inf).* {where} \(reset seed 11\)"
    yielded, _ = collect_until_error(envs, make_specs(2, n_sources=2), ValueError, message, actor, n_envs=1)
    assert yielded == [0]


@pytest.mark.parametrize("what", ["observation", "reward"])
def test_errors_count_steps_from_the_start_of_the_episode(what):
    envs = [lambda: NanEnv(step=999, length=160), lambda: NanEnv(what, 200, length=300)]
    message = rf"The {what} of .* after step 200 of episode 1 \(reset seed 11\)"
    yielded, _ = collect_until_error(envs, make_specs(2, n_sources=2), ValueError, message, n_envs=2)
    assert yielded == [0]


class ResizingEnv(FixedLengthEnv):
    """Returns an observation that is not in its space after a step (from 0 on; -1 is that of `reset`)."""

    def __init__(self, observation_space, other, step):
        super().__init__(observation_space, spaces.Discrete(2))
        self.other, self.wrong_step = other, step

    def reset(self, *, seed=None, options=None):
        observation, info = super().reset(seed=seed)
        return self.other if self.wrong_step < 0 else observation, info

    def step(self, action):
        now = self.t
        observation, *others = super().step(action)
        return self.other if now == self.wrong_step else observation, *others


@pytest.mark.parametrize("n_envs", [1, 3])
@pytest.mark.parametrize("step", [-1, 0, 2])
@pytest.mark.parametrize(
    ("space", "other"),
    [
        (spaces.Box(-1, 1, (2,)), np.zeros(1, dtype=np.float32)),
        (spaces.Box(-1, 1, (2,)), np.zeros(3, dtype=np.float32)),
        (spaces.Box(-1, 1, (2,)), 0.0),
        (spaces.MultiBinary(3), np.zeros(1, dtype=np.int8)),
        (spaces.Dict({"a": spaces.Box(-1, 1, (2,))}), {"a": np.zeros(1, dtype=np.float32)}),
    ],
    ids=["too small", "too large", "a number", "MultiBinary", "Dict"],
)
def test_observation_of_the_wrong_size_stops_the_rollout(space, other, step, n_envs):
    env = functools.partial(ResizingEnv, space, other, step)
    yielded, _ = collect_until_error(env, make_specs(3), ValueError, None, n_envs=n_envs)
    assert yielded == []


def test_endless_episode_is_stopped_and_the_others_finish():
    envs = [functools.partial(MatchEnv, length=n) for n in (200, 3, 7)]
    endless = functools.partial(SpacesEnv, spaces.Discrete(3), spaces.Discrete(3), np.inf)
    specs = [*make_specs(9, n_sources=3), EpisodeSpec(3, 99, (0.0, 0.0))]
    message = "has not ended after max_episode_steps=250 steps"
    yielded, _ = collect_until_error([*envs, endless], specs, ValueError, message, n_envs=2, max_episode_steps=250)
    assert sorted(yielded) == list(range(9))


def test_endless_episode_is_stopped_with_advice():
    message = r"EndlessEnv instance.* has not ended after max_episode_steps=50 steps. .*TimeLimit"
    collect_until_error(EndlessEnv(), make_specs(1), ValueError, message, max_episode_steps=50)


def test_episode_may_end_at_max_episode_steps():
    (episode,) = collect(lambda: MatchEnv(length=5), make_specs(1), max_episode_steps=5)
    assert len(episode) == 5


@pytest.fixture
def rollout():
    """Return a rollout of two columns for episodes of 2, 3 and 1 steps; its actor always takes the rewarded action."""
    with EnvPool(env_sources([functools.partial(MatchEnv, length=n) for n in (2, 3, 1)])) as pool:
        yield VectorRollout(pool, GreedyActor(Matcher()), max_running=2, max_episode_steps=10)


def test_column_is_free_again_when_its_episode_has_ended(rollout):
    rollout.begin(0, EpisodeSpec(0, 7, (5.0, 5.0)))
    assert rollout.has_free_column
    rollout.begin(1, EpisodeSpec(1, 8, (9.0, 9.0)))
    assert not rollout.has_free_column
    assert rollout.step() is None
    assert list(rollout.pop_ended()) == []
    np.testing.assert_array_equal(rollout.commands, [[4, 4], [8, 8]])

    assert rollout.step() is None
    ((index, episode),) = rollout.pop_ended()
    assert (index, episode.rewards.tolist(), episode.terminated) == (0, [1, 1], True)
    assert rollout.has_free_column
    np.testing.assert_array_equal(rollout.commands[0], [7, 7])  # episode 1 has moved to the first column

    rollout.begin(2, EpisodeSpec(2, 9, (0.0, 0.0)))
    assert rollout.step() is None
    ended = dict(rollout.pop_ended())
    assert {index: len(episode) for index, episode in ended.items()} == {1: 3, 2: 1}
    assert rollout.running == []


def test_step_returns_the_error_and_keeps_the_episodes_that_ended_before_it():
    envs = [functools.partial(NanEnv, step=99, length=1), functools.partial(NanEnv, "reward", step=0, length=1)]
    specs = make_specs(3, n_sources=2)
    with EnvPool(env_sources(envs)) as pool:
        rollout = VectorRollout(pool, RandomActor(), max_running=3, max_episode_steps=10)
        for index, spec in enumerate(specs):
            rollout.begin(index, spec)
        error = rollout.step()
        assert isinstance(error, ValueError) and "episode 1" in str(error)
        assert [index for index, _ in rollout.pop_ended()] == [0]  # episode 2, in a later column, does not count


def test_capacity_is_bounded_by_the_running_episodes():
    with EnvPool(env_sources([functools.partial(MatchEnv, length=n) for n in (50, 30)])) as pool:
        rollout = VectorRollout(pool, RandomActor(), max_running=2, max_episode_steps=100)
        capacities = set()
        for index in range(60):
            while rollout.has_free_column:
                rollout.begin(index, EpisodeSpec(index % 2, index, (0.0, 0.0)))
            while rollout.step() is None and not list(rollout.pop_ended()):
                capacities.add(rollout.capacity)
        assert capacities == {128}
