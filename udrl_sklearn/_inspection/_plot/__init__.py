"""Plots of agents, as displays of scikit-learn's convention, and videos of episodes. They need matplotlib."""

from ._command_response import CommandResponseDisplay
from ._decision_map import DecisionMapDisplay
from ._episode import EpisodeDisplay
from ._recording import record_episode
from ._training_curve import TrainingCurveDisplay

__all__ = ["CommandResponseDisplay", "DecisionMapDisplay", "EpisodeDisplay", "TrainingCurveDisplay", "record_episode"]
