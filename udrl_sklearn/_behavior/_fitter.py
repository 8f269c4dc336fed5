"""Fits or updates of behaviors: what a learning method calls with its rows."""

import warnings
from collections.abc import Collection
from typing import Any

import numpy as np

from udrl_sklearn._commands import is_open_ended
from udrl_sklearn._envs._spaces import ActionTargets
from udrl_sklearn._hindsight import Rows

from ._base import Behavior, CommandScale, design_matrix
from ._clone_and_fit import limited_threads
from ._compatibility import COMMAND_COLUMNS, first_accepted
from ._continuous import ContinuousBehavior
from ._default_estimators import DefaultForest
from ._discrete import DiscreteBehavior
from ._precision import MAX_ROWS, warn_of_rounding

# An estimator that is updated keeps its scale of commands until that of the data has changed by this factor.
MAX_SCALE_DRIFT = 3.0


class BehaviorFitter:
    """Fits the estimator on rows, or updates it if it has `partial_fit`.

    Parameters
    ----------
    estimator : classifier, regressor or None
        Cloned before each fit. None takes the default forest.
    targets : ActionTargets
        The actions.
    return_scale, horizon_scale : float or "auto", default="auto"
        Factors on desired return and desired horizon. "auto" gives them a standard deviation of 1.
    n_updates : int or None, default=100
        Calls of `partial_fit` in an update. None fits a new clone instead.
    batch_size : int, default=1024
        Rows in each of these calls.
    names : list of str or None, default=None
        Names of the columns, the two of the command included, for estimators that need them.
    """

    def __init__(
        self,
        estimator: Any,
        targets: ActionTargets,
        *,
        return_scale: float | str = "auto",
        horizon_scale: float | str = "auto",
        n_updates: int | None = 100,
        batch_size: int = 1024,
        names: list[str] | None = None,
    ) -> None:
        self.estimator = DefaultForest() if estimator is None else estimator
        self.targets = targets
        self.scales = return_scale, horizon_scale
        self.n_updates = n_updates
        self.batch_size = batch_size
        self.names = names
        self._accepts_updates: bool | None = None  # None before the first one
        self._needs_command = False
        self._has_warned_of_rounding = self._has_warned_of_rare_labels = False

    @property
    def is_incremental(self) -> bool:
        """Whether the estimator is updated rather than fitted anew."""
        is_refused = self._accepts_updates is False
        return self.n_updates is not None and hasattr(self.estimator, "partial_fit") and not is_refused

    def fit(
        self, previous: Behavior | None, rows: Rows, weights: np.ndarray | None, rng: np.random.Generator
    ) -> Behavior:
        """Return a behavior that has learned from rows.

        Parameters
        ----------
        previous : Behavior or None
            The behavior so far. It is updated if the estimator has `partial_fit`, and otherwise left as it is.
        rows : Rows
            Observations, commands and actions.
        weights : ndarray of shape (n_rows,) or None
            Sample weights. The default forest and updates use their ratios only.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        behavior : Behavior
        """
        X = design_matrix(rows.observations, rows.commands)
        if isinstance(self.estimator, DefaultForest) and weights is not None:
            weights = _with_mean_1(weights)
        with limited_threads(len(X)):
            try:
                behavior = self._fit_on_needed_columns(previous, X, rows, weights, rng)
            except ValueError as error:
                if previous is None or self.is_incremental:
                    raise
                if not self._new_behavior(None, len(X)).has_rare_labels(rows.actions):
                    raise
                self._warn_of_rare_labels(error)
                return previous
        if not self._has_warned_of_rounding:
            rows_to_check = behavior.estimator_input(X[:MAX_ROWS])
            self._has_warned_of_rounding = warn_of_rounding(behavior.estimator, rows_to_check, behavior.estimator_names)
        return behavior

    def _fit_on_needed_columns(
        self, previous: Behavior | None, X: np.ndarray, rows: Rows, weights: np.ndarray | None, rng: np.random.Generator
    ) -> Behavior:
        """Fit without the columns of the open-ended command, or with them if the estimator refuses rows without."""

        def fit(forms: Collection[str]) -> Behavior:
            scale = self._scale(rows.commands, needs_command=self._needs_command or COMMAND_COLUMNS in forms)
            behavior = self._fit_or_update(previous, X, rows.actions, weights, scale, rng)
            self._needs_command |= COMMAND_COLUMNS in forms
            return behavior

        has_choice = is_open_ended(rows.commands).all() and self.names is not None and not self._needs_command
        return first_accepted(fit, [COMMAND_COLUMNS] if has_choice else [])

    def _fit_or_update(
        self,
        previous: Behavior | None,
        X: np.ndarray,
        actions: np.ndarray,
        weights: np.ndarray | None,
        scale: CommandScale | None,
        rng: np.random.Generator,
    ) -> Behavior:
        behavior = self._new_behavior(scale, len(X))
        if not self.is_incremental:
            return behavior.fit(X, actions, weights, rng)
        if previous is not None and self._can_update(previous, behavior):
            behavior = previous
        n_updates = self.n_updates or 0
        try:
            behavior.update(X, actions, weights, n_updates=n_updates, batch_size=self.batch_size, rng=rng)
        except (NotImplementedError, TypeError, ValueError):
            if self._accepts_updates:
                raise
            # Some parameters, such as early_stopping=True, exclude `partial_fit`.
            behavior = self._new_behavior(scale, len(X)).fit(X, actions, weights, rng)
            self._accepts_updates = False
            return behavior
        self._accepts_updates = True
        return behavior

    def _warn_of_rare_labels(self, error: Exception) -> None:
        if not self._has_warned_of_rare_labels:
            self._has_warned_of_rare_labels = True
            warnings.warn(
                f"{self.estimator} could not be fitted on rows in which an action is rare, so the previous fit is "
                f"kept: {error} Use an estimator that does not split its rows: set early_stopping=False, or a smaller "
                "cv, for instance.",
                stacklevel=2,
            )

    def _can_update(self, previous: Behavior, new: Behavior) -> bool:
        """Tell whether a behavior is updated, has the actions and about the scale of commands of a new one."""
        has_drifted = _has_drifted(previous.command_scale, new.command_scale)
        return previous.is_updated and previous.predicts(self.targets) and not has_drifted

    def _scale(self, commands: np.ndarray, needs_command: bool = False) -> CommandScale | None:
        """Return the factors on commands; None if all are open-ended, since the same command tells nothing."""
        if is_open_ended(commands).all() and not needs_command:
            return None
        return_scale, horizon_scale = (
            auto if isinstance(factor, str) else factor
            for factor, auto in zip(self.scales, _auto_scales(commands), strict=True)
        )
        return return_scale, horizon_scale

    def _new_behavior(self, scale: CommandScale | None, n_rows: int) -> Behavior:
        estimator = self.estimator
        if isinstance(estimator, DefaultForest):
            estimator = estimator.for_actions(self.targets.is_discrete, n_rows=n_rows)
        return make_behavior(estimator, self.targets, scale, self.names)


