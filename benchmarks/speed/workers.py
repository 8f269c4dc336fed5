"""Rollouts of a forest of 100 trees on LunarLander-v3 with one worker and with two workers.

Both are measured alternately, three times each, after the workers have started; the table shows medians.

    OMP_NUM_THREADS=1 python -m benchmarks.speed.workers | tee benchmarks/results/speed/workers.txt
"""

import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent

from .internals import OPEN_ENDED, EnvPool, EpisodeSpec, collect_episodes, env_sources, exploring_actor


def seconds_a_step(pool, actor, n_episodes, n_jobs):
    """Return the wall time over the number of steps of all workers."""
    specs = [EpisodeSpec(0, seed, OPEN_ENDED) for seed in range(n_episodes)]
    began = time.perf_counter()
    n_steps = sum(len(episode) for _, episode in collect_episodes(pool, specs, actor, n_envs=16, n_jobs=n_jobs))
    return (time.perf_counter() - began) / n_steps


def main():
    print(describe_conditions(seeds=[0]))
    forest = RandomForestClassifier(100, min_samples_leaf=10)
    agent = UDRLAgent(forest, total_timesteps=12_000, random_state=0).fit("LunarLander-v3")
    actor = exploring_actor(agent)
    print(f"{'episodes':>8} {'1 worker, us/step':>20} {'2 workers':>10} {'ratio':>6}")
    with EnvPool(env_sources("LunarLander-v3")) as pool:
        for n_episodes in (64, 256, 1024):
            seconds_a_step(pool, actor, n_episodes, n_jobs=2)
            pairs = [[seconds_a_step(pool, actor, n_episodes, n_jobs=n_jobs) for n_jobs in (1, 2)] for _ in range(3)]
            one, two = np.median(pairs, axis=0)
            print(f"{n_episodes:8d} {one * 1e6:20.1f} {two * 1e6:10.1f} {one / two:6.2f}", flush=True)


if __name__ == "__main__":
    main()
