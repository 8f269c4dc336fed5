"""Compiled tree ensembles: the same predictions for a few rows in much less time.

An ensemble calls its trees one after the other. For a few rows, as an agent predicts in each step of an episode, calls
and checks take far more time than the trees. So all trees are joined to a single one. Each row is repeated once for
each tree, with the index of the tree as an additional feature, and a small router tree at the top leads it to that
tree. One call predicts all. Sums have the order of the ensemble, so the predictions are the same to the last bit.

Compiling needs private attributes of scikit-learn's trees, because there is no public interface to their nodes.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Literal, Protocol

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
from sklearn.utils import get_tags

# Turns sums of trees into predictions.
Link = Callable[[np.ndarray], np.ndarray]

TREES = (DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor)
FORESTS = (RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor)
BAGGINGS = (BaggingClassifier, BaggingRegressor)
BOOSTINGS = (GradientBoostingClassifier, GradientBoostingRegressor)
_HISTOGRAM_BOOSTINGS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


class Predictor(Protocol):
    """A function that predicts as a fitted estimator does."""

    takes_nan: bool

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Return predictions (n, n_outputs) for rows (n, n_features) of numbers."""


def compile_predictor(estimator: Any) -> Predictor | None:
    """Return a function that predicts as a fitted estimator does, or None if it can't be compiled.

    Parameters
    ----------
    estimator : fitted estimator
        Only classes of scikit-learn itself are compiled: a subclass may predict differently.

    Returns
    -------
    predictor : callable or None
        Takes X, of shape (n, n_features). Returns the probabilities (n, n_classes) of a
        classifier, or the predictions (n, n_outputs) of a regressor. Later changes of the estimator have no
        effect on it.
    """
    predictor = _compile(estimator)
    if predictor is not None:
        predictor.takes_nan = get_tags(estimator).input_tags.allow_nan
    return predictor


def _compile(estimator: Any) -> Predictor | None:
    kind = type(estimator)
    if hasattr(estimator, "predict_proba") and getattr(estimator, "n_outputs_", 1) > 1:
        return None
    if kind in TREES:
        return _single_tree(estimator)
    if kind in FORESTS:
        return _forest(estimator)
    if kind in BAGGINGS:
        return _bagging(estimator)
    if kind in BOOSTINGS:
        return _boosting(estimator)
    if kind in _HISTOGRAM_BOOSTINGS:
        return _histogram_boosting(estimator)
    if kind is MultiOutputRegressor:
        predictors = [compile_predictor(part) for part in estimator.estimators_]
        compiled = [predictor for predictor in predictors if predictor is not None]
        return SideBySide(compiled) if len(compiled) == len(predictors) else None
    return None


def _single_tree(estimator: Any) -> Predictor:
    return Mean(JoinedTrees([nodes_of(estimator)], [values_of(estimator)], estimator.n_features_in_))


def _forest(estimator: Any) -> Predictor:
    trees = estimator.estimators_
    nodes, values = [nodes_of(tree) for tree in trees], [values_of(tree) for tree in trees]
    return Mean(JoinedTrees(nodes, values, estimator.n_features_in_))


def _bagging(estimator: Any) -> Predictor | None:
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


def _boosting(estimator: Any) -> Predictor | None:
    if type(estimator.init_) not in (str, DummyClassifier, DummyRegressor):
        return None
    trees = estimator.estimators_.ravel()
    nodes, values = [nodes_of(tree) for tree in trees], [values_of(tree) * estimator.learning_rate for tree in trees]
    joined = JoinedTrees(nodes, values, estimator.n_features_in_)
    baseline = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32))
    link = estimator._loss.predict_proba if isinstance(estimator, GradientBoostingClassifier) else None
    return Sum(joined, baseline, link, order="C")


def _histogram_boosting(estimator: Any) -> Predictor | None:
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
    values = [tree["value"][:, None] for tree in trees]
    joined = JoinedTrees(nodes, values, estimator.n_features_in_, double_precision=True)
    loss = estimator._loss
    link = loss.predict_proba if isinstance(estimator, HistGradientBoostingClassifier) else loss.link.inverse
    return Sum(joined, estimator._baseline_prediction, link, order="F")


def nodes_of(tree: Any) -> np.ndarray:
    """Return the nodes of a fitted tree: ndarray of shape (n_nodes,), in the type of scikit-learn's `Tree`."""
    return tree.tree_.__getstate__()["nodes"]


