"""Names of the features of an observation, and of actions."""

from typing import Any

import gymnasium

from ._spaces import COMMAND_NAMES, ActionTargets

_POSE = ["x_position", "y_position", "x_velocity", "y_velocity", "angle", "angular_velocity"]
_CAR = ["position", "velocity"]

# Name of an environment of gymnasium -> names of its features, from gymnasium's documentation.
_FEATURE_NAMES = {
    "CartPole": ["cart_position", "cart_velocity", "pole_angle", "pole_angular_velocity"],
    "Acrobot": [
        "cos_angle_1",
        "sin_angle_1",
        "cos_angle_2",
        "sin_angle_2",
        "angular_velocity_1",
        "angular_velocity_2",
    ],
    "MountainCar": _CAR,
    "MountainCarContinuous": _CAR,
    "Pendulum": ["cos_angle", "sin_angle", "angular_velocity"],
    "LunarLander": [*_POSE, "left_leg_contact", "right_leg_contact"],
    "LunarLanderContinuous": [*_POSE, "left_leg_contact", "right_leg_contact"],
}
# (Name of an environment, whether its actions are discrete) -> names of its actions.
_ACTION_NAMES = {
    ("CartPole", True): ["push left", "push right"],
    ("Acrobot", True): ["torque -1", "torque 0", "torque +1"],
    ("MountainCar", True): ["push left", "don't push", "push right"],
    ("MountainCarContinuous", False): ["force"],
    ("Pendulum", False): ["torque"],
    ("LunarLander", True): ["do nothing", "left engine", "main engine", "right engine"],
    ("LunarLander", False): ["main engine", "side engines"],
    ("LunarLanderContinuous", False): ["main engine", "side engines"],
}


def observation_names(env: gymnasium.Env, n_features: int) -> list[str] | None:
    """Return the names of the features of an observation, or None.

    They come from ``env.metadata["observation_names"]``. Some of gymnasium's environments have default names, which are
    used if no wrapper changes the observations.

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
    names = _metadata_names(env, "observation_names", n_features)
    if set(names or ()) & set(COMMAND_NAMES):
        raise ValueError(
            f"The metadata of {env} has observation_names={names}; the names {COMMAND_NAMES} are taken by commands."
        )
    if names is None and _is_unchanged(env, gymnasium.ObservationWrapper, "observation_space"):
        names = _FEATURE_NAMES.get(_registered_name(env))
    return names and list(names)


def action_names(env: gymnasium.Env, targets: ActionTargets) -> list[str] | None:
    """Return the names of discrete actions, or of the components of continuous ones, or None.

    They come from ``env.metadata["action_names"]``. Some of gymnasium's environments have default names, which are used
    if no wrapper changes the actions. Discrete actions of several components have no names.

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
    names = _metadata_names(env, "action_names", n_names)
    if names is None and _is_unchanged(env, gymnasium.ActionWrapper, "action_space"):
        names = _ACTION_NAMES.get((_registered_name(env), targets.is_discrete))
    return names and list(names)


def _metadata_names(env: gymnasium.Env, key: str, n_names: int) -> list[str] | None:
    """Return the names in the metadata, or None if there are none."""
    names = (env.metadata or {}).get(key)
    if names is None:
        return None
    names = list(map(str, names))
    if len(names) != n_names or len(set(names)) != n_names:
        raise ValueError(
            f"The metadata of {env} has {key}={names}; expected {n_names} different names, one for each column. "
            f"Correct them, or leave {key!r} out for generated names."
        )
    return names


def _is_unchanged(env: gymnasium.Env, kind: type[gymnasium.Wrapper], space: str) -> bool:
    """Tell whether the observations or the actions are those of the environment without its wrappers."""
    layer: Any = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, kind):
            return False
        layer = layer.env
    return getattr(env, space) == getattr(layer, space)


def _registered_name(env: gymnasium.Env) -> str:
    """Return the name of an environment of gymnasium, without its version; "" for any other environment."""
    return env.spec.name if env.spec is not None and env.spec.namespace is None else ""
