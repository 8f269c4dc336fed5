"""Inference engines for a forest of 100 trees and a few rows: the library's own, compared with alternatives.

The forest is that of a CartPole-v1 agent, with leaves of 10 rows. Times are medians over 300 different batches. All
engines return the same probabilities; those of onnxruntime have single precision.

    pip install numba onnxruntime skl2onnx
    OMP_NUM_THREADS=1 python -m benchmarks.speed.engines | tee benchmarks/results/speed/engines.txt
"""

import numba
import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.conditions import describe_conditions
from udrl_sklearn import UDRLAgent

from .decision import onnx_session
from .internals import compile_predictor
from .timing import median_seconds

NODE = np.dtype([("threshold", np.float32), ("feature", np.int32), ("left", np.int32), ("right", np.int32)])


@numba.njit
def walk(nodes, values, roots, X):
    """Return the mean of the predictions of all trees."""
    total = np.zeros((len(X), values.shape[1]))
    for root in roots:
        for i in range(len(X)):
            node = root
            while nodes[node].left >= 0:
                goes_right = X[i, nodes[node].feature] > nodes[node].threshold
                node = nodes[node].right if goes_right else nodes[node].left
            total[i] += values[node]
    return total / len(roots)


def with_numba(forest):
    """Return a function that traverses arrays of the forest's nodes in compiled loops."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])
    nodes = np.empty(sum(tree.node_count for tree in trees), dtype=NODE)
    for root, tree in zip(roots, trees, strict=True):
        part = nodes[root : root + tree.node_count]
        # X is float32, so a threshold rounded down to float32 splits it in the same way.
        threshold = tree.threshold.astype(np.float32)
        above = threshold > tree.threshold
        threshold[above] = np.nextafter(threshold[above], np.float32(-np.inf))
        part["threshold"], part["feature"] = threshold, tree.feature
        part["left"] = np.where(tree.children_left >= 0, tree.children_left + root, -1)
        part["right"] = tree.children_right + root
    values = np.concatenate([tree.value[:, 0, :] for tree in trees])
    return lambda X: walk(nodes, values, roots, X)


def tree_by_tree(forest):
    """Return a function that calls the compiled `Tree.predict` of each tree."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    return lambda X: sum(tree.predict(X) for tree in trees) / len(trees)


def main():
    print(describe_conditions("numba", "onnxruntime", "skl2onnx", seeds=[0]))
    forest = RandomForestClassifier(100, min_samples_leaf=10)
    agent = UDRLAgent(forest, total_timesteps=12_000, random_state=0).fit("CartPole-v1")
    forest, X = agent.max_estimator_, agent.hindsight_rows()[0]
    X[:, -2:] = 0.0  # the open-ended command
    session = onnx_session(forest, X)
    engines = {
        "predict_proba": forest.predict_proba,
        "tree by tree": tree_by_tree(forest),
        "joined trees": compile_predictor(forest),
        "onnxruntime": lambda X: session.run(["probabilities"], {"X": X})[0],
        "numba": with_numba(forest),
    }
    for name, predict in engines.items():
        np.testing.assert_allclose(predict(X[:100]), forest.predict_proba(X[:100]), atol=1e-5, err_msg=name)
    print("us per call, by rows\n" + " " * 16 + "".join(f"{n_rows:9d}" for n_rows in (1, 4, 16, 64)))
    rng = np.random.default_rng(0)
    for name, predict in engines.items():
        times = []
        for n_rows in (1, 4, 16, 64):
            batches = [X[rng.integers(len(X), size=n_rows)] for _ in range(30 if name == "predict_proba" else 300)]
            times.append(median_seconds(predict, batches))
        print(f"{name:16}" + "".join(f"{seconds * 1e6:9.0f}" for seconds in times), flush=True)


if __name__ == "__main__":
    main()
