"""A pool of environments. Each is made once and used for many episodes."""

from collections import Counter
from copy import deepcopy
from types import TracebackType
from typing import Any, Self

import gymnasium
import numpy as np

from ._action_masks import ActionMask, read_action_mask
from ._feature_names import action_names, observation_names
from ._reset_and_step import reset, step
from ._sources import EnvSource, describe, make_env
from ._spaces import ActionTargets, ObservationColumns
from ._wrappers import wrappers_with_memory

# The environments that run an episode now, by `id`, with the pool that runs it. Several threads may have pools.
_RUNNING: dict[int, "EnvPool"] = {}


class Slot:
    """One running episode, as actors see it.

    Parameters
    ----------
    targets : ActionTargets
        Turns action targets into actions.

    Attributes
    ----------
    action_mask : list of ndarray, or None
        Which actions are possible at the next step; None if all are.
    """

    def __init__(self, targets: ActionTargets) -> None:
        self.targets = targets
        self.action_mask: ActionMask | None = None


class EnvSlot(Slot):
    """One environment, and the meaning of its spaces.

    Parameters
    ----------
    source : EnvSource
        Makes the environment.

    Attributes
    ----------
    env : gymnasium.Env
    base : gymnasium.Env
        The environment without its wrappers. Slots with the same base share one environment.
    name : str
        Name of the environment, for messages.
    action_space : gymnasium.Space
        A copy with its own random generator.
    columns : ObservationColumns
        Flattens observations.
    observation : object
        The last observation, as the environment returned it.
    """

    def __init__(self, source: EnvSource) -> None:
        self.env = make_env(source)
        super().__init__(ActionTargets.from_space(self.env.action_space))
        self.base = self.env.unwrapped
        self.name = describe(source)
        self.action_space = deepcopy(self.env.action_space)  # environments may share one space, and so its generator
        self.columns = ObservationColumns(self.env.observation_space)
        self.observation: Any = None

    def begin(self, seed: int) -> None:
        """Begin an episode, and keep its first observation and action mask."""
        self.observation, info = reset(self.env, seed)
        self.action_mask = read_action_mask(info.get("action_mask"), self.action_space)

    def sample_action(self) -> Any:
        """Sample an action that is possible at the next step."""
        if self.action_mask is None:
            return self.action_space.sample()
        labels, rng = self.targets.labels or [], self.action_space.np_random
        sampled = [rng.choice(values[mask]) for values, mask in zip(labels, self.action_mask, strict=True)]
        return self.targets.decode(np.array(sampled if self.targets.shape == () else [sampled]))[0]

    def allows(self, action: Any) -> bool:
        """Tell whether an action is possible at the next step."""
        if self.action_mask is None:
            return True
        values = np.asarray(action).ravel()
        parts = zip(values, self.targets.labels or [], self.action_mask, strict=True)
        return all(value in labels[mask] for value, labels, mask in parts)

    def step(self, action: Any) -> tuple[float, bool, bool]:
        """Take a step, and keep the observation and the action mask; return reward, terminated, truncated.

        Raises
        ------
        ValueError
            If a step before the end has no action mask, and those before had one.
        """
        self.observation, reward, terminated, truncated, info = step(self.env, action)
        if self.action_mask is not None or "action_mask" in info:
            mask = info.get("action_mask")
            if mask is None and not (terminated or truncated):
                raise ValueError(
                    f'{self.name} gives info["action_mask"] at some steps only. Let it give one at reset and at each '
                    "step; a mask of ones allows every action."
                )
            self.action_mask = None if terminated or truncated else read_action_mask(mask, self.action_space)
        return reward, terminated, truncated


