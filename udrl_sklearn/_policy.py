"""A policy: an agent under one command, for loops that the user writes."""

from typing import Any

import numpy as np

from ._commands import Command, next_command


class Policy:
    """Acts on single observations and counts its command down.

    Made by `UDRLAgent.policy`. Call it with an observation for an action, tell it each reward with
    `update`, and start an episode over with `reset`.

    Parameters
    ----------
    actor : Actor or TurnsActor
        Chooses action targets.
    columns : ObservationColumns or None
        Flattens observations; None if they are flat already.
    targets : ActionTargets
        Turns action targets into actions.
    command : Command
        The command at the start of each episode; open-ended or exact, with a horizon.
    seed : int or None
        Seed of the actions that are drawn.

    Attributes
    ----------
    command : Command
        What is still to be obtained, in how many steps.
    targets : ActionTargets
        As given.
    """

    def __init__(self, actor, columns, targets, command, seed=None):
        self.targets = targets
        self._actor = actor
        self._columns = columns
        self._initial_command = command
        self._rng = np.random.default_rng(seed)
        self.command: Command = command
        self.reset()

    def __call__(self, observation: Any) -> Any:
        """Return the action for one observation, as the environment's own action space has it."""
        flat = np.asarray(observation).reshape(-1) if self._columns is None else self._columns.flatten(observation)
        uniforms = self._rng.random((1, self._actor.n_uniforms))
        return self._actor.choose([self], flat[None], np.array([self.command]), uniforms)[0]

    def update(self, reward: float) -> None:
        """Count the command down by the reward of the step just taken."""
        (command,) = next_command(np.array([self.command]), np.array([reward]))
        self.command = Command(*command.tolist())

    def reset(self) -> None:
        """Go back to the command of the start."""
        self.command = self._initial_command
        self._actor.begin(self, self._rng)
