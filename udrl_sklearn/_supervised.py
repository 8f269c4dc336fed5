"""The plain supervised fit of an agent: on rows and their actions, as any estimator is fitted."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils import check_X_y, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, _get_feature_names, validate_data

from ._base_agent import BaseAgent
from ._behavior._default_estimators import DefaultForest
from ._behavior._fitter import make_behavior
from ._behavior._function import BehaviorFunction
from ._behavior._precision import warn_of_rounding
from ._commands import Command
from ._envs._spaces import COMMAND_NAMES, ActionTargets
from ._fitted_attributes import delete_fitted_attributes, set_behavior
from ._training import make_rng


@dataclass(frozen=True, eq=False)
class SupervisedData:
    """Rows, actions and weights that are checked, and the estimator for them."""

    estimator: Any
    X: np.ndarray  # (n_samples, n_features)
    y: np.ndarray  # (n_samples,) or (n_samples, n_components)
    sample_weight: np.ndarray | None  # (n_samples,)
    names: list[str] | None  # of the columns

    @property
    def commands(self) -> np.ndarray:
        """The commands without NaN: ndarray of shape (n, 2)."""
        commands = self.X[:, -2:]
        return commands[~np.isnan(commands).any(axis=1)]

    @property
    def callback_kwargs(self) -> dict[str, Any]:
        """What scikit-learn's callbacks may ask for."""
        metadata = None if self.sample_weight is None else {"sample_weight": self.sample_weight}
        return {"X": self.X, "y": self.y, "metadata": metadata}


def check_data(agent: BaseAgent, X: Any, y: Any, sample_weight: Any) -> SupervisedData:
    """Return rows, actions and weights as arrays, or raise a ValueError if they do not fit together.

    NaN is left to the wrapped estimator.
    """
    estimator = _estimator(agent)
    discrete = is_classifier(estimator)
    rows, actions = check_X_y(
        X,
        y,
        ensure_min_features=2,
        ensure_all_finite="allow-nan",
        multi_output=True,
        y_numeric=not discrete,
        estimator=agent,
    )
    if rows.dtype.kind not in "biuf":
        raise ValueError(
            "X has columns of text, and an agent takes numbers. Encode them before, by an OrdinalEncoder for instance."
        )
    _warn_of_categories(X)
    if np.isnan(rows[:, -2:]).any(axis=1).all():
        raise ValueError(
            f"The last two columns of X are the command, {COMMAND_NAMES}. It contains NaN in each row; at least one "
            "row must have a command."
        )
    if actions.ndim == 2 and actions.shape[1] == 1:
        actions = column_or_1d(actions, warn=True)
    if discrete:
        check_classification_targets(actions)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
    names = _get_feature_names(X)
    return SupervisedData(estimator, rows, actions, sample_weight, None if names is None else names.tolist())


def fit_supervised(agent: BaseAgent, data: SupervisedData, X: Any) -> None:
    """Fit the behavior function on rows, and only then change the attributes of the agent; X has the column names."""
    targets = ActionTargets.from_arrays(data.y, discrete=is_classifier(data.estimator))
    scales = [1.0 if isinstance(factor, str) else factor for factor in (agent.return_scale, agent.horizon_scale)]
    behavior = make_behavior(data.estimator, targets, (scales[0], scales[1]), data.names)
    behavior.fit(data.X, data.y, data.sample_weight, make_rng(agent.random_state))
    warn_of_rounding(data.estimator, data.X, data.names)
    delete_fitted_attributes(agent)
    validate_data(agent, X, skip_check_array=True)  # sets the attributes of the columns
    agent.action_targets_, agent.action_names_ = targets, targets.names
    agent.row_commands_ = data.commands
    agent.command_ = Command(*data.commands[np.argmax(data.commands[:, 0])].tolist())
    set_behavior(agent, BehaviorFunction(behavior))


def _warn_of_categories(X: Any) -> None:
    """Warn if columns of a table are categories by their type alone."""
    types = X.dtypes.items() if hasattr(X, "columns") and hasattr(X.dtypes, "items") else ()
    names = [name for name, dtype in types if str(dtype) == "category"]
    if names:
        warnings.warn(
            f"The columns {names} have the type category, which the estimator of an agent does not see: it gets "
            "numbers. Name such columns, as in categorical_features or in a ColumnTransformer.",
            stacklevel=4,
        )


def _estimator(agent: BaseAgent) -> Any:
    estimator = agent.estimator_or_default
    if not isinstance(estimator, DefaultForest):
        return estimator
    # Half of the rows is half of the sum of their weights for a forest, and that may be anything here.
    max_samples = None if isinstance(estimator.max_samples, str) else estimator.max_samples
    return estimator.for_actions().set_params(max_samples=max_samples)
