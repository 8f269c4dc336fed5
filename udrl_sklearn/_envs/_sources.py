"""Sources of environments: ids, instances, specs, factories and lists of them."""

import difflib
import importlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec, load_env_creator

from udrl_sklearn._listed import listed

# Ranges of reset seeds for training, for evaluations during training, and for evaluation. They do not overlap, so that
# no score is measured on an episode of the training, as in Srivastava et al. 2019, section 3.2.
TRAINING, TUNING, EVALUATION = (0, 2**29), (2**29, 2**30), (2**30, 2**31)


@dataclass(frozen=True)
class SeededEnv:
    """An environment with a seed, which determines the reset seeds of its episodes.

    Environments with different seeds have different episodes, so a list of them can be split into folds.

    Parameters
    ----------
    env : str, EnvSpec or callable
        An id, a spec or a factory without arguments.
    seed : int
        The seed of this environment.

    See Also
    --------
    seeded_envs : Makes a list of them.
    """

    env: Any
    seed: int

    def __reduce__(self) -> tuple:
        return SeededEnv, (_portable(self.env), self.seed)


def seeded_envs(env: Any, n_envs: int, *, seed: int = 0) -> list[SeededEnv]:
    """Make a list of environments with different seeds, for scikit-learn's model selection.

    Parameters
    ----------
    env : str, EnvSpec or callable
        An id, a spec or a factory without arguments.
    n_envs : int
        Number of environments.
    seed : int, default=0
        Seed of the first one. The others have the next integers.

    Returns
    -------
    envs : list of SeededEnv

    Raises
    ------
    ValueError
        If `n_envs` is less than 1.

    Examples
    --------
    >>> from udrl_sklearn import seeded_envs
    >>> seeded_envs("CartPole-v1", 2)
    [SeededEnv(env='CartPole-v1', seed=0), SeededEnv(env='CartPole-v1', seed=1)]
    """
    if n_envs < 1:
        raise ValueError(f"n_envs must be an integer >= 1, got {n_envs!r}.")
    return [SeededEnv(env, seed + i) for i in range(n_envs)]


@dataclass(frozen=True)
class EnvSource:
    """A source of environments: a function that makes one, or one instance.

    Parameters
    ----------
    make : callable or None
        Returns a new environment.
    instance : gymnasium.Env or None
        An environment of the user, which can't be copied. None if there is `make`.
    seed : int or None
        Seed of a `SeededEnv`.
    """

    make: Callable[[], gymnasium.Env] | None = None
    instance: gymnasium.Env | None = None
    seed: int | None = None

    @property
    def is_from_registry(self) -> bool:
        """Whether gymnasium makes the environment, so that it is a new one each time."""
        return isinstance(self.make, _Make)

    def reset_seed(self, number: int) -> int:
        """Return the seed for `env.reset` for a number that was sampled from one of the ranges."""
        if self.seed is None:
            return int(number)
        return int(np.random.SeedSequence((self.seed, int(number))).generate_state(1)[0])


def is_environment(X: Any) -> bool:
    """Tell whether X is an environment or a list of them, rather than rows or episodes.

    Environments that this library does not support count as well; `env_sources` raises an error for them.
    """
    if isinstance(X, list | tuple):
        return len(X) > 0 and is_environment(X[0])
    is_known_type = isinstance(X, str | EnvSpec | SeededEnv | gymnasium.Env | gymnasium.vector.VectorEnv)
    return is_known_type or _has_reset_and_step(X) or _is_factory(X)


def _is_factory(X: Any) -> bool:
    return callable(X) and not hasattr(X, "__array__") and not hasattr(X, "iterate_episodes")


def env_sources(envs: Any) -> list[EnvSource]:
    """Return the sources of an environment, or of a list of them.

    Parameters
    ----------
    envs : str, gymnasium.Env, EnvSpec, SeededEnv, callable, or a list, array or iterator of these
        The argument of the user.

    Returns
    -------
    sources : list of EnvSource

    Raises
    ------
    ValueError
        If an id is unknown, or there is no environment.
    TypeError
        If it is a vector environment, one of another library, or no environment at all.
    """
    envs = listed(envs)
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
        find_spec(envs)
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
    """Makes an environment from gymnasium's registry. A class, because workers can receive its instances."""

    env: str | EnvSpec

    def __call__(self) -> gymnasium.Env:
        return gymnasium.make(self.env, disable_env_checker=True)

    def __reduce__(self) -> tuple:
        return _Make, (_portable(self.env),)


def _portable(env: Any) -> Any:
    """Return an environment for another process, where an id of the user's script is not registered."""
    if isinstance(env, str):
        env = gymnasium.registry.get(env.rpartition(":")[2], env)
    if isinstance(env, EnvSpec) and isinstance(env.entry_point, str) and env.entry_point.startswith("__main__:"):
        creator: Any = load_env_creator(env.entry_point)  # the script is not `__main__` there
        return replace(env, entry_point=creator)
    return env


