"""Explanations: what each feature, desired return and horizon included, contributes to an action."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.dummy import DummyClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import Behavior, design_matrix
from udrl_sklearn._behavior._continuous import ContinuousBehavior
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._behavior._tree_inference import Mean, SideBySide, Sum
from udrl_sklearn._commands import OPEN_ENDED, CommandLike, is_open_ended, repeat_command

from ._tree_contributions import path_contributions, shapley_contributions, vote_contributions

# Rows that are explained together, to limit memory.
N_ROWS_AT_ONCE = 500

# The method, base values (n,) and contributions (n, n_features).
PartialExplanation = tuple[str, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Explanation:
    """What each feature contributes to the actions of an agent.

    ``base_values + contributions.sum(axis=1)`` are the `values`.

    Attributes
    ----------
    actions : ndarray of shape (n_samples,)
        The actions that are explained.
    action_names : list of str
        Their names, from the agent's `action_names_`; the name of the component if actions are continuous.
    values : ndarray of shape (n_samples,)
        Their predicted probabilities; the predicted actions if actions are continuous.
    base_values : ndarray of shape (n_samples,)
        The prediction without any feature.
    contributions : ndarray of shape (n_samples, n_features)
        How much each feature adds to the base value, in the unit of `values`.
    feature_names : ndarray of shape (n_features,)
        The agent's `feature_names_in_`; x0, x1 and so on if it was fitted on rows without names.
    method : {"paths", "shap", "permutations"}
        How contributions are computed, see `explain`.

    See Also
    --------
    explain : Explains the actions of an agent.
    """

    actions: np.ndarray
    action_names: list[str]
    values: np.ndarray
    base_values: np.ndarray
    contributions: np.ndarray
    feature_names: np.ndarray
    method: str

    def to_text(self, row: int = 0, n_features: int = 10) -> str:
        """Return one row as a table, with the largest contributions at the top.

        Parameters
        ----------
        row : int, default=0
            Which of the samples.
        n_features : int, default=10
            How many features to show, at most.

        Returns
        -------
        text : str
            A line for each feature.
        """
        contributions = self.contributions[row]
        largest = np.argsort(-np.abs(contributions), kind="stable")[:n_features]
        action_name = self.action_names[row]
        width = max(len(name) for name in [*self.feature_names, "all others", "base value", action_name])
        lines = [("base value", self.base_values[row])]
        lines += [(self.feature_names[i], contributions[i]) for i in largest]
        if len(largest) < len(contributions):
            lines.append(("all others", np.delete(contributions, largest).sum()))
        lines.append((action_name, self.values[row]))
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

    How contributions are computed depends on the estimator:

    - Trees, forests, bagged and boosted trees of scikit-learn ("paths"): the contributions are exact. Each split on the
      path of a row through a tree changes the mean of the leaves below. The change counts for the feature of the split
      (A. Saabas, "Interpreting random forests", 2014). Boosted classifiers add scores or votes in this way. For
      probabilities, the contributions are integrated over the straight line from the base values of the scores to the
      scores (Aumann-Shapley values).
    - XGBoost and LightGBM ("shap"): the libraries compute contributions to scores, as Shapley values (S. Lundberg et
      al., "From local explanations to global understanding with explainable AI for trees", 2020). They are turned into
      contributions to probabilities in the same way.
    - Any other estimator ("permutations"): it predicts rows in which some features come from background rows, in
      random orders (E. Strumbelj and I. Kononenko, "Explaining prediction models and individual predictions with
      feature contributions", 2014). The contributions are estimates. Their sum is exact.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    observations : array-like of shape (n_samples, `n_features_in_` - 2)
        Observations, flattened: the columns of the agent's rows before the command.
    command : "max", float, Command or pair, default="max"
        As for `UDRLAgent.evaluate`.
    actions : array-like of shape (n_samples,), default=None
        The discrete actions to explain. None explains the most probable ones.
    component : int, default=0
        Which component to explain, if an action has several.
    background : array-like of shape (n_rows, `n_features_in_`), default=None
        Rows with commands, as from `UDRLAgent.hindsight_rows`. None takes those of the replay buffer. Only used for
        "permutations".
    n_permutations : int, default=50
        How many random orders, each with a random background row. Only used for "permutations".
    random_state : int, default=0
        Seed of the orders and the background rows.

    Returns
    -------
    explanation : Explanation

    Raises
    ------
    ValueError
        If observations have another number of features, an action is none of the agent's, there is no such component,
        or there is no background.

    See Also
    --------
    distill : Approximates an agent by a small tree.
    EpisodeDisplay : Shows contributions in each step of an episode.

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
    rows = check_array(observations, dtype=agent.row_dtype, ensure_all_finite=False)
    n_features = agent.n_features_in_ - 2
    if rows.shape[1] != n_features:
        raise ValueError(
            f"The agent was fitted on observations with {n_features} features, got {rows.shape[1]}. Pass them "
            "flattened, and without a command: it is an argument of its own."
        )
    n_components = agent.action_targets_.n_components
    if not 0 <= component < n_components:
        raise ValueError(f"Actions have {n_components} component(s), numbered from 0; got component={component}.")
    X = design_matrix(rows, repeat_command(agent.resolve(command), len(rows)))
    return explain_rows(agent, X, actions, component, background, n_permutations, random_state)


def explain_rows(
    agent: UDRLAgent,
    X: np.ndarray,
    actions: ArrayLike | None = None,
    component: int = 0,
    background: ArrayLike | None = None,
    n_permutations: int = 50,
    random_state: int = 0,
) -> Explanation:
    """Explain rows with commands, either all open-ended or all exact.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    X : ndarray of shape (n_samples, `n_features_in_`)
        Columns ``[observation | desired_return | desired_horizon]``.
    actions, component, background, n_permutations, random_state
        As for `explain`.

    Returns
    -------
    explanation : Explanation
    """
    behavior = agent.behavior_.for_command(X[0, -2:])
    actions, columns = _actions_and_columns(behavior, X, actions, component)
    slices = [slice(start, start + N_ROWS_AT_ONCE) for start in range(0, len(X), N_ROWS_AT_ONCE)]
    parts = [_tree_explanation(behavior, component, X[rows], columns[rows]) for rows in slices]
    explained = [part for part in parts if part is not None]
    if len(explained) < len(parts):
        rng = np.random.default_rng(random_state)
        sample, orders = _background_sample(agent, background, X[0, -2:], rng, n_permutations)
        explained = [
            _permutation_explanation(behavior, component, X[rows], columns[rows], sample, orders) for rows in slices
        ]
    base_values = np.concatenate([part[1] for part in explained])
    contributions = np.concatenate([part[2] for part in explained])
    feature_names = getattr(agent, "feature_names_in_", np.array([f"x{i}" for i in range(X.shape[1])], dtype=object))
    component_names = agent.action_targets_.component_names(component)
    return Explanation(
        actions=actions,
        action_names=[component_names[column] for column in columns],
        values=base_values + contributions.sum(axis=1),
        base_values=base_values,
        contributions=contributions,
        feature_names=feature_names,
        method=explained[0][0],
    )


def _actions_and_columns(
    behavior: Behavior, X: np.ndarray, actions: ArrayLike | None, component: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the actions to explain, and their columns in the predictions, for each row."""
    if not isinstance(behavior, DiscreteBehavior):
        if actions is not None:
            raise ValueError("Continuous actions are explained as they are predicted; leave actions=None.")
        return behavior.predict(X).reshape(len(X), -1)[:, component], np.full(len(X), component)
    labels = behavior.labels[component]
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