class EnvPool:
    """Environments that are used for one episode after another, until the pool is closed.

    An environment runs one episode at a time, however many sources it comes from and whatever wrappers are around it.

    Parameters
    ----------
    sources : list of EnvSource
        They make the environments. An instance of the user is not closed. A function that returns one environment again
        and again counts as an instance.
    """

    def __init__(self, sources: list[EnvSource]) -> None:
        self.sources = sources
        self._free: list[list[EnvSlot]] = [[] for _ in sources]
        self._acquired: list[list[EnvSlot]] = [[] for _ in sources]
        self._bases: dict[int, gymnasium.Env] = {}  # all environments so far, by `id`
        self._instances: set[int] = set()  # those of the user among them
        self._complete = {i for i, source in enumerate(sources) if source.instance is not None}  # make no more
        self._n_calls: Counter[int] = Counter()  # of the function of a source, by `id`

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for free, acquired in zip(self._free, self._acquired, strict=True):
            for slot in acquired:
                _RUNNING.pop(id(slot.base), None)
            for slot in free + acquired:
                if id(slot.base) not in self._instances:
                    slot.env.close()
            free.clear()
            acquired.clear()

    def spaces(self) -> tuple[gymnasium.Space, gymnasium.Space]:
        """Return the observation space and the action space, which all environments must share.

        Raises
        ------
        ValueError
            If they do not.
        """
        first = self._first_slot()
        expected = first.env.observation_space, first.env.action_space
        for index in range(1, len(self.sources)):
            slot = self._first_slot(index)
            spaces = slot.env.observation_space, slot.env.action_space
            if spaces != expected:
                raise ValueError(
                    f"All environments must have the same spaces; {slot.name} has {spaces[0]} and {spaces[1]}, "
                    f"{first.name} has {expected[0]} and {expected[1]}."
                )
        return expected

    def names(self) -> tuple[list[str] | None, list[str] | None]:
        """Return the names of the features of an observation, and the names of the actions; None if there are none.

        Raises
        ------
        ValueError
            If the names in the metadata of the first environment do not fit its spaces.
        """
        slot = self._first_slot()
        return observation_names(slot.env, slot.columns.n_features), action_names(slot.env, slot.targets)

    def wrappers_with_memory(self) -> list[str]:
        """Return the names of wrappers that change with every step, so that an episode depends on those before it."""
        slots = (self._first_slot(index) for index in range(len(self.sources)))
        return sorted({name for slot in slots for name in wrappers_with_memory(slot.env)})

    def has_an_instance(self) -> bool:
        """Tell whether an environment can't be made again, so that other workers can't have their own."""
        for index, source in enumerate(self.sources):
            if source.is_from_registry:
                continue
            while index not in self._complete and self._n_calls[id(source.make)] < 2:
                self._make(index)
        return len(self._complete) > 0

    def is_available(self, index: int) -> bool:
        """Tell whether an environment of a source can be acquired now. It is made if necessary."""
        return self._available_slot(index) is not None

    def acquire(self, index: int) -> EnvSlot:
        """Return an environment of a source that is not in use, a new one if necessary.

        Raises
        ------
        RuntimeError
            If the only environment of the source is in use.
        """
        slot = self._available_slot(index)
        if slot is None or _RUNNING.setdefault(id(slot.base), self) is not self:
            raise RuntimeError(
                f"The environment {describe(self.sources[index])} is running an episode already, and one environment "
                "can't run several at a time. Pass an id, or a function that makes a new environment each time."
            )
        self._free[index].remove(slot)
        self._acquired[index].append(slot)
        return slot

    def release(self, index: int, slot: EnvSlot) -> None:
        """Make an environment available for the next episode."""
        _RUNNING.pop(id(slot.base), None)
        self._acquired[index].remove(slot)
        self._free[index].append(slot)

    def _first_slot(self, index: int = 0) -> EnvSlot:
        """Return an environment of a source, to look at it."""
        return (self._free[index] + self._acquired[index] or [self._make(index)])[0]

    def _available_slot(self, index: int) -> EnvSlot | None:
        """Return an environment of a source that runs no episode, or None if its only one does."""
        for slot in reversed(self._free[index]):
            if not self._is_running(slot):
                return slot
        if index in self._complete and self._free[index] + self._acquired[index]:
            return None
        slot = self._make(index)
        return None if self._is_running(slot) else slot

    def _is_running(self, slot: EnvSlot) -> bool:
        return _RUNNING.get(id(slot.base)) is self

    def _make(self, index: int) -> EnvSlot:
        """Make an environment of a source. It is not kept if the source has returned it before."""
        source = self.sources[index]
        slot = EnvSlot(source)
        self._n_calls[id(source.make)] += 1
        if source.instance is not None or id(slot.base) in self._bases:
            self._instances.add(id(slot.base))
            self._complete.add(index)
        self._bases[id(slot.base)] = slot.base
        if all(slot.base is not other.base for other in self._free[index] + self._acquired[index]):
            self._free[index].append(slot)
        return slot
