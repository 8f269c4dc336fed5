import functools
import pickle

import gymnasium
import numpy as np
import pytest
from toy_envs import MatchEnv, OldGymEnv

from udrl_sklearn._envs._sources import (
    EVALUATION,
    TRAINING,
    TUNING,
    EnvSource,
    SeededEnv,
    describe,
    env_sources,
    is_environment,
    make_env,
    seeded_envs,
)
from udrl_sklearn._episodes import Episode

EPISODE = Episode([[0], [1]], [0], [0.0])


class VecEnv(OldGymEnv):
    """As those of stable-baselines3."""

    num_envs = 2


class ParallelEnv(OldGymEnv):
    """As those of PettingZoo."""

    def action_space(self, agent): ...


class DmEnv(OldGymEnv):
    """As those of dm_env."""

    def action_spec(self): ...


@pytest.fixture
def vector_env():
    env = gymnasium.make_vec("CartPole-v1", num_envs=2)
    yield env
    env.close()


def test_training_tuning_and_evaluation_never_share_a_seed():
    assert TRAINING[1] <= TUNING[0] < TUNING[1] <= EVALUATION[0] < EVALUATION[1]
    # numpy's reset seeds are 32 bits, and some environments take signed ones
    assert TRAINING[0] == 0
    assert EVALUATION[1] <= 2**31


@pytest.mark.parametrize(
    "X",
    [
        "CartPole-v1",
        "no-such-env",
        MatchEnv(),
        MatchEnv,
        lambda: MatchEnv(),
        functools.partial(MatchEnv, n_states=2),
        gymnasium.spec("CartPole-v1"),
        SeededEnv("CartPole-v1", 0),
        [MatchEnv, MatchEnv],
        (MatchEnv(),),
        OldGymEnv(),
    ],
)
def test_environments_are_recognized(X):
    assert is_environment(X)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 3)),
        [[0.0, 1.0], [1.0, 0.0]],
        [],
        None,
        3,
        Episode([[0], [1]], [0], [0.0]),
        [Episode([[0], [1]], [0], [0])],
    ],
)
def test_rows_and_episodes_are_not_environments(X):
    assert not is_environment(X)


def test_vector_environment_is_recognized_and_refused(vector_env):
    assert is_environment(vector_env)
    with pytest.raises(TypeError, match=r"single environment, got the vector environment.*n_envs"):
        env_sources(vector_env)


@pytest.mark.parametrize(
    "env",
    ["CartPole-v1", gymnasium.spec("CartPole-v1"), lambda: gymnasium.make("CartPole-v1")],
    ids=["id", "spec", "factory"],
)
def test_ids_specs_and_factories_make_a_new_environment_each_time(env):
    (source,) = env_sources(env)
    first, second = make_env(source), make_env(source)
    assert first is not second
    assert first.spec.id == second.spec.id == "CartPole-v1"
    assert first.spec.max_episode_steps == 500


def test_environment_class_is_a_factory():
    (source,) = env_sources(MatchEnv)
    assert isinstance(make_env(source), MatchEnv)


def test_instance_is_used_itself():
    env = MatchEnv()
    (source,) = env_sources(env)
    assert make_env(source) is env


