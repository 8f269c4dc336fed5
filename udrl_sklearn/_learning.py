"""The loop of Algorithm 1: explore, remember, relabel, improve."""

import copy
import time
from functools import cache
from math import ceil

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.utils import check_random_state

from ._actors import Actor, RandomActor, TurnsActor
from ._behavior import (
    BehaviorFunction,
    Exploration,
    check_estimator_kind,
    default_estimator,
    design_matrix,
    limited_threads,
    make_behavior,
    seeded_clone,
)
from ._buffer import ReplayBuffer
from ._commands import OPEN_ENDED, Command, exploratory_commands, practice_commands
from ._environments import TRAINING, TUNING, env_sources
from ._episodes import Episodes
from ._evaluation import draw_plans, evaluate
from ._experience import read_experience
from ._hindsight import draw_rows, relabel, spread_over_returns
from ._pool import EnvPool
from ._rollout import collect_episodes
from ._smoothing import smooth_returns
from ._spaces import COMMAND_NAMES, ActionTargets, ObservationColumns
from ._weighting import advantage_weighted_rows, advantage_weights

# With "auto", the newest half of all steps is learned from, within these bounds, and the estimator is fitted again
# once so large a part of these rows is new.
AUTO_ROWS = 10_000, 50_000
AUTO_ITERATION = 1 / 12

# What is to be expected of an action is learned from so many steps.
MAX_SMOOTHING_ROWS = 50_000

# How often exact commands are learned anew while they are practised.
N_PRACTICE_ROUNDS = 5

# Each tree of the default forest draws half of the rows; of fewer rows than these scikit-learn would call that few.
MIN_ROWS_TO_HALVE = 20

# An estimator that is updated keeps its scale of commands until the data's has changed by this factor.
MAX_SCALE_DRIFT = 3.0


