"""Rollouts of a 100-tree forest on LunarLander-v3 with one and with two workers.

Both are measured in turn, three times, after the workers were started once; medians are shown.

    OMP_NUM_THREADS=1 python benchmarks/speed/workers.py | tee benchmarks/speed/workers.txt
"""

import time

import numpy as np
from _machine import describe
from sklearn.ensemble import RandomForestClassifier

from udrl_sklearn import UDRLAgent
from udrl_sklearn._commands import OPEN_ENDED
from udrl_sklearn._environments import env_sources
from udrl_sklearn._lanes import EpisodePlan
from udrl_sklearn._pool import EnvPool
from udrl_sklearn._rollout import collect_episodes


def seconds_a_step(pool, actor, n_episodes, n_jobs):
    """Return the time of one step of all workers together."""
    plans = [EpisodePlan(0, seed, OPEN_ENDED) for seed in range(n_episodes)]
    began = time.perf_counter()
    n_steps = sum(len(episode) for _, episode in collect_episodes(pool, plans, actor, n_envs=16, n_jobs=n_jobs))
    return (time.perf_counter() - began) / n_steps


def main():
    print(describe())
    forest = RandomForestClassifier(100, min_samples_leaf=10)
    agent = UDRLAgent(forest, total_timesteps=12_000, random_state=0).fit("LunarLander-v3")
    actor = agent._actor(OPEN_ENDED, deterministic=False)
    print(f"{'episodes':>8} {'1 worker, us a step':>20} {'2 workers':>10} {'ratio':>6}")
    with EnvPool(env_sources("LunarLander-v3")) as pool:
        for n_episodes in (64, 256, 1024):
            seconds_a_step(pool, actor, n_episodes, n_jobs=2)
            pairs = [[seconds_a_step(pool, actor, n_episodes, n_jobs=n_jobs) for n_jobs in (1, 2)] for _ in range(3)]
            one, two = np.median(pairs, axis=0)
            print(f"{n_episodes:8d} {one * 1e6:20.1f} {two * 1e6:10.1f} {one / two:6.2f}", flush=True)


if __name__ == "__main__":
    main()