def test_id_with_a_module_prefix_imports_the_module(tmp_path, monkeypatch):
    (tmp_path / "registers_an_env.py").write_text(
        "import gymnasium\ngymnasium.register('ToyMatch-v0', 'toy_envs:MatchEnv', max_episode_steps=3)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        (source,) = env_sources("registers_an_env:ToyMatch-v0")
        assert make_env(source).spec.max_episode_steps == 3
    finally:
        gymnasium.registry.pop("ToyMatch-v0", None)


@pytest.mark.parametrize("statement", ["import no_such_package", "from json import no_such_name"])
def test_import_error_inside_the_module_of_an_id_is_raised(statement, tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text(statement)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match="no_such"):
        env_sources("broken_module:Env-v0")


def test_list_gives_one_source_per_environment():
    sources = env_sources([lambda: MatchEnv(n_states=7), "CartPole-v1", [MatchEnv()]])
    assert describe(sources[0]).startswith("<function")
    assert [describe(source) for source in sources[1:]] == ["CartPole-v1", "<MatchEnv instance>"]
    assert make_env(sources[0]).action_space.n == 7


@pytest.mark.parametrize(
    ("env", "error", "message"),
    [
        ([], ValueError, "at least one environment"),
        ("CartPoel-v1", ValueError, "Did you mean 'CartPole-v1'"),
        (
            "no_such_module:Env-v0",
            ValueError,
            "id 'no_such_module:Env-v0': there is no module 'no_such_module'. Install",
        ),
        ("no_such.module:Env-v0", ValueError, "there is no module 'no_such'. Install"),
        ("gymnasium.no_such:Env-v0", ValueError, "there is no module 'gymnasium.no_such'. Install"),
        ("gymnasium:NoEnv-v0", ValueError, "Unknown environment id 'gymnasium:NoEnv-v0'"),
        ("zzzzzz", ValueError, r"Unknown environment id 'zzzzzz'. gymnasium.pprint_registry"),
        (OldGymEnv(), TypeError, r"OldGymEnv, which looks like an environment of the old gym package"),
        (VecEnv(), TypeError, r"got the vector environment .*VecEnv\. Pass its id.*n_envs"),
        (ParallelEnv(), TypeError, r"of one agent, got .*ParallelEnv, an environment of several agents \(PettingZoo\)"),
        (DmEnv(), TypeError, r"DmEnv, which looks like an environment of dm_env. Wrap it, with shimmy.DmControl"),
        (3, TypeError, "an id such as 'CartPole-v1', a gymnasium.Env.*got int"),
        (SeededEnv(MatchEnv(), 0), TypeError, "Pass a function that makes it"),
    ],
)
def test_other_objects_are_refused_with_advice(env, error, message):
    with pytest.raises(error, match=message):
        env_sources(env)


class NoSpaces(gymnasium.Env):
    """Forgets its spaces."""


class OldSpaces(MatchEnv):
    """Has a space of another library."""

    def __init__(self):
        super().__init__()
        self.action_space = OldGymEnv()


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (NoSpaces, "observation_space of <NoSpaces instance> is None, of type builtins.NoneType; expected a gymnasium"),
        (
            OldSpaces,
            r"action_space of <OldSpaces instance> is .*of type toy_envs.OldGymEnv; expected a gymnasium.Space",
        ),
        (lambda: 3, "returned int, expected a gymnasium.Env"),
        (lambda: "CartPole-v1", "returned str, expected a gymnasium.Env"),
        (OldGymEnv, "old gym package"),
        (ParallelEnv, "several agents"),
        (functools.partial(gymnasium.make_vec, "CartPole-v1", num_envs=2), "single environment, got the vector"),
    ],
)
def test_factory_of_another_object_is_refused(factory, message):
    (source,) = env_sources(factory)
    with pytest.raises(TypeError, match=message):
        make_env(source)


def first_observation(source, number):
    env = make_env(source)
    return env.reset(seed=source.reset_seed(number))[0].tolist()


def test_seeded_envs_have_their_own_reproducible_starts():
    sources = env_sources(seeded_envs("CartPole-v1", 3, seed=5))
    assert [source.seed for source in sources] == [5, 6, 7]
    starts = [first_observation(source, number) for source in sources for number in (0, 1)]
    assert len({tuple(start) for start in starts}) == 6
    assert starts == [first_observation(source, number) for source in sources for number in (0, 1)]


@pytest.mark.parametrize("n_envs", [0, -1])
def test_no_seeded_envs_are_refused(n_envs):
    with pytest.raises(ValueError, match=f"n_envs must be an integer >= 1, got {n_envs}"):
        seeded_envs("CartPole-v1", n_envs)


def test_seeded_envs_share_no_reset_seed():
    seeds = [{EnvSource(seed=seed).reset_seed(number) for number in range(500)} for seed in (0, 1)]
    assert len(seeds[0]) == len(seeds[1]) == 500
    assert not seeds[0] & seeds[1]


def test_source_without_a_seed_resets_with_the_number_itself():
    seed = EnvSource().reset_seed(np.int64(7))
    assert seed == 7
    assert type(seed) is int


@pytest.fixture
def registered():
    """Register an environment as a script does, and forget it as another process has never known it."""
    gymnasium.register("OfAScript-v0", entry_point="__main__:MatchEnv", max_episode_steps=3, kwargs={"n_states": 4})
    yield lambda: gymnasium.registry.pop("OfAScript-v0")
    gymnasium.registry.pop("OfAScript-v0", None)


@pytest.mark.parametrize("env", ["OfAScript-v0", "toy_envs:OfAScript-v0", gymnasium.spec])
@pytest.mark.parametrize("is_seeded", [False, True], ids=["alone", "seeded"])
def test_another_process_needs_no_registered_id(env, is_seeded, registered, monkeypatch):
    monkeypatch.setattr("__main__.MatchEnv", MatchEnv, raising=False)
    env = env("OfAScript-v0") if callable(env) else env
    sent = pickle.dumps(SeededEnv(env, 5) if is_seeded else env_sources(env)[0])
    monkeypatch.delattr("__main__.MatchEnv")
    registered()
    source = pickle.loads(sent)
    if is_seeded:
        (source,) = env_sources(source)
        assert source.seed == 5
    made = make_env(source)
    assert (made.spec.id, made.spec.max_episode_steps, made.action_space.n) == ("OfAScript-v0", 3, 4)


def test_unknown_ids_are_sent_as_they_are():
    assert pickle.loads(pickle.dumps(SeededEnv("no-such-env", 1))) == SeededEnv("no-such-env", 1)


def test_describe_returns_the_id():
    env = gymnasium.make("CartPole-v1")
    assert describe(EnvSource(instance=env)) == "CartPole-v1"
    assert describe(env_sources(gymnasium.spec("CartPole-v1"))[0]) == "CartPole-v1"