class LearningLoop:
    """What an agent does to learn from environments and episodes: the methods behind `fit`."""

    def _fit_environments(self, envs):
        """Run Algorithm 1 of Srivastava et al. 2019."""
        with EnvPool(env_sources(envs)) as pool:
            observation_space, action_space = pool.spaces()
            self._start(observation_space, action_space, ActionTargets.from_space(action_space), *pool.names())
            n_practice = 0 if self.weighting is None else int(self.practice * self.total_timesteps)
            last_timestep = self.n_timesteps_ + self.total_timesteps - n_practice
            task = self._init_callback_context(max_subtasks=ceil(self.total_timesteps / self._n_wanted_timesteps()) + 1)
            task.call_on_fit_task_begin(estimator=self)
            stop = False
            try:
                while not stop and self.n_timesteps_ < last_timestep:
                    iteration = task.subcontext(task_name="iteration").call_on_fit_task_begin(estimator=self)
                    self._explore(pool, last_timestep)
                    self._improve()
                    stop = self._reaches_target(pool)
                    self._report()
                    stop |= iteration.call_on_fit_task_end(estimator=self, **self._for_callbacks())
            finally:
                self._learn_exact_commands()
            if n_practice:
                self._practise(pool, n_practice)
            task.call_on_fit_task_end(estimator=self, **self._for_callbacks() | {"reconstruction_attributes": dict})
        return self

    def _fit_experience(self, X):
        """Learn from logged episodes: relabel once, fit once."""
        episodes, spaces, targets = read_experience(X)
        self._start(*spaces, targets, n_features=episodes.observations.shape[1])
        self._remember(episodes)
        self._record(episodes, np.tile(OPEN_ENDED, (len(episodes), 1)), seconds=0.0)
        self._improve()
        self._learn_exact_commands()
        self._report()
        return self

    def _for_callbacks(self):
        """Return what scikit-learn's callbacks may ask for, as functions that are called if one does."""

        def fitted_as_if_stopped():
            stopped = copy.copy(self)
            stopped._rng = copy.deepcopy(self._rng)
            stopped._learn_exact_commands()
            return {name: value for name, value in vars(stopped).items() if name in ("behavior_", "estimator_")}

        rows = cache(self.hindsight_rows)
        return {
            "X": lambda: rows()[0],
            "y": lambda: rows()[1],
            "reconstruction_attributes": fitted_as_if_stopped,
        }

    def _start(self, observation_space, action_space, targets, names=None, action_names=None, n_features=None):
        """Check that learning can begin, or go on, and only then set it up."""
        where = "The experience" if action_space is None else f"The action space {action_space}"
        check_estimator_kind(self._estimator(targets.is_discrete), targets, where)
        if names is None and observation_space is None:
            names = [f"observation[{i}]" for i in range(n_features)]
        elif names is None:
            names = ObservationColumns(observation_space).names
        if self.warm_start and hasattr(self, "buffer_"):
            self._check_goes_on(observation_space, action_space, len(names), targets)
            if observation_space is None and self.observation_space_ is not None:
                self._targets.check_includes(targets)
                return  # the environment said more of observations and actions than experience does
        else:
            self._forget()
            self._rng = make_rng(self.random_state)
            self.buffer_ = ReplayBuffer(self.replay_size, self.replay_keep)
            self.history_ = []
            self.n_timesteps_ = self.n_episodes_ = 0
        self.observation_space_, self.action_space_ = observation_space, action_space
        self._targets = targets
        self.action_names_ = targets.names if action_names is None else action_names
        self.feature_names_in_ = np.array([*names, *COMMAND_NAMES], dtype=object)
        self.n_features_in_ = len(self.feature_names_in_)

    def _forget(self):
        """Delete what an earlier fit left."""
        private = ("_rng", "_row_commands", "_targets")
        for name in [name for name in vars(self) if name.endswith("_") or name in private]:
            delattr(self, name)

    def _check_goes_on(self, observation_space, action_space, n_observation_features, targets):
        known, given = (self.observation_space_, self.action_space_), (observation_space, action_space)
        same = (
            n_observation_features + 2 == self.n_features_in_
            and targets.is_discrete == self._targets.is_discrete
            and targets.n_components == self._targets.n_components
            and (None in known or None in given or known == given)
        )
        if not same:
            raise ValueError(
                f"With warm_start=True fit goes on with what it learned on the spaces {known[0]} and {known[1]}; "
                f"got {given[0]} and {given[1]}. Use an environment with the same spaces, or "
                "set_params(warm_start=False) to begin anew."
            )

    def _explore(self, pool, last_timestep):
        """Live through new episodes: random ones first, then such as are asked for."""
        began = time.perf_counter()
        warm_up = not hasattr(self, "behavior_")
        if warm_up:
            actor = RandomActor(self.warm_up_persistence)
        else:
            actor = self._actor(OPEN_ENDED, deterministic=False)
        n_episodes = self.n_warm_up_episodes if warm_up else self.n_episodes_per_iter
        n_timesteps = min(self._n_wanted_timesteps(), last_timestep - self.n_timesteps_)
        commands, episodes = np.empty((0, 2)), []
        while (n_missing := self._n_missing(episodes, n_episodes, n_timesteps, last_timestep)) > 0:
            asked = np.tile(OPEN_ENDED, (n_missing, 1)) if warm_up else self._exploratory_commands(n_missing)
            commands = np.vstack([commands, asked])
            episodes += self._collect(pool, asked, actor)
        self._record(episodes, commands, time.perf_counter() - began)

    def _practise(self, pool, n_timesteps):
        """Live through episodes under exact commands of every level, and learn from them."""
        for last_timestep in self.n_timesteps_ + n_timesteps * np.arange(1, N_PRACTICE_ROUNDS + 1) / N_PRACTICE_ROUNDS:
            actor = self._actor(self.command_)
            while self.n_timesteps_ < last_timestep:
                seen = self.buffer_.returns, self.buffer_.lengths
                self._collect(pool, practice_commands(*seen, self.n_episodes_per_iter, self._rng), actor)
            exact, open_ended = self._fits()
            self._set_behavior(self._learn(exact, self._exact_rows()), open_ended)

    def _n_wanted_timesteps(self):
        """Return how many steps to collect in an iteration, at the least."""
        if self.n_timesteps_per_iter != "auto":
            return self.n_timesteps_per_iter
        return int(AUTO_ITERATION * self._n_newest_rows())

    def _n_newest_rows(self):
        """Return how many of the newest steps the open-ended command is learned from, by "auto"."""
        return int(np.clip(self.n_timesteps_ / 2, *AUTO_ROWS))

    def _n_missing(self, episodes, n_episodes, n_timesteps, last_timestep):
        """Guess how many more episodes it takes to have as many episodes and steps as wanted, or all steps."""
        lengths = [len(episode) for episode in episodes] or self.buffer_.lengths[-n_episodes:]
        if len(lengths) == 0 or (self._has_nothing_to_learn_from() and self.n_timesteps_ < last_timestep):
            return n_episodes
        mean_length = np.mean(lengths)
        timesteps_missing = n_timesteps - sum(len(episode) for episode in episodes)
        wanted = max(n_episodes - len(episodes), ceil(timesteps_missing / mean_length))
        # An agent that has just learned much lives longer than it did, so only some are begun at a time.
        return min(wanted, 4 * n_episodes, ceil((last_timestep - self.n_timesteps_) / mean_length))

    def _has_nothing_to_learn_from(self):
        """Tell whether a warm-up has brought no episode that was better than another."""
        return self.weighting is not None and not hasattr(self, "behavior_") and np.ptp(self.buffer_.returns) == 0

    def _exploratory_commands(self, n_commands):
        if self.weighting is not None:
            return np.tile(OPEN_ENDED, (n_commands, 1))
        return exploratory_commands(*self._best_outcomes().T, n_commands, self._rng)

    def _best_outcomes(self):
        """Return the returns and lengths of the best episodes: ndarray of shape (n_episodes, 2)."""
        best = self.buffer_.best_indices(self.last_few)
        return np.column_stack([self.buffer_.returns[best], self.buffer_.lengths[best]])

    def _collect(self, pool, commands, actor):
        """Live through an episode for each command; whatever happens, what has ended is remembered."""
        plans = draw_plans(pool.sources, commands, TRAINING, self._rng)
        collected = {}
        try:
            for i, episode in collect_episodes(pool, plans, actor, **self._rollout_params()):
                collected[i] = episode
        finally:
            episodes = [collected[i] for i in sorted(collected)]
            self._remember(episodes)
        return episodes

    def _remember(self, episodes):
        if len(episodes) == 0:
            return
        self.buffer_.add(episodes)
        self.n_timesteps_ += sum(map(len, episodes))
        self.n_episodes_ += len(episodes)
        self.command_ = Command(*self._best_outcomes().mean(axis=0).tolist())

    def _record(self, episodes, commands, seconds):
        """Begin the record of an iteration: what its episodes were asked for, and what they obtained."""
        asked = commands.mean(axis=0) if commands[:, 1].all() else (np.nan, np.nan)
        episodes = Episodes.of(episodes)
        self.history_.append(
            {
                "iteration": len(self.history_),
                "timesteps": self.n_timesteps_,
                "episodes": self.n_episodes_,
                "desired_return": float(asked[0]),
                "desired_horizon": float(asked[1]),
                "mean_return": float(episodes.returns.mean()),
                "std_return": float(episodes.returns.std()),
                "mean_length": float(episodes.lengths.mean()),
                "rollout_seconds": seconds,
            }
        )

    def _improve(self):
        """Fit the behavior function on what hindsight teaches."""
        began = time.perf_counter()
        exact, open_ended = self._fits()
        if self.weighting is None:
            exact = self._learn(exact, self._published_rows())
        else:
            open_ended = self._learn(open_ended, *self._open_ended_rows())
            if self._is_incremental(open_ended):
                exact = self._learn(exact, self._exact_rows())
        self._set_behavior(exact, open_ended)
        self.history_[-1]["fit_seconds"] = time.perf_counter() - began

    def _learn_exact_commands(self):
        """Fit what answers exact commands on all that was seen; exploring did without."""
        exact, open_ended = self._fits()
        if open_ended is not None and not self._is_incremental(open_ended):
            self._set_behavior(self._learn(exact, self._exact_rows()), open_ended)

    def _fits(self):
        """Return the fits so far for exact and for open-ended commands, None where there is none."""
        known = getattr(self, "behavior_", BehaviorFunction(None))
        return known.exact, known.open_ended

    def _learn(self, known, rows, weights=None):
        """Return a fit on rows: what is known if it can be updated, else a new one."""
        X = design_matrix(rows.observations, rows.commands)
        behavior = self._behavior_to_fit(known, rows.commands)
        with limited_threads(len(X)):
            if self._is_incremental(behavior):
                size = {"n_updates": self.n_updates_per_iter, "batch_size": self.batch_size}
                return behavior.update(X, rows.actions, weights, rng=self._rng, **size)
            return behavior.fit(X, rows.actions, weights, self._rng)

    def _published_rows(self):
        return relabel(
            self.buffer_.episodes, segments=self.segments, rows_per_episode=self.rows_per_episode, rng=self._rng
        )

    def _exact_rows(self):
        """Return the rows for exact commands."""
        episodes, n_rows = self.buffer_.episodes, self.buffer_.n_timesteps
        if self.max_exact_rows is not None:
            n_rows = min(n_rows, self.max_exact_rows)
        rows = spread_over_returns(episodes, n_rows, self._rng, segments=self.segments)
        if self.return_smoothing == 0 or self.segments != "trailing":
            return rows
        known = draw_rows(episodes, MAX_SMOOTHING_ROWS, self._rng)
        with limited_threads(len(known.actions)):
            return smooth_returns(rows, known, self.return_smoothing, seeded_clone(self._value_estimator(), self._rng))

    def _open_ended_rows(self):
        """Return the rows for "as much as you can", and their weights."""
        episodes = self.buffer_.recent(self._n_newest_rows() if self.max_rows == "auto" else self.max_rows)
        with limited_threads(len(episodes.rewards)):
            rows, advantages, self.value_estimator_ = advantage_weighted_rows(
                episodes,
                seeded_clone(self._value_estimator(), self._rng),
                getattr(self, "value_estimator_", None),
                n_value_fits=self.n_value_fits,
                smoothing=self.advantage_smoothing,
                gamma=self.gamma,
                gae_lambda=self.gae_lambda,
                open_command=OPEN_ENDED,
            )
        return rows, advantage_weights(advantages, self.temperature, self.max_weight)

    def _is_incremental(self, behavior):
        return self.n_updates_per_iter is not None and behavior.is_incremental

    def _behavior_to_fit(self, known, commands):
        """Return the known behavior if it can be updated, else a new one.

        An estimator that is updated sees commands on one scale. Once they have outgrown that, it begins anew.
        """
        spread = commands.std(axis=0)
        scale = [
            given if given != "auto" else 1 / s if s > 0 else 1.0
            for given, s in zip((self.return_scale, self.horizon_scale), spread, strict=True)
        ]
        if known is not None and self._is_incremental(known):
            if np.abs(np.log(np.divide(scale, known.command_scale))).max() < np.log(MAX_SCALE_DRIFT):
                return known
        estimator = self._estimator(self._targets.is_discrete, halve_rows=len(commands) >= MIN_ROWS_TO_HALVE)
        return make_behavior(estimator, self._targets, scale)

    def _set_behavior(self, exact, open_ended=None):
        self.behavior_ = BehaviorFunction(exact, open_ended)
        if exact is not None:
            self.estimator_ = exact.fitted_estimator
        if open_ended is not None:
            self.max_estimator_ = open_ended.fitted_estimator
        if self._targets.is_discrete:
            labels = self._targets.labels
            self.classes_ = labels[0] if len(labels) == 1 else labels

    def _reaches_target(self, pool):
        """Evaluate the agent if there is a target, and tell whether it is reached."""
        if self.target_return is None:
            return False
        command = self._resolve("max")
        returns, _ = evaluate(
            pool,
            self._actor(command),
            command,
            n_episodes=self.n_eval_episodes,
            seed_range=TUNING,
            **self._rollout_params(),
        )
        self.history_[-1]["evaluated_return"] = float(returns.mean())
        return bool(returns.mean() >= self.target_return)

    def _report(self):
        if not self.verbose:
            return
        record = self.history_[-1]
        evaluated = f" | evaluated {record['evaluated_return']:8.1f}" if "evaluated_return" in record else ""
        print(
            f"iteration {record['iteration']:4d} | timesteps {record['timesteps']:8,d} "
            f"| episodes {record['episodes']:6,d} | mean return {record['mean_return']:8.1f}{evaluated} "
            f"| {record['rollout_seconds'] + record['fit_seconds']:5.1f} s",
            flush=True,
        )

    def _estimator(self, discrete=True, halve_rows=True):
        return default_estimator(discrete, halve_rows) if self.estimator is None else self.estimator

    def _value_estimator(self):
        return default_value_estimator() if self.value_estimator is None else self.value_estimator

    def _actor(self, command, deterministic=True):
        """Return what acts under a command."""
        behavior = self.behavior_.for_command(command)
        if not deterministic:
            return Actor(
                behavior, Exploration(self.exploration == "sample", self.epsilon, self.exploration_persistence)
            )
        if self.acting == "greedy":
            return Actor(behavior)
        # To obtain what others obtained, do as they did; to obtain more, do more often what was good.
        return TurnsActor(behavior, power=2 if command == OPEN_ENDED else 1)

    def _rollout_params(self):
        return {"n_envs": self.n_envs, "n_jobs": self.n_jobs, "max_episode_steps": self.max_episode_steps}


def make_rng(random_state):
    """Return the one Generator that everything random is drawn from."""
    if random_state is None or isinstance(random_state, int | np.integer):
        return np.random.default_rng(random_state)
    return np.random.default_rng(check_random_state(random_state).randint(2**31 - 1, size=4))


def default_value_estimator():
    return HistGradientBoostingRegressor(max_iter=40, learning_rate=0.2, min_samples_leaf=20, early_stopping=False)
