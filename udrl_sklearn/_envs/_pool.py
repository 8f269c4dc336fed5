"""A pool of environments. Each is made once and used for many episodes."""

from copy import deepcopy
from types import TracebackType
from typing import Any, Self

import gymnasium

from ._feature_names import action_names, observation_names
from ._sources import EnvSource, describe, make_env
from ._spaces import ActionTargets, ObservationColumns


class Slot:
    """One running episode, as actors see it.

    Parameters
    ----------
    targets : ActionTargets
        Turns action targets into actions.
    """

    def __init__(self, targets: ActionTargets) -> None:
        self.targets = targets


class EnvSlot(Slot):
    """One environment, and the meaning of its spaces.

    Parameters
    ----------
    source : EnvSource
        Makes the environment.

    Attributes
    ----------
    env : gymnasium.Env
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
        self.name = describe(source)
        self.action_space = deepcopy(self.env.action_space)  # environments may share one space, and so its generator
        self.columns = ObservationColumns(self.env.observation_space)
        self.observation: Any = None


class EnvPool:
    """Environments that are used for one episode after another, until the pool is closed.

    Parameters
    ----------
    sources : list of EnvSource
        They make the environments. An instance of the user runs one episode at a time, and is not closed.
    """

    def __init__(self, sources: list[EnvSource]) -> None:
        self.sources = sources
        self._free: list[list[EnvSlot]] = [[] for _ in sources]
        self._acquired: list[list[EnvSlot]] = [[] for _ in sources]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for source, free, acquired in zip(self.sources, self._free, self._acquired, strict=True):
            if source.instance is None:
                for slot in free + acquired:
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
            slot = self.acquire(index)
            self.release(index, slot)
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

    def is_available(self, index: int) -> bool:
        """Tell whether an environment of a source can be acquired now."""
        return self.sources[index].instance is None or not self._acquired[index]

    def acquire(self, index: int) -> EnvSlot:
        """Return an environment of a source that is not in use, a new one if necessary."""
        slot = self._free[index].pop() if self._free[index] else EnvSlot(self.sources[index])
        self._acquired[index].append(slot)
        return slot

    def release(self, index: int, slot: EnvSlot) -> None:
        """Make an environment available for the next episode."""
        self._acquired[index].remove(slot)
        self._free[index].append(slot)

    def _first_slot(self) -> EnvSlot:
        slot = self.acquire(0)
        self.release(0, slot)
        return slot
