"""Upside-Down Reinforcement Learning with scikit-learn estimators."""

from . import recipes
from ._agent import UDRLAgent
from ._commands import Command
from ._distillation import Distillation, distill
from ._environments import SeededEnv, seeded_envs
from ._episodes import Episode
from ._evaluation import Evaluation
from ._explanation import Explanation, explain
from ._plot import CommandResponseDisplay, DecisionMapDisplay, EpisodeDisplay, TrainingCurveDisplay, record_episode
from ._policy import Policy

__all__ = [
    "Command",
    "CommandResponseDisplay",
    "DecisionMapDisplay",
    "Distillation",
    "Episode",
    "EpisodeDisplay",
    "Evaluation",
    "Explanation",
    "Policy",
    "SeededEnv",
    "TrainingCurveDisplay",
    "UDRLAgent",
    "distill",
    "explain",
    "recipes",
    "record_episode",
    "seeded_envs",
]
__version__ = "0.1.0"
