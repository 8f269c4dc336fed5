"""The fitted attributes of an agent: how a fit sets, copies and deletes them."""

import copy
from typing import Any, TypeVar

import numpy as np
from sklearn.base import clone

from ._base_agent import BaseAgent
from ._behavior._function import BehaviorFunction
from ._envs._interface import EnvInterface
from ._envs._spaces import COMMAND_NAMES
from ._training import Training

Agent = TypeVar("Agent", bound=BaseAgent)


def delete_fitted_attributes(agent: BaseAgent) -> None:
    """Delete what an earlier fit has set."""
    for name in [name for name in vars(agent) if name.endswith("_")]:
        delattr(agent, name)


def set_interface(agent: BaseAgent, interface: EnvInterface) -> None:
    """Set the attributes that describe observations and actions, which `interface` returns together."""
    agent.observation_space_, agent.action_space_ = interface.observation_space, interface.action_space
    agent.action_targets_, agent.action_names_ = interface.targets, interface.targets.names
    agent.feature_names_in_ = np.array([*interface.feature_names, *COMMAND_NAMES], dtype=object)
    agent.n_features_in_ = len(agent.feature_names_in_)


def set_results(agent: BaseAgent, training: Training, termination_condition: str = "interrupted") -> None:
    """Set the attributes that a training changes, as far as it has come."""
    agent.n_timesteps_, agent.n_episodes_ = training.n_timesteps, training.buffer.n_episodes_total
    agent.n_iter_ = len(training.history)
    agent.termination_condition_ = termination_condition
    if len(training.buffer):
        agent.command_ = training.method.best_command(training.buffer)
    if training.learned.can_act and training.continued is None:
        agent.learning_params_ = training.learning_params
        set_behavior(agent, training.learned.behavior_function, training.learned.values)


def set_behavior(agent: BaseAgent, behavior: BehaviorFunction, values: Any = None) -> None:
    """Set the fitted estimators, and delete those of an earlier fit that the method has not."""
    agent.behavior_ = behavior
    labels = agent.action_targets_.labels
    attributes = {
        "classes_": labels and (labels[0] if len(labels) == 1 else labels),
        "estimator_": behavior.exact and behavior.exact.fitted_estimator,
        "max_estimator_": behavior.open_ended and behavior.open_ended.fitted_estimator,
        "value_estimator_": values,
    }
    for name, value in attributes.items():
        if value is not None:
            setattr(agent, name, value)
        elif hasattr(agent, name):
            delattr(agent, name)


def copy_with_behavior(agent: Agent, behavior: BehaviorFunction) -> Agent:
    """Return a fitted copy that acts by another behavior function, and shares nothing that can be changed."""
    twin = copy.copy(agent)
    for name, value in agent.get_params(deep=False).items():
        setattr(twin, name, clone(value, safe=False))
    if hasattr(agent, "buffer_"):
        twin.buffer_, twin.history_ = copy.copy(agent.buffer_), copy.deepcopy(agent.history_)
        twin.rng_ = copy.deepcopy(agent.rng_)
        # The other behavior is not one of the estimator, so a fit with warm_start must not update it.
        twin.learning_params_ = agent.learning_params_ | {"estimator": None}
    set_behavior(twin, behavior, getattr(agent, "value_estimator_", None))
    return twin
