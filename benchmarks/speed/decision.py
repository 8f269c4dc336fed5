"""The time of one decision of a tree ensemble: the policy, the estimator's own `predict_proba`, and onnxruntime.

Each ensemble is fitted on the rows of a CartPole-v1 agent. Times are medians over 1000 different rows, predicted one
row at a time. "compile" is the time that it takes, once after each fit, to compile the ensemble for fast predictions;
it is shown beside the time of the fit. The line of onnxruntime is left out if onnxruntime is not installed.

    pip install onnxruntime skl2onnx
    OMP_NUM_THREADS=1 python -m benchmarks.speed.decision | tee benchmarks/results/speed/decision.txt
"""

import time

import numpy as np
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.tree import DecisionTreeClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent

from .internals import compile_predictor
from .timing import median_seconds

try:
    import onnxruntime
    import skl2onnx
except ImportError:
    onnxruntime = None

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
    """Return an onnxruntime session that runs the estimator in one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = skl2onnx.to_onnx(estimator, X[:1], options={"zipmap": False})
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def main():
    print(describe_conditions("onnxruntime", "skl2onnx", seeds=[0]))
    agent = UDRLAgent(RandomForestClassifier(100, min_samples_leaf=10), total_timesteps=12_000, random_state=0).fit(
        "CartPole-v1"
    )
    X = agent.hindsight_rows(agent.buffer_.recent(10_000))[0]
    actions = agent.hindsight_rows(agent.buffer_.recent(10_000))[1]
    X[:, -2:] = 0.0  # the open-ended command
    chosen = np.random.default_rng(0).permutation(len(X))[:1000]
    rows = [X[i : i + 1].copy() for i in chosen]

    forest, policy = agent.max_estimator_, agent.policy()
    policy(rows[0][0, :-2])
    times = {
        "policy(observation)": median_seconds(policy, [row[0, :-2] for row in rows]),
        "predict_proba of the forest": median_seconds(forest.predict_proba, rows[:100]),
    }
    if onnxruntime is not None:
        session = onnx_session(forest, X)
        times["onnxruntime, bare call"] = median_seconds(lambda row: session.run(["probabilities"], {"X": row}), rows)
    print("\nOne decision of an agent with RandomForestClassifier(100, min_samples_leaf=10), CartPole-v1")
    for name, seconds in times.items():
        print(f"{name:30} {seconds * 1e6:9.1f} us   policy / this {times['policy(observation)'] / seconds:7.3f}")

    print(f"\n{'Fitted on ' + format(len(X), ',') + ' rows':42} {'own':>9} {'fast':>7} {'ratio':>6} {'fit':>7} compile")
    for estimator in ENSEMBLES:
        began = time.perf_counter()
        estimator.fit(X, actions)
        fit_seconds = time.perf_counter() - began
        began = time.perf_counter()
        compiled = compile_predictor(estimator)
        compile_seconds = time.perf_counter() - began
        own_seconds, fast_seconds = median_seconds(estimator.predict_proba, rows[:100]), median_seconds(compiled, rows)
        name = type(estimator).__name__ + (" (leaf 10)" if "10" in str(estimator) else "")
        print(
            f"{name:42} {own_seconds * 1e6:6.0f} us {fast_seconds * 1e6:4.0f} us {own_seconds / fast_seconds:6.0f} "
            f"{fit_seconds:5.2f} s {compile_seconds * 1e3:6.1f} ms ({compile_seconds / fit_seconds:.1%})",
            flush=True,
        )


if __name__ == "__main__":
    main()
