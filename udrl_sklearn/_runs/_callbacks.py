"""What is called as an agent learns."""


class AfterIteration:
    """A scikit-learn callback that calls a function after each iteration of a fit.

    Parameters
    ----------
    function : callable
        Takes the agent; the fit ends if it returns True.
    """

    def __init__(self, function):
        self.function = function

    def setup(self, estimator, context):
        """Do nothing as a fit begins."""

    def teardown(self, estimator, context):
        """Do nothing when a fit has ended."""

    def on_fit_task_begin(self, estimator, context):
        """Do nothing before an iteration."""

    def on_fit_task_end(self, estimator, context):
        """Call the function."""
        return context.task_name == "iteration" and bool(self.function(estimator))
