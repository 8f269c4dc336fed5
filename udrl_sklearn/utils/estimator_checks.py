"""Checks of agents and of learning methods, beside scikit-learn's own.

scikit-learn's `check_estimator` tests an agent as it tests any classifier or regressor: on rows. The
checks here test `fit`, `evaluate`, `policy` and `score` on a small environment. They are for subclasses
of `UDRLAgent`, for estimators as its behavior function, and for learning methods.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from unittest import SkipTest

from sklearn.exceptions import EstimatorCheckFailedWarning
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn.methods import LearningMethod

from ._agent_checks import checks_of_agent
from ._check_helpers import CheckFunction
from ._method_checks import checks_of_method
from ._toy_envs import ContinuousToyEnv, DiscreteToyEnv

__all__ = [
    "ContinuousToyEnv",
    "DiscreteToyEnv",
    "agent_checks_generator",
    "check_agent",
    "check_method",
    "method_checks_generator",
    "parametrize_with_checks",
]

# A check function with its name for messages; takes an agent.
Check = partial[None]


def check_agent(agent: UDRLAgent, *, on_fail: str | None = "raise") -> list[dict[str, Any]]:
    """Check that an agent and its learning method have the documented behavior on environments.

    Parameters
    ----------
    agent : UDRLAgent
        An instance, of a subclass or with any estimator and method. It is cloned, and its budget is made small.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do when a check fails: raise its exception, or go on, with a warning or without.

    Returns
    -------
    results : list of dict
        One for each check, with keys "estimator", "check_name", "exception" and "status", which is
        "passed", "failed" or "skipped".

    Raises
    ------
    Exception
        That of the first check that fails, with ``on_fail="raise"``.

    See Also
    --------
    check_method : The checks of a method alone.
    parametrize_with_checks : The same as tests of pytest.
    sklearn.utils.estimator_checks.check_estimator : scikit-learn's checks, on rows.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.utils.estimator_checks import check_agent
    >>> results = check_agent(UDRLAgent(DecisionTreeClassifier()))
    >>> {result["status"] for result in results}
    {'passed'}
    """
    return _run_checks(agent_checks_generator(agent), on_fail)


def check_method(method: LearningMethod, *, on_fail: str | None = "raise") -> list[dict[str, Any]]:
    """Check that a learning method has the documented behavior, with discrete and continuous actions.

    It runs with a decision tree as classifier and as regressor, and with an estimator that is updated.

    Parameters
    ----------
    method : LearningMethod
        An instance. It is cloned.
    on_fail : {"raise", "warn"} or None, default="raise"
        As for `check_agent`.

    Returns
    -------
    results : list of dict
        As for `check_agent`.

    Raises
    ------
    Exception
        That of the first check that fails, with ``on_fail="raise"``.

    Examples
    --------
    >>> from udrl_sklearn.methods import ReturnConditioned
    >>> from udrl_sklearn.utils.estimator_checks import check_method
    >>> results = check_method(ReturnConditioned(last_few=20))
    >>> {result["status"] for result in results}
    {'passed'}
    """
    return _run_checks(method_checks_generator(method), on_fail)


def _run_checks(checks: Iterable[tuple[UDRLAgent, Check]], on_fail: str | None) -> list[dict[str, Any]]:
    if on_fail not in ("raise", "warn", None):
        raise ValueError(f'on_fail must be "raise", "warn" or None, got {on_fail!r}.')
    results = []
    for agent, check in checks:
        result: dict[str, Any] = {
            "estimator": agent,
            "check_name": check.func.__name__,
            "exception": None,
            "status": "passed",
        }
        try:
            check(agent)
        except SkipTest as skip:
            result.update(exception=skip, status="skipped")
        except Exception as error:
            if on_fail == "raise":
                raise
            result.update(exception=error, status="failed")
            if on_fail == "warn":
                expected = {"expected_to_fail": False, "expected_to_fail_reason": "Check is not expected to fail"}
                warnings.warn(EstimatorCheckFailedWarning(**result, **expected), stacklevel=3)
        results.append(result)
    return results


def parametrize_with_checks(agents: list[UDRLAgent]) -> Any:
    """Make a test of pytest run once for each agent and check.

    Parameters
    ----------
    agents : list of UDRLAgent
        Instances.

    Returns
    -------
    decorator : pytest.MarkDecorator
        For a test that takes `agent` and `check`.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.utils.estimator_checks import parametrize_with_checks
    >>> @parametrize_with_checks([UDRLAgent(DecisionTreeClassifier())])
    ... def test_agent(agent, check):
    ...     check(agent)
    """
    import pytest

    pairs = [pair for agent in agents for pair in agent_checks_generator(agent)]
    return pytest.mark.parametrize("agent, check", pairs, ids=_test_id)


def agent_checks_generator(agent: UDRLAgent) -> Iterator[tuple[UDRLAgent, Check]]:
    """Generate the checks that apply to an agent, those of its method included.

    Parameters
    ----------
    agent : UDRLAgent
        An instance.

    Yields
    ------
    agent : UDRLAgent
        The same.
    check : callable
        Takes the agent, and raises an AssertionError if it fails the check.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.utils.estimator_checks import agent_checks_generator
    >>> agent, check = next(agent_checks_generator(UDRLAgent()))
    >>> check.func.__name__
    'check_fit_returns_self'
    """
    if isinstance(agent, type):
        raise TypeError(f"Expected an instance of an agent, got the class {agent.__name__}.")
    yield from _bind(agent, checks_of_agent(agent), type(agent).__name__)
    yield from _bind(agent, checks_of_method(agent), type(agent.learning_method).__name__)


def method_checks_generator(method: LearningMethod) -> Iterator[tuple[UDRLAgent, Check]]:
    """Generate the checks of a method, with agents of several kinds.

    Parameters
    ----------
    method : LearningMethod
        An instance.

    Yields
    ------
    agent : UDRLAgent
        With the method.
    check : callable
        Takes the agent, and raises an AssertionError if it fails the check.

    Examples
    --------
    >>> from udrl_sklearn.methods import ReturnConditioned
    >>> from udrl_sklearn.utils.estimator_checks import method_checks_generator
    >>> agent, check = next(method_checks_generator(ReturnConditioned()))
    >>> agent.method
    ReturnConditioned()
    """
    if not isinstance(method, LearningMethod):
        raise TypeError(f"Expected an instance of a LearningMethod, got {method!r}.")
    for estimator in (DecisionTreeClassifier(), DecisionTreeRegressor(), GaussianNB()):
        agent = UDRLAgent(estimator, method=method)
        yield from _bind(agent, checks_of_method(agent), type(method).__name__)


def _bind(agent: UDRLAgent, checks: Iterable[CheckFunction], name: str) -> Iterator[tuple[UDRLAgent, Check]]:
    # On so few rows several threads are slower than one, above all if processes compete for the cores.
    one_thread = threadpool_limits.wrap(limits=1)
    for check in checks:
        yield agent, partial(one_thread(check), name)


def _test_id(part: Any) -> str:
    return part.func.__name__ if isinstance(part, partial) else re.sub(r"\s", "", repr(part))
