import functools

import gymnasium
import joblib
import pytest
from comparing import assert_same_episodes
from gymnasium import spaces
from rollouts import ACTORS, Matcher, collect, collect_until_error, make_specs
from toy_envs import BanditEnv, EndlessEnv, FailingEnv, MatchEnv

from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources, seeded_envs
from udrl_sklearn._rollout._action_selection import ExploringActor, GreedyActor
from udrl_sklearn._rollout._collect import collect_episodes
from udrl_sklearn._rollout._vector_rollout import EpisodeSpec


@pytest.fixture(params=ACTORS)
def actor(request):
    return ACTORS[request.param]


LENGTHS = [3, 7, 4]
MANY_SPECS = make_specs(20, command=(5.0, 7.0), n_sources=len(LENGTHS))


def make_envs():
    return [functools.partial(MatchEnv, length=n) for n in LENGTHS]


@pytest.mark.parametrize("params", [{"n_envs": 3}, {"n_envs": 16}, {"n_envs": 3, "n_jobs": 2}], ids=str)
def test_episode_depends_on_its_spec_alone(actor, params):
    alone = collect(make_envs(), MANY_SPECS, actor, n_envs=1)
    assert_same_episodes(alone, collect(make_envs(), MANY_SPECS, actor, **params))
    assert [len(episode) for episode in alone[:3]] == LENGTHS
    assert len({episode.actions.tobytes() for episode in alone}) > 5  # otherwise the test shows nothing


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky", "multiprocessing"])
def test_every_backend_of_joblib_gives_the_same_episodes(backend):
    specs, envs = make_specs(6, command=(5.0, 7.0)), [lambda: MatchEnv()]  # pickle can't send a function like this
    with joblib.parallel_config(backend=backend):
        episodes = collect(envs, specs, ACTORS["exploring"], n_jobs=2)
    assert_same_episodes(episodes, collect(envs, specs, ACTORS["exploring"]))


def test_threads_share_no_environment_of_a_function():
    env = MatchEnv()
    with joblib.parallel_config(backend="threading"):
        assert [len(episode) for episode in collect(lambda: env, make_specs(8), n_jobs=2)] == [5] * 8


class SharedSpacesEnv(MatchEnv):
    """Has its spaces at the class, as many environments do, so that all share one generator."""

    shared = spaces.Discrete(3)

    def __init__(self):
        super().__init__()
        self.action_space = self.shared


def test_random_actions_depend_on_the_spec_alone_with_shared_spaces():
    specs = make_specs(6)
    assert_same_episodes(
        collect(lambda: SharedSpacesEnv(), specs, n_envs=1), collect(lambda: SharedSpacesEnv(), specs, n_envs=6)
    )


def test_same_spec_gives_the_same_episode(actor):
    first, second, other = collect(lambda: MatchEnv(), [EpisodeSpec(0, seed, (5.0, 5.0)) for seed in (1, 1, 2)], actor)
    assert_same_episodes([first], [second])
    assert first.observations.tolist() != other.observations.tolist()


def test_specs_with_the_same_observations_sample_different_actions():
    episodes = collect(lambda: BanditEnv(), make_specs(40), ExploringActor(Matcher()))
    assert 10 < sum(int(episode.actions[0]) for episode in episodes) < 30


def test_seeded_environments_differ_under_the_same_seed():
    sources = env_sources(seeded_envs(lambda: MatchEnv(), 2))
    specs = [EpisodeSpec(i, source.reset_seed(7), (0.0, 0.0)) for i, source in enumerate(sources)]
    with EnvPool(sources) as pool:
        one, other = dict(collect_episodes(pool, specs, GreedyActor(Matcher()))).values()
    assert one.observations.tolist() != other.observations.tolist()


@pytest.mark.parametrize(
    ("params", "fail_at_step", "finished"),
    [
        ({"n_envs": 1}, 0, {0, 1}),
        ({"n_envs": 2}, 2, {0, 1}),
        ({"n_envs": 3}, 4, {0, 1}),  # both ended at the same step
        ({"n_envs": 1, "n_jobs": 2}, 2, {0, 1, 3}),  # one worker has 0 and 2, the other 1 and 3
    ],
    ids=str,
)
def test_error_of_an_environment_comes_after_the_finished_episodes(params, fail_at_step, finished):
    env = functools.partial(FailingEnv, fail_at_step, fail_on_seed=12)
    message = f"^simulator failed at step {fail_at_step}"
    yielded, error = collect_until_error(env, make_specs(4), RuntimeError, message, **params)
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

    yielded, _ = collect_until_error(make, make_specs(4), Exception, "joint knee is at 7", n_envs=1, n_jobs=2)
    assert set(yielded) == {0, 1, 3}


@pytest.mark.parametrize("params", [{}, {"n_jobs": 2}], ids=str)
def test_no_specs_give_no_episodes(params):
    assert collect(lambda: MatchEnv(), [], **params) == []


def test_wrapped_environment_is_truncated_by_its_time_limit():
    wrapped = gymnasium.wrappers.TimeLimit(EndlessEnv(), max_episode_steps=6)
    (episode,) = collect(wrapped, make_specs(1))
    assert (len(episode), episode.terminated, episode.truncated) == (6, False, True)
