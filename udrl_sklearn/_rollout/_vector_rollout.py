"""Episodes that run together."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import DTypeLike

from udrl_sklearn._commands import next_command
from udrl_sklearn._envs._pool import EnvPool, EnvSlot
from udrl_sklearn._envs._values import all_finite
from udrl_sklearn._episodes import Episode

from ._action_selection import Actor


@dataclass(frozen=True)
class EpisodeSpec:
    """What defines one episode: the environment's source, the reset seed, and the command (desired return, horizon)."""

    source: int
    seed: int
    command: tuple[float, float]


@dataclass
class RunningEpisode:
    """An episode that has not ended, and the step of the rollout at which it began."""

    index: int
    spec: EpisodeSpec
    slot: EnvSlot
    rng: np.random.Generator
    start: int
    terminated: bool = False
    truncated: bool = False


class VectorRollout:
    """Episodes that advance together, one in each column of a few arrays.

    All columns share one count of steps: the data of step t stands at ``[t, column]``. An episode may begin at any
    step.

    Parameters
    ----------
    pool : EnvPool
        The environments.
    actor : Actor
        Selects the actions.
    max_running : int
        How many episodes may run together.
    max_episode_steps : int
        A longer episode is an error.
    """

    observations: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    uniforms: np.ndarray

    def __init__(self, pool: EnvPool, actor: Actor, max_running: int, max_episode_steps: int) -> None:
        self.pool, self.actor = pool, actor
        self.max_running, self.max_episode_steps = max_running, max_episode_steps
        self.running: list[RunningEpisode] = []
        self.commands = np.zeros((max_running, 2))
        self.t = 0
        self.capacity = 0

    @property
    def has_free_column(self) -> bool:
        """Whether another episode can begin."""
        return len(self.running) < self.max_running

    def begin(self, index: int, spec: EpisodeSpec) -> None:
        """Begin an episode in a free column."""
        slot, rng = self.pool.acquire(spec.source), np.random.default_rng((spec.seed, 1))
        self.actor.reset(slot, rng)
        slot.begin(spec.seed)
        if self.t == self.capacity:
            self._allocate(slot)
        column = len(self.running)
        self.running.append(RunningEpisode(index, spec, slot, rng, self.t))
        self.commands[column] = spec.command
        self.observations[self.t, column] = slot.columns.flatten(slot.observation)
        self.uniforms[self.t :, column] = rng.random(self.uniforms[self.t :, column].shape)
        if not all_finite(self.observations[self.t, column]):
            raise self._observation_error(column)

    def step(self) -> Exception | None:
        """Take one step in each running episode, and return the error that stopped one of them, if any."""
        if self.t == self.capacity:
            self._allocate(self.running[0].slot)
        actions, error = self._select_actions(), None
        observations, rewards = self.observations[self.t + 1], self.rewards[self.t]
        n_stepped = 0
        try:
            for column, (episode, action) in enumerate(zip(self.running, actions, strict=True)):
                slot = episode.slot
                rewards[column], terminated, truncated = slot.step(action)
                observations[column] = slot.columns.flatten(slot.observation)
                episode.terminated, episode.truncated = terminated, truncated
                n_stepped += 1
        except Exception as raised:
            error = raised
        self.t += 1
        error = self._first_error(n_stepped) or error
        self.commands[:n_stepped] = next_command(self.commands[:n_stepped], rewards[:n_stepped])
        return error

    def _select_actions(self) -> list:
        """Return the next action of each episode, and keep a copy before an environment can change it."""
        n_running = len(self.running)
        now = self.t, slice(n_running)
        slots = [episode.slot for episode in self.running]
        actions = self.actor.select_actions(
            slots, self.observations[now], self.commands[:n_running], self.uniforms[now]
        )
        self.actions[self.t, :n_running] = np.reshape(actions, (n_running, *self.actions.shape[2:]))
        return actions

    def pop_ended(self) -> Iterator[tuple[int, Episode]]:
        """Yield the index and the data of each episode that has ended, and free their columns."""
        ended = [column for column, episode in enumerate(self.running) if episode.terminated or episode.truncated]
        episodes = [(self.running[column].index, self._episode(column)) for column in ended]
        for column in reversed(ended):
            self._free(column)
        yield from episodes

    def _episode(self, column: int) -> Episode:
        episode = self.running[column]
        steps = slice(episode.start, self.t), column
        return Episode(
            self.observations[episode.start : self.t + 1, column],
            self.actions[steps],
            self.rewards[steps],
            episode.terminated,
            episode.truncated,
        )

    def _free(self, column: int) -> None:
        """Release the environment of a column, and move the last episode there."""
        self.pool.release(self.running[column].spec.source, self.running[column].slot)
        moved = self.running.pop()
        last = len(self.running)
        if column < last:
            self.running[column] = moved
            for array in (self.observations, self.actions, self.rewards, self.uniforms):
                array[moved.start :, column] = array[moved.start :, last]
            self.commands[column] = self.commands[last]

    def _allocate(self, slot: EnvSlot) -> None:
        """Allocate memory for more steps, and drop the steps that no running episode needs."""
        first = min((episode.start for episode in self.running), default=self.t)
        n_kept = self.t - first
        self.capacity = max(128, 2 * n_kept)
        n_components: tuple[int, ...] = () if slot.targets.shape == () else (slot.targets.n_components,)
        arrays: dict[str, tuple[int, tuple[int, ...], DTypeLike]] = {
            "observations": (self.capacity + 1, (slot.columns.n_features,), slot.columns.dtype),
            "actions": (self.capacity, n_components, slot.targets.dtype),
            "rewards": (self.capacity, (), np.float64),
            "uniforms": (self.capacity, (self.actor.n_uniforms,), np.float64),
        }
        for name, (n_rows, shape, dtype) in arrays.items():
            array = np.empty((n_rows, self.max_running, *shape), dtype=dtype)
            if self.running:
                kept = getattr(self, name)[first:]
                array[: len(kept)] = kept
            setattr(self, name, array)
        self.t = n_kept
        for column, episode in enumerate(self.running):
            episode.start -= first
            self.uniforms[n_kept:, column] = episode.rng.random(self.uniforms[n_kept:, column].shape)

    def _first_error(self, n_stepped: int) -> Exception | None:
        """Check the last step. From the first column with an error on, no episode counts as ended."""
        observations, rewards = self.observations[self.t, :n_stepped], self.rewards[self.t - 1, :n_stepped]
        longest = self.t - min(episode.start for episode in self.running)
        if all_finite(rewards) and all_finite(observations) and longest < self.max_episode_steps:
            return None
        for column in range(n_stepped):
            error = self._error(column)
            if error is not None:
                for episode in self.running[column:]:
                    episode.terminated = episode.truncated = False
                return error
        return None

    def _error(self, column: int) -> Exception | None:
        """Return what is wrong with the last step in a column, or None."""
        episode = self.running[column]
        n_steps = self.t - episode.start
        reward = self.rewards[self.t - 1, column]
        if not isfinite(reward):
            return ValueError(
                f"The reward of {episode.slot.name} is {reward} {_position(episode, n_steps - 1)}; "
                "it must be a finite number."
            )
        if not all_finite(self.observations[self.t, column]):
            return self._observation_error(column)
        if n_steps >= self.max_episode_steps and not (episode.terminated or episode.truncated):
            return ValueError(
                f"An episode of {episode.slot.name} has not ended after max_episode_steps={self.max_episode_steps} "
                "steps. Wrap the environment in gymnasium.wrappers.TimeLimit, or raise max_episode_steps."
            )
        return None

    def _observation_error(self, column: int) -> Exception:
        episode = self.running[column]
        return ValueError(
            f"The observation of {episode.slot.name} is {self.observations[self.t, column]} "
            f"{_position(episode, self.t - episode.start - 1)}; all numbers in it must be finite. Wrap the environment "
            "so that it replaces them."
        )


def _position(episode: RunningEpisode, step: int) -> str:
    moment = f"after step {step}" if step >= 0 else "at the start"
    return f"{moment} of episode {episode.index} (reset seed {episode.spec.seed})"