def _tree_explanation(
    behavior: Behavior, component: int, X: np.ndarray, columns: np.ndarray
) -> PartialExplanation | None:
    """Explain the predictions of trees; return None if the estimator is no tree."""
    if isinstance(behavior, DiscreteBehavior):
        head = behavior.heads[component]
        has_column = np.isin(columns, head.codes)
        columns = np.where(has_column, np.searchsorted(head.codes, columns), 0)
        if isinstance(head.estimator, DummyClassifier):  # the training rows had one action only
            return "paths", has_column.astype(float), np.zeros(X.shape)
        estimator, predictor = head.estimator, head.predictor
    elif isinstance(behavior, ContinuousBehavior):
        has_column = np.ones(len(X), dtype=bool)
        estimator, predictor = behavior.compiled.estimator, behavior.compiled.predictor
    else:
        return None
    if isinstance(estimator, MultiOutputRegressor):
        predictor = predictor.predictors[component] if isinstance(predictor, SideBySide) else None
        estimator, columns = estimator.estimators_[component], np.zeros_like(columns)
    n_features, X = X.shape[1], behavior.estimator_input(X)
    method = "paths"
    if isinstance(predictor, Mean | Sum):
        parts = path_contributions(predictor, X)
    else:
        parts = vote_contributions(estimator, X)
    if parts is None:
        method, parts = "shap", shapley_contributions(estimator, X)
    if parts is None:
        return None
    base_values, contributions = parts
    rows = np.arange(len(X))
    # Actions that the training rows did not have get probability 0.
    base_values, contributions = base_values[rows, columns] * has_column, contributions[rows, :, columns]
    # A command that the estimator does not get contributes nothing.
    zeros = np.zeros((len(X), n_features - X.shape[1]))
    return method, base_values, np.hstack([contributions * has_column[:, None], zeros])


def _background_sample(
    agent: UDRLAgent, background: Any, command: np.ndarray, rng: np.random.Generator, n_rows: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sample background rows (n_rows, n_features), and an order of features for each."""
    if background is None and not hasattr(agent, "buffer_"):
        raise ValueError(
            "This estimator is explained by rows to compare with, and an agent fitted on rows keeps none. Pass the "
            "rows that it was fitted on as explain(..., background=X)."
        )
    rows = agent.hindsight_rows()[0] if background is None else agent.check_rows(background)
    rows = np.array(rows[rng.integers(len(rows), size=n_rows)], dtype=agent.row_dtype)
    if is_open_ended(command):
        rows[:, -2:] = OPEN_ENDED
    return rows, np.array([rng.permutation(rows.shape[1]) for _ in rows])


def _permutation_explanation(
    behavior: Behavior, component: int, X: np.ndarray, columns: np.ndarray, background: np.ndarray, orders: np.ndarray
) -> PartialExplanation:
    """Explain any predictions: replace the features of background rows one by one, in random orders."""
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
