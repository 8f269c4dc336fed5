"""The parts of an agent that have parameters of their own: the estimator and the learning method."""

import copy
from typing import Any, Self

from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import Tags, get_tags
from sklearn.utils._repr_html.estimator import _VisualBlock

from ._behavior._default_estimators import DefaultForest, set_params_of_defaults
from .methods._advantage_weighted import AdvantageWeighted
from .methods._base import LearningMethod


class AgentParts(MetaEstimatorMixin, BaseEstimator):
    """What stands in the place of an `estimator` or a `method` that is None, how their parameters are set, and tags."""

    # Parameters of `UDRLAgent`.
    estimator: Any
    method: LearningMethod | None

    @property
    def wrapped_estimator(self) -> Any:
        """The `estimator`. In the place of None the default one, a classifier until the actions are known."""
        targets = getattr(self, "action_targets_", None)
        return self.estimator_for(targets is None or targets.is_discrete)

    @property
    def estimator_or_default(self) -> Any:
        """The `estimator`, or a `DefaultForest` in the place of None."""
        return DefaultForest() if self.estimator is None else self.estimator

    def estimator_for(self, discrete: bool) -> Any:
        """Return the `estimator`, or the default forest for discrete or continuous actions."""
        estimator = self.estimator_or_default
        return estimator.for_actions(discrete) if isinstance(estimator, DefaultForest) else estimator

    @property
    def learning_method(self) -> LearningMethod:
        """The `method`, or the default one in the place of None."""
        return AdvantageWeighted() if self.method is None else self.method

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the agent, and of its estimator and its method by names with two underscores.

        If `estimator` is None, ``estimator__min_samples_leaf=5`` puts the default forest in its place, with this
        parameter: a classifier or a regressor, as the actions need. Likewise ``method__temperature=0.5`` puts the
        default method in the place of None.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : UDRLAgent

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        return super().set_params(
            **set_params_of_defaults(self, params, {"estimator": DefaultForest, "method": AdvantageWeighted})
        )

    def __sklearn_tags__(self) -> Tags:
        """Return tags with those of the estimator: what it takes, and what it is."""
        tags, wrapped = super().__sklearn_tags__(), get_tags(self.wrapped_estimator)
        tags.estimator_type = wrapped.estimator_type
        tags.input_tags.allow_nan = wrapped.input_tags.allow_nan
        tags.input_tags.positive_only = wrapped.input_tags.positive_only
        tags.classifier_tags = copy.deepcopy(wrapped.classifier_tags)
        if tags.classifier_tags is not None:
            tags.classifier_tags.multi_label = False
        tags.regressor_tags = copy.deepcopy(wrapped.regressor_tags)
        tags.target_tags.required = True
        tags.target_tags.multi_output = wrapped.estimator_type == "regressor"
        tags.non_deterministic = wrapped.non_deterministic
        return tags

    def _sk_visual_block_(self) -> _VisualBlock:
        """Show the estimator and the method, each with its parameters, in the HTML representation."""
        parts = {"estimator": self.wrapped_estimator, "method": self.learning_method}
        names = [f"{role}: {type(part).__name__}" for role, part in parts.items()]
        return _VisualBlock("parallel", list(parts.values()), names=names, name_details=list(map(str, parts.values())))
