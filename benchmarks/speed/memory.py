"""The memory of a process that fits on a million steps of LunarLander-v3, and of a process that fits twenty times.

In the first one actions are random (epsilon=1) and the estimator is one tree, so that memory depends on the number of
steps and not on what is learned.

    pip install psutil
    OMP_NUM_THREADS=1 python -m benchmarks.speed.memory | tee benchmarks/results/speed/memory.txt
"""

import gc
import resource
import subprocess
import sys

import psutil
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent
from udrl_sklearn.methods import AdvantageWeighted

MB = 2**20


def resident():
    """Return the resident memory of the process in MB."""
    gc.collect()
    return psutil.Process().memory_info().rss / MB


def million():
    """Fit on a million steps, and print the peak memory."""
    before = resident()
    agent = UDRLAgent(
        DecisionTreeClassifier(min_samples_leaf=50),
        method=AdvantageWeighted(max_rows=10_000, n_value_fits=1),
        total_timesteps=1_000_000,
        n_timesteps_per_iter=10_000,
        replay_size=None,
        epsilon=1.0,
        n_envs=64,
        random_state=0,
    ).fit("LunarLander-v3")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{agent.n_timesteps_:,} steps, {agent.n_episodes_:,} episodes")
    print(f"after imports {before:.0f} MB, peak {peak:.0f} MB")


def twenty_fits():
    """Fit twenty times, and print the memory after each fit."""
    held = []
    for seed in range(20):
        UDRLAgent(RandomForestClassifier(30), total_timesteps=5000, random_state=seed).fit("LunarLander-v3")
        held.append(resident())
    print("MB after each of 20 fits: " + " ".join(f"{x:.0f}" for x in held))
    print(f"growth from the third to the last: {held[-1] / held[2] - 1:.1%}")


if __name__ == "__main__":
    parts = {"million": million, "twenty_fits": twenty_fits}
    if len(sys.argv) > 1:
        parts[sys.argv[1]]()
    else:
        print(describe_conditions(), flush=True)
        for part in parts:
            subprocess.run([sys.executable, "-m", "benchmarks.speed.memory", part], check=True)
