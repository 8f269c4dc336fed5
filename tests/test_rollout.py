import functools
from copy import deepcopy

import gymnasium
import numpy as np
import pytest
from comparing import assert_same_episodes
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier
from toy_envs import BanditEnv, ContinuousMatchEnv, EndlessEnv, FailingEnv, FixedLengthEnv, MatchEnv, NanEnv, SpacesEnv

from udrl_sklearn._actors import Actor, RandomActor, TurnsActor, evenly_spread
from udrl_sklearn._behavior import DiscreteBehavior, Exploration, design_matrix
from udrl_sklearn._commands import next_command
from udrl_sklearn._environments import env_sources, seeded_envs
from udrl_sklearn._episodes import Episode
from udrl_sklearn._lanes import EpisodePlan
from udrl_sklearn._pool import EnvPool, Place
from udrl_sklearn._rollout import collect_episodes
from udrl_sklearn._spaces import ActionTargets, ObservationColumns


class Matcher:
    """Stands for a fitted behavior function: answers with the state, and keeps the rows that it was asked for."""

    n_uniforms = 1

    def __init__(self):
        self.asked = []

    def predict(self, X):
        self.asked.append(X)
        return X[:, :-2].argmax(axis=1)

    def sample(self, X, uniforms, exploration):
        return (uniforms[:, 0] < 0.5).astype(int)


