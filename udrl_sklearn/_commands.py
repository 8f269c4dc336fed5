"""Commands: what an agent is asked for, and how that changes while it acts.

A command inside arrays is a row ``(desired_return, desired_horizon)``. The open-ended command, "as
much as you can", is the row ``(0, 0)``: a horizon of 0 steps never occurs in an exact command, so
one feature tells the two apart, and the numbers stay finite for estimators that need it.
"""

from numbers import Real
from typing import Any, NamedTuple

import numpy as np


class Command(NamedTuple):
    """What an agent is asked for.

    Parameters
    ----------
    desired_return : float
        The sum of rewards to obtain in the rest of the episode.
    desired_horizon : float or None, default=None
        The number of steps to obtain it in, at least 1. With None the agent chooses a horizon that
        fits the return, from the episodes that it has seen.

    Examples
    --------
    >>> from udrl_sklearn import Command
    >>> Command(desired_return=200, desired_horizon=200)
    Command(desired_return=200, desired_horizon=200)
    """

    desired_return: float
    desired_horizon: float | None = None


OPEN_ENDED = Command(0.0, 0.0)

# Where so small a part of the steps are of episodes that obtained more, few rows tell how to obtain a return.
RARE = 0.05

# What users may give as a command, see `check_command`.
CommandLike = str | float | Command | tuple[float, float | None]


def check_command(command: Any) -> Command | str:
    """Return `command` as a `Command`, or the string "max".

    Parameters
    ----------
    command : {"max"}, float, Command or pair of floats
        A lone number is a desired return.

    Raises
    ------
    ValueError
        If it is none of these, not finite, or its horizon is under one step.
    """
    if isinstance(command, str) and command == "max":
        return command
    if isinstance(command, Real) and not isinstance(command, bool):
        command = (command, None)
    is_pair = isinstance(command, tuple | list | np.ndarray) and np.shape(command) == (2,)
    if not is_pair or not all(isinstance(c, Real) or c is None for c in command) or command[0] is None:
        raise ValueError(
            'command must be "max", a desired return, or a pair (desired_return, desired_horizon) of '
            f"numbers, e.g. (200, 200) or Command(200, None); got {command!r}."
        )
    desired_return, desired_horizon = command
    if not np.isfinite(desired_return):
        raise ValueError(
            f"desired_return must be a finite number, got {desired_return}. "
            'To ask for as much as possible use command="max".'
        )
    if desired_horizon is not None and not (np.isfinite(desired_horizon) and desired_horizon >= 1):
        raise ValueError(
            f"desired_horizon must be a number of steps >= 1, or None to let the agent choose one; "
            f"got {desired_horizon}."
        )
    return Command(float(desired_return), None if desired_horizon is None else float(desired_horizon))


