"""The default estimators, and the check of those that users bring."""

from collections.abc import Callable, Mapping
from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods

from udrl_sklearn._envs._spaces import ActionTargets

# Each tree of the default forest samples half of the rows. scikit-learn warns if that is less than 10 rows. It takes
# half of the sum of the weights, which rounding may leave a little below the number of rows.
MIN_ROWS_TO_HALVE = 21


class DefaultForest(BaseEstimator):
    """The default estimator of an agent: a random forest of the kind that the actions need.

    With ``UDRLAgent(estimator=None)`` it has the parameters below. Another value of one of them, such as
    ``agent.set_params(estimator__min_samples_leaf=5)``, keeps what else is the default. Fitted is a
    `RandomForestClassifier` for discrete actions, and a `RandomForestRegressor` for continuous ones.

    Parameters
    ----------
    n_estimators, min_samples_leaf, max_features : default=30, 10, 0.75
        As in scikit-learn's forests.
    max_samples : int, float, None or "auto", default="auto"
        As in scikit-learn's forests. With "auto" each tree takes half of the rows, or all if they are few.
    criterion : str, default=None
        None takes scikit-learn's default, "gini" or "squared_error".
    class_weight : dict, list of dict, str or None, default=None
        As in `RandomForestClassifier`; for discrete actions only.
    max_depth, min_samples_split, min_weight_fraction_leaf, max_leaf_nodes, min_impurity_decrease, bootstrap, \
oob_score, n_jobs, random_state, verbose, ccp_alpha, monotonic_cst
        As in scikit-learn's forests, with the same defaults.

    Examples
    --------
    >>> from udrl_sklearn import DefaultForest, UDRLAgent
    >>> UDRLAgent().set_params(estimator__min_samples_leaf=5)
    UDRLAgent(estimator=DefaultForest(min_samples_leaf=5))
    >>> DefaultForest(min_samples_leaf=5).for_actions(discrete=False).min_samples_leaf
    5
    """

    def __init__(
        self,
        n_estimators: int = 30,
        *,
        min_samples_leaf: int | float = 10,
        max_features: int | float | str | None = 0.75,
        max_samples: int | float | str | None = "auto",
        criterion: str | None = None,
        class_weight: Any = None,
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_weight_fraction_leaf: float = 0.0,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: Any = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        ccp_alpha: float = 0.0,
        monotonic_cst: Any = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.min_samples_leaf = min_samples_leaf
        self.max_features = max_features
        self.max_samples = max_samples
        self.criterion = criterion
        self.class_weight = class_weight
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.ccp_alpha = ccp_alpha
        self.monotonic_cst = monotonic_cst

    def for_actions(self, discrete: bool = True, *, n_rows: int | None = None) -> Any:
        """Return an unfitted forest for discrete or continuous actions.

        Parameters
        ----------
        discrete : bool, default=True
            Whether the actions are discrete.
        n_rows : int or None, default=None
            How many rows it will be fitted on, if that is known.

        Returns
        -------
        forest : RandomForestClassifier or RandomForestRegressor

        Raises
        ------
        ValueError
            If actions are continuous, and there is a `class_weight`.
        """
        if not discrete and self.class_weight is not None:
            raise ValueError(
                f"class_weight={self.class_weight!r} weighs discrete actions, and these are continuous. Use "
                "set_params(estimator__class_weight=None)."
            )
        params = self.get_params(deep=False)
        if params["max_samples"] == "auto":
            is_halved = self.bootstrap and (n_rows is None or n_rows >= MIN_ROWS_TO_HALVE)
            params["max_samples"] = 0.5 if is_halved else None
        needless = ["class_weight"] * (not discrete) + ["criterion"] * (self.criterion is None)
        forest = RandomForestClassifier if discrete else RandomForestRegressor
        return forest(**{name: value for name, value in params.items() if name not in needless})


def set_params_of_defaults(
    owner: BaseEstimator, params: dict[str, Any], defaults: Mapping[str, Callable[[], Any]]
) -> dict[str, Any]:
    """Replace nested parameters of what is None by the default that stands in its place, with these parameters.

    Parameters
    ----------
    owner : estimator
        Whose parameters are set.
    params : dict
        As for `set_params` of the owner.
    defaults : mapping of str to callable
        Names of parameters that may be None, and what makes their defaults.

    Returns
    -------
    params : dict
        As for `set_params` of the owner.
    """
    for name, make_default in defaults.items():
        nested = {key: value for key, value in params.items() if key.startswith(f"{name}__")}
        if nested and params.get(name, getattr(owner, name)) is None:
            default = make_default().set_params(**{key.partition("__")[2]: nested[key] for key in nested})
            params = {key: value for key, value in params.items() if key not in nested} | {name: default}
    return params


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
    if isinstance(estimator, MultiOutputClassifier | ClassifierChain):
        raise TypeError(
            f"The agent fits a clone of its classifier for each component of an action. Pass the inner classifier of "
            f"{estimator!r}."
        )
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
