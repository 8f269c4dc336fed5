"""Rollouts: episodes that are lived through as planned, here or in workers.

This is Algorithm 2 of Srivastava et al. 2019, with many episodes advancing together so that the
behavior function is asked for many actions at once.
"""

import pickle
import threading
import traceback
from contextlib import nullcontext
from copy import copy

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

from ._behavior import design_matrix
from ._episodes import Episodes
from ._lanes import Lanes
from ._pool import EnvPool

# An observation counts as the same as the one before if no feature differs by more than this part of its spread.
UNCHANGED = 0.02


class Actor:
    """Acts as a behavior function says.

    Parameters
    ----------
    behavior : DiscreteBehavior or ContinuousBehavior
        Fitted.
    exploration : Exploration or None, default=None
        How actions are drawn; None takes the best.
    """

    def __init__(self, behavior, exploration=None):
        self.behavior = behavior
        self.exploration = exploration
        self._before = {}

    @property
    def n_uniforms(self):
        """How many random numbers one action needs: those of the behavior function, and one to keep them or not."""
        return 0 if self.exploration is None else self.behavior.n_uniforms + 1

    def begin(self, place, rng):
        """Forget what was drawn in a place before."""
        self._before.pop(place, None)

    def choose(self, places, observations, commands, uniforms):
        """Return an action for each place."""
        X = design_matrix(observations, commands)
        if self.exploration is None:
            return places[0].targets.decode(self.behavior.predict(X))
        uniforms = self._keep(places, observations, uniforms[:, :-1], uniforms[:, -1])
        return places[0].targets.decode(self.behavior.sample(X, uniforms, self.exploration))

    def _keep(self, places, observations, uniforms, coins):
        """Return the random numbers for each place: those of the step before where nothing changed, mostly."""
        if self.exploration.persistence == 0:
            return uniforms
        n_features = observations.shape[1]
        unknown = np.full(n_features + uniforms.shape[1], np.nan)  # and so never the same
        before = np.array([self._before.get(place, unknown) for place in places])
        changes = np.abs(observations - before[:, :n_features])
        unchanged = (changes <= UNCHANGED * self.behavior.observation_spread).all(axis=1)
        kept = unchanged & (coins < self.exploration.persistence)
        uniforms = np.where(kept[:, None], before[:, n_features:], uniforms)
        self._before.update(zip(places, np.hstack([observations, uniforms]), strict=True))
        return uniforms

    def compact(self):
        """Return what acts the same, and takes little room on its way to a worker."""
        return Actor(self.behavior.compact(), self.exploration)


class RandomActor:
    """Acts as the action space samples; in half of the episodes, drawn by lot, its actions last for a while.

    Parameters
    ----------
    persistence : float, default=0.0
        Probability of taking the last action once more in these, rather than drawing a new one.
    """

    n_uniforms = 1

    def __init__(self, persistence=0.0):
        self.persistence = persistence
        self._persistence, self._last = {}, {}

    def begin(self, place, rng):
        """Seed the action space of a place, and draw its first action."""
        # Not by the reset seed: with one seed the space would draw the very numbers that the environment draws.
        place.action_space.seed(int(rng.integers(2**31)))
        self._persistence[place] = self.persistence * rng.integers(2)
        self._last[place] = place.action_space.sample()

    def choose(self, places, observations, commands, uniforms):
        """Return an action for each place."""
        for place, uniform in zip(places, uniforms[:, 0], strict=True):
            if uniform >= self._persistence[place]:
                self._last[place] = place.action_space.sample()
        return [copy(self._last[place]) for place in places]

    def compact(self):
        """Return one that knows no places, which stay in this process."""
        return RandomActor(self.persistence)


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
            yield from _live_in_workers(pool.sources, shards, actor.compact(), n_envs, max_episode_steps)


def _live_in_workers(sources, shards, *params):
    """Yield the episodes of all workers, and then raise the first error, if any."""
    jobs = (joblib.delayed(_live_in_worker)(sources, shard, *params) for shard in shards)
    errors = []
    for indices, episodes, error in joblib.Parallel(n_jobs=len(shards), return_as="generator")(jobs):
        yield from zip(indices, episodes, strict=True)
        errors.append(error)
    for error in filter(None, errors):
        raise error


def _live_in_worker(sources, plans, actor, *params):
    """Return the indices and the episodes that ended, and the error that stopped the others, if any."""
    # Workers that are threads of one process share its limit, and would restore it out of turn.
    is_process = threading.current_thread() is threading.main_thread()
    finished, error = {}, None
    try:
        with threadpool_limits(limits=1) if is_process else nullcontext(), EnvPool(sources) as pool:
            for index, episode in _live(pool, plans, actor.compact(), *params):
                finished[index] = episode
    except Exception as raised:
        raised.add_note(f"In a worker:\n{traceback.format_exc()}")
        error = _portable(raised)
    return list(finished), Episodes.of(list(finished.values())) if finished else [], error


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
    """Live through (index, plan) pairs in one process."""
    waiting = list(reversed(plans))
    lanes = Lanes(pool, actor, min(n_envs, len(plans)), max_episode_steps)
    while waiting or lanes.live:
        while waiting and lanes.has_room and pool.can_lend(waiting[-1][1].source):
            lanes.begin(*waiting.pop())
        error = lanes.step()
        yield from lanes.take_ended()
        if error is not None:
            raise error
