"""Ten seeds of `make train`: a random forest learns CartPole-v1 in at most 30,000 environment steps.

The agent is that of `examples/train_cartpole.py`. No default was chosen on these seeds.

    OMP_NUM_THREADS=1 python -m benchmarks.learning.train_cartpole | tee benchmarks/results/learning/train_cartpole.txt
"""

import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent

SEEDS = range(1000, 1010)
COMMANDS = ("max", 50, 150)


def measure(seed):
    """Return steps, seconds of the fit, and the mean return under each command."""
    began = time.perf_counter()
    agent = UDRLAgent(
        RandomForestClassifier(n_estimators=30, min_samples_leaf=10, max_features=0.75, max_samples=0.5),
        total_timesteps=30_000,
        target_return=490,
        n_eval_episodes=50,
        random_state=seed,
    ).fit("CartPole-v1")
    seconds = time.perf_counter() - began
    returns = [agent.evaluate("CartPole-v1", command=command).mean_return for command in COMMANDS]
    return agent.n_timesteps_, seconds, *returns


def main():
    print(describe_conditions(seeds=SEEDS))
    print(
        "CartPole-v1, RandomForestClassifier(30, min_samples_leaf=10, max_features=0.75, max_samples=0.5), "
        "total_timesteps=30_000, target_return=490"
    )
    print("mean returns under the commands " + ", ".join(f'"{c}"' if isinstance(c, str) else str(c) for c in COMMANDS))
    print(f"{'seed':>6} {'steps':>7} {'seconds':>8} " + " ".join(f"{command:>7}" for command in COMMANDS))
    rows = []
    for seed in SEEDS:
        rows.append(measure(seed))
        print(_line(seed, rows[-1]), flush=True)
    for name, statistic in (("median", np.median), ("min", np.min), ("max", np.max)):
        print(_line(name, statistic(rows, axis=0)))
    print(f'at least 475 under "max": {sum(row[2] >= 475 for row in rows)} of {len(rows)} seeds')


def _line(name, row):
    steps, seconds, *returns = row
    return f"{name:>6} {steps:7,.0f} {seconds:8.1f} " + " ".join(f"{x:7.1f}" for x in returns)


if __name__ == "__main__":
    main()
