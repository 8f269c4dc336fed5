"""A policy: an agent under one command, for loops that the user writes."""

from typing import Any

import numpy as np

from udrl_sklearn._commands import Command, next_command
from udrl_sklearn._envs._action_masks import ActionMask, read_action_mask
from udrl_sklearn._envs._interface import EnvInterface
from udrl_sklearn._envs._pool import Slot
from udrl_sklearn._envs._spaces import ObservationColumns
from udrl_sklearn._envs._values import all_finite, as_number, as_numbers

from ._action_selection import Actor


class Policy:
    """Acts on single observations and updates its command.

    `UDRLAgent.policy` makes it. Call it with an observation to get an action, pass each reward to
    `update`, and call `reset` at the start of each further episode.

    Parameters
    ----------
    actor : Actor
        Selects actions.
    interface : EnvInterface
        Spaces and actions of the environment. Without spaces observations are flat already.
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
    interface : EnvInterface
        As given.
    initial_command : Command
        The command at the start of each episode.
    """

    command: Command

    def __init__(
        self,
        actor: Actor,
        interface: EnvInterface,
        command: Command,
        seed: int | None = None,
    ) -> None:
        self.actor = actor
        self.interface = interface
        self.initial_command = command
        space = interface.observation_space
        self._columns = None if space is None else ObservationColumns(space)
        self._slot = Slot(interface.targets)
        self._rng = np.random.default_rng(seed)
        self.reset()

    def __call__(self, observation: Any, action_mask: Any = None) -> Any:
        """Return the action for one observation, as an element of the environment's action space.

        Parameters
        ----------
        observation : object
            As the environment returns it.
        action_mask : array or tuple of arrays, default=None
            Which actions are possible, as in ``info["action_mask"]`` of gymnasium; None allows all.

        Raises
        ------
        ValueError
            If the observation does not fit the observation space, has another number of features or a number that is
            not finite, or the mask does not fit the action space.
        """
        self._slot.action_mask = self._read_mask(action_mask)
        flat = self._flatten(observation)
        if not all_finite(flat):
            raise ValueError(f"Expected an observation of finite numbers, got {observation!r}.")
        uniforms = self._rng.random((1, self.actor.n_uniforms))
        return self.actor.select_actions([self._slot], flat[None], np.array([self.command]), uniforms)[0]

    def update(self, reward: float) -> None:
        """Update the command by the reward of the last step.

        Raises
        ------
        ValueError
            If the reward is not one finite number.
        """
        try:
            number = as_number(reward)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise ValueError(f"Expected the reward of a step, one finite number; got {reward!r}.")
        (command,) = next_command(np.array([self.command]), np.array([number]))
        self.command = Command(*command.tolist())

    def _read_mask(self, action_mask: Any) -> ActionMask | None:
        if action_mask is None:
            return None
        if self.interface.action_space is None:
            raise ValueError("An action mask needs the action space, which rows and lists of episodes do not have.")
        return read_action_mask(action_mask, self.interface.action_space)

    def _flatten(self, observation: Any) -> np.ndarray:
        if self._columns is not None:
            return self._columns.flatten(observation)
        n_features = len(self.interface.feature_names)
        try:
            return as_numbers(observation, (n_features,), self.interface.flat_dtype)
        except ValueError as error:
            raise ValueError(
                f"Expected an observation of {n_features} numbers, got {observation!r}: {error}."
            ) from error

    def reset(self) -> None:
        """Begin a new episode, under the command of the start."""
        self.command = self.initial_command
        self.actor.reset(self._slot, self._rng)
