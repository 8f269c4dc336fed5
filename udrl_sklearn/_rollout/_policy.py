"""A policy: an agent under one command, for loops that the user writes."""

from typing import Any

import numpy as np

from udrl_sklearn._commands import Command, next_command
from udrl_sklearn._envs._pool import Slot
from udrl_sklearn._envs._spaces import ActionTargets, ObservationColumns

from ._action_selection import Actor


class Policy:
    """Acts on single observations and updates its command.

    `UDRLAgent.policy` makes it. Call it with an observation to get an action, pass each reward to
    `update`, and call `reset` at the start of each further episode.

    Parameters
    ----------
    actor : Actor
        Selects actions.
    columns : ObservationColumns or None
        Flattens observations; None if they are flat already.
    targets : ActionTargets
        Turns action targets into actions.
    command : Command
        The command at the start of each episode; open-ended, or exact with a horizon.
    seed : int or None
        Seed of the actions that are sampled.

    Attributes
    ----------
    command : Command
        The return that is still to be achieved, and the steps that are left.
    actor : Actor
        As given.
    initial_command : Command
        The command at the start of each episode.
    """

    command: Command

    def __init__(
        self,
        actor: Actor,
        columns: ObservationColumns | None,
        targets: ActionTargets,
        command: Command,
        seed: int | None = None,
    ) -> None:
        self.actor = actor
        self.initial_command = command
        self._columns = columns
        self._slot = Slot(targets)
        self._rng = np.random.default_rng(seed)
        self.reset()

    def __call__(self, observation: Any) -> Any:
        """Return the action for one observation, as an element of the environment's action space."""
        flat = np.asarray(observation).reshape(-1) if self._columns is None else self._columns.flatten(observation)
        uniforms = self._rng.random((1, self.actor.n_uniforms))
        return self.actor.select_actions([self._slot], flat[None], np.array([self.command]), uniforms)[0]

    def update(self, reward: float) -> None:
        """Update the command by the reward of the last step."""
        (command,) = next_command(np.array([self.command]), np.array([reward]))
        self.command = Command(*command.tolist())

    def reset(self) -> None:
        """Begin a new episode, under the command of the start."""
        self.command = self.initial_command
        self.actor.reset(self._slot, self._rng)
