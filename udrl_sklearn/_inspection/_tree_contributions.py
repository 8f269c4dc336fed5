"""Contributions of features to the predictions of trees.

Like compiling, this needs private attributes of scikit-learn's trees.
"""

import importlib
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import is_classifier
from sklearn.ensemble import AdaBoostClassifier

from udrl_sklearn._behavior._tree_inference import TREES, JoinedTrees, Mean, Sum, nodes_of, values_of

# For the integral over a line of scores: sums are exact to 1e-9 if scores differ by at most 50.
N_QUADRATURE_POINTS = 200

# Base values (n, n_outputs) and contributions (n, n_features, n_outputs).
Contributions = tuple[np.ndarray, np.ndarray]


def path_contributions(predictor: Mean | Sum, X: np.ndarray) -> Contributions | None:
    """Return the contributions of features to the predictions of compiled trees.

    Parameters
    ----------
    predictor : Mean or Sum
        As `compile_predictor` returns it.
    X : ndarray of shape (n, n_features), float32 or float64

    Returns
    -------
    base_values : ndarray of shape (n, n_outputs)
    contributions : ndarray of shape (n, n_features, n_outputs)
        To probabilities or to predictions. None instead of both if predictions are neither sums of trees nor their
        softmax.
    """
    roots, changes_by_tree = _changes_on_paths(predictor.trees, X)
    if isinstance(predictor, Mean):
        return np.tile(roots.mean(axis=0), (len(X), 1)), changes_by_tree.mean(axis=0)
    n_outputs = predictor.baseline.shape[1]
    start = predictor.baseline[0] + roots.reshape(-1, n_outputs).sum(axis=0)
    changes = np.moveaxis(changes_by_tree[..., 0].reshape(-1, n_outputs, *X.shape).sum(axis=0), 0, 2)
    return _from_scores(start, changes, predictor(X))


def vote_contributions(estimator: Any, X: np.ndarray) -> Contributions | None:
    """Return the contributions of features to the probabilities of AdaBoost, whose trees have weighted votes.

    Parameters
    ----------
    estimator : fitted estimator
    X : ndarray of shape (n, n_features), float32 or float64

    Returns
    -------
    base_values : ndarray of shape (n, n_classes)
    contributions : ndarray of shape (n, n_features, n_classes)
        None instead of both for any other estimator.
    """
    if type(estimator) is not AdaBoostClassifier or any(type(tree) not in TREES for tree in estimator.estimators_):
        return None
    weights = estimator.estimator_weights_ / estimator.estimator_weights_.sum() / (estimator.n_classes_ - 1)
    trees = estimator.estimators_
    votes = [_votes(values_of(tree), weight) for tree, weight in zip(trees, weights, strict=False)]
    nodes = [nodes_of(tree) for tree in trees]
    roots, changes_by_tree = _changes_on_paths(JoinedTrees(nodes, votes, X.shape[1]), X)
    return _from_scores(roots.sum(axis=0), changes_by_tree.sum(axis=0), estimator.predict_proba(X))


def _votes(values: np.ndarray, weight: float) -> np.ndarray:
    """Return the votes of each node: the weight for the most probable class, and as much against the others."""
    is_most_probable = np.arange(values.shape[1]) == values.argmax(axis=1)[:, None]
    return np.where(is_most_probable, weight, -weight / (values.shape[1] - 1))


def shapley_contributions(estimator: Any, X: np.ndarray) -> Contributions | None:
    """Return the contributions of features to the predictions of boosted trees of XGBoost and LightGBM.

    Parameters
    ----------
    estimator : fitted estimator
    X : ndarray of shape (n, n_features)

    Returns
    -------
    base_values : ndarray of shape (n, n_outputs)
    contributions : ndarray of shape (n, n_features, n_outputs)
        To probabilities or to predictions. None instead of both for any other estimator.
    """
    library = type(estimator).__module__.partition(".")[0]
    if library == "xgboost":
        rows = importlib.import_module("xgboost").DMatrix(X)
        scores = estimator.get_booster().predict(rows, pred_contribs=True)
    elif library == "lightgbm":
        scores = estimator.predict(X, pred_contrib=True)
    else:
        return None
    scores = scores.astype(np.float64).reshape(len(X), -1, X.shape[1] + 1)  # the last column is the base value
    predicted = estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X).reshape(len(X), -1)
    start, changes = scores[0, :, -1], np.moveaxis(scores[:, :, :-1], 1, 2)
    return _from_scores(start, changes, predicted, atol=1e-6)  # XGBoost has single precision


