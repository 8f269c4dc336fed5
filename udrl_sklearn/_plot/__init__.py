"""Displays: pictures of agents, after scikit-learn's convention. They need matplotlib."""

from ._command_response import CommandResponseDisplay
from ._decision_map import DecisionMapDisplay
from ._episode import EpisodeDisplay
from ._training_curve import TrainingCurveDisplay

__all__ = ["CommandResponseDisplay", "DecisionMapDisplay", "EpisodeDisplay", "TrainingCurveDisplay"]
