"""What an agent passes to scikit-learn's callbacks."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._base_agent import BaseAgent
    from ._training import Training


def callback_kwargs(agent: "BaseAgent", training: "Training", *, is_final: bool = False) -> dict[str, Callable]:
    """Return what callbacks may ask for, as functions that are called only if one does.

    Parameters
    ----------
    agent : BaseAgent
        The agent that learns.
    training : Training
        Its training.
    is_final : bool, default=False
        Whether the training has ended, so that the agent has all its attributes.
    """

    def reconstruction_attributes() -> dict[str, Any]:
        if is_final:
            return {}
        behavior = training.preview_finalized().behavior_function
        return {"behavior_": behavior, "estimator_": behavior.exact and behavior.exact.fitted_estimator}

    rows = cache(agent.hindsight_rows)
    return {
        "X": lambda: rows()[0],
        "y": lambda: rows()[1],
        "reconstruction_attributes": reconstruction_attributes,
    }
