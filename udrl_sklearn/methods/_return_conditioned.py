"""Return-conditioned supervised learning: the published algorithm."""

from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from udrl_sklearn._behavior._fitter import BehaviorFitter
from udrl_sklearn._commands import Command, exploratory_commands
from udrl_sklearn._hindsight import relabel
from udrl_sklearn._replay_buffer import ReplayBuffer

from ._base import Learned, LearningMethod, mean_outcome


class ReturnConditioned(LearningMethod):
    """Return-conditioned supervised learning, as published by Srivastava et al. [1]_.

    Each row has the return and the number of steps that followed in its episode as its command. New episodes get
    commands for a slightly higher return than that of the best episodes so far. "max" is a command like any other: the
    mean return and the mean length of the best episodes.

    Parameters
    ----------
    segments : {"trailing", "random"}, default="trailing"
        Whether the command of a row describes what followed until the end of the episode, or until a random step.
    rows_per_episode : int or None, default=None
        How many random steps of each episode become rows, as in [2]_. None takes every step.
    last_few : int, default=50
        How many of the best episodes define the commands of new episodes, and "max".

    See Also
    --------
    AdvantageWeighted : The default method, which learns "max" on its own.

    References
    ----------
    .. [1] R. K. Srivastava, P. Shyam, F. Mutz, W. Jaskowski and J. Schmidhuber, "Training Agents using
       Upside-Down Reinforcement Learning", arXiv 1912.02877, 2019.
    .. [2] J. Cardenas-Cartagena et al., "Upside-Down Reinforcement Learning for More Interpretable Optimal Control",
       arXiv 2411.11457, 2024.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.methods import ReturnConditioned
    >>> agent = UDRLAgent(method=ReturnConditioned(last_few=20), total_timesteps=2000, random_state=0)
    >>> agent = agent.fit("CartPole-v1")
    >>> agent.resolve("max") == agent.command_
    True
    """

    _parameter_constraints: dict = {
        "segments": [StrOptions({"trailing", "random"})],
        "rows_per_episode": [Interval(Integral, 1, None, closed="left"), None],
        "last_few": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, *, segments: str = "trailing", rows_per_episode: int | None = None, last_few: int = 50) -> None:
        self.segments = segments
        self.rows_per_episode = rows_per_episode
        self.last_few = last_few

    def exploration_commands(self, buffer: ReplayBuffer, n_commands: int, rng: np.random.Generator) -> np.ndarray:
        """Sample commands for a slightly higher return than that of the best episodes."""
        best = buffer.best_indices(self.last_few)
        return exploratory_commands(buffer.returns[best], buffer.lengths[best], n_commands, rng)

    def update(
        self, buffer: ReplayBuffer, learned: Learned, fitter: BehaviorFitter, rng: np.random.Generator
    ) -> Learned:
        """Fit the behavior on the episodes in the buffer."""
        rows = relabel(buffer.episodes, segments=self.segments, rows_per_episode=self.rows_per_episode, rng=rng)
        return Learned(exact=fitter.fit(learned.exact, rows, None, rng))

    def best_command(self, buffer: ReplayBuffer) -> Command:
        """Return mean return and mean length of the `last_few` best episodes."""
        return mean_outcome(buffer, self.last_few)
