"""The time per step against the number of steps taken so far, and against the number of environments.

The first table is of one fit on a million steps of CartPole-v1: the time of rollouts and fits in each tenth of the
steps. Actions are random (epsilon=1), so that the length of episodes does not change. The second table is of rollouts
only.

    OMP_NUM_THREADS=1 python -m benchmarks.speed.growth | tee benchmarks/results/speed/growth.txt
"""

import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted

from .internals import OPEN_ENDED, EnvPool, EpisodeSpec, collect_episodes, env_sources, exploring_actor


def with_steps():
    """Print the time per step in each tenth of a long fit."""
    agent = UDRLAgent(
        DecisionTreeClassifier(min_samples_leaf=20),
        method=AdvantageWeighted(max_rows=10_000, n_value_fits=1),
        total_timesteps=1_000_000,
        n_timesteps_per_iter=2000,
        replay_size=None,
        epsilon=1.0,
        n_envs=64,
        random_state=0,
    ).fit("CartPole-v1")
    steps = np.array([record["timesteps"] for record in agent.history_])
    seconds = np.cumsum([record["rollout_seconds"] + record["fit_seconds"] for record in agent.history_])
    bounds = np.searchsorted(steps, np.arange(0, 1_000_001, 100_000)).clip(max=len(steps) - 1)
    per_step = np.diff(seconds[bounds]) / np.diff(steps[bounds])
    print(f"us per step in each tenth of {steps[-1]:,} steps: " + " ".join(f"{1e6 * x:.0f}" for x in per_step))
    print(f"last tenth over second tenth: {per_step[-1] / per_step[1]:.2f}")


def with_envs():
    """Print the time per step for a growing number of environments."""
    agent = UDRLAgent(RandomForestClassifier(100, min_samples_leaf=10), total_timesteps=8000, random_state=0)
    actor = exploring_actor(agent.fit("CartPole-v1"))
    print(f"{'n_envs':>6} {'us/step':>10}")
    with EnvPool(env_sources("CartPole-v1")) as pool:
        for n_envs in (1, 2, 4, 8, 16, 32, 64):
            specs = [EpisodeSpec(0, seed, OPEN_ENDED) for seed in range(2 * n_envs)]
            times = []
            for _ in range(5):
                began = time.perf_counter()
                n_steps = sum(len(episode) for _, episode in collect_episodes(pool, specs, actor, n_envs=n_envs))
                times.append((time.perf_counter() - began) / n_steps)
            print(f"{n_envs:6d} {np.median(times) * 1e6:10.1f}", flush=True)


if __name__ == "__main__":
    print(describe_conditions(seeds=[0]))
    with_steps()
    with_envs()
