"""What a user passes to `fit` and `score` as X: an environment, logged episodes or rows."""

from typing import Any, NamedTuple

from ._envs._sources import is_environment
from ._listed import describe_type, listed
from ._offline import EPISODES, is_episodes

KINDS = {"environment": "an environment", "episodes": "logged episodes"}


class Input(NamedTuple):
    """X, with iterators and arrays of objects as lists, and what it is."""

    kind: str  # "environment", "episodes" or "rows"
    X: Any


def read_input(X: Any, y: Any = None, sample_weight: Any = None) -> Input:
    """Tell what X is.

    Parameters
    ----------
    X, y, sample_weight
        As for `UDRLAgent.fit`.

    Returns
    -------
    input : Input

    Raises
    ------
    ValueError
        If rows have no actions, something else has y or sample_weight, or X is empty.
    TypeError
        If X is none of the three.
    """
    X = listed(X)
    kind = "environment" if is_environment(X) else "episodes" if is_episodes(X) else "rows"
    if kind == "rows" and y is None:
        _refuse(X)
    if kind != "rows" and (y is not None or sample_weight is not None):
        raise ValueError(
            f"y and sample_weight belong to rows, and X was taken for {KINDS[kind]}. Pass environments and episodes "
            "without them, or rows as an array."
        )
    return Input(kind, X)


def _refuse(X: Any) -> None:
    """Raise an error for rows without actions, or for an object that is no rows."""
    if _is_array_like(X):
        raise ValueError(
            f"X is {describe_type(X)}, so it was taken for rows [observation | desired_return | desired_horizon]. "
            "UDRLAgent requires y to be passed, but the target y is None. Pass the actions of the rows as y."
        )
    hint = " An environment that gymnasium.make did not make has no spec; pass the environment itself." * (X is None)
    error = ValueError if isinstance(X, list | tuple) and not X else TypeError
    raise error(
        "Expected an environment (an id, a gymnasium.Env, an EnvSpec, a function that makes one, or a list of these), "
        f"logged episodes ({EPISODES}), or rows with their actions y; got {describe_type(X)}.{hint}"
    )


def _is_array_like(X: Any) -> bool:
    """Tell whether X is an array, a table or a list of numbers or rows."""
    if isinstance(X, list | tuple):
        return len(X) > 0 and (isinstance(X[0], int | float | list | tuple) or hasattr(X[0], "shape"))
    return hasattr(X, "shape") or hasattr(X, "__array__") or hasattr(X, "__dataframe__")
