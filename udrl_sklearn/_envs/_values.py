"""Observations as elements of their spaces: what fits is taken, anything else is refused."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces


def as_element(space: spaces.Space, value: Any) -> Any:
    """Return a value as an element of a space. Only the bounds of a Box are not checked.

    Numbers get the type of the space, if it can hold them; floats may lose precision.

    Parameters
    ----------
    space : gymnasium.Space
    value : object

    Returns
    -------
    element : object

    Raises
    ------
    ValueError
        If the value does not fit the space. The message says why, and not what was expected.
    """
    if isinstance(space, spaces.Box):
        return as_numbers(value, space.shape, space.dtype)
    if isinstance(space, spaces.Discrete):
        return _in_range(as_numbers(value, (), space.dtype), space.start, space.n)[()]
    if isinstance(space, spaces.MultiDiscrete):
        return _in_range(as_numbers(value, space.shape, space.dtype), space.start, space.nvec)
    if isinstance(space, spaces.MultiBinary):
        return _in_range(as_numbers(value, space.shape, space.dtype), 0, 2)
    if isinstance(space, spaces.Dict):
        return _as_dict(space, value)
    if isinstance(space, spaces.Tuple):
        return _as_tuple(space, value)
    if not space.contains(value):
        raise ValueError(f"{value!r} is not an element of {space}")
    return value


def as_numbers(value: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return numbers as an array of a shape and a dtype.

    Raises
    ------
    ValueError
        If they are no numbers, or not as many, or the dtype is one of integers that can't hold them.
    """
    try:
        array = np.asarray(value)
    except ValueError:  # nested lists of several lengths
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{value!r} has the type {type(value).__name__} and does not consist of numbers")
    if array.size != np.prod(shape, dtype=int):
        raise ValueError(f"it has {array.size} numbers")
    with np.errstate(all="ignore"):  # what overflows or is NaN is refused below, or is not finite afterwards
        converted = array.astype(dtype)
    if dtype.kind != "f" and not np.array_equal(converted, array):
        raise ValueError(f"{dtype} can't hold {value!r}")
    return converted.reshape(shape)


def _in_range(numbers: np.ndarray, start: Any, n: Any) -> np.ndarray:
    if not ((numbers >= start) & (numbers < start + n)).all():
        raise ValueError(f"{numbers.tolist()} is out of range")
    return numbers


def _as_dict(space: spaces.Dict, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"it is no dict but {type(value).__name__}")
    if set(value) != set(space.spaces):
        raise ValueError(f"it has the keys {list(value)}")
    return {key: as_element(part, value[key]) for key, part in space.spaces.items()}


def _as_tuple(space: spaces.Tuple, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple | list) or len(value) != len(space.spaces):
        raise ValueError(f"it is no tuple of {len(space.spaces)} parts")
    return tuple(as_element(part, element) for part, element in zip(space.spaces, value, strict=True))
