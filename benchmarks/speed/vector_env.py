"""CartPole-v1 in gymnasium's own vector environment and in single ones: whether they agree, and which is faster.

Vector environments cannot be reset one by one from seeds, so the states of single ones are copied into it, and its
own resets are switched off. All lanes then take the same actions in both.

    OMP_NUM_THREADS=1 python benchmarks/speed/vector_env.py | tee benchmarks/speed/vector_env.txt
"""

import time

import gymnasium
import numpy as np
from _machine import describe
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

N_STEPS = 2000


def measure(n_envs, rng):
    """Return seconds a step in single environments and in the vector environment, and whether all numbers agree."""
    envs = [gymnasium.make("CartPole-v1", disable_env_checker=True) for _ in range(n_envs)]
    vector_env = CartPoleVectorEnv(n_envs)
    vector_env.reset(seed=0)
    seconds, agree, n_steps = np.zeros(2), True, 0
    needs_reset = np.ones(n_envs, dtype=bool)
    while n_steps < N_STEPS:
        for lane in np.flatnonzero(needs_reset):
            envs[lane].reset(seed=int(rng.integers(2**31)))
            vector_env.state[:, lane] = envs[lane].unwrapped.state
            vector_env.steps[lane] = 0
        vector_env.prev_done[:] = False
        # Leans against the fall, with some noise, so that episodes are long.
        actions = (vector_env.state[2] + 0.5 * vector_env.state[3] > 0.1 * rng.normal(size=n_envs)).astype(int)
        began = time.perf_counter()
        steps = [env.step(action)[:4] for env, action in zip(envs, actions, strict=True)]
        between = time.perf_counter()
        together = vector_env.step(actions)[:4]
        seconds += between - began, time.perf_counter() - between
        agree &= all(
            np.array_equal(part, other) for part, other in zip(zip(*steps, strict=True), together, strict=True)
        )
        needs_reset = together[2] | together[3]
        n_steps += n_envs
    return *(seconds / n_steps), agree


def main():
    print(describe())
    print(f"{'n_envs':>6} {'single, us a step':>18} {'vector':>8}  all numbers equal")
    rng = np.random.default_rng(0)
    for n_envs in (1, 4, 8, 16, 64):
        single, vector, agree = measure(n_envs, rng)
        print(f"{n_envs:6d} {single * 1e6:18.1f} {vector * 1e6:8.1f}  {agree}", flush=True)


if __name__ == "__main__":
    main()
