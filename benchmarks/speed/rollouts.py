"""Steps per second of rollouts with a forest of 100 trees in one process, compared with raw random steps.

Both are measured alternately, five times each; the table shows medians. A raw step samples a random action and takes
it in one environment from `gymnasium.make`.

    OMP_NUM_THREADS=1 python -m benchmarks.speed.rollouts | tee benchmarks/results/speed/rollouts.txt
"""

import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent

from .internals import OPEN_ENDED, EnvPool, EpisodeSpec, collect_episodes, env_sources, exploring_actor
from .timing import seconds_of_raw_steps

N_RAW_STEPS = 10_000


def seconds_a_step(pool, actor, n_envs):
    """Return the time of one step with `n_envs` environments; an environment whose episode ends starts the next one."""
    specs = [EpisodeSpec(0, seed, OPEN_ENDED) for seed in range(2 * n_envs)]
    began = time.perf_counter()
    n_steps = sum(len(episode) for _, episode in collect_episodes(pool, specs, actor, n_envs=n_envs))
    return (time.perf_counter() - began) / n_steps


def main():
    print(describe_conditions(seeds=[0]))
    print(f"{'environment':16} {'n_envs':>6} {'raw us':>8} {'rollout us':>11} {'steps/s':>9} {'of raw':>7}")
    for env_id in ("CartPole-v1", "Acrobot-v1", "LunarLander-v3"):
        forest = RandomForestClassifier(100, min_samples_leaf=10)
        agent = UDRLAgent(forest, total_timesteps=12_000, random_state=0).fit(env_id)
        actor = exploring_actor(agent)
        with EnvPool(env_sources(env_id)) as pool:
            for n_envs in (1, 4, 16, 64):
                raw, rollout = np.median(
                    [
                        (seconds_of_raw_steps(env_id, N_RAW_STEPS) / N_RAW_STEPS, seconds_a_step(pool, actor, n_envs))
                        for _ in range(5)
                    ],
                    axis=0,
                )
                print(
                    f"{env_id:16} {n_envs:6d} {raw * 1e6:8.1f} {rollout * 1e6:11.1f} {1 / rollout:9,.0f} "
                    f"{raw / rollout:7.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