def fitted_behavior(n_actions=3, n_columns=3):
    """Return a tree that chooses by state and by command, with probabilities off 0 and 1."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, size=(200, n_columns + 2)).astype(np.float32)
    X[:, :-2] /= 5
    tree = DecisionTreeClassifier(max_depth=5)
    return DiscreteBehavior(tree, [np.arange(n_actions)]).fit(X, rng.integers(n_actions, size=200), None, rng)


def make_plans(n_episodes, command=(0.0, 0.0), n_sources=1, first_seed=10):
    return [EpisodePlan(i % n_sources, first_seed + i, command) for i in range(n_episodes)]


def collect(envs, plans, actor=None, **params):
    """Return the episodes in the order of their plans, which must all be there."""
    with EnvPool(env_sources(envs)) as pool:
        episodes = dict(collect_episodes(pool, plans, actor or RandomActor(), **params))
    assert sorted(episodes) == list(range(len(plans)))
    return [episodes[i] for i in range(len(plans))]


def collect_until_error(envs, plans, error, message, actor=None, **params):
    """Return the places of the episodes that were yielded before the error, and the error."""
    yielded = []
    with EnvPool(env_sources(envs)) as pool, pytest.raises(error, match=message) as raised:
        for i, _ in collect_episodes(pool, plans, actor or RandomActor(), **params):
            yielded.append(i)
    return yielded, raised.value


@pytest.mark.parametrize("truncates", [False, True])
def test_episode_holds_observations_actions_rewards_and_end(truncates):
    (episode,) = collect(lambda: MatchEnv(length=4, truncates=truncates), make_plans(1), Actor(Matcher()))
    env = MatchEnv(length=4, truncates=truncates)
    states = [env.reset(seed=10)[0], *(env.step(0)[0] for _ in range(4))]
    np.testing.assert_array_equal(episode.observations, np.eye(3)[states])
    np.testing.assert_array_equal(episode.actions, states[:-1])
    np.testing.assert_array_equal(episode.rewards, np.ones(4))
    assert (episode.terminated, episode.truncated) == (not truncates, truncates)


def test_commands_are_counted_down_by_each_reward():
    matcher = Matcher()
    collect(lambda: MatchEnv(length=4), [EpisodePlan(0, 3, (10.0, 2.5))], Actor(matcher))
    commands = np.concatenate(matcher.asked)[:, -2:]
    np.testing.assert_array_equal(commands, [[10, 2.5], [9, 1.5], [8, 1], [7, 1]])


def test_episodes_keep_their_commands_when_others_end():
    matcher, lengths = Matcher(), (2, 5, 3)
    plans = [EpisodePlan(i, i, (100.0 * i, 50.0 * i)) for i in range(3)]  # that of episode 0 is open-ended
    collect([functools.partial(MatchEnv, length=n) for n in lengths], plans, Actor(matcher))
    asked = [sorted(map(tuple, X[:, -2:])) for X in matcher.asked]
    alive = [[i for i in range(3) if lengths[i] > t] for t in range(5)]
    assert asked == [[(100 * i - t, 50 * i - t) if i else (0, 0) for i in running] for t, running in enumerate(alive)]


ACTORS = {
    "random": RandomActor(),
    "persistent": RandomActor(0.8),
    "greedy": Actor(fitted_behavior()),
    "by turns": TurnsActor(fitted_behavior(), power=1),
    "exploring": Actor(fitted_behavior(), Exploration(True, 0.2)),
    "exploring, persistent": Actor(fitted_behavior(), Exploration(True, 0.0, 0.7)),
}


@pytest.fixture(params=ACTORS)
def actor(request):
    return ACTORS[request.param]


LENGTHS = [3, 7, 4]
MANY_PLANS = make_plans(20, command=(5.0, 7.0), n_sources=len(LENGTHS))


def make_envs():
    return [functools.partial(MatchEnv, length=n) for n in LENGTHS]


@pytest.mark.parametrize("params", [{"n_envs": 3}, {"n_envs": 16}, {"n_envs": 3, "n_jobs": 2}], ids=str)
def test_episode_depends_on_its_plan_alone(actor, params):
    alone = collect(make_envs(), MANY_PLANS, actor, n_envs=1)
    assert_same_episodes(alone, collect(make_envs(), MANY_PLANS, actor, **params))
    assert [len(episode) for episode in alone[:3]] == LENGTHS
    assert len({episode.actions.tobytes() for episode in alone}) > 5  # or else nothing is shown


def test_random_actions_are_sticky_in_half_of_the_episodes():
    episodes = collect([functools.partial(MatchEnv, length=4000)], make_plans(40), RandomActor(0.9))
    shares_kept = np.array([(np.diff(episode.actions) == 0).mean() for episode in episodes])
    n_actions = len(np.unique(episodes[0].actions))
    plain, lasting = 1 / n_actions, 0.9 + 0.1 / n_actions  # a new draw may be the same again
    is_lasting = shares_kept > (plain + lasting) / 2
    assert 10 <= is_lasting.sum() <= 30
    np.testing.assert_allclose(shares_kept, np.where(is_lasting, lasting, plain), atol=0.04)


class Hesitant:
    """Stands for a behavior function fitted on two features, of which the second varies little."""

    n_uniforms, observation_spread = 1, np.array([0.5, 0.001])

    def sample(self, X, uniforms, exploration):
        return uniforms


class ScriptedEnv(gymnasium.Env):
    """Shows given numbers one after the other."""

    def __init__(self, numbers):
        self.numbers = np.array(numbers, dtype=np.float32)
        self.observation_space = spaces.Box(0, 1, (2,))
        self.action_space = spaces.Box(0, 1, (1,))

    def reset(self, *, seed=None, options=None):
        self.t = 0
        return self.numbers[0], {}

    def step(self, action):
        self.t += 1
        return self.numbers[self.t], 0.0, self.t == len(self.numbers) - 1, False, {}


def test_draw_is_repeated_while_the_observation_is_unchanged():
    first = [0.5, 0.505, 0.5, 0.512, 0.505, 0.9, 0.9, 0.9, 0.0]  # 0.512 to 0.505 is little, 0.5 to 0.512 is not
    second = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.001, 0.0]
    numbers = np.column_stack([first, second])
    actor = Actor(Hesitant(), Exploration(True, 0.0, 1 - 1e-12))
    for episode in collect(functools.partial(ScriptedEnv, numbers), make_plans(5), actor, n_envs=2):
        assert (np.diff(episode.actions[:, 0]) == 0).tolist() == [True, True, False, True, False, True, False]
    first_actions = [
        episode.actions[0, 0] for episode in collect(lambda: ScriptedEnv(np.zeros((2, 2))), make_plans(9), actor)
    ]
    assert len(set(first_actions)) == 9  # nothing is kept from one episode to the next


def test_draw_is_repeated_with_the_sticky_probability():
    actor = Actor(Hesitant(), Exploration(True, 0.0, 0.8))
    (episode,) = collect(lambda: ScriptedEnv(np.zeros((20_001, 2))), make_plans(1), actor)
    assert (np.diff(episode.actions[:, 0]) == 0).mean() == pytest.approx(0.8, abs=0.01)


def live_alone(env, plan, actor):
    """Live through a plan step by step: Algorithm 2 of Srivastava et al. 2019 in a plain loop."""
    columns, targets = ObservationColumns(env.observation_space), ActionTargets.from_space(env.action_space)
    rng, action_space, command = np.random.default_rng((plan.seed, 1)), deepcopy(env.action_space), plan.command
    if isinstance(actor, RandomActor):
        action_space.seed(int(rng.integers(2**31)))
        persistence, action = actor.persistence * rng.integers(2), action_space.sample()
    observation, _ = env.reset(seed=plan.seed)
    observations, actions, rewards, ends = [columns.flatten(observation)], [], [], (False, False)
    seen_before = uniforms_before = np.nan
    while not any(ends):
        if isinstance(actor, RandomActor):
            action = action if rng.random() < persistence else action_space.sample()
        else:
            X = design_matrix(observations[-1][None], np.array([command]))
            uniforms = rng.random((1, actor.n_uniforms))
            if isinstance(actor, TurnsActor):
                target = actor.behavior.take_turns(X, evenly_spread([len(actions)], 1), actor.power)
            elif actor.exploration is None:
                target = actor.behavior.predict(X)
            else:
                if uniforms[0, -1] < actor.exploration.persistence:
                    changes = np.abs(observations[-1] - seen_before)
                    if np.all(changes <= 0.02 * actor.behavior.observation_spread):
                        uniforms = uniforms_before
                target = actor.behavior.sample(X, uniforms[:, :-1], actor.exploration)
                seen_before, uniforms_before = observations[-1], uniforms
            (action,) = targets.decode(target)
        actions.append(targets.encode(action))
        observation, reward, *ends, _ = env.step(action)
        observations.append(columns.flatten(observation))
        rewards.append(reward)
        (command,) = next_command(np.array([command]), np.array([reward]))
    return Episode(np.stack(observations), np.stack(actions), rewards, *ends)


# There is room for 128 steps at first.
@pytest.mark.parametrize("n_envs", [1, 2, 5])
@pytest.mark.parametrize(
    "lengths",
    [[127, 128, 129, 300], [600, *[1, 2, 3] * 40], [150, 3, 1, 2, 90, 4] * 5, [1] * 300],
    ids=["around the room", "one outlasts many", "long and short ones by turns", "as short as can be"],
)
def test_episodes_that_exceed_the_capacity_equal_a_plain_loop(actor, lengths, n_envs):
    envs = [functools.partial(MatchEnv, length=n, truncates=n % 2 == 0) for n in lengths]
    plans = make_plans(len(lengths), command=(40.0, 120.0), n_sources=len(lengths))
    expected = [live_alone(env(), plan, actor) for env, plan in zip(envs, plans, strict=True)]
    assert [len(episode) for episode in expected] == lengths
    assert_same_episodes(collect(envs, plans, actor, n_envs=n_envs), expected)


class Echo:
    """Stands for a fitted behavior function: its actions are the random numbers that it is given."""

    n_uniforms = 2

    def sample(self, X, uniforms, exploration):
        return uniforms


@settings(max_examples=20)
@given(st.lists(st.integers(1, 5) | st.integers(100, 300), min_size=1, max_size=12), st.integers(1, 6))
def test_each_episode_has_its_own_random_stream_at_any_capacity(lengths, n_envs):
    envs = [functools.partial(ContinuousMatchEnv, n_components=2, length=n) for n in lengths]
    plans, actor = make_plans(len(lengths), n_sources=len(lengths)), Actor(Echo(), Exploration(True))
    episodes = collect(envs, plans, actor, n_envs=n_envs)
    for plan, n, episode in zip(plans, lengths, episodes, strict=True):
        stream = np.random.default_rng((plan.seed, 1)).random((n, 3))
        np.testing.assert_array_equal(episode.actions, stream[:, :2].astype(np.float32))
    assert_same_episodes(episodes, [live_alone(env(), plan, actor) for env, plan in zip(envs, plans, strict=True)])


class SharedSpacesEnv(MatchEnv):
    """Has its spaces at the class, as many environments do, so that all share one generator."""

    shared = spaces.Discrete(3)

    def __init__(self):
        super().__init__()
        self.action_space = self.shared


def test_random_actions_depend_on_the_plan_alone_with_shared_spaces():
    plans = make_plans(6)
    assert_same_episodes(
        collect(lambda: SharedSpacesEnv(), plans, n_envs=1), collect(lambda: SharedSpacesEnv(), plans, n_envs=6)
    )


def test_same_plan_gives_the_same_episode(actor):
    first, second, other = collect(lambda: MatchEnv(), [EpisodePlan(0, seed, (5.0, 5.0)) for seed in (1, 1, 2)], actor)
    assert_same_episodes([first], [second])
    assert first.observations.tolist() != other.observations.tolist()


def test_plans_with_the_same_observations_draw_different_actions():
    episodes = collect(lambda: BanditEnv(), make_plans(40), Actor(Matcher(), Exploration(True)))
    assert 10 < sum(int(episode.actions[0]) for episode in episodes) < 30


def test_seeded_environments_differ_under_the_same_draw():
    sources = env_sources(seeded_envs(lambda: MatchEnv(), 2))
    plans = [EpisodePlan(i, source.reset_seed(7), (0.0, 0.0)) for i, source in enumerate(sources)]
    with EnvPool(sources) as pool:
        one, other = dict(collect_episodes(pool, plans, Actor(Matcher()))).values()
    assert one.observations.tolist() != other.observations.tolist()


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
    (episode,) = collect(lambda: RecyclingEnv(), make_plans(1))
    assert episode.observations.ravel().tolist() == [0, 1, 2, 3, 4]


def test_action_changed_in_place_does_not_change_the_episode():
    (episode,) = collect(lambda: RecyclingEnv(), make_plans(1))
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
        """Answers with the actions of an earlier episode, as floating point numbers."""

        def __init__(self, actions):
            self.actions = iter(actions.astype(float))

        def predict(self, X):
            return np.array([next(self.actions)])

    make = functools.partial(SpacesEnv, spaces.Box(0, 255, (2, 2), np.uint8), action_space)
    (episode,) = collect(make, make_plans(1))
    assert episode.observations.dtype == np.uint8
    assert len(set(map(bytes, episode.actions))) > 1
    assert episode.rewards.tolist() == [float(np.sum(action, dtype=action_space.dtype)) for action in episode.actions]
    assert_same_episodes([episode], collect(make, make_plans(1), Actor(Replay(episode.actions))))


@pytest.mark.parametrize("reward", [1, True, np.float32(0.5), np.int64(2), np.array(3.0)], ids=repr)
def test_rewards_may_be_any_kind_of_number(reward):
    class RewardEnv(MatchEnv):
        def reward(self, action):
            return reward

    (episode,) = collect(RewardEnv(), make_plans(1))
    assert episode.rewards.dtype == np.float64
    assert (episode.rewards == float(reward)).all()


@pytest.mark.parametrize("actor", [RandomActor(), Actor(fitted_behavior(2, 2))], ids=["random", "greedy"])
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
    yielded, _ = collect_until_error(envs, make_plans(2, n_sources=2), ValueError, message, actor, n_envs=1)
    assert yielded == [0]


@pytest.mark.parametrize("what", ["observation", "reward"])
def test_errors_count_steps_from_the_start_of_the_episode(what):
    envs = [lambda: NanEnv(step=999, length=160), lambda: NanEnv(what, 200, length=300)]
    message = rf"The {what} of .* after step 200 of episode 1 \(reset seed 11\)"
    yielded, _ = collect_until_error(envs, make_plans(2, n_sources=2), ValueError, message, n_envs=2)
    assert yielded == [0]


class ResizingEnv(FixedLengthEnv):
    """Gives another observation than its space has, after a step (from 0 on; -1 is that of `reset`)."""

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
    yielded, _ = collect_until_error(env, make_plans(3), ValueError, None, n_envs=n_envs)
    assert yielded == []


def test_endless_episode_is_stopped_and_the_others_finish():
    envs = [functools.partial(MatchEnv, length=n) for n in (200, 3, 7)]
    endless = functools.partial(SpacesEnv, spaces.Discrete(3), spaces.Discrete(3), np.inf)
    plans = [*make_plans(9, n_sources=3), EpisodePlan(3, 99, (0.0, 0.0))]
    message = "has not ended after max_episode_steps=250 steps"
    yielded, _ = collect_until_error([*envs, endless], plans, ValueError, message, n_envs=2, max_episode_steps=250)
    assert sorted(yielded) == list(range(9))


def test_endless_episode_is_stopped_with_advice():
    message = r"EndlessEnv instance.* has not ended after max_episode_steps=50 steps. .*TimeLimit"
    collect_until_error(EndlessEnv(), make_plans(1), ValueError, message, max_episode_steps=50)


def test_episode_may_end_at_max_episode_steps():
    (episode,) = collect(lambda: MatchEnv(length=5), make_plans(1), max_episode_steps=5)
    assert len(episode) == 5


@pytest.mark.parametrize(
    ("params", "fail_at_step", "finished"),
    [
        ({"n_envs": 1}, 0, {0, 1}),
        ({"n_envs": 2}, 2, {0, 1}),
        ({"n_envs": 3}, 4, {0, 1}),  # those that ended in the same round
        ({"n_envs": 1, "n_jobs": 2}, 2, {0, 1, 3}),  # one worker has 0 and 2, the other 1 and 3
    ],
    ids=str,
)
def test_error_of_an_environment_comes_after_the_finished_episodes(params, fail_at_step, finished):
    env = functools.partial(FailingEnv, fail_at_step, fail_on_seed=12)
    message = f"^simulator failed at step {fail_at_step}"
    yielded, error = collect_until_error(env, make_plans(4), RuntimeError, message, **params)
    assert set(yielded) == finished
    in_a_worker = "n_jobs" in params
    assert any("in step" in note for note in getattr(error, "__notes__", [])) == in_a_worker


class PickyError(Exception):
    """Can't be unpickled, as its arguments are not those of `Exception`."""

    def __init__(self, joint, angle):
        super().__init__(f"joint {joint} is at {angle}")


