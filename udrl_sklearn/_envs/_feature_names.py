"""Names of the features of an observation, and of actions."""

from collections.abc import Mapping
from typing import Any

import gymnasium

from ._spaces import COMMAND_NAMES, ActionTargets
from ._wrappers import KEEP_COLUMNS, layers

_POSE = ["x_position", "y_position", "x_velocity", "y_velocity", "angle", "angular_velocity"]
_CAR = ["position", "velocity"]

# Class of an environment of gymnasium -> names of its features, from gymnasium's documentation.
_FEATURE_NAMES = {
    "CartPoleEnv": ["cart_position", "cart_velocity", "pole_angle", "pole_angular_velocity"],
    "AcrobotEnv": [
        "cos_angle_1",
        "sin_angle_1",
        "cos_angle_2",
        "sin_angle_2",
        "angular_velocity_1",
        "angular_velocity_2",
    ],
    "MountainCarEnv": _CAR,
    "Continuous_MountainCarEnv": _CAR,
    "PendulumEnv": ["cos_angle", "sin_angle", "angular_velocity"],
    "LunarLander": [*_POSE, "left_leg_contact", "right_leg_contact"],
}
# (Class of an environment, whether its actions are discrete) -> names of its actions.
_ACTION_NAMES = {
    ("CartPoleEnv", True): ["push left", "push right"],
    ("AcrobotEnv", True): ["torque -1", "torque 0", "torque +1"],
    ("MountainCarEnv", True): ["push left", "don't push", "push right"],
    ("Continuous_MountainCarEnv", False): ["force"],
    ("PendulumEnv", False): ["torque"],
    ("LunarLander", True): ["do nothing", "left engine", "main engine", "right engine"],
    ("LunarLander", False): ["main engine", "side engines"],
}


def observation_names(env: gymnasium.Env, n_features: int) -> list[str] | None:
    """Return the names of the features of an observation, or None.

    They come from ``env.metadata["observation_names"]``. Some of gymnasium's environments have default names. Names of
    an environment hold for its wrappers too, unless they change the observations.

    Parameters
    ----------
    env : gymnasium.Env
    n_features : int
        Number of features of a flattened observation.

    Returns
    -------
    names : list of str or None

    Raises
    ------
    ValueError
        If the metadata has another number of names, a name twice, or the name of a command column.
    """
    names = None
    for layer in layers(env):
        names = _metadata_names(layer, "observation_names", n_features)
        if names is not None or not _keeps_columns(layer):
            break
    else:
        names = _known_names(_FEATURE_NAMES, env, type(layer).__name__, n_features)
    if set(names or ()) & set(COMMAND_NAMES):
        raise ValueError(
            f"The metadata of {env} has observation_names={names}; the names {COMMAND_NAMES} are taken by commands."
        )
    return names


def action_names(env: gymnasium.Env, targets: ActionTargets) -> list[str] | None:
    """Return the names of discrete actions, or of the components of continuous ones, or None.

    They come from ``env.metadata["action_names"]``. Some of gymnasium's environments have default names. Names of an
    environment hold for its wrappers too, unless they change the actions. Discrete actions of several components have
    no names.

    Parameters
    ----------
    env : gymnasium.Env
    targets : ActionTargets
        The actions.

    Returns
    -------
    names : list of str or None

    Raises
    ------
    ValueError
        If the metadata has another number of names, or a name twice.
    """
    if targets.labels is not None and targets.n_components > 1:
        return None
    n_names = targets.n_components if targets.labels is None else len(targets.labels[0])
    for layer in layers(env):
        names = _metadata_names(layer, "action_names", n_names)
        if names is not None or not _keeps_actions(layer):
            return names
    return _known_names(_ACTION_NAMES, env, (type(layer).__name__, targets.is_discrete), n_names)


def _metadata_names(layer: Any, key: str, n_names: int) -> list[str] | None:
    """Return the names in the metadata of a layer, or None if it has none or those of the environment in it."""
    names = (layer.metadata or {}).get(key)
    inherited = (layer.env.metadata or {}).get(key) if isinstance(layer, gymnasium.Wrapper) else None
    if names is None or names is inherited:
        return None
    names = [str(names[label]) for label in sorted(names)] if isinstance(names, Mapping) else list(map(str, names))
    if len(names) != n_names or len(set(names)) != n_names:
        raise ValueError(
            f"The metadata of {layer} has {key}={names}; expected {n_names} different names, one for each column. "
            f"Correct them, or leave {key!r} out for generated names."
        )
    return names


def _keeps_columns(layer: Any) -> bool:
    """Tell whether a layer is no wrapper, or one with the observations of the environment in it."""
    if not isinstance(layer, gymnasium.Wrapper) or isinstance(layer, KEEP_COLUMNS):
        return True
    is_same_space = layer.observation_space == layer.env.observation_space
    return is_same_space and not isinstance(layer, gymnasium.ObservationWrapper)


def _keeps_actions(layer: Any) -> bool:
    """Tell whether a layer is no wrapper, or one with the actions of the environment in it."""
    if not isinstance(layer, gymnasium.Wrapper):
        return True
    return layer.action_space == layer.env.action_space and not isinstance(layer, gymnasium.ActionWrapper)


def _known_names(table: dict, env: gymnasium.Env, key: Any, n_names: int) -> list[str] | None:
    """Return the names of one of gymnasium's own environments, or None. An id alone may be registered anew."""
    names = table.get(key) if type(env.unwrapped).__module__.startswith("gymnasium.envs.") else None
    return list(names) if names and len(names) == n_names else None
