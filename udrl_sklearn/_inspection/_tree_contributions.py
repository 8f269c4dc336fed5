"""What features contribute to the predictions of trees."""

import importlib

import numpy as np
from scipy.special import softmax
from sklearn.base import is_classifier
from sklearn.ensemble import AdaBoostClassifier

from udrl_sklearn._behavior._tree_inference import TREES, JoinedTrees, Mean, nodes_of, values_of

# For the integral along a line of scores: sums are exact to 1e-9 where scores differ by up to 50.
N_QUADRATURE_POINTS = 200


def path_contributions(predictor, X):
    """Return what features contribute to the predictions of trees.

    Parameters
    ----------
    predictor : Mean or Sum
        As `compile_predictor` makes it of an estimator.
    X : ndarray of shape (n, n_features), float32

    Returns
    -------
    base_values : ndarray of shape (n, n_outputs)
    contributions : ndarray of shape (n, n_features, n_outputs)
        To probabilities or to what is predicted. None instead of both if a sum is put to another use.
    """
    roots, by_tree = _walk(predictor.trees, X)
    if isinstance(predictor, Mean):
        contributions = by_tree.mean(axis=0)
        return np.tile(roots.mean(axis=0), (len(X), 1)), contributions
    n_outputs = predictor.baseline.shape[1]
    start = predictor.baseline[0] + roots.reshape(-1, n_outputs).sum(axis=0)
    changes = np.moveaxis(by_tree[..., 0].reshape(-1, n_outputs, *X.shape).sum(axis=0), 0, 2)
    return _to_what_is_predicted(start, changes, predictor(X))


def vote_contributions(estimator, X):
    """Return what features contribute to the probabilities of AdaBoost, whose trees cast weighted votes.

    Parameters
    ----------
    estimator : fitted estimator
    X : ndarray of shape (n, n_features), float32

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
    roots, by_tree = _walk(JoinedTrees(nodes, votes, X.shape[1]), X)
    return _to_what_is_predicted(roots.sum(axis=0), by_tree.sum(axis=0), estimator.predict_proba(X))


def _votes(values, weight):
    """Return the votes of each node: its weight for its first most probable class, and as much against the others."""
    is_voted_for = np.arange(values.shape[1]) == values.argmax(axis=1)[:, None]
    return np.where(is_voted_for, weight, -weight / (values.shape[1] - 1))


def shapley_contributions(estimator, X):
    """Return what features contribute to the predictions of boosted trees of XGBoost and LightGBM.

    Parameters
    ----------
    estimator : fitted estimator
    X : ndarray of shape (n, n_features)

    Returns
    -------
    base_values : ndarray of shape (n, n_outputs)
    contributions : ndarray of shape (n, n_features, n_outputs)
        To probabilities or to what is predicted. None instead of both for any other estimator.
    """
    library = type(estimator).__module__.partition(".")[0]
    if library == "xgboost":
        rows = importlib.import_module("xgboost").DMatrix(X)
        scores = estimator.get_booster().predict(rows, pred_contribs=True)
    elif library == "lightgbm":
        scores = estimator.predict(X, pred_contrib=True)
    else:
        return None
    scores = scores.astype(np.float64).reshape(len(X), -1, X.shape[1] + 1)  # the last one is that of no feature
    predicted = estimator.predict_proba(X) if is_classifier(estimator) else estimator.predict(X).reshape(len(X), -1)
    start, changes = scores[0, :, -1], np.moveaxis(scores[:, :, :-1], 1, 2)
    return _to_what_is_predicted(start, changes, predicted, atol=1e-6)  # XGBoost counts in single precision


def _to_what_is_predicted(start, changes, predicted, atol=1e-8):
    """Turn contributions to scores into such to what is made of scores.

    Parameters
    ----------
    start : ndarray of shape (n_scores,)
        Scores if no feature was known.
    changes : ndarray of shape (n, n_features, n_scores)
        Contributions to scores.
    predicted : ndarray of shape (n, n_outputs)
        The scores themselves, or their softmax.
    atol : float, default=1e-8
        How far predictions may be from that by rounding.

    Returns
    -------
    base_values : ndarray of shape (n, n_outputs)
    contributions : ndarray of shape (n, n_features, n_outputs)
        None instead of both if it is neither of them.
    """
    end = start + changes.sum(axis=1)
    if predicted.shape == end.shape and np.allclose(predicted, end, atol=atol):
        return np.tile(start, (len(end), 1)), changes
    if end.shape[1] == 1:  # the score of the second of two classes; that of the first is 0
        start, end = np.insert(start, 0, 0.0), np.insert(end, 0, 0.0, axis=1)
        changes = np.insert(changes, 0, 0.0, axis=2)
    if predicted.shape != end.shape or not np.allclose(predicted, softmax(end, axis=1), atol=atol):
        return None
    return np.tile(softmax(start), (len(end), 1)), _along_a_line(start, end, changes)


def _walk(trees, X):
    """Return the mean of each tree (n_trees, n_values), and how it changes by each feature on the way of each row."""
    nodes = trees.tree.__getstate__()["nodes"]
    parents = _parents(nodes, trees.roots)
    values = _means_of_leaves(nodes, parents, trees.tree.value[:, 0, :])
    at = trees.leaves(X).ravel()
    contributions = np.zeros((len(at), X.shape[1], values.shape[1]))
    walking = np.flatnonzero(parents[at] >= 0)
    while len(walking):
        here, above = at[walking], parents[at[walking]]
        contributions[walking, nodes["feature"][above]] += values[here] - values[above]
        at[walking] = above
        walking = walking[parents[above] >= 0]
    return values[trees.roots], contributions.reshape(trees.n_trees, len(X), X.shape[1], -1)


def _parents(nodes, roots):
    """Return the parent of each node; -1 for the roots of trees and what stands above them."""
    parents = np.full(len(nodes), -1)
    inner = np.flatnonzero(nodes["left_child"] >= 0)
    inner = inner[inner >= roots[0]]
    for child in ("left_child", "right_child"):
        parents[nodes[child][inner]] = inner
    return parents


def _means_of_leaves(nodes, parents, values):
    """Return the mean of the leaves under each node, by their training rows; boosted trees keep other values there."""
    weights = np.where(nodes["left_child"] < 0, nodes["weighted_n_node_samples"], 0.0)
    sums = weights[:, None] * values
    leaves = np.flatnonzero(nodes["left_child"] < 0)
    above = parents[leaves]
    while len(leaves):  # each leaf counts for all nodes above it
        leaves, above = leaves[above >= 0], above[above >= 0]
        np.add.at(weights, above, weights[leaves])
        np.add.at(sums, above, sums[leaves])
        above = parents[above]
    return np.divide(sums, weights[:, None], out=values.copy(), where=weights[:, None] > 0)


def _along_a_line(start, end, changes):
    """Return contributions (n, n_features, n_classes) to probabilities.

    Scores go from `start` (n_classes,) to `end` (n, n_classes) by the sum of `changes` (n, n_features, n_classes).
    """
    points, weights = np.polynomial.legendre.leggauss(N_QUADRATURE_POINTS)
    jacobian = np.zeros((len(end), end.shape[1], end.shape[1]))
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        proba = softmax(start + point * (end - start), axis=1)
        jacobian -= weight * proba[:, :, None] * proba[:, None, :]
        jacobian[:, np.arange(end.shape[1]), np.arange(end.shape[1])] += weight * proba
    return changes @ jacobian
