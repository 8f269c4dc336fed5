"""Callbacks for the training of an agent."""

from collections.abc import Callable

from sklearn.base import BaseEstimator
from sklearn.callback import CallbackContext

from udrl_sklearn import UDRLAgent


class AfterIteration:
    """A scikit-learn callback that calls a function after each iteration of a fit.

    Parameters
    ----------
    function : callable
        Takes the agent. The fit ends if it returns True.
    """

    def __init__(self, function: Callable[[UDRLAgent], bool | None]) -> None:
        self.function = function

    def setup(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        """Do nothing before a fit."""

    def teardown(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        """Do nothing after a fit."""

    def on_fit_task_begin(self, estimator: BaseEstimator, context: CallbackContext) -> None:
        """Do nothing before an iteration."""

    def on_fit_task_end(self, estimator: BaseEstimator, context: CallbackContext) -> bool:
        """Call the function after an iteration, and return whether the fit ends."""
        return context.task_name == "iteration" and bool(self.function(estimator))
