"""Action masks: which discrete actions are possible at a step, by gymnasium's convention ``info["action_mask"]``."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

# One array for each component of an action, which tells for each of its labels whether it is possible.
ActionMask = list[np.ndarray]


def read_action_mask(mask: Any, space: spaces.Space) -> ActionMask | None:
    """Return an action mask as gymnasium has it for a space, as one array of bool for each component.

    Parameters
    ----------
    mask : array, tuple of arrays, or None
        For Discrete an array of 0 and 1, one for each action. For MultiDiscrete a tuple with such an array for each
        component. For MultiBinary an array with 0 or 1 where this is the only possible value, and 2 where both are.
    space : gymnasium.Space
        The action space.

    Returns
    -------
    mask : list of ndarray, or None
        None without a mask, and for continuous actions, which have none.

    Raises
    ------
    ValueError
        If the mask has another shape or other values, or a component has no possible action.
    """
    if mask is None or isinstance(space, spaces.Box):
        return None
    if isinstance(space, spaces.MultiBinary):
        components, highest = [np.asarray(mask).ravel()], 2
    else:
        components, highest = _components(mask, len(space.shape or ())), 1
    sizes = _sizes(space)
    is_valid = [component.shape for component in components] == [(size,) for size in sizes]
    if not is_valid or any(not np.isin(component, range(highest + 1)).all() for component in components):
        raise ValueError(
            f"The action mask of {space} must have {' and '.join(map(str, sizes))} numbers from 0 to {highest}, got "
            f"{mask!r}. See the sample method of the space in gymnasium."
        )
    if isinstance(space, spaces.MultiBinary):
        return [np.array([number != 1, number != 0]) for number in components[0].tolist()]
    if not all(component.any() for component in components):
        raise ValueError(f"The action mask {mask!r} leaves no possible action. End the episode instead.")
    return [component.astype(bool) for component in components]


def joined_masks(masks: Sequence[ActionMask | None], labels: list[np.ndarray] | None) -> list[np.ndarray] | None:
    """Join the masks of several episodes to one array (n_episodes, n_labels) for each component; None without any."""
    if labels is None or all(mask is None for mask in masks):
        return None
    free = [np.ones(len(component), dtype=bool) for component in labels]
    return [np.stack(columns) for columns in zip(*(mask or free for mask in masks), strict=True)]


def _components(mask: Any, n_axes: int) -> list[np.ndarray]:
    """Return the arrays of the components of a mask, which are nested in as many tuples as the space has axes."""
    if n_axes == 0 or not isinstance(mask, Sequence | np.ndarray):
        return [np.asarray(mask)]
    return [component for part in mask for component in _components(part, n_axes - 1)]


def _sizes(space: spaces.Space) -> list[int]:
    if isinstance(space, spaces.MultiDiscrete):
        return space.nvec.ravel().tolist()
    return [int(space.n) if isinstance(space, spaces.Discrete) else int(np.prod(space.shape or ()))]
