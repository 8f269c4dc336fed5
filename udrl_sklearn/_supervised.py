"""The plain supervised fit of an agent: on rows and their actions, as any estimator is fitted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import validate_data

from ._base_agent import BaseAgent
from ._behavior._default_estimators import DefaultForest
from ._behavior._fitter import make_behavior
from ._behavior._function import BehaviorFunction
from ._behavior._precision import warn_of_rounding
from ._commands import Command
from ._envs._spaces import ActionTargets
from ._fitted_attributes import delete_fitted_attributes, set_behavior
from ._rows import TrainingRows, check_training_rows
from ._training import make_rng


@dataclass(frozen=True, eq=False)
class SupervisedData:
    """Rows that are checked, and the estimator for them."""

    estimator: Any
    rows: TrainingRows

    @property
    def callback_kwargs(self) -> dict[str, Any]:
        """What scikit-learn's callbacks may ask for."""
        weights = self.rows.sample_weight
        metadata = None if weights is None else {"sample_weight": weights}
        return {"X": self.rows.X, "y": self.rows.actions, "metadata": metadata}


def check_data(agent: BaseAgent, X: Any, y: Any, sample_weight: Any) -> SupervisedData:
    """Return rows, actions and weights as arrays, or raise a ValueError if they do not fit together."""
    estimator = _estimator(agent)
    rows = check_training_rows(X, y, sample_weight, discrete=is_classifier(estimator), estimator=agent)
    return SupervisedData(estimator, rows)


def fit_supervised(agent: BaseAgent, data: SupervisedData, X: Any) -> None:
    """Fit the behavior function on rows, and only then change the attributes of the agent; X has the column names."""
    rows, estimator = data.rows, data.estimator
    targets = ActionTargets.from_arrays(rows.actions, discrete=is_classifier(estimator))
    scales = [1.0 if isinstance(factor, str) else factor for factor in (agent.return_scale, agent.horizon_scale)]
    behavior = make_behavior(estimator, targets, (scales[0], scales[1]), rows.names)
    behavior.fit(rows.X, rows.actions, rows.sample_weight, make_rng(agent.random_state))
    warn_of_rounding(estimator, rows.X, rows.names)
    delete_fitted_attributes(agent)
    validate_data(agent, X, skip_check_array=True)  # sets the attributes of the columns
    agent.action_targets_, agent.action_names_ = targets, targets.names
    agent.row_commands_ = rows.commands
    agent.command_ = Command(*rows.commands[np.argmax(rows.commands[:, 0])].tolist())
    set_behavior(agent, BehaviorFunction(behavior))


def _estimator(agent: BaseAgent) -> Any:
    estimator = DefaultForest() if agent.estimator is None else agent.estimator
    if not isinstance(estimator, DefaultForest):
        return estimator
    # Half of the rows is half of the sum of their weights for a forest, and that may be anything here.
    max_samples = None if isinstance(estimator.max_samples, str) else estimator.max_samples
    return estimator.for_actions().set_params(max_samples=max_samples)
