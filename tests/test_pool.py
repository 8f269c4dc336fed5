from functools import partial

import gymnasium
import pytest
from comparing import assert_same_episodes
from gymnasium import spaces
from rollouts import collect, make_specs
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources, seeded_envs


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
    collect(lambda: counted_env(), make_specs(12), n_envs=4)
    assert counted_env.made == counted_env.closed == 4


def test_pool_closes_acquired_environments_after_an_error(counted_env):
    with pytest.raises(ZeroDivisionError), EnvPool(env_sources(lambda: counted_env())) as pool:
        pool.acquire(0)
        pool.release(0, pool.acquire(0))
        _ = 1 / 0
    assert counted_env.made == counted_env.closed == 2


@pytest.mark.parametrize("params", [{}, {"n_jobs": 2}], ids=str)
def test_instance_serves_one_episode_at_a_time_and_is_left_open(counted_env, params):
    env = counted_env()
    episodes = collect([env, lambda: counted_env()], make_specs(10, n_sources=2), n_envs=4, **params)
    assert (env.n_resets, env.is_closed) == (5, False)
    assert counted_env.made - 1 == counted_env.closed <= 4
    assert_same_episodes(episodes, collect([lambda: MatchEnv()] * 2, make_specs(10, n_sources=2)))


def test_pool_returns_the_shared_spaces():
    with EnvPool(env_sources([lambda: MatchEnv(), MatchEnv(length=9)])) as pool:
        assert pool.spaces() == (spaces.Discrete(3), spaces.Discrete(3))


def test_environments_with_different_spaces_are_refused():
    sources = env_sources([MatchEnv(), ContinuousMatchEnv()])
    message = r"same spaces; <ContinuousMatchEnv instance> has Box.*<MatchEnv instance> has Discrete\(3\)"
    with EnvPool(sources) as pool, pytest.raises(ValueError, match=message):
        pool.spaces()


def test_released_environment_is_used_again(counted_env):
    with EnvPool(env_sources(counted_env)) as pool:
        first, second = pool.acquire(0), pool.acquire(0)
        assert first.env is not second.env
        pool.release(0, first)
        assert pool.acquire(0) is first
    assert counted_env.made == counted_env.closed == 2


def test_each_source_has_its_own_environments():
    with EnvPool(env_sources([partial(MatchEnv, length=3), partial(MatchEnv, length=5)])) as pool:
        for index in (0, 1):
            pool.release(index, pool.acquire(index))
        assert [pool.acquire(index).env.length for index in (0, 1, 0)] == [3, 5, 3]


def test_instance_is_available_until_it_is_acquired_and_a_factory_always():
    env = MatchEnv()
    with EnvPool(env_sources([env, MatchEnv])) as pool:
        assert (pool.is_available(0), pool.is_available(1)) == (True, True)
        slot = pool.acquire(0)
        assert slot.env is env
        pool.acquire(1)
        assert (pool.is_available(0), pool.is_available(1)) == (False, True)
        pool.release(0, slot)
        assert pool.is_available(0)


SHARED = {
    "a function": lambda env: lambda: env,
    "a list": lambda env: [env] * 4,
    "wrappers": lambda env: [env, gymnasium.wrappers.TimeLimit(env, 20)],
    "a function that wraps": lambda env: lambda: gymnasium.wrappers.TimeLimit(env, 20),
    "functions": lambda env: [lambda: env, lambda: env, env],
    "seeded": lambda env: seeded_envs(lambda: env, 3),
}


@pytest.mark.parametrize("params", [{}, {"n_jobs": 2}], ids=str)
@pytest.mark.parametrize("share", SHARED.values(), ids=SHARED)
def test_environment_that_is_handed_out_many_times_runs_one_episode_at_a_time(counted_env, share, params):
    env = counted_env()  # fails if it is reset during an episode
    with EnvPool(env_sources(share(env))) as pool:
        n_sources = len(pool.sources)
    episodes = collect(share(env), make_specs(9, n_sources=n_sources), n_envs=4, **params)
    assert [len(episode) for episode in episodes] == [5] * 9
    assert (env.n_resets, env.is_closed, counted_env.made) == (9, False, 1)
    assert_same_episodes(episodes, collect([lambda: MatchEnv()] * n_sources, make_specs(9, n_sources=n_sources)))


def test_function_that_alternates_between_two_environments_runs_both(counted_env):
    envs = [counted_env(), counted_env()]
    turns = iter(range(100))
    with EnvPool(env_sources(lambda: envs[next(turns) % 2])) as pool:
        first, second = pool.acquire(0), pool.acquire(0)
        assert {first.env, second.env} == set(envs)
        assert not pool.is_available(0)
        pool.release(0, first)
        assert pool.acquire(0) is first
    assert next(turns) == 3  # it is not asked again


def test_environment_in_use_is_refused_to_another_pool():
    env = MatchEnv()
    with EnvPool(env_sources(env)) as pool, EnvPool(env_sources(lambda: env)) as other:
        slot = pool.acquire(0)
        with pytest.raises(RuntimeError, match=r"running an episode already.*a function that makes a new environment"):
            other.acquire(0)
        pool.release(0, slot)
        other.release(0, other.acquire(0))


def test_environments_of_a_closed_pool_are_free_again():
    env = MatchEnv()
    with EnvPool(env_sources(env)) as pool:
        pool.acquire(0)
    with EnvPool(env_sources(env)) as pool:
        assert pool.acquire(0).env is env


@pytest.mark.parametrize(("envs", "expected"), [([MatchEnv] * 2, False), ([MatchEnv, MatchEnv()], True)])
def test_instances_can_not_be_made_again(envs, expected):
    with EnvPool(env_sources(envs)) as pool:
        assert pool.has_an_instance() == expected
    env = MatchEnv()
    with EnvPool(env_sources(lambda: env)) as pool:
        assert pool.has_an_instance()


def test_action_spaces_of_acquired_environments_have_their_own_generators():
    shared = spaces.Discrete(1000)

    def make():
        env = MatchEnv()
        env.action_space = shared
        return env

    with EnvPool(env_sources(make)) as pool:
        first, second = pool.acquire(0), pool.acquire(0)
        for slot in (first, second):
            slot.action_space.seed(0)
        assert [first.action_space.sample() for _ in range(5)] == [second.action_space.sample() for _ in range(5)]


def test_names_come_from_the_metadata_of_the_first_environment():
    first, second = MatchEnv(), MatchEnv()
    first.metadata = {"observation_names": ["low", "middle", "high"], "action_names": ["sink", "stay", "rise"]}
    with EnvPool(env_sources([first, second])) as pool:
        assert pool.names() == (["low", "middle", "high"], ["sink", "stay", "rise"])
        assert pool.is_available(0)
    with EnvPool(env_sources([second, first])) as pool:
        assert pool.names() == (None, None)


def test_environments_of_ids_are_not_made_to_tell_instances(monkeypatch):
    made = []
    monkeypatch.setattr(EnvPool, "_make", lambda self, index: made.append(index))
    with EnvPool(env_sources(seeded_envs("CartPole-v1", 5))) as pool:
        assert not pool.has_an_instance()
    assert made == []
