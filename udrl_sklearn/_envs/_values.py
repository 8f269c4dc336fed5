"""Observations as elements of their spaces: what fits is taken, anything else is refused."""

from collections.abc import Mapping
from math import prod
from numbers import Real
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
        numbers = as_numbers(value, space.shape, space.dtype)
        if space.dtype.kind == "i" and space.low.min(initial=0) == 0 and numbers.min(initial=0) < 0:
            raise ValueError(f"{numbers.tolist()} is out of range")  # columns of zeros and ones have no sign
        return numbers
    if isinstance(space, spaces.Discrete):
        number = int(value if isinstance(value, int | np.integer) else as_numbers(value, (), space.dtype))
        if not space.start <= number < space.start + space.n:
            raise ValueError(f"{number} is out of range")
        return space.dtype.type(number)
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


def all_finite(array: np.ndarray) -> bool:
    """Tell whether no number is NaN or infinite."""
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def as_number(value: Any) -> float:
    """Return one number as a float, also if it is an array of one.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    if isinstance(value, np.floating | np.integer | np.bool_ | Real):
        return float(value)
    array = np.asarray(value)
    if isinstance(value, str | bytes | Mapping) or array.size != 1 or array.dtype.kind not in "biuf":
        raise ValueError(f"{value!r} is not one number")
    return float(array.item())


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
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError("some numbers are masked")
    if array.size != prod(shape):
        raise ValueError(f"it has {array.size} numbers")
    if dtype.kind != "f" and not np.can_cast(array.dtype, dtype) and not _holds(dtype, array):
        raise ValueError(f"{dtype} can't hold {value!r}")
    return array.astype(dtype, copy=False).reshape(shape)


def _holds(dtype: np.dtype, array: np.ndarray) -> bool:
    """Tell whether a dtype of integers can hold the numbers of an array of another dtype."""
    with np.errstate(invalid="ignore"):  # NaN
        return np.array_equal(array.astype(dtype), array)


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
