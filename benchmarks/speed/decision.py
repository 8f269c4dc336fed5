"""One decision of a tree ensemble: the policy, the estimator's own way, and onnxruntime beside each other.

Each ensemble is fitted on the rows of a CartPole-v1 agent. Times are medians over 1000 different rows, each
asked for alone. "conversion" is what it takes once after a fit to make the fast way, beside the time of the fit.

    pip install onnxruntime skl2onnx
    OMP_NUM_THREADS=1 python benchmarks/speed/decision.py | tee benchmarks/speed/decision.txt
"""

import time

import numpy as np
import onnxruntime
import skl2onnx
from _machine import describe, median_seconds
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent
from udrl_sklearn._inference import fast_predictor

ENSEMBLES = [
    RandomForestClassifier(100, min_samples_leaf=10, random_state=0),
    RandomForestClassifier(100, random_state=0),
    ExtraTreesClassifier(100, min_samples_leaf=10, random_state=0),
    BaggingClassifier(DecisionTreeClassifier(min_samples_leaf=10), 100, random_state=0),
    GradientBoostingClassifier(random_state=0),
    HistGradientBoostingClassifier(random_state=0),
    DecisionTreeClassifier(min_samples_leaf=10, random_state=0),
]


def onnx_session(estimator, X):
    """Return what runs the estimator in onnxruntime, in one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = skl2onnx.to_onnx(estimator, X[:1], options={"zipmap": False})
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def main():
    print(describe(onnxruntime, skl2onnx))
    agent = UDRLAgent(RandomForestClassifier(100, min_samples_leaf=10), total_timesteps=12_000, random_state=0).fit(
        "CartPole-v1"
    )
    X = agent.hindsight_rows(agent.buffer_.recent(10_000))[0]
    actions = agent.hindsight_rows(agent.buffer_.recent(10_000))[1]
    X[:, -2:] = 0.0  # the open-ended command
    chosen = np.random.default_rng(0).permutation(len(X))[:1000]
    rows = [X[i : i + 1].copy() for i in chosen]

    forest, policy = agent.max_estimator_, agent.policy()
    session = onnx_session(forest, X)
    policy(rows[0][0, :-2])
    times = {
        "policy(observation)": median_seconds(policy, [row[0, :-2] for row in rows]),
        "predict_proba of the forest": median_seconds(forest.predict_proba, rows[:100]),
        "onnxruntime, bare call": median_seconds(lambda row: session.run(["probabilities"], {"X": row}), rows),
    }
    print("\nA decision of an agent around RandomForestClassifier(100, min_samples_leaf=10), CartPole-v1")
    for name, seconds in times.items():
        print(f"{name:30} {seconds * 1e6:9.1f} us   policy / this {times['policy(observation)'] / seconds:7.3f}")

    print(
        f"\n{'Fitted on ' + format(len(X), ',') + ' rows':42} {'own':>9} {'fast':>7} {'ratio':>6} {'fit':>7} conversion"
    )
    for estimator in ENSEMBLES:
        began = time.perf_counter()
        estimator.fit(X, actions)
        fit_seconds = time.perf_counter() - began
        began = time.perf_counter()
        fast = fast_predictor(estimator)
        conversion = time.perf_counter() - began
        own_seconds, fast_seconds = median_seconds(estimator.predict_proba, rows[:100]), median_seconds(fast, rows)
        name = type(estimator).__name__ + (" (leaf 10)" if "10" in str(estimator) else "")
        print(
            f"{name:42} {own_seconds * 1e6:6.0f} us {fast_seconds * 1e6:4.0f} us {own_seconds / fast_seconds:6.0f} "
            f"{fit_seconds:5.2f} s {conversion * 1e3:6.1f} ms ({conversion / fit_seconds:.1%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