def make_env(source: EnvSource) -> gymnasium.Env:
    """Return an environment of a source.

    Raises
    ------
    TypeError
        If the factory returns anything but a gymnasium.Env, or a space of it is none of gymnasium's.
    """
    env: Any = source.instance if source.make is None else source.make()
    if not isinstance(env, gymnasium.Env):
        _refuse_other_environments(env)
        raise TypeError(
            f"The environment factory {source.make!r} returned {type(env).__name__}, expected a gymnasium.Env."
        )
    for name in ("observation_space", "action_space"):
        space = getattr(env, name, None)
        if not isinstance(space, gymnasium.Space):
            raise TypeError(
                f"{name} of {env} is {space!r}, of type {type(space).__module__}.{type(space).__name__}; expected a "
                f"gymnasium.Space. Set self.{name} when the environment is made, to a Box or Discrete for instance."
            )
    return env


def describe(source: EnvSource) -> str:
    """Return a short name of an environment for messages."""
    spec: Any = getattr(source.make, "env", None) if source.instance is None else source.instance.spec
    return str(getattr(spec, "id", None) or spec or source.instance or source.make)


def make_rendered(env: Any, render_mode: str) -> gymnasium.Env:
    """Return an environment with a render mode.

    Parameters
    ----------
    env : str, EnvSpec, gymnasium.Env or callable
        An instance, or an environment that a function makes, must have this render mode already.
    render_mode : {"rgb_array", "human"}
        Images as arrays, or a window.

    Returns
    -------
    env : gymnasium.Env

    Raises
    ------
    ValueError
        If the environment does not have this mode.
    """
    if isinstance(env, list | tuple):
        raise ValueError(f"Expected a single environment, got a list of {len(env)}.")
    (source,) = env_sources(env)
    if isinstance(source.make, _Make):
        with closing(source.make()) as unrendered:
            modes = unrendered.metadata.get("render_modes", [])
        if render_mode not in modes:
            raise ValueError(f"{describe(source)} can't be shown with render_mode={render_mode!r}; it has {modes}.")
        return gymnasium.make(source.make.env, render_mode=render_mode, disable_env_checker=True)
    opened = make_env(source)
    if opened.render_mode != render_mode:
        raise ValueError(
            f"{describe(source)} has render_mode={opened.render_mode!r}, and {render_mode!r} is needed. Make it with "
            f"render_mode={render_mode!r}, or pass its id."
        )
    return opened


def find_spec(env_id: str) -> EnvSpec:
    """Return the specification of a registered environment, once the module in its id is imported.

    Parameters
    ----------
    env_id : str
        "CartPole-v1", "namespace/Name-v0" or "module:Name-v0".

    Raises
    ------
    ValueError
        If no such environment is registered, or there is no such module. Errors inside the module are not caught.
    """
    module, _, name = env_id.rpartition(":")
    try:
        if module:
            importlib.import_module(module)
        return gymnasium.spec(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise ValueError(
            f"Unknown environment id {env_id!r}: there is no module {error.name!r}. Install its package, or pass the "
            "id without the module if your script registers it."
        ) from error
    except gymnasium.error.Error as error:
        matches = difflib.get_close_matches(env_id, gymnasium.registry, n=3, cutoff=0.5)
        hint = f"Did you mean {' or '.join(map(repr, matches))}? " if matches else ""
        raise ValueError(
            f"Unknown environment id {env_id!r}. {hint}gymnasium.pprint_registry() lists all ids; "
            "an environment of another package has to be imported first. Workers of a search do not know the ids that "
            "a script registers; pass seeded_envs(id, n_envs) rather than a list of ids."
        ) from error


def _refuse_other_environments(env: Any) -> None:
    """Raise a TypeError for environments of kinds that this library does not support."""
    if not isinstance(env, gymnasium.vector.VectorEnv) and not _has_reset_and_step(env):
        return
    kind = f"{type(env).__module__}.{type(env).__name__}"
    if isinstance(env, gymnasium.vector.VectorEnv) or hasattr(env, "num_envs"):
        raise TypeError(
            f"Expected a single environment, got the vector environment {kind}. Pass its id or a function that "
            "makes one environment; UDRLAgent(n_envs=...) advances many of them together."
        )
    if hasattr(env, "possible_agents") or callable(getattr(env, "action_space", None)):
        raise TypeError(
            f"Expected an environment of one agent, got {kind}, an environment of several agents (PettingZoo). Write a "
            "gymnasium.Env around it in which one agent acts and the others are part of the environment."
        )
    if hasattr(env, "action_spec"):
        raise TypeError(
            f"Expected a gymnasium.Env, got {kind}, which looks like an environment of dm_env. Wrap it, with "
            "shimmy.DmControlCompatibilityV0 for instance."
        )
    raise TypeError(
        f"Expected a gymnasium.Env, got {kind}, which looks like an environment of the old gym package. Port it to "
        "gymnasium, or wrap it, with shimmy.GymV21CompatibilityV0 for instance."
    )


def _has_reset_and_step(env: Any) -> bool:
    return hasattr(env, "reset") and hasattr(env, "step") and not isinstance(env, type)
