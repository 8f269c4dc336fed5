"""`reset` and `step` of an environment, with checks of what they return."""

import re
import traceback
from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from ._values import as_number

# What Python says about a call with a seed, and about a wrapper that unpacks values, if the interface is another one.
_OTHER_INTERFACE = re.compile(r"unexpected keyword argument '(seed|options)'|unpack .*(expected [25]|non-iterable)")


def reset(env: gymnasium.Env, seed: int) -> tuple[Any, Mapping]:
    """Begin an episode, and return the first observation and info.

    Raises
    ------
    TypeError
        If `reset` does not take a seed, or does not return (observation, info).
    """
    try:
        result: Any = env.reset(seed=seed)
    except (TypeError, ValueError) as error:
        if _is_about_the_interface(error):
            raise _interface_error(env, f"reset(seed=...) raises {error!r}") from error
        raise
    is_pair = isinstance(result, tuple | list) and len(result) == 2
    if not is_pair or not (result[1] is None or isinstance(result[1], Mapping)):
        raise _interface_error(env, f"reset(seed=...) returns {result!r}")
    return result[0], result[1] or {}


def step(env: gymnasium.Env, action: Any) -> tuple[Any, float, bool, bool, Mapping]:
    """Take a step, and return observation, reward, terminated, truncated, info.

    Raises
    ------
    TypeError
        If `step` does not return these and info, or the reward is not one number.
    """
    try:
        result: Any = env.step(action)
    except (TypeError, ValueError) as error:
        if _is_about_the_interface(error):
            raise _interface_error(env, f"step(action) raises {error!r}") from error
        raise
    if (type(result) is not tuple and type(result) is not list) or len(result) != 5:
        raise _interface_error(env, f"step(action) returns {result!r}")
    observation, reward, terminated, truncated, info = result
    if type(reward) is not float:
        reward = _as_reward(env, reward)
    if type(terminated) is not bool or type(truncated) is not bool:
        terminated, truncated = _as_bool(env, terminated), _as_bool(env, truncated)
    return observation, reward, terminated, truncated, info if isinstance(info, Mapping) else {}


def _is_about_the_interface(error: Exception) -> bool:
    """Tell whether an error was raised where this module or a wrapper calls an environment, and not within it."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    at_the_call = frame.f_globals is globals() or isinstance(frame.f_locals.get("self"), gymnasium.Wrapper)
    return at_the_call and _OTHER_INTERFACE.search(str(error)) is not None


def _as_reward(env: gymnasium.Env, reward: Any) -> float:
    """Return a reward as a number, also if it is an array of one number."""
    try:
        return as_number(reward)
    except ValueError:
        raise TypeError(
            f"The reward of {env} is {reward!r}; it must be one number. Wrap the environment in a "
            "gymnasium.RewardWrapper that returns a number, such as the weighted sum of several rewards."
        ) from None


def _as_bool(env: gymnasium.Env, value: Any) -> bool:
    """Return `terminated` or `truncated` as a bool, also if it is an array of one."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    array = np.asarray(value)
    if array.size != 1 or array.dtype.kind not in "biu":
        raise _interface_error(env, f"step(action) returns {value!r} in the place of terminated or truncated")
    return bool(array.item())


def _interface_error(env: gymnasium.Env, what: str) -> TypeError:
    return TypeError(
        f"{env} does not have the interface of gymnasium: {what}. Let reset(seed=None, options=None) return "
        "(observation, info) and step(action) return (observation, reward, terminated, truncated, info). Environments "
        "written for the old gym package return less, see https://gymnasium.farama.org/introduction/migration_guide."
    )
