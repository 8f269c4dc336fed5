"""What counts as an environment, and how one gets a fresh one."""

import difflib
import importlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec

# Reset seeds for training, for evaluations while training, and for evaluation are kept apart, so that
# no score is measured on an episode that was learned from (Srivastava et al. 2019, section 3.2, do so).
TRAINING, TUNING, EVALUATION = (0, 2**29), (2**29, 2**30), (2**30, 2**31)


@dataclass(frozen=True)
class SeededEnv:
    """An environment whose episodes start from seeds of its own.

    Two of them with different seeds never share an episode's start, so a list of them can be split
    into folds.

    Parameters
    ----------
    env : str, EnvSpec or callable
        An id, a spec or a factory without arguments.
    seed : int
        The seed of this environment.
    """

    env: Any
    seed: int


def seeded_envs(env: Any, n_envs: int, *, seed: int = 0) -> list[SeededEnv]:
    """Make a list of environments with seeds of their own, for scikit-learn's model selection.

    Parameters
    ----------
    env : str, EnvSpec or callable
        An id, a spec or a factory without arguments.
    n_envs : int
        How many.
    seed : int, default=0
        Seed of the first; the others count up from there.

    Returns
    -------
    envs : list of SeededEnv

    Examples
    --------
    >>> from udrl_sklearn import seeded_envs
    >>> seeded_envs("CartPole-v1", 2)
    [SeededEnv(env='CartPole-v1', seed=0), SeededEnv(env='CartPole-v1', seed=1)]
    """
    return [SeededEnv(env, seed + i) for i in range(n_envs)]


@dataclass(frozen=True)
class EnvSource:
    """Where environments come from: `make` gives one, `instance` is one that can't be copied."""

    make: Callable[[], gymnasium.Env] | None = None
    instance: gymnasium.Env | None = None
    seed: int | None = None

    def reset_seed(self, draw):
        """Return the seed for `env.reset` that belongs to a number drawn from one of the ranges."""
        if self.seed is None:
            return int(draw)
        return int(np.random.SeedSequence((self.seed, int(draw))).generate_state(1)[0])


def is_environment(X):
    """Tell whether X is meant as an environment, or as a list of them, however wrong it may be."""
    if isinstance(X, list | tuple):
        return len(X) > 0 and is_environment(X[0])
    stands_for_one = isinstance(X, str | EnvSpec | SeededEnv | gymnasium.Env | gymnasium.vector.VectorEnv)
    return stands_for_one or (hasattr(X, "reset") and hasattr(X, "step")) or _is_factory(X)


def _is_factory(X):
    return callable(X) and not hasattr(X, "__array__") and not hasattr(X, "iterate_episodes")


def env_sources(envs):
    """Turn whatever stands for environments into a list of sources.

    Parameters
    ----------
    envs : str, gymnasium.Env, EnvSpec, SeededEnv, callable, or a list of these
        What a user gave.

    Returns
    -------
    sources : list of EnvSource

    Raises
    ------
    ValueError
        If an id is unknown, or there is no environment.
    TypeError
        If it is a vector environment, one of the old gym package, or nothing of the kind.
    """
    if isinstance(envs, list | tuple):
        if not envs:
            raise ValueError("Expected at least one environment, got an empty list.")
        return [source for env in envs for source in env_sources(env)]
    if isinstance(envs, SeededEnv):
        (source,) = env_sources(envs.env)
        if source.instance is not None:
            raise TypeError(
                f"SeededEnv needs an id, an EnvSpec or a factory, got the environment {envs.env}: one instance "
                "can't be shared by several. Pass a function that makes it."
            )
        return [EnvSource(make=source.make, seed=envs.seed)]
    if isinstance(envs, str):
        _check_id(envs)
    if isinstance(envs, str | EnvSpec):
        return [EnvSource(make=_Make(envs))]
    if isinstance(envs, gymnasium.Env):
        return [EnvSource(instance=envs)]
    _refuse_other_environments(envs)
    if not _is_factory(envs):
        raise TypeError(
            "Expected an environment: an id such as 'CartPole-v1', a gymnasium.Env, an EnvSpec, a function that "
            f"makes one, or a list of these; got {type(envs).__name__}."
        )
    return [EnvSource(make=envs)]


@dataclass(frozen=True)
class _Make:
    """Make an environment by gymnasium's registry; a class so that workers can receive it."""

    env: str | EnvSpec

    def __call__(self):
        return gymnasium.make(self.env, disable_env_checker=True)


def make_env(source):
    """Return an environment of `source`, checked to be a gymnasium.Env."""
    env = source.instance if source.instance is not None else source.make()
    if not isinstance(env, gymnasium.Env):
        _refuse_other_environments(env)
        raise TypeError(
            f"The environment factory {source.make!r} returned {type(env).__name__}, expected a gymnasium.Env."
        )
    return env


def make_rendered(env, render_mode):
    """Return an environment that shows itself in a render mode.

    Parameters
    ----------
    env : str, EnvSpec, gymnasium.Env or callable
        An environment that exists already, or that a function makes, needs that mode itself.
    render_mode : {"rgb_array", "human"}
        Pictures as arrays, or a window.

    Raises
    ------
    ValueError
        If the environment does not have this mode.
    """
    if isinstance(env, list | tuple):
        raise ValueError(f"Expected a single environment, got a list of {len(env)}.")
    (source,) = env_sources(env)
    if isinstance(source.make, _Make):
        with closing(source.make()) as silent:
            modes = silent.metadata.get("render_modes", [])
        if render_mode not in modes:
            raise ValueError(f"{describe(source)} can't be shown with render_mode={render_mode!r}; it has {modes}.")
        return gymnasium.make(source.make.env, render_mode=render_mode, disable_env_checker=True)
    made = make_env(source)
    if made.render_mode != render_mode:
        raise ValueError(
            f"{describe(source)} has render_mode={made.render_mode!r}, and {render_mode!r} is needed. Make it with "
            f"render_mode={render_mode!r}, or pass its id."
        )
    return made


def describe(source):
    """Return a short name of the environment for messages."""
    spec = source.instance.spec if source.instance is not None else getattr(source.make, "env", None)
    return str(getattr(spec, "id", None) or spec or source.instance or source.make)


def _check_id(env_id):
    try:
        module, _, name = env_id.rpartition(":")
        if module:
            importlib.import_module(module)
        gymnasium.spec(name)
    except gymnasium.error.Error as error:
        matches = difflib.get_close_matches(env_id, gymnasium.registry, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(map(repr, matches))}? " if matches else ""
        raise ValueError(
            f"Unknown environment id {env_id!r}. {hint}gymnasium.pprint_registry() lists all ids; "
            "an environment of another package is known only after its import."
        ) from error


def _refuse_other_environments(env):
    if isinstance(env, gymnasium.vector.VectorEnv):
        raise TypeError(
            f"Expected a single environment, got the vector environment {env}. Pass its id or a function that "
            "makes one environment; UDRLAgent(n_envs=...) advances many of them together."
        )
    if hasattr(env, "reset") and hasattr(env, "step") and not isinstance(env, type):
        raise TypeError(
            f"Expected a gymnasium.Env, got {type(env).__module__}.{type(env).__name__}, which looks like an "
            "environment of the old gym package. Port it to gymnasium, or wrap it, with shimmy.GymV21CompatibilityV0 "
            "for instance."
        )
