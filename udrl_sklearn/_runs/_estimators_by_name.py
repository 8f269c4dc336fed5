"""Estimators by name."""

import difflib
import importlib
import inspect
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils import all_estimators
from sklearn.utils._param_validation import validate_parameter_constraints
from sklearn.utils._pprint import _changed_params

from udrl_sklearn._behavior._default_estimators import DefaultForest


class EstimatorError(ValueError):
    """There is no estimator with this name, or it does not take these parameters."""


def make_estimator(name: str | None, params: Mapping[str, Any], *, is_discrete: bool = True) -> BaseEstimator:
    """Return an unfitted estimator.

    Parameters
    ----------
    name : str or None
        A class of scikit-learn ("RandomForestClassifier"), a dotted path ("xgboost.XGBClassifier"), or "neural" for
        `udrl_sklearn.nets.behavior_net`. None is the default estimator of the agent.
    params : dict
        Its parameters. The value of one whose name ends in "estimator" can be a name, too.
    is_discrete : bool, default=True
        Whether "neural" and None are for discrete actions.

    Raises
    ------
    EstimatorError
        If there is no such estimator, or it does not take such a parameter or value.
    """
    params = {
        parameter: make_estimator(value, {}) if parameter.endswith("estimator") and isinstance(value, str) else value
        for parameter, value in params.items()
    }
    if name == "neural":
        return _make_net(params, is_discrete)
    forest = DefaultForest().for_actions(is_discrete)
    estimator = forest if name is None else _make_instance(_import_class(name), params)
    _check_parameters(type(estimator).__name__, params, _parameter_names(estimator))
    try:
        estimator.set_params(**params)
        _check_values(estimator)
    except (ValueError, TypeError, AttributeError) as error:  # raised for a parameter of a nested estimator
        raise EstimatorError(f"{type(estimator).__name__} can't take {params}: {error}") from error
    return estimator


def estimator_name(estimator: BaseEstimator) -> str:
    """Return the name with which `make_estimator` makes an estimator that has its default parameters.

    Raises
    ------
    EstimatorError
        If a parameter of the estimator has another value.
    """
    cls = type(estimator)
    changes = _changed_params(estimator)
    if changes:
        raise EstimatorError(f"{cls.__name__} has a name only if its parameters are the defaults, got {changes}.")
    is_in_scikit_learn = dict(all_estimators(type_filter=["classifier", "regressor"])).get(cls.__name__) is cls
    return cls.__name__ if is_in_scikit_learn else f"{cls.__module__}.{cls.__qualname__}"


def suggestion(name: object, names: Iterable[str]) -> str:
    """Return " Did you mean ...?" if one of the names is similar, else an empty string."""
    matches = difflib.get_close_matches(str(name), list(names), n=2, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, matches))}?" if matches else ""


def _parameter_names(estimator: Any) -> set[str] | None:
    """Return the names of an estimator's parameters, or None if it takes any.

    An estimator that takes any, such as one of LightGBM, passes them to its library.
    """
    parameters = inspect.signature(type(estimator)).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return {*parameters, *estimator.get_params(deep=False)}


def _check_parameters(estimator: str, params: Iterable[str], names: Collection[str] | None) -> None:
    """Raise an EstimatorError if a parameter is not among the names of an estimator's parameters."""
    for parameter in params:
        if names is not None and parameter.partition("__")[0] not in names:
            raise EstimatorError(
                f"{estimator} has no parameter {parameter!r}.{suggestion(parameter, names)} "
                f"Its parameters: {', '.join(sorted(names))}."
            )


def _check_values(estimator: Any) -> None:
    """Raise scikit-learn's error if it refuses the value of a parameter of an estimator, or of one inside it."""
    for part in (estimator, *estimator.get_params().values()):
        if isinstance(part, BaseEstimator) and hasattr(part, "_parameter_constraints"):
            params = part.get_params(deep=False)
            validate_parameter_constraints(part._parameter_constraints, params, type(part).__name__)


def _make_net(params: Mapping[str, Any], is_discrete: bool) -> BaseEstimator:
    """Return an unfitted neural network."""
    try:
        from udrl_sklearn.nets import behavior_net
    except ImportError as error:
        raise EstimatorError(
            "The estimator 'neural' needs torch and skorch: pip install 'udrl_sklearn[torch]'"
        ) from error
    net = behavior_net(continuous=not is_discrete)
    names = {*inspect.signature(behavior_net).parameters, *net.get_params(deep=False)} - {"continuous", "skorch_params"}
    _check_parameters("'neural'", params, names)
    return behavior_net(continuous=not is_discrete, **params)


def _import_class(name: str) -> type:
    """Return the class of an estimator. It has scikit-learn's methods, but need not inherit from its classes."""
    cls = _import_path(name) if "." in name else _scikit_learn_class(name)
    if not (inspect.isclass(cls) and all(hasattr(cls, method) for method in ("fit", "get_params", "set_params"))):
        raise EstimatorError(f"Expected a scikit-learn estimator class, {name!r} is {cls!r}.")
    return cls


def _import_path(path: str) -> object:
    """Return what a dotted path names."""
    module, _, attribute = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise EstimatorError(f"There is no estimator {path!r}: {error}") from error


def _scikit_learn_class(name: str) -> type[BaseEstimator]:
    """Return a classifier or regressor of scikit-learn."""
    classes = dict(all_estimators(type_filter=["classifier", "regressor"]))
    if name not in classes:
        raise EstimatorError(
            f"scikit-learn has no classifier or regressor {name!r}.{suggestion(name, classes)} For an estimator of "
            "another package give the dotted path, such as xgboost.XGBClassifier."
        )
    return classes[name]


def _make_instance(cls: type, params: Mapping[str, Any]) -> Any:
    """Return an instance with those of the parameters that the class requires, and its defaults for the others."""
    signature = inspect.signature(cls).parameters
    required = {
        name: params[name]
        for name in params
        if name in signature and signature[name].default is inspect.Parameter.empty
    }
    try:
        return cls(**required)
    except TypeError as error:
        raise EstimatorError(
            f"{cls.__name__} can't be made without arguments: {error}. Give them with --set, or use it from Python."
        ) from error
