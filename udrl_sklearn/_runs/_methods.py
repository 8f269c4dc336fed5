"""Learning methods by name."""

import inspect

from udrl_sklearn import UDRLAgent, methods
from udrl_sklearn.methods import LearningMethod

from ._estimators_by_name import suggestion


def _method_classes() -> dict[str, type[LearningMethod]]:
    """Return the subclasses of `LearningMethod` in `udrl_sklearn.methods` by name, the default method first."""
    members = {name: getattr(methods, name) for name in (DEFAULT_METHOD, *methods.__all__)}
    return {
        name: member
        for name, member in members.items()
        if inspect.isclass(member) and issubclass(member, LearningMethod) and member is not LearningMethod
    }


DEFAULT_METHOD = type(UDRLAgent().learning_method).__name__
METHODS = _method_classes()


def find_method(name: object) -> str:
    """Return the name of a method in its own upper and lower case.

    Raises
    ------
    ValueError
        If there is no such method.
    """
    names = {method.lower(): method for method in METHODS}
    if str(name).lower() not in names:
        raise ValueError(
            f"There is no method {name!r}.{suggestion(name, METHODS)} The methods are {', '.join(METHODS)}."
        )
    return names[str(name).lower()]