def values_of(tree: Any) -> np.ndarray:
    """Return the values of the nodes of a fitted tree: ndarray of shape (n_nodes, n_values)."""
    values = tree.tree_.value
    return values.reshape(len(values), -1)


def _in_columns(values: np.ndarray, columns: np.ndarray, n_columns: int) -> np.ndarray:
    """Return values in some of `n_columns` columns, and zeros in the others."""
    widened = np.zeros((len(values), n_columns))
    widened[:, columns] = values
    return widened


class JoinedTrees:
    """Trees of one kind, joined to a single tree that predicts for all of them.

    Parameters
    ----------
    nodes : list of ndarray of shape (n_nodes,)
        The nodes of each tree, in the type of scikit-learn's `Tree`.
    values : list of ndarray of shape (n_nodes, n_values)
        The values of the nodes of each tree.
    n_features : int
        Number of columns of X.
    double_precision : bool, default=False
        Whether the trees compare numbers as they are, rather than rounded to single precision.

    Attributes
    ----------
    tree : sklearn.tree._tree.Tree
        The joined tree.
    roots : ndarray of shape (n_trees,)
        The node of `tree` at which each of the trees begins.
    """

    def __init__(
        self, nodes: list[np.ndarray], values: list[np.ndarray], n_features: int, *, double_precision: bool = False
    ) -> None:
        self.n_trees, self.n_features = len(nodes), n_features
        self.double_precision = double_precision
        self._indices = np.arange(self.n_trees, dtype=np.float32)[:, None]
        router, roots = _make_router(n_features, [len(part) for part in nodes])
        # As plain integers, because structured arrays would be copied field by field.
        joined = np.concatenate([part.view(np.int64) for part in (router, *nodes)]).view(NODE_DTYPE)
        shift = np.repeat(roots, [len(part) for part in nodes])
        for child in ("left_child", "right_child"):
            children = joined[child][len(router) :]
            np.add(children, shift, out=children, where=children >= 0)
        padding = np.zeros((len(router), values[0].shape[1]))
        self.roots = roots
        self.tree = _make_tree(n_features + 1, joined, np.concatenate([padding, *values]))

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Return the values of each tree for each row: ndarray of shape (n_trees, n, n_values)."""
        tree, rows = self._tree_and_rows(X)
        return tree.predict(rows).reshape(self.n_trees, len(X), -1)

    def leaves(self, X: np.ndarray) -> np.ndarray:
        """Return the leaf of each row in each tree, as an index of a node of `tree`: ndarray of shape (n_trees, n)."""
        tree, rows = self._tree_and_rows(X)
        return tree.apply(rows).reshape(self.n_trees, len(X))

    def _tree_and_rows(self, X: np.ndarray) -> tuple[Tree, np.ndarray]:
        if X.shape[1] != self.n_features:
            raise ValueError(f"X has {X.shape[1]} features, but the estimator was fitted on {self.n_features}.")
        by_rank = self.double_precision and X.dtype != np.float32
        rows = np.empty((self.n_trees, len(X), X.shape[1] + 1), dtype=np.float32)
        rows[:, :, :-1] = self._ranks(X) if by_rank else X
        rows[:, :, -1] = self._indices
        return self._tree_of_ranks if by_rank else self.tree, rows.reshape(-1, rows.shape[2])

    def _ranks(self, X: np.ndarray) -> np.ndarray:
        """Return how many of the thresholds of its feature each number exceeds; NaN stays NaN."""
        ranks = np.empty(X.shape, dtype=np.float32)
        for feature, thresholds in enumerate(self._thresholds):
            ranks[:, feature] = thresholds.searchsorted(X[:, feature])
        ranks[np.isnan(X)] = np.nan
        return ranks

    @cached_property
    def _thresholds(self) -> list[np.ndarray]:
        """The thresholds of each feature, in increasing order."""
        nodes = self.tree.__getstate__()["nodes"]
        inner = nodes[nodes["left_child"] >= 0]
        return [np.unique(inner["threshold"][inner["feature"] == feature]) for feature in range(self.n_features)]

    @cached_property
    def _tree_of_ranks(self) -> Tree:
        """The tree with the rank of each threshold in its place: scikit-learn's `Tree` takes single precision alone."""
        nodes = self.tree.__getstate__()["nodes"].copy()
        for feature, thresholds in enumerate(self._thresholds):
            splits = (nodes["feature"] == feature) & (nodes["left_child"] >= 0)
            nodes["threshold"][splits] = thresholds.searchsorted(nodes["threshold"][splits]) + 0.5
        return _make_tree(self.n_features + 1, nodes, self.tree.value[:, 0, :])


