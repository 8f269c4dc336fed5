"""Logged steps in flat arrays, one episode after the other, as D4RL's datasets have them."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ._episodes import Episode
from ._listed import describe_type

REQUIRED = ("observations", "actions", "rewards", "terminals")
OPTIONAL = ("timeouts", "next_observations")
# The words of Minari and of gymnasium for the same arrays.
SYNONYMS = {"terminals": ("terminations", "terminated"), "timeouts": ("truncations", "truncated")}


def split_steps(arrays: Mapping[str, Any]) -> list[Episode]:
    """Split flat arrays of N steps into episodes.

    An episode ends where ``terminals`` or ``timeouts`` is true, and where the arrays end. It is truncated if it is not
    terminated there. The observation after its last step is that of ``next_observations``. Without this array nothing
    is known of it. A terminated episode then repeats its last observation, from which nothing is learned. A truncated
    one is cut a step earlier, since its value is estimated from the observation after the last step.

    Parameters
    ----------
    arrays : mapping of str to array-like
        ``observations`` of shape (N, ...), ``actions`` of shape (N,) or (N, n_components), ``rewards`` and
        ``terminals`` of shape (N,), and perhaps ``timeouts`` of shape (N,) and ``next_observations`` of shape (N, ...).
        A single episode may have N + 1 observations. Other keys are ignored.

    Returns
    -------
    episodes : list of Episode

    Raises
    ------
    ValueError
        If an array is missing or of another length, or no step is left.
    """
    steps = _read(arrays)
    n_steps = len(steps["rewards"])
    ends = np.flatnonzero(steps["terminals"] | steps["timeouts"]) + 1
    ends = np.unique(np.append(ends, n_steps))
    starts = np.append(0, ends[:-1])
    episodes = [
        episode
        for first, end in zip(starts.tolist(), ends.tolist(), strict=True)
        for episode in _episode(steps, first, end)
    ]
    if not episodes:
        raise ValueError(
            f"Nothing can be learned from the {n_steps} steps: no observation follows any of them, and none is "
            "terminal. Pass next_observations too."
        )
    return episodes


def _episode(steps: dict[str, np.ndarray], first: int, end: int) -> Iterator[Episode]:
    """Yield the episode with these steps, if any is left."""
    terminated = bool(steps["terminals"][end - 1])
    observations = steps["observations"]
    if "next_observations" in steps:
        last = steps["next_observations"][end - 1]
    elif terminated:
        last = observations[end - 1]
    else:
        end -= 1
        last = observations[end]
    if end > first:
        observations = np.vstack([observations[first:end], last])
        yield Episode(
            observations, steps["actions"][first:end], steps["rewards"][first:end], terminated, not terminated
        )


def _read(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the arrays by D4RL's names, with a row for each step."""
    names = {key: _name(arrays, key) for key in REQUIRED + OPTIONAL}
    missing = [key for key in REQUIRED if names[key] is None]
    if missing:
        raise ValueError(
            f"A dict of logged steps needs the arrays {', '.join(REQUIRED)}, and may have {' and '.join(OPTIONAL)}, "
            f"as in D4RL's datasets. Missing: {', '.join(missing)}; got the keys {list(arrays)}."
        )
    steps = {key: _array(arrays[name], key, name) for key, name in names.items() if name is not None}
    n_steps = len(steps["rewards"])
    for key in steps.keys() - {"observations"}:  # which may have a row more
        _check_length(steps[key], n_steps, names[key])
    steps.setdefault("timeouts", np.zeros(n_steps, dtype=bool))
    is_one_episode = not (steps["terminals"] | steps["timeouts"])[:-1].any()
    if len(steps["observations"]) == n_steps + 1 and "next_observations" not in steps and is_one_episode:
        steps["observations"], steps["next_observations"] = steps["observations"][:-1], steps["observations"][1:]
    _check_length(steps["observations"], n_steps, "observations")
    return steps


def _check_length(array: np.ndarray, n_steps: int, name: str | None) -> None:
    if len(array) != n_steps:
        raise ValueError(
            f"The arrays of logged steps must have one row for each step; rewards has {n_steps} rows and {name} has "
            f"{len(array)}."
        )


def _name(arrays: Mapping[str, Any], key: str) -> str | None:
    """Return the name under which an array is given, or None if it is not."""
    return next((name for name in (key, *SYNONYMS.get(key, ())) if arrays.get(name) is not None), None)


def _array(values: Any, key: str, name: str) -> np.ndarray:
    """Return an array as (N, n_features), as (N,) or (N, n_components) for actions, and as (N,) for all others."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ValueError(
            f"{name} of logged steps has rows of several lengths. Pass flat arrays with the steps of all episodes, or "
            "a list of dicts, one for each episode."
        ) from None
    if array.size == 0 or array.ndim == 0 or (key != "actions" and array.dtype.kind not in "biuf"):
        raise ValueError(
            f"{name} of logged steps must be numbers with a row for each step, got {describe_type(values)}. Only the "
            "spaces of a Minari dataset tell how observations in dicts and tuples become numbers."
        )
    if "observations" in key or array.ndim > 2:
        array = array.reshape(len(array), -1)
    if key in ("rewards", "terminals", "timeouts"):
        array = array.reshape(-1)
    if key in ("terminals", "timeouts"):
        if not np.isin(array, (0, 1)).all():
            raise ValueError(f"{name} of logged steps must be true or false for each step, got {array}.")
        array = array.astype(bool)
    return array
