"""Commands: what an agent is to achieve, and how that changes while it acts.

A command inside arrays is a row ``(desired_return, desired_horizon)``. The open-ended command, "as
much as you can", is the row ``(0, 0)``. An exact command has a horizon of at least one step, so the
horizon alone distinguishes the two, and all numbers are finite, as estimators require.
"""

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Command(NamedTuple):
    """What an agent is to achieve.

    Parameters
    ----------
    desired_return : float
        The sum of rewards to achieve in the rest of the episode.
    desired_horizon : float or None, default=None
        The number of steps to achieve it in, at least 1. With None the agent chooses a horizon that
        matches the return, from the episodes in its replay buffer.

    Examples
    --------
    >>> from udrl_sklearn import Command
    >>> Command(desired_return=200, desired_horizon=200)
    Command(desired_return=200, desired_horizon=200)
    """

    desired_return: float
    desired_horizon: float | None = None


OPEN_ENDED = Command(0.0, 0.0)

# A return is out of support if less than this fraction of the steps belong to episodes with a higher return.
MIN_SUPPORT = 0.05

# What users may give as a command, see `check_command`.
CommandLike = str | float | Command | tuple[float, float | None]


def check_command(command: Any) -> Command | str:
    """Return `command` as a `Command`, or the string "max".

    Parameters
    ----------
    command : {"max"}, float, Command or pair of floats
        A single number is a desired return.

    Raises
    ------
    ValueError
        If it is none of these, not finite, or its horizon is less than one step.
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
            'For the highest return that the agent can achieve use command="max".'
        )
    if desired_horizon is not None and not (np.isfinite(desired_horizon) and desired_horizon >= 1):
        raise ValueError(
            f"desired_horizon must be a number of steps >= 1, or None to let the agent choose one; "
            f"got {desired_horizon}."
        )
    return Command(float(desired_return), None if desired_horizon is None else float(desired_horizon))


def is_open_ended(commands: ArrayLike | Command) -> np.ndarray:
    """Tell which commands are open-ended.

    Parameters
    ----------
    commands : array-like of shape (..., 2), or Command
        Desired return and desired horizon (steps).

    Returns
    -------
    is_open_ended : ndarray of shape (...), or a single bool

    Examples
    --------
    >>> is_open_ended([[0.0, 0.0], [0.0, 1.0]])
    array([ True, False])
    """
    return np.asarray(commands)[..., 1] == 0


def repeat_command(command: Command, n_rows: int) -> np.ndarray:
    """Return an array with the same command in each row.

    Parameters
    ----------
    command : Command
        Open-ended, or exact with a horizon.
    n_rows : int
        Number of rows.

    Returns
    -------
    commands : ndarray of shape (n_rows, 2)

    Examples
    --------
    >>> repeat_command(Command(5.0, 2.0), 2)
    array([[5., 2.],
           [5., 2.]])
    """
    return np.tile(np.array(command, dtype=np.float64), (n_rows, 1))


def next_command(commands: np.ndarray, rewards: np.ndarray) -> np.ndarray:
    """Update commands after a step (Algorithm 2 of Srivastava et al. 2019).

    After reward r_t the command is ``(desired_return - r_t, max(desired_horizon - 1, 1))``. An
    open-ended command does not change.

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
    is_open = is_open_ended(commands)
    if is_open.all():
        return commands
    following = np.empty_like(commands, dtype=np.float64)
    following[:, 0] = commands[:, 0] - rewards
    following[:, 1] = np.maximum(commands[:, 1] - 1, 1)
    return np.where(is_open[:, None], commands, following)


def command_trajectory(command: Command, rewards: np.ndarray) -> np.ndarray:
    """Return the command at each step of an episode.

    Parameters
    ----------
    command : Command
        At the first step; open-ended, or exact with a horizon.
    rewards : ndarray of shape (T,)
        The reward of each step.

    Returns
    -------
    commands : ndarray of shape (T, 2)

    Examples
    --------
    >>> import numpy as np
    >>> command_trajectory(Command(5.0, 2.0), np.array([1.0, 2.0, 7.0]))
    array([[5., 2.],
           [4., 1.],
           [2., 1.]])
    """
    commands = repeat_command(command, len(rewards))
    for step, reward in enumerate(rewards[:-1]):
        commands[step + 1] = next_command(commands[step : step + 1], np.array([reward]))[0]
    return commands