def _make_tree(n_features: int, nodes: np.ndarray, values: np.ndarray) -> Tree:
    """Return scikit-learn's tree of nodes (n_nodes,) and their values (n_nodes, n_values)."""
    tree = Tree(n_features, np.array([values.shape[1]]), 1)
    state = {"max_depth": 0, "node_count": len(nodes), "nodes": nodes, "values": values[:, None, :]}
    tree.__setstate__(state)  # the depth is not needed to predict
    return tree


def _make_router(feature: int, sizes: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes of a complete binary tree that leads a row to the tree whose index is in a feature.

    Parameters
    ----------
    feature : int
        The feature with the index of the tree.
    sizes : list of int
        How many nodes each of the trees has. Their nodes follow those of the router, in this order.

    Returns
    -------
    nodes : ndarray of shape (n_nodes,)
    roots : ndarray of shape (n_trees,)
        The node at which each of the trees begins.
    """
    n_levels = (len(sizes) - 1).bit_length()
    n_nodes = 2**n_levels - 1
    roots = n_nodes + np.cumsum([0, *sizes[:-1]])
    index = np.arange(n_nodes)
    level = np.log2(index + 1).astype(int)
    width = 2 ** (n_levels - level)  # how many indices pass a node
    first = (index + 1) * width - 2**n_levels
    # The children of node i are 2i + 1 and 2i + 2, with the trees below the last level. Spare ones are the last tree.
    targets = np.concatenate([index, roots, np.full(n_nodes + 1 - len(roots), roots[-1])])
    nodes = np.zeros(n_nodes, dtype=NODE_DTYPE)
    nodes["feature"] = feature
    nodes["threshold"] = first + width / 2 - 0.5
    nodes["left_child"], nodes["right_child"] = targets[2 * index + 1], targets[2 * index + 2]
    return nodes, roots


def _sum_in_order(parts: np.ndarray) -> np.ndarray:
    """Sum over the first axis from first to last. `numpy.sum` may use another order, with other rounding errors."""
    return np.add.accumulate(parts, axis=0)[-1]


class Mean:
    """Mean of the values of trees.

    Parameters
    ----------
    trees : JoinedTrees
    """

    takes_nan: bool

    def __init__(self, trees: JoinedTrees) -> None:
        self.trees = trees

    def __call__(self, X: np.ndarray) -> np.ndarray:
        return _sum_in_order(self.trees(X)) / self.trees.n_trees


class Sum:
    """Sum of a baseline and of the values of trees, with one tree for each output in each stage.

    Parameters
    ----------
    trees : JoinedTrees
    baseline : ndarray of shape (1, n_outputs)
        Added to the sum.
    link : callable or None
        Turns sums (n, n_outputs) into predictions.
    order : {"C", "F"}
        The memory order of the sums in the ensemble. The last bit of the predictions depends on it.
    """

    takes_nan: bool

    def __init__(self, trees: JoinedTrees, baseline: np.ndarray, link: Link | None, order: Literal["C", "F"]) -> None:
        self.trees = trees
        self.baseline = baseline
        self.link = link
        self.order = order

    def __call__(self, X: np.ndarray) -> np.ndarray:
        n_outputs = self.baseline.shape[1]
        parts = self.trees(X).reshape(-1, n_outputs, len(X))
        parts[0] += self.baseline.T
        total = np.asarray(_sum_in_order(parts).T, order=self.order)
        return total if self.link is None else self.link(total)


class SideBySide:
    """The predictions of several predictors as columns.

    Parameters
    ----------
    predictors : sequence of Predictor
        One for each component of the actions.
    """

    takes_nan: bool

    def __init__(self, predictors: Sequence[Predictor]) -> None:
        self.predictors = predictors

    def __call__(self, X: np.ndarray) -> np.ndarray:
        return np.hstack([predict(X) for predict in self.predictors])