class PickyEnv(FailingEnv):
    def step(self, action):
        try:
            return super().step(action)
        except RuntimeError:
            raise PickyError("knee", 7) from None


def test_error_that_can_not_be_pickled_is_reported_from_a_worker():
    def make():
        return PickyEnv(fail_on_seed=12)

    yielded, _ = collect_until_error(make, make_plans(4), Exception, "joint knee is at 7", n_envs=1, n_jobs=2)
    assert set(yielded) == {0, 1, 3}


@pytest.mark.parametrize("params", [{}, {"n_jobs": 2}], ids=str)
def test_no_plans_give_no_episodes(params):
    assert collect(lambda: MatchEnv(), [], **params) == []


class CountedEnv(MatchEnv):
    """Counts the instances made and closed, and refuses to be reset before its episode has ended."""

    made = closed = 0

    def __init__(self):
        super().__init__()
        type(self).made += 1
        self.is_closed = False
        self.n_resets = 0

    def reset(self, *, seed=None, options=None):
        self.n_resets += 1
        assert self.t in (0, self.length), "reset in the middle of an episode"
        return super().reset(seed=seed)

    def close(self):
        type(self).closed += 1
        self.is_closed = True


@pytest.fixture
def counted_env():
    CountedEnv.made = CountedEnv.closed = 0
    return CountedEnv


