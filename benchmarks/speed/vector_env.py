"""CartPole-v1 in gymnasium's vector environment and in single environments: equality of the numbers, and speed.

The sub-environments of a vector environment cannot be reset one by one from seeds. So the states of the single
environments are copied into it, and its own resets are switched off. Then both take the same actions.

    OMP_NUM_THREADS=1 python -m benchmarks.speed.vector_env | tee benchmarks/results/speed/vector_env.txt
"""

import time

import gymnasium
import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv

from benchmarks.conditions import describe_conditions

N_STEPS = 2000


def measure(n_envs, rng):
    """Return the seconds per step in single and in vector environments, and whether all numbers agree."""
    envs = [gymnasium.make("CartPole-v1", disable_env_checker=True) for _ in range(n_envs)]
    vector_env = CartPoleVectorEnv(n_envs)
    vector_env.reset(seed=0)
    seconds, agree, n_steps = np.zeros(2), True, 0
    needs_reset = np.ones(n_envs, dtype=bool)
    while n_steps < N_STEPS:
        for i in np.flatnonzero(needs_reset):
            envs[i].reset(seed=int(rng.integers(2**31)))
            vector_env.state[:, i] = envs[i].unwrapped.state
            vector_env.steps[i] = 0
        vector_env.prev_done[:] = False
        # Push to the side to which the pole falls, with some noise, so that episodes are long.
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
    print(describe_conditions(seeds=[0]))
    print(f"{'n_envs':>6} {'single, us/step':>18} {'vector':>8}  all numbers equal")
    rng = np.random.default_rng(0)
    for n_envs in (1, 4, 8, 16, 64):
        single, vector, agree = measure(n_envs, rng)
        print(f"{n_envs:6d} {single * 1e6:18.1f} {vector * 1e6:8.1f}  {agree}", flush=True)


if __name__ == "__main__":
    main()
