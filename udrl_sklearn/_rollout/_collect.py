"""Collection of episodes, in this process or in workers.

This is Algorithm 2 of Srivastava et al. 2019, with many episodes that advance together, so that the
behavior function predicts many actions at once.
"""

import pickle
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial

import joblib
from threadpoolctl import threadpool_limits

from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import EnvSource
from udrl_sklearn._episodes import Episode, Episodes

from ._action_selection import Actor
from ._vector_rollout import EpisodeSpec, VectorRollout

IndexedSpecs = list[tuple[int, EpisodeSpec]]


def collect_episodes(
    pool: EnvPool,
    specs: list[EpisodeSpec],
    actor: Actor,
    *,
    n_envs: int = 16,
    n_jobs: int | None = None,
    max_episode_steps: int = 100_000,
) -> Iterator[tuple[int, Episode]]:
    """Run episodes.

    An episode depends on its specification and the actor alone: neither on the episodes that run with it nor on the
    number of workers.

    Parameters
    ----------
    pool : EnvPool
        Environments. Workers make their own from its sources.
    specs : list of EpisodeSpec
        The episodes to run.
    actor : Actor
        Selects the actions.
    n_envs : int, default=16
        How many episodes advance together in one process.
    n_jobs : int or None, default=None
        Number of joblib workers, under any backend. Environments that can't be made again stay in this process.
    max_episode_steps : int, default=100_000
        A longer episode raises an error.

    Yields
    ------
    index : int
        The place of the episode in `specs`. Episodes come in the order in which they end.
    episode : Episode

    Raises
    ------
    ValueError
        If an observation or a reward is not finite, or an episode does not end.
    Exception
        Whatever an environment raises, after all episodes that ended before were yielded.
    """
    indexed = list(enumerate(specs))
    if not indexed:
        return
    n_workers = min(joblib.effective_n_jobs(n_jobs), len(specs))
    in_this_process = n_workers == 1 or pool.has_an_instance()
    with threadpool_limits(limits=1):
        if in_this_process:
            yield from _run(pool, indexed, actor, n_envs, max_episode_steps)
        else:
            shards = [indexed[worker::n_workers] for worker in range(n_workers)]
            yield from _run_in_workers(pool.sources, shards, actor.for_inference(), n_envs, max_episode_steps)


def _run_in_workers(
    sources: list[EnvSource], shards: list[IndexedSpecs], actor: Actor, n_envs: int, max_episode_steps: int
) -> Iterator[tuple[int, Episode]]:
    """Yield the episodes of all workers, and then raise the first error, if any."""
    jobs = [partial(_run_in_worker, sources, shard, actor, n_envs, max_episode_steps) for shard in shards]
    return_as, (backend, _) = "generator", joblib.parallel.get_active_backend()
    if not backend.supports_return_generator:  # multiprocessing, which can't send functions of a script either
        return_as = "list"
        jobs = [joblib.wrap_non_picklable_objects(job, keep_wrapper=False) for job in jobs]
    errors = []
    results = joblib.Parallel(n_jobs=len(jobs), return_as=return_as)(joblib.delayed(job)() for job in jobs)
    for indices, episodes, error in results:
        yield from zip(indices, episodes, strict=True)
        errors.append(error)
    for error in filter(None, errors):
        raise error


def _run_in_worker(
    sources: list[EnvSource], specs: IndexedSpecs, actor: Actor, n_envs: int, max_episode_steps: int
) -> tuple[list[int], Sequence[Episode], Exception | None]:
    """Return the indices and the episodes that ended, and the error that stopped the others, if any."""
    # Workers that are threads of one process share its limit, and would restore it in the wrong order.
    is_process = threading.current_thread() is threading.main_thread()
    finished, error = {}, None
    try:
        with threadpool_limits(limits=1) if is_process else nullcontext(), EnvPool(sources) as pool:
            for index, episode in _run(pool, specs, actor.for_inference(), n_envs, max_episode_steps):
                finished[index] = episode
    except Exception as raised:
        raised.add_note(f"In a worker:\n{traceback.format_exc()}")
        error = _picklable(raised)
    return list(finished), Episodes.of(list(finished.values())) if finished else [], error


def _picklable(error: Exception) -> Exception:
    """Return the error, or one with the same message if it can't be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))
        return error
    except Exception:
        substitute = RuntimeError(f"{type(error).__name__}: {error}")
        for note in error.__notes__:
            substitute.add_note(note)
        return substitute


def _run(
    pool: EnvPool, specs: IndexedSpecs, actor: Actor, n_envs: int, max_episode_steps: int
) -> Iterator[tuple[int, Episode]]:
    """Run (index, specification) pairs in one process."""
    waiting = list(reversed(specs))
    rollout = VectorRollout(pool, actor, min(n_envs, len(specs)), max_episode_steps)
    while waiting or rollout.running:
        while waiting and rollout.has_free_column and pool.is_available(waiting[-1][1].source):
            rollout.begin(*waiting.pop())
        error = rollout.step()
        yield from rollout.pop_ended()
        if error is not None:
            raise error
