"""What a fit with `warm_start` continues, and what it learns anew since a parameter has another value."""

import pickle
from contextlib import suppress
from copy import deepcopy
from numbers import Integral, Real
from typing import Any

import numpy as np

from ._base_agent import BaseAgent
from ._envs._interface import EnvInterface
from ._fitted_attributes import delete_fitted_attributes
from ._replay_buffer import ReplayBuffer
from ._training import make_rng
from .methods._base import Learned


def get_learning_params(agent: BaseAgent) -> dict[str, Any]:
    """Return the parameters that a later fit compares with its own, since what is learned depends on them.

    They are the class of the method, the class and the parameters of the estimator, the scales of its commands, whether
    it is updated, and the random state. All other parameters hold in each iteration anew.
    """
    params = agent.get_params()
    names = [name for name in params if name.startswith("estimator__")]
    return {
        "method": _class_name(agent.learning_method),
        "estimator": _class_name(agent.estimator),
        "is_updated": params["n_updates_per_iter"] is not None,
        **{name: params[name] for name in ("return_scale", "horizon_scale", "random_state")},
        **{name: _kept(params[name]) for name in names},
    }


def begin_or_continue(agent: BaseAgent, interface: EnvInterface) -> EnvInterface:
    """Begin a run with an empty buffer, or continue the previous one, with the parameters that the agent has now.

    Returns
    -------
    interface : EnvInterface
        That of all episodes together.

    Raises
    ------
    ValueError
        If the previous run had other spaces. Then nothing is changed.
    """
    if agent.warm_start and hasattr(agent, "buffer_"):
        previous = agent.interface
        interface.check_continues(previous)
        interface = interface.merged_with(previous)
        if not is_same(agent.learning_params_["random_state"], agent.random_state):
            agent.rng_ = make_rng(agent.random_state)
        agent.buffer_.set_limit(agent.replay_size, agent.replay_keep)
    else:
        delete_fitted_attributes(agent)
        agent.rng_, agent.history_, agent.learning_params_ = make_rng(agent.random_state), [], {}
        agent.buffer_ = ReplayBuffer(agent.replay_size, agent.replay_keep)
    agent.learning_params_ = agent.learning_params_ | {"random_state": agent.random_state}
    return interface


def continued_learning(learned: Learned, before: dict[str, Any], now: dict[str, Any]) -> Learned | None:
    """Return what the first update may continue, or None if it is all that was learned.

    Parameters
    ----------
    learned : Learned
        What was learned so far.
    before, now : dict
        The parameters with which it was learned, and those of this fit, see `get_learning_params`.

    Returns
    -------
    continued : Learned or None
        Without behaviors if a parameter has another value, and without values too if the method is another one.
    """
    names = (before.keys() | now.keys()) - {"random_state"}
    if not learned.can_act or all(is_same(before.get(name), now.get(name)) for name in names):
        return None
    return Learned(values=learned.values) if before["method"] == now["method"] else Learned()


def is_same(one: Any, other: Any) -> bool:
    """Tell whether two values of a parameter are one object, or equal, or at least pickled to the same bytes.

    Numbers of different kinds are not the same: 1 == 1.0 == True, but `max_features=1` is one feature and 1.0 is all of
    them. This holds inside of lists, tuples and dicts too.
    """
    if one is other:
        return True
    if _kind(one) is not _kind(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    with suppress(Exception):  # arrays have no one truth value
        if one == other:
            return True
    with suppress(Exception):  # not everything can be pickled
        return pickle.dumps(one) == pickle.dumps(other)
    return False


def _kind(value: Any) -> type:
    """Return the type of a value, where Python's and NumPy's types of numbers and texts are one."""
    kinds = {(bool, np.bool_): bool, (Integral,): int, (Real,): float, (str,): str}
    return next((kind for types, kind in kinds.items() if isinstance(value, types)), type(value))


def _is_estimator(value: Any) -> bool:
    return hasattr(value, "get_params") and not isinstance(value, type)


def _kept(value: Any) -> Any:
    """Return the class of an estimator, a copy of what may be changed in place, and other values as they are."""
    if _is_estimator(value):
        return _class_name(value)
    return deepcopy(value) if isinstance(value, dict | list | set | np.ndarray) else value


def _class_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
