"""Regression estimates: the expected outcome of an action, which has less variance than the outcome of one episode."""

from typing import Any

import numpy as np
from sklearn.base import clone

from udrl_sklearn._hindsight import Rows


def expected_outcomes(rows: Rows, outcomes: np.ndarray, estimator: Any, at: Rows | None = None) -> np.ndarray:
    """Estimate E[outcome | observation, action] by regression.

    Parameters
    ----------
    rows : Rows
        To learn from.
    outcomes : ndarray of shape (n_rows,)
        The outcome of each of their actions.
    estimator : regressor
        A clone of it is fitted.
    at : Rows or None, default=None
        The rows to predict for; None takes `rows`.

    Returns
    -------
    expected : ndarray of shape (n,)
        One for each row of `at`.
    """
    at = rows if at is None else at
    labels = _labels(rows, at)
    model = clone(estimator).fit(_features(rows, labels), outcomes)
    return model.predict(_features(at, labels))


def blend_expected_returns(rows: Rows, training_rows: Rows, weight: float, estimator: Any) -> Rows:
    """Blend the desired return of rows with the expected return of their actions.

    The desired return g becomes ``weight * E[g | observation, action, step] + (1 - weight) * g``. A low return that is
    due to bad luck then no longer stands beside a good action. K. Paster, S. McIlraith and J. Ba, "You Can't Count on
    Luck: Why Decision Transformers and RvS Fail in Stochastic Environments", arXiv 2205.15967, 2022, do the same with
    averages over clusters of trajectories.

    Parameters
    ----------
    rows : Rows
        With exact commands that describe what followed until the end of the episode.
    training_rows : Rows
        Rows with such commands, to learn expected returns from.
    weight : float
        In [0, 1].
    estimator : regressor
        A clone of it is fitted.

    Returns
    -------
    rows : Rows
        With other desired returns.
    """
    expected = expected_outcomes(
        _with_steps(training_rows), training_rows.commands[:, 0], estimator, at=_with_steps(rows)
    )
    commands = rows.commands.copy()
    commands[:, 0] += weight * (expected - commands[:, 0])
    return rows._replace(commands=commands)


def _with_steps(rows: Rows) -> Rows:
    """Return rows that observe the step of the episode too: the expected return depends on the time that is left."""
    return rows._replace(observations=np.column_stack([rows.observations, rows.steps.astype(np.float32)]))


def _labels(*several_rows: Rows) -> list[np.ndarray] | None:
    """Return the labels of each component of discrete actions, None if actions are continuous."""
    columns = np.concatenate([_action_columns(rows) for rows in several_rows])
    return [np.unique(column) for column in columns.T] if columns.dtype.kind != "f" else None


def _features(rows: Rows, labels: list[np.ndarray] | None) -> np.ndarray:
    """Return observations beside actions; a discrete action has a column for each label."""
    columns = _action_columns(rows)
    if labels is not None:
        columns = np.hstack(
            [column[:, None] == values for column, values in zip(columns.T, labels, strict=True)], dtype=np.uint8
        )
    return np.hstack([rows.observations, columns])


def _action_columns(rows: Rows) -> np.ndarray:
    return rows.actions.reshape(len(rows.actions), -1)
