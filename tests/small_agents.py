"""Agents that learn in a moment."""

from sklearn.tree import DecisionTreeClassifier

from udrl_sklearn import UDRLAgent

SMALL = {"total_timesteps": 1500, "n_timesteps_per_iter": 200, "random_state": 0}


def small_agent(estimator=None, **params):
    estimator = DecisionTreeClassifier(min_samples_leaf=20) if estimator is None else estimator
    return UDRLAgent(estimator, **SMALL | params)
