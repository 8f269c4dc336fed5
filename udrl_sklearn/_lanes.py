"""Episodes that advance together: the only place where environments are reset and stepped."""

from dataclasses import dataclass
from math import isfinite

import numpy as np

from ._commands import next_command
from ._episodes import Episode
from ._pool import Place


@dataclass(frozen=True)
class EpisodePlan:
    """What makes one episode: where, from which seed, under which command (desired return, horizon)."""

    source: int
    seed: int
    command: tuple


@dataclass
class _Live:
    """An episode that is going on, and the step of the lanes at which it began."""

    index: int
    plan: EpisodePlan
    place: Place
    rng: np.random.Generator
    start: int
    terminated: bool = False
    truncated: bool = False


class Lanes:
    """Episodes that advance together, each in a lane of its own, and all that they have seen so far.

    All lanes share one count of steps: what belongs to step t of the lanes stands at ``[t, lane]``. An episode
    may begin at any of them.
    """

    def __init__(self, pool, actor, max_lanes, max_episode_steps):
        self.pool, self.actor = pool, actor
        self.max_lanes, self.max_episode_steps = max_lanes, max_episode_steps
        self.live = []
        self.commands = np.zeros((max_lanes, 2))
        self.t = 0
        self.capacity = 0

    @property
    def has_room(self):
        """Whether another episode can begin."""
        return len(self.live) < self.max_lanes

    def begin(self, index, plan):
        """Begin an episode in a lane of its own."""
        place, rng = self.pool.lend(plan.source), np.random.default_rng((plan.seed, 1))
        self.actor.begin(place, rng)
        observation, _ = place.env.reset(seed=plan.seed)
        if self.t == self.capacity:
            self._make_room(place)
        lane = len(self.live)
        self.live.append(_Live(index, plan, place, rng, self.t))
        self.commands[lane] = plan.command
        self.observations[self.t, lane] = place.columns.flatten(observation)
        self.uniforms[self.t :, lane] = rng.random(self.uniforms[self.t :, lane].shape)
        if not _all_finite(self.observations[self.t, lane]):
            raise self._observation_error(lane)

    def step(self):
        """Take one step in each lane, and return the error that stopped one of them, if any."""
        if self.t == self.capacity:
            self._make_room(self.live[0].place)
        actions, error = self._choose(), None
        observations, rewards = self.observations[self.t + 1], self.rewards[self.t]
        n_stepped = 0
        try:
            for lane, (live, action) in enumerate(zip(self.live, actions, strict=True)):
                observation, reward, terminated, truncated, _ = live.place.env.step(action)
                observations[lane] = live.place.columns.flatten(observation)
                rewards[lane] = reward
                live.terminated, live.truncated = bool(terminated), bool(truncated)
                n_stepped += 1
        except Exception as raised:
            error = raised
        self.t += 1
        error = self._first_error(n_stepped) or error
        self.commands[:n_stepped] = next_command(self.commands[:n_stepped], rewards[:n_stepped])
        return error

    def _choose(self):
        """Return the next action in each lane, and keep a copy before an environment can change it."""
        n_lanes = len(self.live)
        now = self.t, slice(n_lanes)
        places = [live.place for live in self.live]
        actions = self.actor.choose(places, self.observations[now], self.commands[:n_lanes], self.uniforms[now])
        self.actions[self.t, :n_lanes] = np.reshape(actions, (n_lanes, *self.actions.shape[2:]))
        return actions

    def take_ended(self):
        """Yield the index and the episode of each lane in which one has ended, and free these lanes."""
        ended = [lane for lane, live in enumerate(self.live) if live.terminated or live.truncated]
        episodes = [(self.live[lane].index, self._episode(lane)) for lane in ended]
        for lane in reversed(ended):
            self._free(lane)
        yield from episodes

    def _episode(self, lane):
        live = self.live[lane]
        steps = slice(live.start, self.t), lane
        return Episode(
            self.observations[live.start : self.t + 1, lane].copy(),
            self.actions[steps].copy(),
            self.rewards[steps].copy(),
            live.terminated,
            live.truncated,
        )

    def _free(self, lane):
        """Give the environment back, and move the last lane into the place that is free now."""
        self.pool.take_back(self.live[lane].plan.source, self.live[lane].place)
        moved = self.live.pop()
        last = len(self.live)
        if lane < last:
            self.live[lane] = moved
            for array in (self.observations, self.actions, self.rewards, self.uniforms):
                array[moved.start :, lane] = array[moved.start :, last]
            self.commands[lane] = self.commands[last]

    def _make_room(self, place):
        """Once there is no more room, make some, and drop the steps that no running episode needs."""
        first = min((live.start for live in self.live), default=self.t)
        n_kept = self.t - first
        self.capacity = max(128, 2 * n_kept)
        n_components = () if place.targets.shape == () else (place.targets.n_components,)
        arrays = {
            "observations": (self.capacity + 1, (place.columns.n_features,), place.columns.dtype),
            "actions": (self.capacity, n_components, place.targets.dtype),
            "rewards": (self.capacity, (), np.float64),
            "uniforms": (self.capacity, (self.actor.n_uniforms,), np.float64),
        }
        for name, (n_rows, shape, dtype) in arrays.items():
            room = np.empty((n_rows, self.max_lanes, *shape), dtype=dtype)
            if self.live:
                kept = getattr(self, name)[first:]
                room[: len(kept)] = kept
            setattr(self, name, room)
        self.t = n_kept
        for lane, live in enumerate(self.live):
            live.start -= first
            self.uniforms[n_kept:, lane] = live.rng.random(self.uniforms[n_kept:, lane].shape)

    def _first_error(self, n_stepped):
        """Check the step just taken. From the first lane with an error on, no episode counts as having ended."""
        observations, rewards = self.observations[self.t, :n_stepped], self.rewards[self.t - 1, :n_stepped]
        longest = self.t - min(live.start for live in self.live)
        if _all_finite(rewards) and _all_finite(observations) and longest < self.max_episode_steps:
            return None
        for lane in range(n_stepped):
            error = self._error(lane)
            if error is not None:
                for live in self.live[lane:]:
                    live.terminated = live.truncated = False
                return error
        return None

    def _error(self, lane):
        """Return what is wrong with the step just taken in a lane, or None."""
        live = self.live[lane]
        n_steps = self.t - live.start
        reward = self.rewards[self.t - 1, lane]
        if not isfinite(reward):
            return ValueError(
                f"The reward of {live.place.name} is {reward} {_where(live, n_steps - 1)}; it must be a finite number."
            )
        if not _all_finite(self.observations[self.t, lane]):
            return self._observation_error(lane)
        if n_steps >= self.max_episode_steps and not (live.terminated or live.truncated):
            return ValueError(
                f"An episode of {live.place.name} has not ended after max_episode_steps={self.max_episode_steps} "
                "steps. Wrap the environment in gymnasium.wrappers.TimeLimit, or raise max_episode_steps."
            )
        return None

    def _observation_error(self, lane):
        live = self.live[lane]
        return ValueError(
            f"The observation of {live.place.name} is {self.observations[self.t, lane]} "
            f"{_where(live, self.t - live.start - 1)}; all numbers in it must be finite. Wrap the environment so "
            "that it replaces them."
        )


def _where(live, step):
    moment = f"after step {step}" if step >= 0 else "at the start"
    return f"{moment} of episode {live.index} (reset seed {live.plan.seed})"


def _all_finite(array):
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
