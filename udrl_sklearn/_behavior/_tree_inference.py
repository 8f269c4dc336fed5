"""Fast answers of tree ensembles to a few rows at a time.

An ensemble asks its trees one after the other, and spends far more time on calls and checks than on trees.
Where an agent acts, it is asked for a row or a handful at each step. So all trees are joined to one: above
them a small tree decides by the number of the tree, which is a feature of its own, and each row is asked
once for each number, all in a single call. The sums run in the ensemble's own order, so the answers are
the same to the last bit.
"""

import copy
from functools import cached_property

import numpy as np
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor
from sklearn.tree._tree import NODE_DTYPE, Tree

# For more rows an ensemble's own way is as fast, and takes less memory.
MAX_ROWS_COMPILED = 1000

TREES = (DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor)
_FORESTS = (RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor)
_BAGGINGS = (BaggingClassifier, BaggingRegressor)
_BOOSTINGS = (GradientBoostingClassifier, GradientBoostingRegressor)
_HISTOGRAM_BOOSTINGS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


class CompiledEstimator:
    """A fitted estimator, and the fast way to its answers if there is one.

    The fast way is found when it is first asked for, and left behind when this is copied or stored.
    """

    def __init__(self, estimator):
        self.estimator = estimator

    @cached_property
    def predictor(self):
        """What answers in the estimator's place, see `compile_predictor`; None if there is no faster way."""
        try:
            return compile_predictor(self.estimator)
        except (AttributeError, ValueError):  # the inside of boosted trees may differ between versions of scikit-learn
            return None

    @property
    def is_compiled(self):
        """Whether few rows are answered without the estimator."""
        return self.predictor is not None

    def predict_fast(self, X):
        """Return the answers for X as `compile_predictor` gives them, or None if there is no faster way."""
        if not self.is_compiled or X.dtype != np.float32 or (len(X) > MAX_ROWS_COMPILED and self.estimator is not None):
            return None
        return self.predictor(X)

    def for_inference(self):
        """Return a copy with the fast way alone, if there is one, that takes little room on its way to a worker."""
        if not self.is_compiled:
            return self
        twin = copy.copy(self)
        twin.estimator, twin.predictor = None, self.predictor
        return twin

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "predictor" or self.estimator is None}


def compile_predictor(estimator):
    """Return a function that predicts as a fitted estimator does, or None if there is no faster way.

    Parameters
    ----------
    estimator : fitted estimator
        Subclasses may predict otherwise, so only scikit-learn's own classes are replaced.

    Returns
    -------
    predictor : callable or None
        Takes X, float32 of shape (n, n_features). Returns the probabilities (n, n_classes) of a
        classifier, or the predictions (n, n_outputs) of a regressor. It does not follow later changes
        of the estimator.
    """
    kind = type(estimator)
    if hasattr(estimator, "predict_proba") and getattr(estimator, "n_outputs_", 1) > 1:
        return None
    if kind in TREES:
        return _single_tree(estimator)
    if kind in _FORESTS:
        return _forest(estimator)
    if kind in _BAGGINGS:
        return _bagging(estimator)
    if kind in _BOOSTINGS:
        return _boosting(estimator)
    if kind in _HISTOGRAM_BOOSTINGS:
        return _histogram_boosting(estimator)
    if kind is MultiOutputRegressor:
        predictors = [compile_predictor(part) for part in estimator.estimators_]
        return None if None in predictors else SideBySide(predictors)
    return None


def _single_tree(estimator):
    return Mean(JoinedTrees([nodes_of(estimator)], [values_of(estimator)], estimator.n_features_in_))


def _forest(estimator):
    trees = estimator.estimators_
    nodes, values = [nodes_of(tree) for tree in trees], [values_of(tree) for tree in trees]
    return Mean(JoinedTrees(nodes, values, estimator.n_features_in_))


def _bagging(estimator):
    trees = estimator.estimators_
    if any(type(tree) not in TREES for tree in trees):
        return None
    nodes, values = [nodes_of(tree).copy() for tree in trees], [values_of(tree) for tree in trees]
    for part, features in zip(nodes, estimator.estimators_features_, strict=True):
        inner = part["left_child"] >= 0
        part["feature"][inner] = features[part["feature"][inner]]
    if isinstance(estimator, BaggingClassifier):
        values = [
            _in_columns(part, tree.classes_, estimator.n_classes_) for part, tree in zip(values, trees, strict=True)
        ]
    return Mean(JoinedTrees(nodes, values, estimator.n_features_in_))


def _boosting(estimator):
    if type(estimator.init_) not in (str, DummyClassifier, DummyRegressor):
        return None
    trees = estimator.estimators_.ravel()
    nodes, values = [nodes_of(tree) for tree in trees], [values_of(tree) * estimator.learning_rate for tree in trees]
    joined = JoinedTrees(nodes, values, estimator.n_features_in_)
    baseline = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))
    link = estimator._loss.predict_proba if isinstance(estimator, GradientBoostingClassifier) else None
    return Sum(joined, baseline, link, order="C")


def _histogram_boosting(estimator):
    trees = [tree.nodes for stage in estimator._predictors for tree in stage]
    has_categories = estimator._preprocessor is not None or any(nodes["is_categorical"].any() for nodes in trees)
    if has_categories or not trees:
        return None
    nodes = [np.zeros(len(tree), dtype=NODE_DTYPE) for tree in trees]
    for part, tree in zip(nodes, trees, strict=True):
        part["left_child"] = tree["left"]
        part["left_child"][tree["is_leaf"] == 1] = -1
        part["right_child"] = tree["right"]
        part["feature"] = tree["feature_idx"]
        part["threshold"] = tree["num_threshold"]
        part["missing_go_to_left"] = tree["missing_go_to_left"]
        part["weighted_n_node_samples"] = tree["count"]
    joined = JoinedTrees(nodes, [tree["value"][:, None] for tree in trees], estimator.n_features_in_)
    loss = estimator._loss
    link = loss.predict_proba if isinstance(estimator, HistGradientBoostingClassifier) else loss.link.inverse
    return Sum(joined, estimator._baseline_prediction, link, order="F")


