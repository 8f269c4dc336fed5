"""Many things of a user in one object: generators, arrays and lists of them."""

from collections import deque
from collections.abc import Iterator, ValuesView
from typing import Any

import numpy as np


def listed(X: Any) -> Any:
    """Return the list of what is in an iterator or in a one-dimensional array of objects; other objects as they are.

    An iterator can be read only once, so what takes one reads it here, and passes on the list.

    Parameters
    ----------
    X : object
        What a user has passed: environments, episodes or rows.

    Returns
    -------
    X : object
    """
    if isinstance(X, Iterator | deque | ValuesView) and not hasattr(X, "step"):
        return list(X)
    if getattr(X, "ndim", None) == 1 and hasattr(X, "__array__"):
        array = np.asarray(X)
        return array.tolist() if array.dtype.kind in "OUT" else X
    return X


def describe_type(X: Any) -> str:
    """Return what an object is, for a message: "None", "an empty list", "a list of str", "an array of shape (3, 2)"."""
    if X is None or isinstance(X, str | bool | int | float):
        return repr(X)
    if isinstance(getattr(X, "shape", None), tuple):
        kind = "array" if isinstance(X, np.ndarray) else type(X).__name__
        return f"{_with_article(kind)} of shape {X.shape}"
    if isinstance(X, dict):
        return f"a dict with the keys {list(X)}"
    if isinstance(X, list | tuple):
        kinds = " and ".join(dict.fromkeys("None" if item is None else type(item).__name__ for item in X))
        return f"a {type(X).__name__} of {kinds}" if X else f"an empty {type(X).__name__}"
    return _with_article(type(X).__name__)


def _with_article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"
