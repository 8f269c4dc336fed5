"""The recipe of arXiv 2411.11457 on CartPole-v1: time per environment step of warm-up and 20 iterations of 15 episodes.

The authors' own program needed 33 s for 20 iterations, 3.3 ms per step, with a random forest of 100 trees. That number
was measured once and is not measured again here.

    OMP_NUM_THREADS=1 python -m benchmarks.speed.published_recipe | tee benchmarks/results/speed/published_recipe.txt
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent, recipes

AUTHORS_SECONDS_PER_STEP = 3.3e-3
N_ITERATIONS = 20
SEEDS = range(3)


def measure(estimator, seed):
    """Return the steps of the warm-up and of all iterations, and the seconds of their rollouts and fits."""
    agent = UDRLAgent(estimator, total_timesteps=14_000, random_state=seed, **recipes.cardenas_cartagena_2024())
    records = agent.fit("CartPole-v1").history_[: N_ITERATIONS + 1]
    assert len(records) == N_ITERATIONS + 1, "total_timesteps is too small for the iterations"
    seconds = [sum(record[name] for record in records) for name in ("rollout_seconds", "fit_seconds")]
    return records[-1]["timesteps"], *seconds


def main():
    print(describe_conditions(seeds=SEEDS))
    print(f"{'medians over the seeds':36} {'steps':>7} {'us/step: all':>14} {'rollouts':>8} {'authors / all':>14}")
    estimators = (
        RandomForestClassifier(),
        ExtraTreesClassifier(),
        DecisionTreeClassifier(),
    )
    for estimator in estimators:
        steps, rollouts, fits = np.median([measure(estimator, seed) for seed in SEEDS], axis=0)
        per_step = (rollouts + fits) / steps
        print(
            f"{estimator!s:36} {steps:7,.0f} {per_step * 1e6:14.0f} {rollouts / steps * 1e6:8.0f} "
            f"{AUTHORS_SECONDS_PER_STEP / per_step:14.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
