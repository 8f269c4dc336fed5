"""Rollouts: the only place where environments are reset and stepped.

This is Algorithm 2 of Srivastava et al. 2019, with many episodes advancing together so that the
behavior function is asked for many actions at once.
"""

import pickle
import threading
import traceback
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from ._behavior import Exploration, design_matrix
from ._commands import next_command
from ._environments import describe, make_env
from ._episodes import Episode
from ._spaces import ActionTargets, ObservationColumns


@dataclass(frozen=True)
class EpisodePlan:
    """What makes one episode: where, from which seed, under which command (desired return, horizon)."""

    source: int
    seed: int
    command: tuple


@dataclass(frozen=True)
class Actor:
    """A behavior function and the way in which its actions are chosen; greedy without exploration."""

    behavior: object
    exploration: Exploration | None = None

    @property
    def n_uniforms(self):
        """How many random numbers one action needs."""
        return 0 if self.exploration is None else self.behavior.n_uniforms

    def __call__(self, observations, commands, uniforms):
        """Return an action target for each row."""
        X = design_matrix(observations, commands)
        if self.exploration is None:
            return self.behavior.predict(X)
        return self.behavior.sample(X, uniforms, self.exploration)


class RandomActor:
    """Acts as the action space samples."""


class _Place:
    """An environment beside what its spaces mean."""

    def __init__(self, source):
        self.env = make_env(source)
        self.name = describe(source)
        self.action_space = deepcopy(self.env.action_space)  # spaces may be shared, and draw from one generator
        self.columns = ObservationColumns(self.env.observation_space)
        self.targets = ActionTargets.from_space(self.env.action_space)


class EnvPool:
    """Environments that were made, for use again and again until the pool is closed.

    Parameters
    ----------
    sources : list of EnvSource
        Where they come from. An instance that the user made is lent to one episode at a time,
        and left open in the end.
    """

    def __init__(self, sources):
        self.sources = sources
        self._free = [[] for _ in sources]
        self._lent = [[] for _ in sources]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for source, free, lent in zip(self.sources, self._free, self._lent, strict=True):
            if source.instance is None:
                for place in free + lent:
                    place.env.close()
            free.clear()
            lent.clear()

    def spaces(self):
        """Return the observation space and the action space, which all environments must share.

        Raises
        ------
        ValueError
            If they do not.
        """
        known = None
        for index in range(len(self.sources)):
            place = self.lend(index)
            self.take_back(index, place)
            spaces = place.env.observation_space, place.env.action_space
            known = known or spaces
            if spaces != known:
                raise ValueError(
                    f"All environments must have the same spaces; {place.name} has {spaces[0]} and {spaces[1]}, "
                    f"{describe(self.sources[0])} has {known[0]} and {known[1]}."
                )
        return known

    def can_lend(self, index):
        """Tell whether an environment of that source is to be had now."""
        return self.sources[index].instance is None or not self._lent[index]

    def lend(self, index):
        """Return an environment of that source that nobody uses, beside what its spaces mean."""
        place = self._free[index].pop() if self._free[index] else _Place(self.sources[index])
        self._lent[index].append(place)
        return place

    def take_back(self, index, place):
        """Take an environment back for the next episode."""
        self._lent[index].remove(place)
        self._free[index].append(place)


def collect_episodes(pool, plans, actor, *, n_envs=16, n_jobs=None, max_episode_steps=100_000):
    """Live through the planned episodes.

    An episode depends on its plan and the actor alone: neither on the episodes beside it nor on the
    number of workers.

    Parameters
    ----------
    pool : EnvPool
        Environments. Workers make their own from its sources.
    plans : list of EpisodePlan
        The episodes to live through.
    actor : Actor or RandomActor
        Chooses the actions.
    n_envs : int, default=16
        How many episodes advance together in one process.
    n_jobs : int or None, default=None
        Number of joblib workers. Environments that were given as instances stay in this process.
    max_episode_steps : int, default=100_000
        An episode that is longer raises an error.

    Yields
    ------
    index : int
        The place of the episode in `plans`. They come in the order in which they end.
    episode : Episode

    Raises
    ------
    ValueError
        If an observation or a reward is not finite, or an episode does not end.
    Exception
        Whatever an environment raises, after all episodes that ended before were yielded.
    """
    indexed = list(enumerate(plans))
    if not indexed:
        return
    n_workers = min(joblib.effective_n_jobs(n_jobs), len(plans))
    stay_here = n_workers == 1 or any(source.instance is not None for source in pool.sources)
    with threadpool_limits(limits=1):
        if stay_here:
            yield from _live(pool, indexed, actor, n_envs, max_episode_steps)
        else:
            shards = [indexed[worker::n_workers] for worker in range(n_workers)]
            yield from _live_in_workers(pool.sources, shards, actor, n_envs, max_episode_steps)