def exploratory_commands(
    returns: np.ndarray, lengths: np.ndarray, n_commands: int, rng: np.random.Generator
) -> np.ndarray:
    """Sample commands for a slightly higher return than that of the best episodes.

    The rule of Srivastava et al. 2019, section 2.3.4: the horizon is the mean length of the given
    episodes, the return is uniform between their mean return and one standard deviation above it.

    Parameters
    ----------
    returns : ndarray of shape (n_episodes,)
        Returns of the best episodes.
    lengths : ndarray of shape (n_episodes,)
        Their lengths, in steps.
    n_commands : int
        How many commands to sample.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    commands : ndarray of shape (n_commands, 2)
    """
    mean = np.mean(returns)
    desired_return = rng.uniform(mean, mean + np.std(returns), size=n_commands)
    return np.column_stack([desired_return, np.full(n_commands, np.mean(lengths))])


def finetune_commands(
    returns: np.ndarray, lengths: np.ndarray, n_commands: int, rng: np.random.Generator
) -> np.ndarray:
    """Sample commands over the whole range of returns, each with a matching horizon.

    Parameters
    ----------
    returns, lengths : ndarray of shape (n_episodes,)
        Returns and lengths (steps) of the episodes so far, the newest last.
    n_commands : int
        How many commands to sample.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    commands : ndarray of shape (n_commands, 2)
    """
    desired_returns = rng.uniform(returns.min(), returns.max(), size=n_commands)
    return np.array([(desired, matching_horizon(desired, returns, lengths)) for desired in desired_returns])


def complete_command(command: Command, returns: np.ndarray, lengths: np.ndarray) -> Command:
    """Return an exact command that some episode can fulfil: not above the best return, and with a horizon.

    Parameters
    ----------
    command : Command
        Exact. Without a horizon it gets one that matches the return, see `matching_horizon`.
    returns, lengths : ndarray of shape (n_episodes,)
        Returns and lengths (steps) of the episodes so far, the newest last.

    Returns
    -------
    command : Command
    """
    desired_return = min(command.desired_return, float(returns.max()))
    if command.desired_horizon is not None:
        return Command(desired_return, command.desired_horizon)
    return Command(desired_return, matching_horizon(desired_return, returns, lengths))


def is_out_of_support(desired_return: float, returns: np.ndarray, lengths: np.ndarray) -> bool:
    """Tell whether too few rows belong to episodes with a higher return for a desired return to be learned.

    Rows are counted rather than episodes, and each step is a row. An agent that has just learned to balance a pole has
    a hundred short episodes and a few long ones, and half of the rows belong to the long ones.

    Parameters
    ----------
    desired_return : float
    returns, lengths : ndarray of shape (n_episodes,)
        Returns and lengths (steps) of the episodes so far.

    Returns
    -------
    is_out_of_support : bool

    Examples
    --------
    >>> import numpy as np
    >>> returns, lengths = np.array([9.0, 10.0, 11.0]), np.array([80, 10, 10])
    >>> is_out_of_support(10, returns, lengths), is_out_of_support(11, returns, lengths)
    (False, True)
    """
    return bool(lengths[returns > desired_return].sum() < MIN_SUPPORT * lengths.sum())


def matching_horizon(desired_return: float, returns: np.ndarray, lengths: np.ndarray, n_nearest: int = 15) -> float:
    """Choose a horizon for a desired return, by the episodes that are nearest in return.

    It is the value at the desired return of the straight line through their lengths over their returns (least squares),
    within the range of these lengths.

    Parameters
    ----------
    desired_return : float
    returns, lengths : ndarray of shape (n_episodes,)
        Returns and lengths (steps) of the episodes so far, the newest last.
    n_nearest : int, default=15
        How many episodes to use; of equally near ones the newest.

    Returns
    -------
    horizon : float
        In steps, at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> round(matching_horizon(4, np.array([1.0, 2.0, 5.0]), np.array([10, 20, 50])), 6)
    40.0
    """
    nearest = np.argsort(np.abs(returns[::-1] - desired_return), kind="stable")[:n_nearest]
    near_returns, near_lengths = returns[::-1][nearest], lengths[::-1][nearest]
    horizon, centered = near_lengths.mean(), near_returns - near_returns.mean()
    if centered.any():
        slope = centered @ near_lengths / (centered @ centered)
        horizon += slope * (desired_return - near_returns.mean())
    return float(np.clip(horizon, near_lengths.min(), near_lengths.max()))
