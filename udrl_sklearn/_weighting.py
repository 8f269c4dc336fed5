"""Weights for hindsight rows: how much better than expected it went.

A row that serves the open-ended command ("as much as you can") counts the more, the better the
episode went on from there compared with what was to be expected. This is advantage-weighted
regression (Peng et al. 2019, arXiv 1910.00177) seen as hindsight: the command that such a row
fulfilled is "better than expected".
"""

import numpy as np
from scipy.signal import lfilter
from sklearn.base import clone

from ._hindsight import relabel


def lambda_returns(rewards: np.ndarray, values: np.ndarray, gamma: float, gae_lambda: float) -> np.ndarray:
    """Estimate discounted returns by the lambda-return (Sutton & Barto 2018, equation 12.2).

    ``G_t = r_t + gamma * ((1 - lambda) * V(s_{t+1}) + lambda * G_{t+1})`` with ``G_T = V(s_T)``,
    computed as ``V(s_t)`` plus the discounted sum of temporal-difference errors.

    Parameters
    ----------
    rewards : ndarray of shape (T,)
        The reward of each step.
    values : ndarray of shape (T + 1,)
        Expected discounted return from each observation on; 0 for the last one if the episode
        terminated there.
    gamma : float
        Discount factor of one step, in [0, 1].
    gae_lambda : float
        In [0, 1]: 0 trusts the values after one step, 1 trusts the rewards alone.

    Returns
    -------
    returns : ndarray of shape (T,)

    Examples
    --------
    >>> import numpy as np
    >>> lambda_returns(np.array([1.0, 1.0]), np.array([0.0, 0.0, 4.0]), gamma=0.5, gae_lambda=1.0)
    array([2.5, 3. ])
    """
    errors = rewards + gamma * values[1:] - values[:-1]
    advantages = lfilter([1.0], [1.0, -gamma * gae_lambda], errors[::-1])[::-1]
    return advantages + values[:-1]


def advantage_weights(advantages: np.ndarray, temperature: float, max_weight: float) -> np.ndarray:
    """Turn advantages into sample weights of mean 1.

    ``w = min(exp((A - mean(A)) / (std(A) * temperature)), max_weight)``, divided by the mean of w.

    Parameters
    ----------
    advantages : ndarray of shape (n,)
        Return minus expected return.
    temperature : float
        The lower, the more the best rows count.
    max_weight : float
        Bound on a single weight, before the division.

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
    if scale == 0:
        return np.ones_like(advantages)
    weights = np.exp(np.minimum((advantages - advantages.mean()) / scale, np.log(max_weight)))
    return weights / weights.mean()


def advantage_weighted_rows(episodes, value_estimator, previous_values, *, gamma, gae_lambda, open_command):
    """Make the rows of the open-ended command, with the advantage of each.

    Parameters
    ----------
    episodes : list of Episode
        The episodes to learn from; every step becomes a row.
    value_estimator : regressor
        A clone of it is fitted on the lambda-returns of all steps.
    previous_values : fitted regressor or None
        Expected returns from each observation on. With None the rewards alone count, and then the values
        learned from them if an episode was truncated.
    gamma, gae_lambda : float
        See `lambda_returns`.
    open_command : Command
        The command that the rows are to carry.

    Returns
    -------
    rows : Rows
    advantages : ndarray of shape (n_rows,)
    values : fitted regressor
    """
    rows = relabel(episodes)
    values = previous_values
    # Without values the tails of truncated episodes would count as nothing, so they are learned twice then.
    for _ in range(2 if values is None and any(episode.truncated for episode in episodes) else 1):
        returns = _lambda_returns_of_all(episodes, values, gamma, gae_lambda)
        values = clone(value_estimator).fit(rows.observations, returns)
    commands = np.broadcast_to(open_command, rows.commands.shape)
    return rows._replace(commands=commands), returns - values.predict(rows.observations), values


def _lambda_returns_of_all(episodes, values, gamma, gae_lambda):
    """Return the lambda-returns of every step: ndarray of shape (n_rows,)."""
    if values is None:
        estimates, gae_lambda = [np.zeros(len(episode) + 1) for episode in episodes], 1.0
    else:
        ends = np.cumsum([len(episode) + 1 for episode in episodes])[:-1]
        observations = np.concatenate([episode.observations for episode in episodes])
        estimates = np.split(values.predict(observations), ends)
    for episode, estimate in zip(episodes, estimates, strict=True):
        if episode.terminated:
            estimate[-1] = 0.0
    return np.concatenate(
        [
            lambda_returns(episode.rewards, estimate, gamma, gae_lambda)
            for episode, estimate in zip(episodes, estimates, strict=True)
        ]
    )