def make_behavior(
    estimator: Any,
    targets: ActionTargets,
    command_scale: CommandScale | None = (1.0, 1.0),
    names: list[str] | None = None,
) -> Behavior:
    """Return an unfitted behavior for the actions, discrete or continuous."""
    if targets.labels is not None:
        return DiscreteBehavior(estimator, targets.labels, command_scale, names)
    return ContinuousBehavior(estimator, targets.low, targets.high, command_scale, names)


def _with_mean_1(weights: np.ndarray) -> np.ndarray:
    """Scale weights for a forest whose trees sample a fraction of their sum."""
    mean = weights.mean()
    return weights if np.isclose(mean, 1) else weights / mean


def _auto_scales(commands: np.ndarray) -> list[float]:
    """Return the factor that gives each column a standard deviation of 1, or 1 if its numbers are all the same."""
    stds = commands.std(axis=0)
    # Rounding gives equal numbers a tiny standard deviation. What is below the precision of rows counts as equal.
    is_constant = stds <= np.finfo(np.float32).eps * np.abs(commands).max(axis=0)
    return [1.0 if constant else float(1 / std) for constant, std in zip(is_constant, stds, strict=True)]


def _has_drifted(before: CommandScale | None, now: CommandScale | None) -> bool:
    if before is None or now is None:
        return before is not now
    return bool(np.abs(np.log(np.divide(now, before))).max() >= np.log(MAX_SCALE_DRIFT))
