"""The time of `fit` over the time of its parts: estimator fits, value predictions, environment steps and inference.

The parts are timed during the run. Raw steps are the exception: the same number of random steps is taken before and
after the run.

    python -m benchmarks.speed.overhead | tee benchmarks/results/speed/overhead.txt
"""

import contextlib
import functools
import time
from unittest import mock

import numpy as np
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent

from .internals import PREDICT_FAST, CompiledEstimator
from .timing import seconds_of_raw_steps

SEEDS = range(3)

RUNS = [
    ("CartPole-v1", RandomForestClassifier(100, min_samples_leaf=10), 10_000),
    ("CartPole-v1", HistGradientBoostingClassifier(max_iter=60), 10_000),
    ("Acrobot-v1", RandomForestClassifier(100, min_samples_leaf=10), 10_000),
    ("LunarLander-v3", RandomForestClassifier(100, min_samples_leaf=10), 10_000),
    ("Pendulum-v1", RandomForestRegressor(100, min_samples_leaf=10), 10_000),
]


@contextlib.contextmanager
def timed(owner, method, spent):
    """Add the time of all calls of a method to `spent`; the time of nested calls is counted once."""
    original, depth = getattr(owner, method), [0]

    @functools.wraps(original)
    def measured(*args, **kwargs):
        depth[0] += 1
        began = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            depth[0] -= 1
            if depth[0] == 0:
                spent[method] = spent.get(method, 0.0) + time.perf_counter() - began

    with mock.patch.object(owner, method, measured):
        yield


def measure(env_id, estimator, total_timesteps, seed):
    """Return the wall time of a fit and the times of its parts."""
    spent = {}
    agent = UDRLAgent(estimator, total_timesteps=total_timesteps, random_state=seed)
    raw = seconds_of_raw_steps(env_id, total_timesteps)
    with contextlib.ExitStack() as stack:
        for owner in {type(estimator), HistGradientBoostingRegressor}:
            stack.enter_context(timed(owner, "fit", spent))
        stack.enter_context(timed(HistGradientBoostingRegressor, "predict", spent))
        stack.enter_context(timed(CompiledEstimator, PREDICT_FAST, spent))
        began = time.perf_counter()
        agent.fit(env_id)
        wall = time.perf_counter() - began
    scale = agent.n_timesteps_ / total_timesteps
    raw = (raw + seconds_of_raw_steps(env_id, total_timesteps)) / 2 * scale
    return wall, spent["fit"], spent["predict"], raw, spent[PREDICT_FAST]


def main():
    print(describe_conditions(seeds=SEEDS))
    print("Seconds, medians over the seeds")
    print(f"{'':48} {'fit()':>7} {'fits':>7} {'values':>7} {'steps':>7} {'infer':>7} {'ratio':>6}")
    for env_id, estimator, total_timesteps in RUNS:
        rows = [measure(env_id, estimator, total_timesteps, seed) for seed in SEEDS]
        ratio = np.median([wall / sum(parts) for wall, *parts in rows])
        name = f"{env_id} {type(estimator).__name__}"
        print(f"{name:48} " + " ".join(f"{x:7.2f}" for x in np.median(rows, axis=0)) + f" {ratio:6.2f}", flush=True)


if __name__ == "__main__":
    main()
