"""Smoothing: what came of one action is a matter of luck for the most part; what comes of such actions is less so."""

import numpy as np
from sklearn.base import clone


def expected_outcomes(rows, outcomes, estimator, at=None):
    """Learn what comes of an action, given observation and action.

    Parameters
    ----------
    rows : Rows
        What to learn from.
    outcomes : ndarray of shape (n_rows,)
        What came of their actions.
    estimator : regressor
        A clone of it is fitted.
    at : Rows or None, default=None
        The rows to tell it for; None takes `rows`.

    Returns
    -------
    expected : ndarray of shape (n,)
        One for each row of `at`.
    """
    at = rows if at is None else at
    labels = _labels(rows, at)
    model = clone(estimator).fit(_features(rows, labels), outcomes)
    return model.predict(_features(at, labels))


def smooth_returns(rows, known, smoothing, estimator):
    """Replace part of what rows desire by what is to be expected of their actions.

    The desired return g becomes ``smoothing * E[g | observation, action, step] + (1 - smoothing) * g``. Who imitates
    those that obtained little by bad luck does not obtain little. So expected returns take the place of those obtained,
    as with K. Paster, S. McIlraith and J. Ba, "You Can't Count on Luck: Why Decision Transformers and RvS Fail in
    Stochastic Environments", arXiv 2205.15967, 2022, who average over clusters of trajectories.

    Parameters
    ----------
    rows : Rows
        With exact commands that reach until the end of the episode.
    known : Rows
        To learn from what is to be expected, with such commands as well.
    smoothing : float
        In [0, 1].
    estimator : regressor
        A clone of it is fitted.

    Returns
    -------
    rows : Rows
        With other commands.
    """
    expected = expected_outcomes(_with_steps(known), known.commands[:, 0], estimator, at=_with_steps(rows))
    commands = rows.commands.copy()
    commands[:, 0] += smoothing * (expected - commands[:, 0])
    return rows._replace(commands=commands)


def _with_steps(rows):
    """Return rows that observe the step of the episode: where time is short, little is to be expected of any action."""
    return rows._replace(observations=np.column_stack([rows.observations, rows.steps.astype(np.float32)]))


def _labels(*several_rows):
    """Return the labels of each component of discrete actions, None if they are continuous."""
    columns = np.concatenate([_columns(rows) for rows in several_rows])
    return [np.unique(column) for column in columns.T] if columns.dtype.kind in "iub" else None


def _features(rows, labels):
    """Return observations beside actions; of discrete ones a column for each label."""
    columns = _columns(rows)
    if labels is not None:
        columns = np.hstack(
            [column[:, None] == known for column, known in zip(columns.T, labels, strict=True)], dtype=np.uint8
        )
    return np.hstack([rows.observations, columns])


def _columns(rows):
    return rows.actions.reshape(len(rows.actions), -1)
