"""The main job over ten seeds: a random forest learns CartPole-v1 within 30,000 environment steps.

Trains as `make train` does, on seeds that nothing was tuned on, and prints a table. The last result is in
`main_job.txt` beside this file: python benchmarks/main_job.py | tee benchmarks/main_job.txt
"""

import os
import platform
import time

import gymnasium
import numpy as np
import sklearn
from sklearn.ensemble import RandomForestClassifier

import udrl_sklearn
from udrl_sklearn import UDRLAgent

SEEDS = range(1000, 1010)

print(
    f"udrl_sklearn {udrl_sklearn.__version__}, scikit-learn {sklearn.__version__}, numpy {np.__version__}, "
    f"gymnasium {gymnasium.__version__}, Python {platform.python_version()}, {os.cpu_count()} cores"
)
print(
    "CartPole-v1, RandomForestClassifier(30, min_samples_leaf=10, max_features=0.6, max_samples=0.5), "
    "total_timesteps=30_000, target_return=490"
)
print(f"{'seed':>6} {'steps':>7} {'seconds':>8} {'mean return':>12} {'asked 50':>9} {'asked 150':>10}")
rows = []
for seed in SEEDS:
    began = time.perf_counter()
    agent = UDRLAgent(
        RandomForestClassifier(n_estimators=30, min_samples_leaf=10, max_features=0.6, max_samples=0.5),
        total_timesteps=30_000,
        target_return=490,
        n_eval_episodes=50,
        random_state=seed,
    ).fit("CartPole-v1")
    seconds = time.perf_counter() - began
    returns = [agent.evaluate("CartPole-v1", command=command).mean_return for command in ("max", 50, 150)]
    rows.append((agent.n_timesteps_, seconds, *returns))
    print("{:6d} {:7,d} {:8.1f} {:12.1f} {:9.1f} {:10.1f}".format(seed, *rows[-1]), flush=True)

for name, statistic in (("median", np.median), ("min", np.min), ("max", np.max)):
    print("{:>6} {:7,.0f} {:8.1f} {:12.1f} {:9.1f} {:10.1f}".format(name, *statistic(rows, axis=0)))
print(f"at least 475: {sum(row[2] >= 475 for row in rows)} of {len(rows)} seeds")
