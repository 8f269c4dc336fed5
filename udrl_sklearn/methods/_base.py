"""The interface of learning methods."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from udrl_sklearn._behavior._base import Behavior
from udrl_sklearn._behavior._fitter import BehaviorFitter
from udrl_sklearn._behavior._function import BehaviorFunction
from udrl_sklearn._commands import Command, complete_command, exploratory_commands
from udrl_sklearn._replay_buffer import ReplayBuffer

# How many of the best episodes say what the best return is.
N_BEST = 50
# The newest half of all steps within these bounds is recent, and an iteration collects this fraction of it.
RECENT_TIMESTEPS_BOUNDS = 10_000, 50_000
ITERATION_FRACTION = 1 / 12


@dataclass(frozen=True)
class Learned:
    """What a method has learned so far.

    The agent keeps it from one iteration to the next; a method itself has no state.

    Parameters
    ----------
    exact : Behavior or None, default=None
        Predicts actions for exact commands.
    open_ended : Behavior or None, default=None
        Predicts actions for the open-ended command "max". Without it "max" is answered by an exact command.
    values : estimator or None, default=None
        A fitted estimator of expected returns, for methods that have one. Published as ``value_estimator_``.
    """

    exact: Behavior | None = None
    open_ended: Behavior | None = None
    values: Any = None

    @property
    def can_act(self) -> bool:
        """Whether there is a behavior for any command."""
        return self.exact is not None or self.open_ended is not None

    @property
    def behavior_function(self) -> BehaviorFunction:
        """The behaviors, as one function of rows with commands of both kinds."""
        return BehaviorFunction(self.exact, self.open_ended)


class LearningMethod(BaseEstimator, ABC):
    """Base class of learning methods.

    A subclass defines `update`, which makes rows of the episodes in the replay buffer and fits the behavior on them.
    Every other method has a default. Parameters are arguments of ``__init__``, as in any estimator of scikit-learn;
    ``_parameter_constraints`` says which values they may take, and `UDRLAgent.fit` checks them. A method is stateless:
    what it learns goes into `Learned`, which the agent keeps.

    See Also
    --------
    AdvantageWeighted : The default method.
    ReturnConditioned : The published algorithm.
    udrl_sklearn.utils.estimator_checks.check_method : Tests a method.

    Examples
    --------
    A method that imitates the best episodes:

    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.methods import Learned, LearningMethod, relabel
    >>> class BestEpisodes(LearningMethod):
    ...     _parameter_constraints = {"n_episodes": [int]}
    ...
    ...     def __init__(self, n_episodes=20):
    ...         self.n_episodes = n_episodes
    ...
    ...     def update(self, buffer, learned, fitter, rng):
    ...         rows = relabel(buffer.best(self.n_episodes))
    ...         return Learned(exact=fitter.fit(learned.exact, rows, None, rng))
    >>> agent = UDRLAgent(method=BestEpisodes(), total_timesteps=2000, random_state=0).fit("CartPole-v1")
    >>> agent.score("CartPole-v1") > 15
    True
    """

    _parameter_constraints: dict = {}

    def n_timesteps_per_iter(self, n_timesteps: int) -> int:
        """Return how many steps to collect in an iteration, for ``UDRLAgent(n_timesteps_per_iter="auto")``.

        Parameters
        ----------
        n_timesteps : int
            Steps collected so far.

        Returns
        -------
        n_timesteps_per_iter : int
            By default a twelfth of the newest half of all steps, where that half is at least 10,000 and at most 50,000.
        """
        return int(ITERATION_FRACTION * n_recent_timesteps(n_timesteps))

    def is_informative(self, buffer: ReplayBuffer) -> bool:
        """Tell whether there is something to learn from, so that the warm-up may end; by default always.

        Parameters
        ----------
        buffer : ReplayBuffer
            With the episodes of the warm-up so far.
        """
        return True

    def exploration_commands(self, buffer: ReplayBuffer, n_commands: int, rng: np.random.Generator) -> np.ndarray:
        """Return the commands of new episodes; by default for a slightly higher return than that of the 50 best ones.

        Parameters
        ----------
        buffer : ReplayBuffer
            The episodes so far.
        n_commands : int
            How many episodes there will be.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        commands : ndarray of shape (n_commands, 2)
            Desired return and desired horizon (steps); (0, 0) is the open-ended command.
        """
        best = buffer.best_indices(N_BEST)
        return exploratory_commands(buffer.returns[best], buffer.lengths[best], n_commands, rng)

    @abstractmethod
    def update(
        self, buffer: ReplayBuffer, learned: Learned, fitter: BehaviorFitter, rng: np.random.Generator
    ) -> Learned:
        """Learn from the episodes so far; called once in each iteration.

        Parameters
        ----------
        buffer : ReplayBuffer
            The episodes so far.
        learned : Learned
            What this method returned before.
        fitter : BehaviorFitter
            ``fitter.fit(previous, rows, weights, rng)`` returns a behavior.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        learned : Learned
        """

    def finalize(
        self, buffer: ReplayBuffer, learned: Learned, fitter: BehaviorFitter, rng: np.random.Generator
    ) -> Learned:
        """Learn what exploring does not need; called once after the last iteration. By default nothing.

        Parameters and result are those of `update`.
        """
        return learned

    def n_finetune_timesteps(self, total_timesteps: int) -> int:
        """Return how many of the steps are kept for finetuning after `finalize`; by default none."""
        return 0

    def finetune_commands(self, buffer: ReplayBuffer, n_commands: int, rng: np.random.Generator) -> np.ndarray:
        """Return the exact commands of finetuning episodes. Parameters are those of `exploration_commands`."""
        raise NotImplementedError(f"{type(self).__name__} has finetuning steps, so it must define finetune_commands.")

    def finetune(
        self, buffer: ReplayBuffer, learned: Learned, fitter: BehaviorFitter, rng: np.random.Generator
    ) -> Learned:
        """Learn from finetuning episodes. Parameters and result are those of `update`."""
        return self.update(buffer, learned, fitter, rng)

    def best_command(self, buffer: ReplayBuffer) -> Command:
        """Return the exact command for the best return: mean return and mean length of the 50 best episodes.

        Parameters
        ----------
        buffer : ReplayBuffer
            The episodes so far.

        Returns
        -------
        command : Command
        """
        return mean_outcome(buffer, N_BEST)

    def resolve(self, command: Command | str, learned: Learned, buffer: ReplayBuffer) -> Command:
        """Return the command that the behavior gets for a command of the user.

        By default "max" is `best_command`. A return above the best one in the buffer becomes that best one. A return
        without a horizon gets a matching horizon.

        Parameters
        ----------
        command : Command or "max"
            As `check_command` returns it.
        learned : Learned
            What was learned.
        buffer : ReplayBuffer
            The episodes so far.

        Returns
        -------
        command : Command
            With a horizon; (0, 0) is the open-ended command.
        """
        if isinstance(command, str):
            return self.best_command(buffer)
        return complete_command(command, buffer.returns, buffer.lengths)


def n_recent_timesteps(n_timesteps: int) -> int:
    """Return how many of the newest steps are recent: half of them, within `RECENT_TIMESTEPS_BOUNDS`."""
    return int(np.clip(n_timesteps / 2, *RECENT_TIMESTEPS_BOUNDS))


def mean_outcome(buffer: ReplayBuffer, n_best: int) -> Command:
    """Return mean return and mean length of the best episodes in a buffer, as a command."""
    best = buffer.best_indices(n_best)
    outcomes = np.column_stack([buffer.returns[best], buffer.lengths[best]])
    return Command(*outcomes.mean(axis=0).tolist())
