"""What behaviors for discrete and for continuous actions share."""

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from udrl_sklearn._envs._spaces import ActionTargets

from ._clone_and_fit import seeded_clone

CommandScale = tuple[float, float]
Masks = list[np.ndarray]


def dtype_of_rows(dtype: DTypeLike) -> np.dtype:
    """Return the type of rows with observations of a type: float32 if that holds all its numbers, else float64."""
    return np.dtype(np.float32 if np.can_cast(dtype, np.float32) else np.float64)


def design_matrix(observations: np.ndarray, commands: np.ndarray) -> np.ndarray:
    """Join observations (n, n_features) and commands (n, 2) to rows of a design matrix, see `dtype_of_rows`."""
    X = np.empty((len(observations), observations.shape[1] + 2), dtype=dtype_of_rows(observations.dtype))
    X[:, :-2], X[:, -2:] = observations, commands
    return X


class Behavior(ABC):
    """An estimator that predicts actions for rows ``[observation | desired_return | desired_horizon]``.

    Rows are in the units of the environment. Only the estimator itself sees scaled commands, or none: all rows of a
    behavior for the open-ended command have the same one, which says nothing.

    Parameters
    ----------
    estimator : classifier or regressor
        Cloned before each fit, with all its randomness seeded.
    command_scale : pair of floats or None
        Factors on desired return and desired horizon. With None the estimator sees observations alone.
    names : list of str or None, default=None
        Names of the columns, the two of the command included, for estimators that need them.

    Attributes
    ----------
    observation_std : ndarray of shape (n_features - 2,)
        Standard deviation of each feature of the observations of the last fit.
    is_updated : bool
        Whether it has learned by updates, and can learn more by others.
    """

    observation_std: np.ndarray
    is_updated: bool = False

    def __init__(self, estimator: Any, command_scale: CommandScale | None, names: list[str] | None = None) -> None:
        self.estimator = estimator
        self.command_scale = command_scale
        self.names = names

    @property
    def estimator_names(self) -> list[str] | None:
        """Names of the columns of `estimator_input`."""
        return self.names and self.names[: None if self.command_scale else -2]

    @property
    @abstractmethod
    def n_uniforms(self) -> int:
        """How many random numbers one action needs."""

    @property
    @abstractmethod
    def fitted_estimator(self) -> Any:
        """The fitted estimator, or a list with one for each component."""

    def fit(
        self, X: np.ndarray, actions: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
    ) -> Self:
        """Fit new clones on all rows."""
        self._fit(X, actions, sample_weight, rng)
        self.is_updated = False
        self._measure_deviations(X, actions)
        return self

    def update(
        self,
        X: np.ndarray,
        actions: np.ndarray,
        sample_weight: np.ndarray | None,
        *,
        n_updates: int,
        batch_size: int,
        rng: np.random.Generator,
    ) -> Self:
        """Update the estimator on batches, which are sampled in proportion to the weights."""
        probability = None if sample_weight is None else sample_weight / sample_weight.sum()
        for rows in rng.choice(len(X), size=(n_updates, batch_size), p=probability):
            self._update_batch(self.estimator_input(X[rows]), actions[rows], rng)
        self.is_updated = True
        self._measure_deviations(X, actions)
        return self

    def _measure_deviations(self, X: np.ndarray, actions: np.ndarray) -> None:
        """Set the standard deviations of the rows of a fit."""
        self.observation_std = X[:, :-2].std(axis=0)

    def new_clone(self, rng: np.random.Generator) -> Any:
        """Return a clone of the estimator to fit, with all its randomness seeded."""
        return seeded_clone(self.estimator, rng, n_command_features=0 if self.command_scale is None else 2)

    def estimator_input(self, X: np.ndarray) -> np.ndarray:
        """Return rows as the estimator sees them."""
        if self.command_scale is None:
            return X[:, :-2]
        if self.command_scale == (1.0, 1.0):
            return X
        X = X.astype(np.result_type(X, np.float32)) if X.dtype.kind in "iub" else X.copy()
        X[:, -2] *= X.dtype.type(self.command_scale[0])
        X[:, -1] *= X.dtype.type(self.command_scale[1])
        return X

    def has_rare_labels(self, actions: np.ndarray) -> bool:
        """Tell whether some discrete action has so few rows that an estimator which splits them may fail."""
        return False

    @abstractmethod
    def predicts(self, targets: ActionTargets) -> bool:
        """Tell whether the actions are these: the same labels, or the same bounds."""

    @abstractmethod
    def predict(self, X: np.ndarray, masks: Masks | None = None) -> np.ndarray:
        """Return the most probable or the predicted actions: (n,), or (n, n_components) if there are several."""

    @abstractmethod
    def sample(
        self, X: np.ndarray, uniforms: np.ndarray, *, greedy: bool, epsilon: float, masks: Masks | None = None
    ) -> np.ndarray:
        """Sample actions from the prediction.

        Parameters
        ----------
        X : ndarray of shape (n, n_features)
        uniforms : ndarray of shape (n, n_uniforms)
            Random numbers in [0, 1).
        greedy : bool
            Whether to take the most probable or the predicted action, apart from `epsilon`.
        epsilon : float
            Probability of a uniformly random action.
        masks : list of ndarray of shape (n, n_labels), or None
            For each component of discrete actions which labels are possible; None if all are.

        Returns
        -------
        actions : ndarray of shape (n,) or (n, n_components)
        """

    @abstractmethod
    def select_by_power(
        self, X: np.ndarray, uniforms: np.ndarray, power: float | np.ndarray, masks: Masks | None = None
    ) -> np.ndarray:
        """Select actions by numbers in [0, 1), in proportion to a power of their probability.

        The shapes are those of `sample`. The power is a number, or an ndarray of shape (n, 1) with one for each row.
        """

    @abstractmethod
    def for_inference(self) -> Self:
        """Return a copy that can only predict, and is small enough to send to a worker."""

    @abstractmethod
    def _fit(
        self, X: np.ndarray, actions: np.ndarray, sample_weight: np.ndarray | None, rng: np.random.Generator
    ) -> None:
        """Fit new clones on all rows."""

    @abstractmethod
    def _update_batch(self, X: np.ndarray, actions: np.ndarray, rng: np.random.Generator) -> None:
        """Update the estimator on one batch of `estimator_input`."""
