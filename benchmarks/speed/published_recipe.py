"""The recipe of arXiv 2411.11457 on CartPole-v1: warm-up and 20 iterations of 15 episodes, time per environment step.

Its authors' program took 33 s for 20 iterations, 3.3 ms a step, with a random forest of 100 trees; that number was
measured once and is not repeated here.

    OMP_NUM_THREADS=1 python benchmarks/speed/published_recipe.py | tee benchmarks/speed/published_recipe.txt
"""

import numpy as np
from _machine import describe
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent, recipes

AUTHORS_SECONDS_A_STEP = 3.3e-3
N_ITERATIONS = 20


def measure(estimator, seed):
    """Return the steps of the warm-up and of all iterations, and the seconds of their rollouts and fits."""
    agent = UDRLAgent(estimator, total_timesteps=14_000, random_state=seed, **recipes.CARDENAS_CARTAGENA_2024)
    records = agent.fit("CartPole-v1").history_[: N_ITERATIONS + 1]
    assert len(records) == N_ITERATIONS + 1, "total_timesteps is too small for the iterations"
    seconds = [sum(record[name] for record in records) for name in ("rollout_seconds", "fit_seconds")]
    return records[-1]["timesteps"], *seconds


def main():
    print(describe())
    print(f"{'medians over three seeds':36} {'steps':>7} {'us a step: all':>14} {'rollouts':>8} {'authors / all':>14}")
    estimators = (
        RandomForestClassifier(),
        ExtraTreesClassifier(),
        DecisionTreeClassifier(),
    )
    for estimator in estimators:
        steps, rollouts, fits = np.median([measure(estimator, seed) for seed in range(3)], axis=0)
        a_step = (rollouts + fits) / steps
        print(
            f"{estimator!s:36} {steps:7,.0f} {a_step * 1e6:14.0f} {rollouts / steps * 1e6:8.0f} "
            f"{AUTHORS_SECONDS_A_STEP / a_step:14.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
