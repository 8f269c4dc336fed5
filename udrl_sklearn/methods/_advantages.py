"""Advantages: how much better than expected an episode continued, and what weight a row gets for it.

Rows for the open-ended command ("as much as you can") are weighted by the advantage of their action. This is
advantage-weighted regression (Peng et al. 2019, arXiv 1910.00177) as hindsight: the command that a row with a large
weight fulfilled is "better than expected".
"""

from typing import Any

import numpy as np
from scipy.linalg import solve_banded
from sklearn.base import clone

from udrl_sklearn._commands import OPEN_ENDED, repeat_command
from udrl_sklearn._episodes import Episodes
from udrl_sklearn._hindsight import Rows, relabel

from ._expected_outcomes import expected_outcomes


def lambda_returns(
    rewards: np.ndarray, values: np.ndarray, lengths: np.ndarray, gamma: float, gae_lambda: float
) -> np.ndarray:
    """Estimate discounted returns by the lambda-return (Sutton & Barto 2018, equation 12.2).

    ``G_t = r_t + gamma * ((1 - lambda) * V(s_{t+1}) + lambda * G_{t+1})`` with ``G_T = V(s_T)`` in each
    episode, computed as ``V(s_t)`` plus the discounted sum of temporal-difference errors.

    Parameters
    ----------
    rewards : ndarray of shape (n_timesteps,)
        The rewards of one episode after the other.
    values : ndarray of shape (n_timesteps + n_episodes,)
        Expected discounted return from each observation on, T + 1 of them for an episode of T steps;
        0 for the last one if the episode terminated there.
    lengths : ndarray of shape (n_episodes,)
        Steps of each episode.
    gamma : float
        Discount factor of one step, in [0, 1].
    gae_lambda : float
        In [0, 1]: 0 trusts the values after one step, 1 trusts the rewards alone.

    Returns
    -------
    returns : ndarray of shape (n_timesteps,)

    Examples
    --------
    >>> import numpy as np
    >>> lambda_returns(np.array([1.0, 1.0]), np.array([0.0, 0.0, 4.0]), [2], gamma=0.5, gae_lambda=1.0)
    array([2.5, 3. ])
    """
    row = np.arange(len(rewards)) + np.repeat(np.arange(len(lengths)), lengths)
    errors = rewards + gamma * values[row + 1] - values[row]
    # A_t - gamma * lambda * A_{t+1} = error_t is a system of equations with two diagonals, cut between episodes.
    upper = np.full(len(rewards), -gamma * gae_lambda)
    upper[np.cumsum(lengths)[:-1]] = 0.0
    advantages = solve_banded((0, 1), [upper, np.ones(len(rewards))], errors)
    return advantages + values[row]


def advantage_weights(
    advantages: np.ndarray, temperature: float, max_weight: float, n_repeats: np.ndarray | int = 1
) -> np.ndarray:
    """Turn advantages into sample weights of mean 1.

    ``w = min(exp((A - mean(A)) / (std(A) * temperature)), max_weight) / n_repeats``, divided by the mean of w.

    Parameters
    ----------
    advantages : ndarray of shape (n,)
        Return minus expected return.
    temperature : float
        The lower, the more the best rows count.
    max_weight : float
        Bound on a single weight, before the divisions.
    n_repeats : ndarray of shape (n,), default=1
        In how many rows in a row an action was repeated without effect. They count as one row: it is one decision.

    Returns
    -------
    weights : ndarray of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> advantage_weights(np.array([-1.0, 1.0]), temperature=1.0, max_weight=20.0).round(3)
    array([0.238, 1.762])
    """
    scale = np.std(advantages) * temperature
    exponents = (advantages - advantages.mean()) / scale if scale > 0 else np.zeros_like(advantages)
    weights = np.exp(np.minimum(exponents, np.log(max_weight))) / n_repeats
    return weights / weights.mean()


def advantage_weighted_rows(
    episodes: Episodes,
    value_estimator: Any,
    previous_values: Any,
    *,
    n_value_fits: int,
    expected_advantage_weight: float,
    gamma: float,
    gae_lambda: float,
) -> tuple[Rows, np.ndarray, Any]:
    """Make the rows of the open-ended command, and the advantage of each.

    The advantage is ``A_t = G_t - V(s_t)`` with the lambda-return G. With the weight w of the regression estimate it
    becomes ``w * E[A | s_t, a_t] + (1 - w) * A_t``.

    Parameters
    ----------
    episodes : Episodes
        Every step becomes a row.
    value_estimator : regressor
        A clone of it is fitted on the lambda-returns of all steps.
    previous_values : fitted regressor or None
        Predicts the expected return of an observation. With None the first fit uses the rewards alone.
    n_value_fits : int
        How often values are fitted, each time on lambda-returns made with the values before.
    expected_advantage_weight : float
        Weight of the regression estimate, in [0, 1], see `expected_outcomes`.
    gamma, gae_lambda : float
        See `lambda_returns`.

    Returns
    -------
    rows : Rows
    advantages : ndarray of shape (n_rows,)
    values : fitted regressor
    """
    rows = relabel(episodes)
    values = previous_values
    if values is None and episodes.truncated.any():
        n_value_fits = max(n_value_fits, 2)  # without values, what follows a truncation counts as 0
    for _ in range(n_value_fits):
        returns = _lambda_returns_of_episodes(episodes, values, gamma, gae_lambda)
        values = clone(value_estimator).fit(rows.observations, returns)
    advantages = returns - values.predict(rows.observations)
    if expected_advantage_weight > 0:
        expected = expected_outcomes(rows, advantages, value_estimator)
        advantages = expected_advantage_weight * expected + (1 - expected_advantage_weight) * advantages
    return rows._replace(commands=repeat_command(OPEN_ENDED, len(advantages))), advantages, values


def _lambda_returns_of_episodes(episodes: Episodes, values: Any, gamma: float, gae_lambda: float) -> np.ndarray:
    """Return the lambda-return of every step: ndarray of shape (n_rows,)."""
    if values is None:
        estimates, gae_lambda = np.zeros(len(episodes.observations)), 1.0
    else:
        estimates = np.array(values.predict(episodes.observations), dtype=np.float64)
    last = np.cumsum(episodes.lengths + 1) - 1
    estimates[last[episodes.terminated]] = 0.0
    return lambda_returns(episodes.rewards, estimates, episodes.lengths, gamma, gae_lambda)
