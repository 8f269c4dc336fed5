"""Configurations: the options of a training as a flat dict of numbers, names and booleans.

The order is: environment, estimator, method, parameters of the method, parameters of the agent.
"""

import inspect
from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator

from udrl_sklearn import UDRLAgent

from ._estimators_by_name import estimator_name
from ._methods import DEFAULT_METHOD

Config = dict[str, Any]


def make_config(
    agent: UDRLAgent,
    *,
    env: str,
    env_params: Mapping[str, Any],
    estimator: str,
    estimator_params: Mapping[str, Any],
) -> Config:
    """Return the configuration with which `udrl train --config` repeats a training.

    Parameters
    ----------
    agent : UDRLAgent
        Before or after its training.
    env : str
        Id of the environment.
    env_params : dict
        Keyword arguments of the environment.
    estimator : str
        The estimator of the agent, by a name that `make_estimator` takes.
    estimator_params : dict
        The parameters of the estimator that are not its defaults.

    Returns
    -------
    config : dict
    """
    names = {"env": env, "env_set": dict(env_params), "estimator": estimator, "set": dict(estimator_params)}
    return names | flat_params(_params(agent))


def flat_params(params: Mapping[str, Any]) -> Config:
    """Return arguments of `UDRLAgent`, except `estimator`, in the form that they have in a configuration.

    The method becomes its name and its parameters. An estimator among the parameters becomes its name.
    """
    method = UDRLAgent(method=params.get("method")).learning_method
    of_agent = {name: value for name, value in params.items() if name not in ("estimator", "method")}
    values = _params(method) | of_agent
    return {"method": type(method).__name__} | {
        name: estimator_name(value) if hasattr(value, "get_params") else value for name, value in values.items()
    }


def _params(estimator: BaseEstimator) -> dict[str, Any]:
    """Return the parameters of an estimator in the order of its constructor; `get_params` sorts them by name."""
    return {name: getattr(estimator, name) for name in inspect.signature(type(estimator)).parameters}


def method_name(config: Mapping[str, Any]) -> str:
    """Return the name of the method of a configuration."""
    return config.get("method", DEFAULT_METHOD)


def title_parts(config: Mapping[str, Any]) -> list[str]:
    """Return the names of the estimator and, if it is not the default one, of the method."""
    method = method_name(config)
    return [config["estimator"]] if method == DEFAULT_METHOD else [config["estimator"], method]