def _from_scores(
    start: np.ndarray, changes: np.ndarray, predicted: np.ndarray, atol: float = 1e-8
) -> Contributions | None:
    """Return contributions to predictions, from contributions to scores.

    Parameters
    ----------
    start : ndarray of shape (n_scores,)
        Base values of the scores.
    changes : ndarray of shape (n, n_features, n_scores)
        Contributions to the scores.
    predicted : ndarray of shape (n, n_outputs)
        The predictions: the scores, or their softmax.
    atol : float, default=1e-8
        Absolute tolerance of this equality.

    Returns
    -------
    base_values : ndarray of shape (n, n_outputs)
    contributions : ndarray of shape (n, n_features, n_outputs)
        None instead of both if the predictions are neither the scores nor their softmax.
    """
    end = start + changes.sum(axis=1)
    if predicted.shape == end.shape and np.allclose(predicted, end, atol=atol):
        return np.tile(start, (len(end), 1)), changes
    if end.shape[1] == 1:  # the score of the second class; the score of the first one is 0
        start, end = np.insert(start, 0, 0.0), np.insert(end, 0, 0.0, axis=1)
        changes = np.insert(changes, 0, 0.0, axis=2)
    if predicted.shape != end.shape or not np.allclose(predicted, softmax(end, axis=1), atol=atol):
        return None
    return np.tile(softmax(start), (len(end), 1)), _aumann_shapley(start, end, changes)


def _changes_on_paths(trees: JoinedTrees, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how the mean of the leaves below changes on the path of each row, from the root of each tree to a leaf.

    Parameters
    ----------
    trees : JoinedTrees
    X : ndarray of shape (n, n_features), float32 or float64

    Returns
    -------
    roots : ndarray of shape (n_trees, n_values)
        The mean at the root of each tree.
    changes : ndarray of shape (n_trees, n, n_features, n_values)
        The sum of the changes at all splits by a feature.
    """
    nodes = trees.tree.__getstate__()["nodes"]
    parents = _parents(nodes, trees.roots)
    means = _means_of_leaves(nodes, parents, trees.tree.value[:, 0, :])
    current = trees.leaves(X).ravel()
    changes = np.zeros((len(current), X.shape[1], means.shape[1]))
    climbing = np.flatnonzero(parents[current] >= 0)
    while len(climbing):
        child, parent = current[climbing], parents[current[climbing]]
        changes[climbing, nodes["feature"][parent]] += means[child] - means[parent]
        current[climbing] = parent
        climbing = climbing[parents[parent] >= 0]
    return means[trees.roots], changes.reshape(trees.n_trees, len(X), X.shape[1], -1)


def _parents(nodes: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """Return the parent of each node; -1 for the roots of trees and for the nodes of the router."""
    parents = np.full(len(nodes), -1)
    inner = np.flatnonzero(nodes["left_child"] >= 0)
    inner = inner[inner >= roots[0]]
    for child in ("left_child", "right_child"):
        parents[nodes[child][inner]] = inner
    return parents


def _means_of_leaves(nodes: np.ndarray, parents: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean of the leaves below each node, weighted by their training rows.

    Boosted trees have other values at their inner nodes.
    """
    weights = np.where(nodes["left_child"] < 0, nodes["weighted_n_node_samples"], 0.0)
    sums = weights[:, None] * values
    leaves = np.flatnonzero(nodes["left_child"] < 0)
    ancestors = parents[leaves]
    while len(leaves):  # add each leaf to its parent, then to the parent of that, and so on
        leaves, ancestors = leaves[ancestors >= 0], ancestors[ancestors >= 0]
        np.add.at(weights, ancestors, weights[leaves])
        np.add.at(sums, ancestors, sums[leaves])
        ancestors = parents[ancestors]
    return np.divide(sums, weights[:, None], out=values.copy(), where=weights[:, None] > 0)


def _aumann_shapley(start: np.ndarray, end: np.ndarray, changes: np.ndarray) -> np.ndarray:
    """Return contributions to probabilities by integration over the line between two vectors of scores.

    ``changes @ J`` with the mean J over s in [0, 1] of the Jacobian of the softmax at ``start + s * (end - start)``.

    Parameters
    ----------
    start : ndarray of shape (n_classes,)
        Base values of the scores.
    end : ndarray of shape (n, n_classes)
        Scores.
    changes : ndarray of shape (n, n_features, n_classes)
        Contributions to the scores; their sum is ``end - start``.

    Returns
    -------
    contributions : ndarray of shape (n, n_features, n_classes)
    """
    points, weights = np.polynomial.legendre.leggauss(N_QUADRATURE_POINTS)
    jacobian = np.zeros((len(end), end.shape[1], end.shape[1]))
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        proba = softmax(start + point * (end - start), axis=1)
        jacobian -= weight * proba[:, :, None] * proba[:, None, :]
        jacobian[:, np.arange(end.shape[1]), np.arange(end.shape[1])] += weight * proba
    return changes @ jacobian
