"""Advantage-weighted hindsight: the default method."""

from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from udrl_sklearn._behavior._clone_and_fit import limited_threads, seeded_clone
from udrl_sklearn._behavior._default_estimators import (
    EstimatorKind,
    default_value_estimator,
    set_params_of_defaults,
)
from udrl_sklearn._behavior._fitter import BehaviorFitter
from udrl_sklearn._commands import OPEN_ENDED, Command, finetune_commands, is_out_of_support, repeat_command
from udrl_sklearn._hindsight import Rows, sample_rows, sample_stratified_rows
from udrl_sklearn._replay_buffer import ReplayBuffer

from ._advantages import advantage_weighted_rows, advantage_weights
from ._base import Learned, LearningMethod, n_recent_timesteps
from ._expected_outcomes import blend_expected_returns

# The regression estimate of returns is learned from at most so many steps.
MAX_REGRESSION_ROWS = 50_000


class AdvantageWeighted(LearningMethod):
    """Advantage-weighted hindsight: the default method of `UDRLAgent`.

    It fits two clones of the estimator. The one for the open-ended command "max" learns from rows that are weighted by
    their advantage, that is by how much better than expected the episode continued [1]_. New episodes get this command.
    The one for exact commands learns from rows with the return and the number of steps that followed, sampled over the
    whole range of returns.

    A desired return that less than 5% of the steps exceed is answered as "max" is: too few rows have such a command.

    Parameters
    ----------
    value_estimator : regressor, default=None
        Learns the expected lambda-return of an observation. None takes histogram gradient boosting.
    n_value_fits : int, default=2
        How often `value_estimator` is fitted in an iteration, each time on lambda-returns made with the values before.
    gamma : float, default=0.99
        Discount factor of the lambda-return. Commands are never discounted.
    gae_lambda : float, default=0.95
        Lambda of the lambda-return.
    temperature : float, default=0.3
        Rows are weighted by ``exp((A - mean(A)) / (std(A) * temperature))``, where A is the advantage. A lower
        temperature gives more weight to the best rows.
    max_weight : float, default=20.0
        Upper bound on the weight of a row.
    expected_advantage_weight : float, default=0.5
        Weight of the regression estimate E[A | observation, action] in the advantage of a row; the rest is the
        advantage of the row itself. The estimate has less variance. It is learned by a clone of `value_estimator`.
    max_rows : int, "auto" or None, default="auto"
        Rows for "max": the steps of the newest episodes that have this many together. "auto" takes the newest half of
        all steps, at least 10,000 and at most 50,000. None takes all.
    max_exact_rows : int or None, default=50_000
        Rows for exact commands. None takes as many as the buffer has steps.
    segments : {"trailing", "random"}, default="trailing"
        Whether an exact command describes what followed until the end of the episode, or until a random step.
    expected_return_weight : float, default=0.75
        Weight of the regression estimate E[return | observation, action, step] in the desired return of a row for
        exact commands [2]_; the rest is the return of its own episode. With 0 the row has the return of its episode
        alone. Only used with ``segments="trailing"``.
    finetune_fraction : float, default=0.0
        Fraction of `total_timesteps` that is kept for the end. These steps are collected under exact commands for
        returns over the whole range, and exact commands are learned from them too. With 0.1 they are followed more
        closely, above all low ones. These episodes are not in ``history_``.

    See Also
    --------
    ReturnConditioned : The published algorithm.

    References
    ----------
    .. [1] X. B. Peng, A. Kumar, G. Zhang and S. Levine, "Advantage-Weighted Regression: Simple and
       Scalable Off-Policy Reinforcement Learning", arXiv 1910.00177, 2019.
    .. [2] K. Paster, S. McIlraith and J. Ba, "You Can't Count on Luck: Why Decision Transformers and RvS Fail in
       Stochastic Environments", arXiv 2205.15967, 2022.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.methods import AdvantageWeighted
    >>> agent = UDRLAgent(method=AdvantageWeighted(temperature=0.5), total_timesteps=2000, random_state=0)
    >>> agent.fit("CartPole-v1").score("CartPole-v1") > 30
    True
    """

    _parameter_constraints: dict = {
        "value_estimator": [EstimatorKind("regressor"), None],
        "n_value_fits": [Interval(Integral, 1, None, closed="left")],
        "gamma": [Interval(Real, 0, 1, closed="both")],
        "gae_lambda": [Interval(Real, 0, 1, closed="both")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "max_weight": [Interval(Real, 1, None, closed="left")],
        "expected_advantage_weight": [Interval(Real, 0, 1, closed="both")],
        "max_rows": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"}), None],
        "max_exact_rows": [Interval(Integral, 1, None, closed="left"), None],
        "segments": [StrOptions({"trailing", "random"})],
        "expected_return_weight": [Interval(Real, 0, 1, closed="both")],
        "finetune_fraction": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        value_estimator: Any = None,
        *,
        n_value_fits: int = 2,
        gamma: float = 0.99,
        gae_lambda: float = 0.95,
        temperature: float = 0.3,
        max_weight: float = 20.0,
        expected_advantage_weight: float = 0.5,
        max_rows: int | str | None = "auto",
        max_exact_rows: int | None = 50_000,
        segments: str = "trailing",
        expected_return_weight: float = 0.75,
        finetune_fraction: float = 0.0,
    ) -> None:
        self.value_estimator = value_estimator
        self.n_value_fits = n_value_fits
        self.gamma = gamma
        self.gae_lambda = gae_lambda
        self.temperature = temperature
        self.max_weight = max_weight
        self.expected_advantage_weight = expected_advantage_weight
        self.max_rows = max_rows
        self.max_exact_rows = max_exact_rows
        self.segments = segments
        self.expected_return_weight = expected_return_weight
        self.finetune_fraction = finetune_fraction

    def set_params(self, **params: Any) -> Self:
        """Set parameters of the method, and of its `value_estimator` by names with two underscores.

        If `value_estimator` is None, ``value_estimator__max_iter=80`` puts the default one in its place, with this
        parameter. Parameters and result are those of scikit-learn's estimators.
        """
        return super().set_params(**set_params_of_defaults(self, params, {"value_estimator": default_value_estimator}))

    def is_informative(self, buffer: ReplayBuffer) -> bool:
        """Tell whether not all episodes have the same return; without a difference no row has an advantage."""
        return bool(np.ptp(buffer.returns) > 0)

    def exploration_commands(self, buffer: ReplayBuffer, n_commands: int, rng: np.random.Generator) -> np.ndarray:
        """Return the open-ended command for every episode."""
        return repeat_command(OPEN_ENDED, n_commands)

    def update(
        self, buffer: ReplayBuffer, learned: Learned, fitter: BehaviorFitter, rng: np.random.Generator
    ) -> Learned:
        """Fit values, weight rows by their advantage, and fit the behavior for "max" on them.

        An estimator that is updated learns exact commands in each iteration as well.
        """
        rows, weights, values = self._open_ended_rows(buffer, learned.values, rng)
        open_ended = fitter.fit(learned.open_ended, rows, weights, rng)
        learned = Learned(learned.exact, open_ended, values)
        return self.finetune(buffer, learned, fitter, rng) if fitter.is_incremental else learned

    def finalize(
        self, buffer: ReplayBuffer, learned: Learned, fitter: BehaviorFitter, rng: np.random.Generator
    ) -> Learned:
        """Learn exact commands from the whole buffer, since exploring does not need them.

        An estimator that is updated has learned them already.
        """
        return learned if fitter.is_incremental else self.finetune(buffer, learned, fitter, rng)

    def n_finetune_timesteps(self, total_timesteps: int) -> int:
        """Return `finetune_fraction` of the steps."""
        return int(self.finetune_fraction * total_timesteps)

    def finetune_commands(self, buffer: ReplayBuffer, n_commands: int, rng: np.random.Generator) -> np.ndarray:
        """Sample exact commands over the whole range of returns."""
        return finetune_commands(buffer.returns, buffer.lengths, n_commands, rng)

    def finetune(
        self, buffer: ReplayBuffer, learned: Learned, fitter: BehaviorFitter, rng: np.random.Generator
    ) -> Learned:
        """Fit the behavior for exact commands on the whole buffer."""
        return replace(learned, exact=fitter.fit(learned.exact, self._exact_rows(buffer, rng), None, rng))

    def resolve(self, command: Command | str, learned: Learned, buffer: ReplayBuffer) -> Command:
        """Return the command for the behavior: "max", and returns that hardly a step exceeds, are open-ended."""
        if learned.open_ended is None:
            return super().resolve(command, learned, buffer)
        if isinstance(command, str) or is_out_of_support(command.desired_return, buffer.returns, buffer.lengths):
            return OPEN_ENDED
        return super().resolve(command, learned, buffer)

    def _open_ended_rows(
        self, buffer: ReplayBuffer, values: Any, rng: np.random.Generator
    ) -> tuple[Rows, np.ndarray, Any]:
        """Return the rows for "max", their weights and the fitted values."""
        n_rows = n_recent_timesteps(buffer.n_timesteps_total) if isinstance(self.max_rows, str) else self.max_rows
        episodes = buffer.recent(n_rows)
        with limited_threads(len(episodes.rewards)):
            rows, advantages, values = advantage_weighted_rows(
                episodes,
                seeded_clone(self._value_estimator(), rng),
                values,
                n_value_fits=self.n_value_fits,
                expected_advantage_weight=self.expected_advantage_weight,
                gamma=self.gamma,
                gae_lambda=self.gae_lambda,
            )
        weights = advantage_weights(advantages, self.temperature, self.max_weight, episodes.n_repeats)
        return rows, weights, values

    def _exact_rows(self, buffer: ReplayBuffer, rng: np.random.Generator) -> Rows:
        """Return the rows for exact commands."""
        n_rows = buffer.n_timesteps if self.max_exact_rows is None else min(buffer.n_timesteps, self.max_exact_rows)
        rows = sample_stratified_rows(buffer.episodes, n_rows, rng, segments=self.segments)
        if self.expected_return_weight == 0 or self.segments != "trailing":
            return rows
        training_rows = sample_rows(buffer.episodes, MAX_REGRESSION_ROWS, rng)
        with limited_threads(len(training_rows.actions)):
            regressor = seeded_clone(self._value_estimator(), rng)
            return blend_expected_returns(rows, training_rows, self.expected_return_weight, regressor)

    def _value_estimator(self) -> Any:
        return default_value_estimator() if self.value_estimator is None else self.value_estimator
