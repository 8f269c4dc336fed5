"""Names: what an environment calls the numbers of its observations, and its actions."""

import gymnasium

from ._spaces import COMMAND_NAMES

_POSE = ["x_position", "y_position", "x_velocity", "y_velocity", "angle", "angular_velocity"]
_CAR = ["position", "velocity"]

# Name of an environment of gymnasium's -> names of its observations, after gymnasium's documentation.
_OBSERVATIONS = {
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
# The same for actions, whether they are discrete or continuous.
_ACTIONS = {
    ("CartPole", True): ["push left", "push right"],
    ("Acrobot", True): ["torque -1", "torque 0", "torque +1"],
    ("MountainCar", True): ["push left", "don't push", "push right"],
    ("MountainCarContinuous", False): ["force"],
    ("Pendulum", False): ["torque"],
    ("LunarLander", True): ["do nothing", "left engine", "main engine", "right engine"],
    ("LunarLander", False): ["main engine", "side engines"],
    ("LunarLanderContinuous", False): ["main engine", "side engines"],
}


def observation_names(env, n_features):
    """Return what an environment calls the numbers of an observation, or None.

    That is ``env.metadata["observation_names"]``, or what is known of gymnasium's own environments as long as no
    wrapper changes their observations.

    Raises
    ------
    ValueError
        If the metadata has another number of names, one of them twice, or one that is taken.
    """
    given = _given(env, "observation_names", n_features)
    if set(given or ()) & set(COMMAND_NAMES):
        raise ValueError(f"The metadata of {env} has observation_names={given}; {COMMAND_NAMES} are taken by commands.")
    if given is None and _is_unchanged(env, gymnasium.ObservationWrapper, "observation_space"):
        given = _OBSERVATIONS.get(_name(env))
    return given and list(given)


def action_names(env, targets):
    """Return what an environment calls its actions, or the components of continuous ones, or None.

    That is ``env.metadata["action_names"]``, or what is known of gymnasium's own environments as long as no wrapper
    changes their actions. Discrete actions of several components have no names of their own.

    Raises
    ------
    ValueError
        If the metadata has another number of names, or one of them twice.
    """
    if targets.is_discrete and targets.n_components > 1:
        return None
    given = _given(env, "action_names", len(targets.labels[0]) if targets.is_discrete else targets.n_components)
    if given is None and _is_unchanged(env, gymnasium.ActionWrapper, "action_space"):
        given = _ACTIONS.get((_name(env), targets.is_discrete))
    return given and list(given)


def _given(env, key, n_names):
    """Return what the metadata says, if it fits."""
    names = (env.metadata or {}).get(key)
    if names is None:
        return None
    names = list(map(str, names))
    if len(names) != n_names or len(set(names)) != n_names:
        raise ValueError(
            f"The metadata of {env} has {key}={names}; expected {n_names} different names, one for each column. "
            f"Correct them, or leave {key!r} out for names that are made up."
        )
    return names


def _is_unchanged(env, kind, space):
    """Tell whether an environment is as gymnasium made it, as to observations or to actions."""
    layer = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, kind):
            return False
        layer = layer.env
    return getattr(env, space) == getattr(layer, space)


def _name(env):
    return env.spec.name if env.spec is not None and env.spec.namespace is None else None
