"""Actors select actions in rollouts: greedy, quasi-random, exploring or at random.

An actor acts in several slots at once. A slot is one running episode: in an environment of the pool, or in the user's
own loop.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from udrl_sklearn._behavior._base import Behavior, design_matrix
from udrl_sklearn._commands import Command, is_open_ended
from udrl_sklearn._envs._action_masks import joined_masks
from udrl_sklearn._envs._pool import EnvSlot, Slot

from ._loops import LoopDetector

# Two observations are the same if no feature differs by more than this fraction of its standard deviation.
UNCHANGED = 0.02


class Actor(ABC):
    """Selects actions in the slots of a rollout.

    Attributes
    ----------
    n_uniforms : int
        How many random numbers one action needs.
    """

    n_uniforms: int = 0

    @abstractmethod
    def reset(self, slot: Any, rng: np.random.Generator) -> None:
        """Begin an episode in a slot."""

    @abstractmethod
    def select_actions(
        self, slots: Sequence[Any], observations: np.ndarray, commands: np.ndarray, uniforms: np.ndarray
    ) -> list:
        """Return an action of the environment for each slot.

        Parameters
        ----------
        slots : sequence of Slot
        observations : ndarray of shape (n_slots, n_features)
            Flattened.
        commands : ndarray of shape (n_slots, 2)
            Desired return and desired horizon (steps).
        uniforms : ndarray of shape (n_slots, n_uniforms)
            Random numbers in [0, 1).

        Returns
        -------
        actions : list of n_slots actions
        """

    @abstractmethod
    def for_inference(self) -> Self:
        """Return an actor that acts the same in other slots, and is small enough to send to a worker."""


@dataclass(frozen=True)
class ActionSelection:
    """How actions are selected: the parameters of an agent that its actors need.

    Parameters
    ----------
    acting : {"quasirandom", "greedy"}
        How discrete actions are selected without exploring.
    exploration : {"sample", "greedy"}
        Whether exploring samples from the predicted distribution or takes the most probable action.
    epsilon : float
        Probability of a uniformly random action while exploring.
    sticky_probability : float
        Probability of the same random numbers again while the observation hardly changes, while exploring.
    """

    acting: str
    exploration: str
    epsilon: float
    sticky_probability: float

    def actor(self, behavior: Behavior, command: Command) -> Actor:
        """Return an actor that does what it can under a command.

        For an exact command it imitates the episodes that achieved it. For the open-ended one it takes the better
        actions more often than they did.
        """
        if self.acting == "greedy":
            return GreedyActor(behavior)
        return QuasiRandomActor(behavior, power=2 if is_open_ended(command) else 1)

    def exploring_actor(self, behavior: Behavior) -> Actor:
        """Return an actor that explores."""
        return ExploringActor(
            behavior,
            greedy=self.exploration == "greedy",
            epsilon=self.epsilon,
            sticky_probability=self.sticky_probability,
        )


class GreedyActor(Actor):
    """Takes the most probable action, or the predicted one.

    Parameters
    ----------
    behavior : Behavior
        Fitted.
    """

    def __init__(self, behavior: Behavior) -> None:
        self.behavior = behavior

    def reset(self, slot: Slot, rng: np.random.Generator) -> None:
        """Begin an episode in a slot; there is nothing to do."""

    def select_actions(
        self, slots: Sequence[Slot], observations: np.ndarray, commands: np.ndarray, uniforms: np.ndarray
    ) -> list:
        """Return an action of the environment for each slot."""
        return slots[0].targets.decode(self.behavior.predict(design_matrix(observations, commands), _masks(slots)))

    def for_inference(self) -> Self:
        """Return an actor that acts the same in other slots."""
        return type(self)(self.behavior.for_inference())


class ExploringActor(Actor):
    """Samples actions from the predicted distribution.

    Parameters
    ----------
    behavior : Behavior
        Fitted.
    greedy : bool, default=False
        Whether to take the most probable or the predicted action, apart from `epsilon`.
    epsilon : float, default=0.0
        Probability of a uniformly random action.
    sticky_probability : float, default=0.0
        Probability of using the random numbers of the step before once more while the observation hardly changes. If
        it is exactly the same, the action had no effect, as before a wall, and there are new random numbers.
    """

    def __init__(
        self, behavior: Behavior, *, greedy: bool = False, epsilon: float = 0.0, sticky_probability: float = 0.0
    ) -> None:
        self.behavior = behavior
        self.greedy = greedy
        self.epsilon = epsilon
        self.sticky_probability = sticky_probability
        # One random number more than the behavior needs: it decides whether the others are used once more.
        self.n_uniforms = behavior.n_uniforms + 1
        self._previous: dict = {}

    def reset(self, slot: Slot, rng: np.random.Generator) -> None:
        """Begin an episode in a slot, without the random numbers of the last one."""
        self._previous.pop(slot, None)

    def select_actions(
        self, slots: Sequence[Slot], observations: np.ndarray, commands: np.ndarray, uniforms: np.ndarray
    ) -> list:
        """Return an action of the environment for each slot."""
        X = design_matrix(observations, commands)
        uniforms = self._make_sticky(slots, observations, uniforms[:, :-1], uniforms[:, -1])
        actions = self.behavior.sample(X, uniforms, greedy=self.greedy, epsilon=self.epsilon, masks=_masks(slots))
        return slots[0].targets.decode(actions)

    def _make_sticky(
        self, slots: Sequence[Slot], observations: np.ndarray, uniforms: np.ndarray, coins: np.ndarray
    ) -> np.ndarray:
        """Return the random numbers for each slot: often those of the step before if the observation hardly changed."""
        if self.sticky_probability == 0:
            return uniforms
        n_features = observations.shape[1]
        missing = np.full(n_features + uniforms.shape[1], np.nan)  # is never the same as an observation
        previous = np.array([self._previous.get(slot, missing) for slot in slots])
        changes = np.abs(observations - previous[:, :n_features])
        hardly_changed = (changes <= UNCHANGED * self.behavior.observation_std).all(axis=1) & changes.any(axis=1)
        is_sticky = hardly_changed & (coins < self.sticky_probability)
        uniforms = np.where(is_sticky[:, None], previous[:, n_features:], uniforms)
        self._previous.update(zip(slots, np.hstack([observations, uniforms]), strict=True))
        return uniforms

    def for_inference(self) -> Self:
        """Return an actor that acts the same in other slots."""
        return type(self)(
            self.behavior.for_inference(),
            greedy=self.greedy,
            epsilon=self.epsilon,
            sticky_probability=self.sticky_probability,
        )


def _masks(slots: Sequence[Slot]) -> list[np.ndarray] | None:
    """Return which actions are possible in each slot, see `Behavior.sample`."""
    return joined_masks([slot.action_mask for slot in slots], slots[0].targets.labels)


class QuasiRandomActor(Actor):
    """Selects discrete actions by deterministic low-discrepancy sampling from a power of their probability.

    Over an episode each action is taken about as often as if it were sampled, but at more regular intervals. An episode
    that is caught in a loop gets out of it, since there the actions are in proportion to the probability itself.

    Parameters
    ----------
    behavior : Behavior
        Fitted. For continuous actions the prediction is taken.
    power : float
        Power of the probabilities. With 1 the actor imitates the behavior; a higher power takes the most probable
        action more often.
    """

    def __init__(self, behavior: Behavior, power: float) -> None:
        self.behavior = behavior
        self.power = power
        self._n_steps: dict = {}
        self._loops: dict[Any, LoopDetector | None] = {}
        # Where all observations are the same, none is a loop; and the probability itself is no way out of itself.
        self._leaves_loops = power != 1 and bool(behavior.observation_std.any())

    def reset(self, slot: Slot, rng: np.random.Generator) -> None:
        """Begin an episode in a slot, at the first number of the sequence."""
        self._n_steps[slot] = 0
        self._loops[slot] = LoopDetector() if self._leaves_loops and slot.targets.is_discrete else None

    def select_actions(
        self, slots: Sequence[Slot], observations: np.ndarray, commands: np.ndarray, uniforms: np.ndarray
    ) -> list:
        """Return an action of the environment for each slot."""
        n_steps = np.array([self._n_steps[slot] for slot in slots])
        self._n_steps.update(zip(slots, (n_steps + 1).tolist(), strict=True))
        numbers = r_sequence(n_steps, self.behavior.n_uniforms)
        X = design_matrix(observations, commands)
        loops = zip((self._loops[slot] for slot in slots), observations, strict=True)
        caught = [loop is not None and loop.step(observation) for loop, observation in loops]
        power = np.where(caught, 1, self.power)[:, None] if any(caught) else self.power
        actions = self.behavior.select_by_power(X, numbers, power, _masks(slots))
        return slots[0].targets.decode(actions)

    def for_inference(self) -> Self:
        """Return an actor that acts the same in other slots."""
        return type(self)(self.behavior.for_inference(), self.power)


def r_sequence(indices: np.ndarray, n_dimensions: int) -> np.ndarray:
    """Return numbers of a low-discrepancy sequence: any first n of them fill the unit cube evenly.

    The R sequence, an additive recurrence with powers of a generalized golden ratio, the root of x^(d+1) = x + 1:
    M. Roberts, "The Unreasonable Effectiveness of Quasirandom Sequences", 2018.

    Parameters
    ----------
    indices : ndarray of shape (n,)
        Which numbers of the sequence.
    n_dimensions : int
        Dimensions d of the cube.

    Returns
    -------
    numbers : ndarray of shape (n, n_dimensions)
        In [0, 1).
    """
    ratio = 2.0
    for _ in range(50):
        ratio = (1 + ratio) ** (1 / (n_dimensions + 1))
    return (0.5 + np.outer(indices, ratio ** -np.arange(1.0, n_dimensions + 1))) % 1


class RandomActor(Actor):
    """Samples actions from the action space; in half of the episodes, chosen at random, they are sticky.

    In half of these, an action is not taken again after it has left the observation exactly the same. That is an action
    without effect, as before a wall, or an observation that is too coarse to show the effect.

    Parameters
    ----------
    sticky_probability : float, default=0.0
        Probability of taking the last action once more in these episodes, rather than sampling a new one.
    """

    n_uniforms = 1

    def __init__(self, sticky_probability: float = 0.0) -> None:
        self.sticky_probability = sticky_probability
        self._sticky_probabilities: dict = {}
        self._leaves_walls: dict = {}
        self._last_actions: dict = {}
        self._last_observations: dict = {}

    def reset(self, slot: EnvSlot, rng: np.random.Generator) -> None:
        """Begin an episode in a slot: seed its action space, and sample the first action."""
        # Not with the reset seed: the space would sample the same numbers as the environment.
        seed = int(rng.integers(2**31))
        slot.action_space.seed(seed)
        self._sticky_probabilities[slot] = self.sticky_probability * rng.integers(2)
        self._leaves_walls[slot] = bool(seed % 2)
        self._last_actions[slot] = slot.action_space.sample()
        self._last_observations.pop(slot, None)

    def select_actions(
        self, slots: Sequence[EnvSlot], observations: np.ndarray, commands: np.ndarray, uniforms: np.ndarray
    ) -> list:
        """Return an action of the environment for each slot."""
        for slot, observation, uniform in zip(slots, observations, uniforms[:, 0], strict=True):
            had_no_effect = (observation == self._last_observations.get(slot, np.nan)).all()
            is_new = (had_no_effect and self._leaves_walls[slot]) or uniform >= self._sticky_probabilities[slot]
            if is_new or not slot.allows(self._last_actions[slot]):
                self._last_actions[slot] = slot.sample_action()
            self._last_observations[slot] = observation
        return [copy(self._last_actions[slot]) for slot in slots]

    def for_inference(self) -> Self:
        """Return an actor without the slots of this process."""
        return type(self)(self.sticky_probability)
