"""Explanations: what each feature, desired return and horizon included, contributes to an action."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.dummy import DummyClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._commands import OPEN_ENDED, CommandLike

from ._tree_contributions import path_contributions, shapley_contributions, vote_contributions

N_ROWS_AT_ONCE = 500


@dataclass(frozen=True, eq=False)
class Explanation:
    """What each feature contributes to the actions of an agent.

    ``base_values + contributions.sum(axis=1)`` are the `values`.

    Attributes
    ----------
    actions : ndarray of shape (n_samples,)
        The actions that are explained.
    action_names : list of str
        What they are called, after the agent's `action_names_`; the component if actions are continuous.
    values : ndarray of shape (n_samples,)
        Their predicted probabilities; what is predicted itself if actions are continuous.
    base_values : ndarray of shape (n_samples,)
        What would be predicted if no feature was known.
    contributions : ndarray of shape (n_samples, n_features)
        By how much each feature raises the value.
    feature_names : ndarray of shape (n_features,)
        The agent's `feature_names_in_`; x0, x1 and so on if it was fitted on rows without names.
    method : {"paths", "shap", "permutations"}
        How contributions were found, see `explain`.
    """

    actions: np.ndarray
    action_names: list
    values: np.ndarray
    base_values: np.ndarray
    contributions: np.ndarray
    feature_names: np.ndarray
    method: str

    def to_text(self, row: int = 0, n_features: int = 10) -> str:
        """Return one row as a table, what contributes most on top.

        Parameters
        ----------
        row : int, default=0
            Which of the samples.
        n_features : int, default=10
            How many features to show at the most.
        """
        contributions = self.contributions[row]
        shown = np.argsort(-np.abs(contributions), kind="stable")[:n_features]
        result = self.action_names[row]
        width = max(len(name) for name in [*self.feature_names, "all others", "base value", result])
        lines = [("base value", self.base_values[row])]
        lines += [(self.feature_names[i], contributions[i]) for i in shown]
        if len(shown) < len(contributions):
            lines.append(("all others", np.delete(contributions, shown).sum()))
        lines.append((result, self.values[row]))
        return "\n".join(f"{name:{width}} {value:+8.3f}" for name, value in lines)


def explain(
    agent: UDRLAgent,
    observations: ArrayLike,
    command: CommandLike = "max",
    *,
    actions: ArrayLike | None = None,
    component: int = 0,
    background: ArrayLike | None = None,
    n_permutations: int = 50,
    random_state: int = 0,
) -> Explanation:
    """Explain the actions of an agent under a command.

    For trees, forests, bagged and boosted trees of scikit-learn the contributions are exact. At each split on the way
    of a row through a tree the mean of the leaves below changes, and the change counts for the feature of the split
    (A. Saabas, "Interpreting random forests", 2014). Boosted classifiers add scores or votes in this way; from these
    to the probability it is a straight line, along which contributions are integrated (Aumann-Shapley values).

    XGBoost and LightGBM compute contributions to scores themselves, as Shapley values (S. Lundberg et al., "From local
    explanations to global understanding with explainable AI for trees", 2020); from there it goes on in the same way.

    Any other estimator is asked for predictions on rows in which some features are taken from background rows, in
    random orders (E. Strumbelj and I. Kononenko, "Explaining prediction models and individual predictions with feature
    contributions", 2014). These contributions are estimates, but their sum is exact as well.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    observations : array-like of shape (n_samples, `n_features_in_` - 2)
        Observations, flattened: the columns of the agent's rows before the command.
    command : "max", float, Command or pair, default="max"
        As for `UDRLAgent.evaluate`.
    actions : array-like of shape (n_samples,), default=None
        The discrete actions to explain. None takes the most probable ones.
    component : int, default=0
        Which component to explain, if an action has several.
    background : array-like of shape (n_rows, `n_features_in_`), default=None
        Rows with commands, as `UDRLAgent.hindsight_rows` returns them, to take features from, for estimators other
        than trees. None takes those of the replay buffer.
    n_permutations : int, default=50
        How many random orders, each with a background row, for estimators other than trees.
    random_state : int, default=0
        Seed of these.

    Returns
    -------
    explanation : Explanation

    Raises
    ------
    ValueError
        If observations have another number of features, an action is unknown to the agent, there is no such
        component, or no background.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent, explain
    >>> agent = UDRLAgent(total_timesteps=4000, random_state=0).fit("CartPole-v1")
    >>> explanation = explain(agent, [[0.0, 0.0, 0.15, 1.0]])  # the pole leans and falls to the right
    >>> explanation.actions
    array([1])
    >>> total = explanation.base_values + explanation.contributions.sum(axis=1)
    >>> bool(abs(total - explanation.values).max() < 1e-9)
    True
    """
    check_is_fitted(agent)
    rows = check_array(observations, dtype=np.float32, ensure_all_finite=False)
    n_features = agent.n_features_in_ - 2
    if rows.shape[1] != n_features:
        raise ValueError(
            f"The agent was fitted on observations with {n_features} features, got {rows.shape[1]}. Pass them "
            "flattened, and without a command: it is an argument of its own."
        )
    n_components = agent.action_targets_.n_components
    if not 0 <= component < n_components:
        raise ValueError(f"Actions have {n_components} component(s), numbered from 0; got component={component}.")
    X = design_matrix(rows, np.tile(agent.resolve(command), (len(rows), 1)))
    return explain_rows(agent, X, actions, component, background, n_permutations, random_state)


def explain_rows(agent, X, actions=None, component=0, background=None, n_permutations=50, random_state=0):
    """Explain rows with commands, which are all open-ended or all exact; see `explain`."""
    behavior = agent.behavior_.for_command(X[0, -2:])
    explained, columns = _what_to_explain(agent, behavior, X, actions, component)
    parts = [slice(start, start + N_ROWS_AT_ONCE) for start in range(0, len(X), N_ROWS_AT_ONCE)]
    found = [_of_trees(behavior, component, X[part], columns[part]) for part in parts]
    if found[0] is None:
        rng = np.random.default_rng(random_state)
        others = _background_rows(agent, background, X[0, -2:], rng, n_permutations)
        found = [_in_random_orders(behavior, component, X[part], columns[part], *others) for part in parts]
    methods, *numbers = zip(*found, strict=True)
    base_values, contributions = map(np.concatenate, numbers)
    values = base_values + contributions.sum(axis=1)
    names = getattr(agent, "feature_names_in_", np.array([f"x{i}" for i in range(X.shape[1])], dtype=object))
    action_names = agent.action_targets_.component_names(component)
    called = [action_names[column] for column in columns]
    return Explanation(explained, called, values, base_values, contributions, names, methods[0])


def _what_to_explain(agent, behavior, X, actions, component):
    """Return the actions to explain, and which column of the predictions they are, for each row."""
    if not agent.action_targets_.is_discrete:
        if actions is not None:
            raise ValueError("Continuous actions are explained as they are predicted; leave actions=None.")
        return behavior.predict(X).reshape(len(X), -1)[:, component], np.full(len(X), component)
    labels = agent.action_targets_.labels[component]
    if actions is None:
        columns = behavior.predict_proba(X)[component].argmax(axis=1)
        return labels[columns], columns
    actions = np.asarray(actions)
    if actions.shape != (len(X),):
        raise ValueError(f"Expected an action for each of the {len(X)} observations, got shape {actions.shape}.")
    unknown = np.setdiff1d(actions, labels)
    if len(unknown):
        raise ValueError(f"The agent knows the actions {labels.tolist()}, got {unknown.tolist()}.")
    return actions, np.searchsorted(labels, actions)


def _of_trees(behavior, component, X, columns):
    """Return the method, base values (n,) and contributions (n, n_features); None if the estimator is no tree."""
    if isinstance(behavior, DiscreteBehavior):
        fitted = behavior.heads[component]
        known = np.isin(columns, fitted.codes)
        columns = np.where(known, np.searchsorted(fitted.codes, columns), 0)
        if isinstance(fitted.estimator, DummyClassifier):  # only one action was ever seen
            return "paths", known.astype(float), np.zeros(X.shape)
    else:
        fitted, known = behavior.compiled, np.ones(len(X), dtype=bool)
    predictor, estimator, X = fitted.predictor, fitted.estimator, behavior.scale_commands(X)
    if isinstance(estimator, MultiOutputRegressor):
        predictor = None if predictor is None else predictor.predictors[component]
        estimator, columns = estimator.estimators_[component], np.zeros_like(columns)
    if predictor is not None:
        method, found = "paths", path_contributions(predictor, X)
    else:
        method, found = "paths", vote_contributions(estimator, X)
    if found is None:
        method, found = "shap", shapley_contributions(estimator, X)
    if found is None:
        return None
    base_values, contributions = found
    rows = np.arange(len(X))
    return method, base_values[rows, columns] * known, contributions[rows, :, columns] * known[:, None]


def _background_rows(agent, background, command, rng, n_rows):
    """Return rows to take features from, and an order of features for each."""
    if background is None and not hasattr(agent, "buffer_"):
        raise ValueError(
            "This estimator is explained by rows to compare with, and an agent fitted on rows keeps none. Pass the "
            "rows that it was fitted on as explain(..., background=X)."
        )
    rows = agent.hindsight_rows()[0] if background is None else agent.check_rows(background)
    rows = np.array(rows[rng.integers(len(rows), size=n_rows)], dtype=np.float32)
    if command[1] == 0:
        rows[:, -2:] = OPEN_ENDED
    return rows, np.array([rng.permutation(rows.shape[1]) for _ in rows])


def _in_random_orders(behavior, component, X, columns, background, orders):
    """Return the method, base values (n,) and contributions (n, n_features), exchanging features one by one."""
    n, n_features = X.shape
    base_values, contributions = np.zeros(n), np.zeros(X.shape)
    for row, order in zip(background, orders, strict=True):
        mixed = np.tile(row, (n_features + 1, n, 1))
        for step, feature in enumerate(order, start=1):
            mixed[step:, :, feature] = X[:, feature]
        mixed = mixed.reshape(-1, n_features)
        if isinstance(behavior, DiscreteBehavior):
            predicted = behavior.predict_proba(mixed)[component]
        else:
            predicted = behavior.predict(mixed).reshape(len(mixed), -1)
        predicted = predicted.reshape(n_features + 1, n, -1)[:, np.arange(n), columns]
        base_values += predicted[0]
        contributions[:, order] += np.diff(predicted, axis=0).T
    return "permutations", base_values / len(orders), contributions / len(orders)
