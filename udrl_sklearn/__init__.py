"""Upside-Down Reinforcement Learning with scikit-learn estimators."""

from . import methods, recipes
from ._agent import UDRLAgent
from ._behavior._default_estimators import DefaultForest
from ._commands import Command
from ._envs._sources import SeededEnv, seeded_envs
from ._episodes import Episode, Episodes
from ._evaluate_policy import evaluate_policy
from ._inspection._distillation import Distillation, distill
from ._inspection._explanation import Explanation, explain
from ._inspection._plot import (
    CommandResponseDisplay,
    DecisionMapDisplay,
    EpisodeDisplay,
    TrainingCurveDisplay,
    record_episode,
)
from ._replay_buffer import ReplayBuffer
from ._rollout._evaluation import Evaluation
from ._rollout._policy import Policy

__all__ = [
    "Command",
    "CommandResponseDisplay",
    "DecisionMapDisplay",
    "DefaultForest",
    "Distillation",
    "Episode",
    "EpisodeDisplay",
    "Episodes",
    "Evaluation",
    "Explanation",
    "Policy",
    "ReplayBuffer",
    "SeededEnv",
    "TrainingCurveDisplay",
    "UDRLAgent",
    "distill",
    "evaluate_policy",
    "explain",
    "methods",
    "recipes",
    "record_episode",
    "seeded_envs",
]
__version__ = "0.1.0"