def _live_in_workers(sources, shards, *params):
    """Yield the episodes of all workers, and then raise the first error, if any."""
    jobs = (joblib.delayed(_live_in_worker)(sources, shard, *params) for shard in shards)
    errors = []
    for finished, error in joblib.Parallel(n_jobs=len(shards), return_as="generator")(jobs):
        yield from finished
        errors.append(error)
    for error in filter(None, errors):
        raise error


def _live_in_worker(sources, plans, *params):
    """Return the episodes that ended, and the error that stopped the others, if any."""
    # Workers that are threads of one process share its limit, and would restore it out of turn.
    is_process = threading.current_thread() is threading.main_thread()
    finished = []
    try:
        with threadpool_limits(limits=1) if is_process else nullcontext(), EnvPool(sources) as pool:
            finished.extend(_live(pool, plans, *params))
    except Exception as error:
        error.add_note(f"In a worker:\n{traceback.format_exc()}")
        return finished, _portable(error)
    return finished, None


def _portable(error):
    """Return the error, or one that says the same if it can't be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        portable = RuntimeError(f"{type(error).__name__}: {error}")
        for note in error.__notes__:
            portable.add_note(note)
        return portable


def _live(pool, plans, actor, n_envs, max_episode_steps):
    waiting, running, commands = list(reversed(plans)), [], np.empty((0, 2))
    while waiting or running:
        while waiting and len(running) < n_envs and pool.can_lend(waiting[-1][1].source):
            running.append(_Running(pool, *waiting.pop(), actor))
            commands = np.vstack([commands, running[-1].plan.command])
        targets, rewards, error = _choose(actor, running, commands), np.zeros(len(running)), None
        try:
            for i, live in enumerate(running):
                rewards[i] = live.step(targets[i], max_episode_steps)
        except Exception as raised:
            error = raised
        ended = [live for live in running if live.has_ended]
        for live in ended:
            pool.take_back(live.plan.source, live.place)
            yield live.index, live.episode()
        if error is not None:
            raise error
        commands = next_command(commands, rewards)
        if ended:
            commands = commands[[not live.has_ended for live in running]]
            running = [live for live in running if not live.has_ended]


def _choose(actor, running, commands):
    """Return the next action target of each running episode; None leaves it to the action space."""
    if isinstance(actor, RandomActor):
        return [None] * len(running)
    observations = np.stack([live.observations[-1] for live in running])
    if not _all_finite(observations):
        for live in running:
            live.check_observations()
    uniforms = np.stack([live.rng.random(actor.n_uniforms) for live in running])
    return actor(observations, commands, uniforms)


def _all_finite(array):
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


class _Running:
    """An episode while it is lived through."""

    def __init__(self, pool, index, plan, actor):
        self.index, self.plan = index, plan
        self.place = pool.lend(plan.source)
        self.rng = np.random.default_rng((plan.seed, 1))
        self.actions, self.rewards = [], []
        self.terminated = self.truncated = False
        if isinstance(actor, RandomActor):
            # Not the reset seed: with one seed the space would draw the very numbers that the environment draws.
            self.place.action_space.seed(int(self.rng.integers(2**31)))
        observation, _ = self.place.env.reset(seed=plan.seed)
        self.observations = [self.place.columns.flatten(observation)]

    @property
    def has_ended(self):
        return self.terminated or self.truncated

    def step(self, target, max_episode_steps):
        """Take one step and return its reward; a target of None is an action that the space samples."""
        env, targets = self.place.env, self.place.targets
        action = self.place.action_space.sample() if target is None else targets.decode(target)
        self.actions.append(np.copy(targets.encode(action)))  # before the environment can change it
        observation, reward, terminated, truncated, _ = env.step(action)
        if not isfinite(reward):
            raise ValueError(
                f"The reward of {self.place.name} is {reward} {self._where(len(self.rewards))}; "
                "it must be a finite number."
            )
        self.rewards.append(float(reward))
        self.observations.append(self.place.columns.flatten(observation))
        self.terminated, self.truncated = bool(terminated), bool(truncated)
        if len(self.rewards) >= max_episode_steps and not self.has_ended:
            raise ValueError(
                f"An episode of {self.place.name} has not ended after max_episode_steps={max_episode_steps} "
                "steps. Wrap the environment in gymnasium.wrappers.TimeLimit, or raise max_episode_steps."
            )
        return self.rewards[-1]

    def episode(self):
        """Return what was lived through."""
        observations = np.stack(self.observations)
        if not _all_finite(observations):
            self.check_observations()
        return Episode(
            observations,
            np.array(self.actions),
            np.array(self.rewards),
            self.terminated,
            self.truncated,
        )

    def check_observations(self):
        """Raise a ValueError if an observation is not finite."""
        for step, observation in enumerate(self.observations):
            if not _all_finite(observation):
                raise ValueError(
                    f"The observation of {self.place.name} is {observation} {self._where(step - 1)}; all numbers "
                    "in it must be finite. Wrap the environment so that it replaces them."
                )

    def _where(self, step):
        moment = f"after step {step}" if step >= 0 else "at the start"
        return f"{moment} of episode {self.index} (reset seed {self.plan.seed})"
