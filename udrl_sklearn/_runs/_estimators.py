"""Estimators by their names."""

import difflib
import importlib
import inspect

from sklearn.base import BaseEstimator
from sklearn.utils import all_estimators

from udrl_sklearn._behavior import default_estimator


class UnknownEstimator(ValueError):
    """A name, or a parameter, that no estimator has."""


def make_estimator(name, params, *, is_discrete=True):
    """Return an unfitted estimator.

    Parameters
    ----------
    name : str or None
        A class of scikit-learn's ("RandomForestClassifier"), a dotted path ("xgboost.XGBClassifier"), or "neural" for
        `udrl_sklearn.nets.behavior_net`. None stands for the agent's default.
    params : dict
        Its parameters. For one called "estimator" a name will do.
    is_discrete : bool, default=True
        Whether it is for discrete actions, if the name does not tell.

    Raises
    ------
    UnknownEstimator
        If there is no such estimator, or it has no such parameter.
    """
    if isinstance(params.get("estimator"), str):
        params = params | {"estimator": make_estimator(params["estimator"], {})}
    if name == "neural":
        return _neural(params, is_discrete)
    estimator = default_estimator(is_discrete) if name is None else _instance(_class(name))
    _check_names(type(estimator).__name__, params, estimator.get_params(deep=False))
    try:
        return estimator.set_params(**params)
    except (ValueError, AttributeError) as error:  # of a parameter of a parameter
        raise UnknownEstimator(f"{type(estimator).__name__} can't take {params}: {error}") from error


def _check_names(estimator, params, known):
    """Raise an UnknownEstimator if an estimator has no such parameters."""
    for parameter in params:
        if parameter.partition("__")[0] not in known:
            raise UnknownEstimator(
                f"{estimator} has no parameter {parameter!r}.{hint(parameter, known)} "
                f"Its parameters: {', '.join(sorted(known))}."
            )


def hint(name, known):
    """Return " Did you mean ...?" if some known name is close."""
    close = difflib.get_close_matches(str(name), list(known), n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""


def _neural(params, is_discrete):
    try:
        from udrl_sklearn.nets import behavior_net
    except ImportError as error:
        raise UnknownEstimator(
            "The estimator 'neural' needs torch and skorch: pip install 'udrl_sklearn[torch]'"
        ) from error
    net = behavior_net(continuous=not is_discrete)
    known = {*inspect.signature(behavior_net).parameters, *net.get_params(deep=False)} - {"continuous", "skorch_params"}
    _check_names("'neural'", params, known)
    return behavior_net(continuous=not is_discrete, **params)


def _class(name):
    if "." in name:
        module, _, attribute = name.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise UnknownEstimator(f"There is no estimator {name!r}: {error}") from error
    else:
        known = dict(all_estimators(type_filter=["classifier", "regressor"]))
        if name not in known:
            raise UnknownEstimator(
                f"scikit-learn has no classifier or regressor {name!r}.{hint(name, known)} For other packages give the "
                "whole path, as in xgboost.XGBClassifier."
            )
        found = known[name]
    if not (inspect.isclass(found) and issubclass(found, BaseEstimator)):
        raise UnknownEstimator(f"Expected a scikit-learn estimator class, {name!r} is {found!r}.")
    return found


def _instance(cls):
    try:
        return cls()
    except TypeError as error:
        raise UnknownEstimator(
            f"{cls.__name__} can't be made without arguments: {error}. Use it from Python, where you can give them."
        ) from error