def test_rollout_makes_n_envs_environments_and_the_pool_closes_them(counted_env):
    collect(lambda: counted_env(), make_plans(12), n_envs=4)
    assert counted_env.made == counted_env.closed == 4


def test_pool_closes_lent_environments_after_an_error(counted_env):
    with pytest.raises(ZeroDivisionError), EnvPool(env_sources(lambda: counted_env())) as pool:
        pool.lend(0)
        pool.take_back(0, pool.lend(0))
        _ = 1 / 0
    assert counted_env.made == counted_env.closed == 2


@pytest.mark.parametrize("params", [{}, {"n_jobs": 2}], ids=str)
def test_instance_serves_one_episode_at_a_time_and_is_left_open(counted_env, params):
    env = counted_env()
    episodes = collect([env, lambda: counted_env()], make_plans(10, n_sources=2), n_envs=4, **params)
    assert (env.n_resets, env.is_closed) == (5, False)
    assert counted_env.made - 1 == counted_env.closed <= 4
    assert_same_episodes(episodes, collect([lambda: MatchEnv()] * 2, make_plans(10, n_sources=2)))


def test_pool_returns_the_shared_spaces():
    with EnvPool(env_sources([lambda: MatchEnv(), MatchEnv(length=9)])) as pool:
        assert pool.spaces() == (spaces.Discrete(3), spaces.Discrete(3))


