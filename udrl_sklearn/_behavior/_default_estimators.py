"""The default estimators, and the check of those that users bring."""

from typing import Any

from sklearn.base import is_classifier, is_regressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods

from udrl_sklearn._envs._spaces import ActionTargets

# Each tree of the default forest samples half of the rows. scikit-learn warns if that is less than 10 rows. It takes
# half of the sum of the weights, which rounding may leave a little below the number of rows.
MIN_ROWS_TO_HALVE = 21


def default_estimator(discrete: bool = True, *, n_rows: int | None = None) -> Any:
    """Return the estimator of an agent that is given none.

    Parameters
    ----------
    discrete : bool, default=True
        Whether the actions are discrete.
    n_rows : int or None, default=None
        How many rows it will be fitted on. Each tree takes half of them, and all if they are few.
    """
    forest = RandomForestClassifier if discrete else RandomForestRegressor
    max_samples = 0.5 if n_rows is None or n_rows >= MIN_ROWS_TO_HALVE else None
    return forest(n_estimators=30, min_samples_leaf=10, max_features=0.75, max_samples=max_samples)


def default_value_estimator() -> Any:
    """Return the regressor of values of a method that is given none."""
    return HistGradientBoostingRegressor(max_iter=40, learning_rate=0.2, min_samples_leaf=20, early_stopping=False)


def check_estimator_kind(estimator: Any, targets: ActionTargets, source: str) -> None:
    """Raise a TypeError if the estimator is no classifier for discrete actions, or no regressor for continuous ones.

    Parameters
    ----------
    estimator : estimator
    targets : ActionTargets
    source : str
        Where the actions come from, as the subject of the message.
    """
    if is_classifier(estimator) if targets.is_discrete else is_regressor(estimator):
        return
    kind, needed = ("discrete", "classifier") if targets.is_discrete else ("continuous", "regressor")
    raise TypeError(
        f"{source} has {kind} actions, which need a {needed} as UDRLAgent(estimator=...), got {estimator!r}."
    )


class EstimatorKind(HasMethods):
    """A parameter constraint: an estimator of one of some kinds, by scikit-learn's tags.

    Some estimators, such as a stacking classifier, have `predict` only once they are fitted, so the methods of an
    estimator do not tell what it is.

    Parameters
    ----------
    *kinds : {"classifier", "regressor"}
    """

    def __init__(self, *kinds: str) -> None:
        super().__init__(["fit"])
        self.kinds = kinds

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is such an estimator."""
        if isinstance(val, type) or not super().is_satisfied_by(val):
            return False
        try:
            return get_tags(val).estimator_type in self.kinds
        except AttributeError:  # no estimator of scikit-learn's API
            return False

    def __str__(self) -> str:
        return f"a {' or '.join(self.kinds)} of scikit-learn's API"
