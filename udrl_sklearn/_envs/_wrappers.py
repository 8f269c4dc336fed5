"""Wrappers of environments: which of them keep the meaning of columns, and which have a memory."""

from collections.abc import Iterator
from typing import Any

import gymnasium
from gymnasium import wrappers

# Each column of their observations is a function of the same column without them.
KEEP_COLUMNS = (
    wrappers.DtypeObservation,
    wrappers.FlattenObservation,
    wrappers.NormalizeObservation,
    wrappers.RescaleObservation,
)
# Their statistics outlive an episode.
WITH_MEMORY = (wrappers.NormalizeObservation, wrappers.NormalizeReward)


def layers(env: gymnasium.Env) -> Iterator[Any]:
    """Yield an environment, the environment in it if it is a wrapper, and so on."""
    layer: Any = env
    yield layer
    while isinstance(layer, gymnasium.Wrapper):
        layer = layer.env
        yield layer


def wrappers_with_memory(env: gymnasium.Env) -> list[str]:
    """Return the names of wrappers whose state changes an episode by the episodes before it.

    Parameters
    ----------
    env : gymnasium.Env

    Returns
    -------
    names : list of str
        Those of classes. A wrapper with ``update_running_mean=False`` is not among them.
    """
    return [
        type(layer).__name__ for layer in layers(env) if isinstance(layer, WITH_MEMORY) and layer.update_running_mean
    ]
