"""Rollouts: episodes that are lived through as planned, here or in workers.

This is Algorithm 2 of Srivastava et al. 2019, with many episodes advancing together so that the
behavior function is asked for many actions at once.
"""

import pickle
import threading
import traceback
from contextlib import nullcontext

import joblib
from threadpoolctl import threadpool_limits

from ._episodes import Episodes
from ._lanes import Lanes
from ._pool import EnvPool


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
    actor : Actor, TurnsActor or RandomActor
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