def nodes_of(tree):
    """Return the nodes of a fitted tree: ndarray of shape (n_nodes,), in the type of scikit-learn's `Tree`."""
    return tree.tree_.__getstate__()["nodes"]


def values_of(tree):
    """Return what a fitted tree answers at each node: ndarray of shape (n_nodes, n_values)."""
    values = tree.tree_.value
    return values.reshape(len(values), -1)


def _in_columns(values, columns, n_columns):
    placed = np.zeros((len(values), n_columns))
    placed[:, columns] = values
    return placed


class JoinedTrees:
    """Trees of one kind as a single one, which is asked for the answers of all.

    Parameters
    ----------
    nodes : list of ndarray of shape (n_nodes,)
        The nodes of each tree, in the type of scikit-learn's `Tree`.
    values : list of ndarray of shape (n_nodes, n_values)
        What each tree answers at each node.
    n_features : int
        Number of columns of X.
    """

    def __init__(self, nodes, values, n_features):
        self.n_trees, self.n_features = len(nodes), n_features
        self._numbers = np.arange(self.n_trees, dtype=np.float32)[:, None]
        router, roots = _route(n_features, [len(part) for part in nodes])
        # As plain numbers, since nodes would be copied field by field.
        joined = np.concatenate([part.view(np.int64) for part in (router, *nodes)]).view(NODE_DTYPE)
        shift = np.repeat(roots, [len(part) for part in nodes])
        for child in ("left_child", "right_child"):
            children = joined[child][len(router) :]
            np.add(children, shift, out=children, where=children >= 0)
        n_values = values[0].shape[1]
        padding = np.zeros((len(router), n_values))
        self.roots = roots
        self.tree = Tree(n_features + 1, np.array([n_values]), 1)
        self.tree.__setstate__(
            {
                "max_depth": 0,  # not needed to predict
                "node_count": len(joined),
                "nodes": joined,
                "values": np.concatenate([padding, *values])[:, None, :],
            }
        )

    def __call__(self, X):
        """Return the answer of each tree for each row: ndarray of shape (n_trees, n, n_values)."""
        return self.tree.predict(self._rows(X)).reshape(self.n_trees, len(X), -1)

    def leaves(self, X):
        """Return the node of `tree` that each row comes to in each tree: ndarray of shape (n_trees, n)."""
        return self.tree.apply(self._rows(X)).reshape(self.n_trees, len(X))

    def _rows(self, X):
        if X.shape[1] != self.n_features:
            raise ValueError(f"X has {X.shape[1]} features, but the estimator was fitted on {self.n_features}.")
        rows = np.empty((self.n_trees, len(X), X.shape[1] + 1), dtype=np.float32)
        rows[:, :, :-1] = X
        rows[:, :, -1] = self._numbers
        return rows.reshape(-1, rows.shape[2])


def _route(feature, sizes):
    """Return the nodes of a complete binary tree that leads the number k in a feature to the k-th of some trees.

    Parameters
    ----------
    feature : int
        The feature that holds the number.
    sizes : list of int
        How many nodes each of the trees has. They are to stand behind the nodes returned.

    Returns
    -------
    nodes : ndarray of shape (n_nodes,)
    roots : ndarray of shape (n_trees,)
        Where each of the trees begins.
    """
    n_levels = (len(sizes) - 1).bit_length()
    n_nodes = 2**n_levels - 1
    roots = n_nodes + np.cumsum([0, *sizes[:-1]])
    index = np.arange(n_nodes)
    level = np.log2(index + 1).astype(int)
    width = 2 ** (n_levels - level)  # how many numbers a node leads on
    first = (index + 1) * width - 2**n_levels
    # The children of node i are 2i + 1 and 2i + 2, and below the last level the trees; spare places get the last one.
    targets = np.concatenate([index, roots, np.full(n_nodes + 1 - len(roots), roots[-1])])
    nodes = np.zeros(n_nodes, dtype=NODE_DTYPE)
    nodes["feature"] = feature
    nodes["threshold"] = first + width / 2 - 0.5
    nodes["left_child"], nodes["right_child"] = targets[2 * index + 1], targets[2 * index + 2]
    return nodes, roots


def _sum_in_order(parts):
    """Sum over the first axis from first to last; `sum` may add in another order, with other rounding."""
    return np.add.accumulate(parts, axis=0)[-1]


class Mean:
    """Mean of the answers of trees."""

    def __init__(self, trees):
        self.trees = trees

    def __call__(self, X):
        return _sum_in_order(self.trees(X)) / self.trees.n_trees


class Sum:
    """Sum of a baseline (1, n_outputs) and of the answers of trees, one tree an output in each stage.

    The link is applied to sums in the order of memory that the ensemble has them in, on which the last bit depends.
    """

    def __init__(self, trees, baseline, link, order):
        self.trees = trees
        self.baseline = baseline
        self.link = link
        self.order = order

    def __call__(self, X):
        n_outputs = self.baseline.shape[1]
        parts = self.trees(X).reshape(-1, n_outputs, len(X))
        parts[0] += self.baseline.T
        total = np.asarray(_sum_in_order(parts).T, order=self.order)
        return total if self.link is None else self.link(total)


class SideBySide:
    """The answers of several predictors as columns."""

    def __init__(self, predictors):
        self.predictors = predictors

    def __call__(self, X):
        return np.hstack([predict(X) for predict in self.predictors])