def next_command(commands: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    """Count commands down after a step (Algorithm 2 of Srivastava et al. 2019).

    After reward r_t the command is ``(desired_return - r_t, max(desired_horizon - 1, 1))``. An
    open-ended command stays as it is.

    Parameters
    ----------
    commands : ndarray of shape (n, 2)
        Desired return and desired horizon (steps) at step t.
    rewards : ndarray of shape (n,)
        The rewards of step t.

    Returns
    -------
    commands : ndarray of shape (n, 2)
        The commands at step t + 1.

    Examples
    --------
    >>> import numpy as np
    >>> next_command(np.array([[10.0, 5.0], [3.0, 1.0], [0.0, 0.0]]), np.array([1.0, 2.0, 4.0]))
    array([[9., 4.],
           [1., 1.],
           [0., 0.]])
    """
    exact = commands[:, 1] > 0
    if not exact.any():
        return commands
    following = np.empty_like(commands, dtype=np.float64)
    following[:, 0] = commands[:, 0] - rewards
    following[:, 1] = np.maximum(commands[:, 1] - 1, 1)
    return np.where(exact[:, None], following, commands)


def countdown(command: Command, rewards: np.ndarray) -> np.ndarray:
    """Return the command at each step of an episode that began under a command.

    Parameters
    ----------
    command : Command
        At the first step; open-ended or exact, with a horizon.
    rewards : ndarray of shape (T,)
        The reward of each step.

    Returns
    -------
    commands : ndarray of shape (T, 2)

    Examples
    --------
    >>> import numpy as np
    >>> countdown(Command(5.0, 2.0), np.array([1.0, 2.0, 7.0]))
    array([[5., 2.],
           [4., 1.],
           [2., 1.]])
    """
    commands = np.tile(np.asarray(command, dtype=float), (len(rewards), 1))
    for step, reward in enumerate(rewards[:-1]):
        commands[step + 1] = next_command(commands[step : step + 1], np.array([reward]))
    return commands


def exploratory_commands(returns, lengths, n_commands, rng):
    """Draw commands that ask for a little more than the best episodes gave.

    The rule of Srivastava et al. 2019, section 2.3.4: the horizon is the mean length of the given
    episodes, the return is uniform between their mean return and one standard deviation above it.

    Parameters
    ----------
    returns : ndarray of shape (n_episodes,)
        Returns of the best episodes known.
    lengths : ndarray of shape (n_episodes,)
        Their lengths, in steps.
    n_commands : int
        How many commands to draw.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    commands : ndarray of shape (n_commands, 2)
    """
    mean = np.mean(returns)
    desired_return = rng.uniform(mean, mean + np.std(returns), size=n_commands)
    return np.column_stack([desired_return, np.full(n_commands, np.mean(lengths))])


def practice_commands(returns, lengths, n_commands, rng):
    """Draw commands of every level: returns uniform over the range that was seen, each with a fitting horizon.

    Parameters
    ----------
    returns, lengths : ndarray of shape (n_episodes,)
        Returns and lengths (steps) of episodes that were seen, the newest last.
    n_commands : int
        How many commands to draw.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    commands : ndarray of shape (n_commands, 2)
    """
    desired_return = rng.uniform(returns.min(), returns.max(), size=n_commands)
    return np.array([(desired, fitting_horizon(desired, returns, lengths)) for desired in desired_return])


def is_rare(desired_return, returns, lengths):
    """Tell whether so few rows are of episodes with a higher return that one should ask for "max" instead.

    Steps count rather than episodes, since each step is a row: who has just learned to balance a pole has lived through
    a hundred short episodes and a few long ones, and half of the rows are of these.

    Parameters
    ----------
    desired_return : float
        The return that is asked for.
    returns, lengths : ndarray of shape (n_episodes,)
        Returns and lengths (steps) of episodes that were seen.

    Returns
    -------
    is_rare : bool

    Examples
    --------
    >>> import numpy as np
    >>> returns, lengths = np.array([9.0, 10.0, 11.0]), np.array([80, 10, 10])
    >>> is_rare(10, returns, lengths), is_rare(11, returns, lengths)
    (False, True)
    """
    return bool(lengths[returns > desired_return].sum() < RARE * lengths.sum())


def fitting_horizon(desired_return, returns, lengths, n_nearest=15):
    """Choose a horizon for a desired return, after the episodes nearest in return.

    It is where the straight line through their lengths over their returns (least squares) passes the desired return,
    within the range of these lengths.

    Parameters
    ----------
    desired_return : float
        The return that is asked for.
    returns, lengths : ndarray of shape (n_episodes,)
        Returns and lengths (steps) of episodes that were seen, the newest last.
    n_nearest : int, default=15
        How many episodes to look at; of equally near ones the newest count.

    Returns
    -------
    horizon : float
        In steps, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(fitting_horizon(4, np.array([1.0, 2.0, 5.0]), np.array([10, 20, 50])), 6)
    40.0
    """
    nearest = np.argsort(np.abs(returns[::-1] - desired_return), kind="stable")[:n_nearest]
    near_returns, near_lengths = returns[::-1][nearest], lengths[::-1][nearest]
    horizon, centered = near_lengths.mean(), near_returns - near_returns.mean()
    if centered.any():
        slope = centered @ near_lengths / (centered @ centered)
        horizon += slope * (desired_return - near_returns.mean())
    return float(np.clip(horizon, near_lengths.min(), near_lengths.max()))