def test_environments_with_different_spaces_are_refused():
    sources = env_sources([MatchEnv(), ContinuousMatchEnv()])
    message = r"same spaces; <ContinuousMatchEnv instance> has Box.*<MatchEnv instance> has Discrete\(3\)"
    with EnvPool(sources) as pool, pytest.raises(ValueError, match=message):
        pool.spaces()


def test_wrapped_environment_is_truncated_by_its_time_limit():
    wrapped = gymnasium.wrappers.TimeLimit(EndlessEnv(), max_episode_steps=6)
    (episode,) = collect(wrapped, make_plans(1))
    assert (len(episode), episode.terminated, episode.truncated) == (6, False, True)


def test_actor_passes_float32_rows_and_counts_its_uniforms():
    matcher = Matcher()
    place = Place(env_sources(lambda: MatchEnv())[0])
    actions = Actor(matcher).choose([place, place], np.eye(2), np.array([[1.0, 2.0], [3.0, 4.0]]), np.empty((2, 0)))
    assert actions == [0, 1]
    assert matcher.asked[0].dtype == np.float32
    assert matcher.asked[0][:, -2:].tolist() == [[1, 2], [3, 4]]
    assert (Actor(matcher).n_uniforms, Actor(matcher, Exploration(True)).n_uniforms) == (0, 2)
