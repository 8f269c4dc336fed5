"""Training: Algorithm 1 of Srivastava et al. 2019.

Collect episodes, learn from them in hindsight, collect better ones, and so on. What is learned, and from which rows, is
up to a learning method.
"""

import copy
import time
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ._behavior._fitter import BehaviorFitter
from ._commands import OPEN_ENDED, is_open_ended, repeat_command
from ._envs._pool import EnvPool
from ._envs._sources import TRAINING
from ._episodes import Episode, Episodes
from ._replay_buffer import ReplayBuffer
from ._rollout._action_selection import ActionSelection, Actor, RandomActor
from ._rollout._collect import collect_episodes
from ._rollout._evaluation import sample_episode_specs
from .methods._base import Learned, LearningMethod

# How often a method learns from finetuning episodes.
N_FINETUNE_ROUNDS = 5


@dataclass(frozen=True)
class CollectionParams:
    """How much is collected in an iteration, and how; the parameters of `UDRLAgent` with the same names."""

    n_warm_up_episodes: int
    warm_up_sticky_probability: float
    n_episodes_per_iter: int
    n_timesteps_per_iter: int | str
    action_selection: ActionSelection
    rollout: dict[str, Any]


@dataclass
class Training:
    """The state of a training run, and the steps of the algorithm.

    Parameters
    ----------
    method : LearningMethod
        Learns from the episodes.
    fitter : BehaviorFitter
        Fits the behavior on the rows that the method makes.
    params : CollectionParams
        How episodes are collected.
    buffer : ReplayBuffer
        The episodes so far.
    rng : numpy.random.Generator
        Source of all randomness.
    learned : Learned
        What the method has learned so far.
    history : list of dict
        A record of each iteration.
    learning_params : dict
        The parameters with which it is learned from the first update on.
    continued : Learned or None, default=None
        What the first update continues, if not all that was learned: episodes are collected with what was learned
        before a parameter had another value. None from the first update on.
    """

    method: LearningMethod
    fitter: BehaviorFitter
    params: CollectionParams
    buffer: ReplayBuffer
    rng: np.random.Generator
    learned: Learned = field(default_factory=Learned)
    history: list[dict] = field(default_factory=list)
    learning_params: dict[str, Any] = field(default_factory=dict)
    continued: Learned | None = None

    def run_iteration(self, pool: EnvPool, last_timestep: int) -> None:
        """Collect episodes, learn from them, and add a record to the history.

        Parameters
        ----------
        pool : EnvPool
            The environments.
        last_timestep : int
            The run ends once it has collected so many steps.
        """
        began = time.perf_counter()
        commands, episodes = self.collect(pool, last_timestep)
        self._record(Episodes.of(episodes), commands, time.perf_counter() - began)
        self.update()

    def collect(self, pool: EnvPool, last_timestep: int) -> tuple[np.ndarray, list[Episode]]:
        """Collect the episodes of an iteration: the random warm-up first, then episodes under exploration commands."""
        n_episodes = self.params.n_warm_up_episodes if self._is_warm_up else self.params.n_episodes_per_iter
        n_timesteps = min(self.n_timesteps_per_iter, last_timestep - self.n_timesteps)
        commands = np.empty((0, 2))
        episodes: list[Episode] = []
        while (n_missing := self._n_missing_episodes(episodes, n_episodes, n_timesteps, last_timestep)) > 0:
            new_commands = self._exploration_commands(n_missing)
            commands = np.vstack([commands, new_commands])
            episodes += self._collect_episodes(pool, new_commands, self._exploring_actor(new_commands))
        return commands, episodes

    def learn_offline(self, episodes: Episodes) -> None:
        """Add logged episodes to the buffer, and learn from all that it has."""
        self.buffer.add(episodes)
        self._record(episodes, repeat_command(OPEN_ENDED, len(episodes)), seconds=0.0)
        self.update()
        self.finalize()

    def update(self) -> None:
        """Let the method learn from the buffer."""
        began = time.perf_counter()
        before = self.learned if self.continued is None else self.continued
        learned = self.method.update(self.buffer, before, self.fitter, self.rng)
        if not isinstance(learned, Learned):
            raise TypeError(f"{type(self.method).__name__}.update must return a Learned, got {learned!r}.")
        self.learned, self.continued = learned, None
        self.history[-1]["fit_seconds"] = time.perf_counter() - began

    def finalize(self) -> None:
        """Let the method learn what exploring does not need, if it has learned anything."""
        if self.learned.can_act and self.continued is None:
            self.learned = self.method.finalize(self.buffer, self.learned, self.fitter, self.rng)

    def preview_finalized(self) -> Learned:
        """Return what would be learned if the run ended now, and change nothing."""
        # An update would change the estimators in place.
        learned = copy.deepcopy(self.learned) if self.fitter.is_incremental else self.learned
        return self.method.finalize(self.buffer, learned, self.fitter, copy.deepcopy(self.rng))

    def finetune(self, pool: EnvPool, n_timesteps: int) -> None:
        """Collect episodes under exact commands, and let the method learn from them, several times."""
        if n_timesteps == 0:
            return
        first = self.n_timesteps
        for round_number in range(1, N_FINETUNE_ROUNDS + 1):
            command = self.method.best_command(self.buffer)
            behavior = self.learned.behavior_function.for_command(command)
            actor = self.params.action_selection.actor(behavior, command)
            while self.n_timesteps < first + n_timesteps * round_number / N_FINETUNE_ROUNDS:
                commands = self.method.finetune_commands(self.buffer, self.params.n_episodes_per_iter, self.rng)
                self._collect_episodes(pool, commands, actor)
            self.learned = self.method.finetune(self.buffer, self.learned, self.fitter, self.rng)

    @property
    def n_timesteps(self) -> int:
        """Steps collected so far."""
        return self.buffer.n_timesteps_total

    @property
    def n_timesteps_per_iter(self) -> int:
        """Steps to collect in an iteration, at least."""
        n_timesteps = self.params.n_timesteps_per_iter
        return self.method.n_timesteps_per_iter(self.n_timesteps) if isinstance(n_timesteps, str) else n_timesteps

    @property
    def _is_warm_up(self) -> bool:
        return not self.learned.can_act

    def _exploring_actor(self, commands: np.ndarray) -> Actor:
        if self._is_warm_up:
            return RandomActor(self.params.warm_up_sticky_probability)
        return self.params.action_selection.exploring_actor(self.learned.behavior_function.for_command(commands[0]))

    def _exploration_commands(self, n_commands: int) -> np.ndarray:
        if self._is_warm_up:
            return repeat_command(OPEN_ENDED, n_commands)
        commands = self.method.exploration_commands(self.buffer, n_commands, self.rng)
        is_open = is_open_ended(commands)
        if is_open.any() and not is_open.all():
            raise ValueError(
                f"{type(self.method).__name__}.exploration_commands must return commands that are all open-ended or "
                f"all exact, got {commands}."
            )
        if is_open.all() and self.learned.open_ended is None:  # another method has learned exact commands alone
            return repeat_command(self.method.best_command(self.buffer), n_commands)
        return commands

    def _n_missing_episodes(
        self, episodes: list[Episode], n_episodes: int, n_timesteps: int, last_timestep: int
    ) -> int:
        """Estimate how many more episodes are needed for as many episodes and steps as wanted, or for all steps."""
        lengths = [len(episode) for episode in episodes] or self.buffer.lengths[-n_episodes:]
        if len(lengths) == 0:
            return n_episodes
        if self._is_warm_up and self.n_timesteps < last_timestep and not self.method.is_informative(self.buffer):
            return n_episodes
        mean_length = np.mean(lengths)
        n_missing_timesteps = n_timesteps - sum(len(episode) for episode in episodes)
        n_missing = max(n_episodes - len(episodes), ceil(n_missing_timesteps / mean_length))
        # Episodes may be much longer than before the last update, so only some begin at a time.
        return min(n_missing, 4 * n_episodes, ceil((last_timestep - self.n_timesteps) / mean_length))

    def _collect_episodes(self, pool: EnvPool, commands: np.ndarray, actor: Actor) -> list[Episode]:
        """Run an episode for each command. Those that ended are added to the buffer, even if another one fails."""
        specs = sample_episode_specs(pool.sources, commands, TRAINING, self.rng)
        collected: dict[int, Episode] = {}
        try:
            for index, episode in collect_episodes(pool, specs, actor, **self.params.rollout):
                collected[index] = episode
        finally:
            episodes = [collected[i] for i in sorted(collected)]
            self.buffer.add(episodes)
        return episodes

    def _record(self, episodes: Episodes, commands: np.ndarray, seconds: float) -> None:
        """Begin the record of an iteration: the commands of its episodes, and what they achieved."""
        has_exact_commands = not is_open_ended(commands).any()
        desired_return, desired_horizon = commands.mean(axis=0) if has_exact_commands else (np.nan, np.nan)
        self.history.append(
            {
                "iteration": len(self.history),
                "timesteps": self.n_timesteps,
                "episodes": self.buffer.n_episodes_total,
                "desired_return": float(desired_return),
                "desired_horizon": float(desired_horizon),
                "mean_return": float(episodes.returns.mean()),
                "std_return": float(episodes.returns.std()),
                "mean_length": float(episodes.lengths.mean()),
                "rollout_seconds": seconds,
                "fit_seconds": 0.0,
            }
        )


def format_record(record: dict) -> str:
    """Return a record of the history as a line of text."""
    evaluated = f" | evaluated {record['evaluated_return']:8.1f}" if "evaluated_return" in record else ""
    return (
        f"iteration {record['iteration']:4d} | timesteps {record['timesteps']:8,d} "
        f"| episodes {record['episodes']:6,d} | mean return {record['mean_return']:8.1f}{evaluated} "
        f"| {record['rollout_seconds'] + record['fit_seconds']:5.1f} s"
    )


def make_rng(random_state: Any) -> np.random.Generator:
    """Return the one Generator that everything random is sampled from."""
    if random_state is None or isinstance(random_state, int | np.integer):
        return np.random.default_rng(random_state)
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, size=4))
