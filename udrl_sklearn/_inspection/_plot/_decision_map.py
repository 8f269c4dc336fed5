"""The predicted action over two features."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._commands import CommandLike, repeat_command

from ._canvas import get_axes, pyplot


class DecisionMapDisplay:
    """The most probable or predicted action over two features of the observation, under one command.

    Make it with `from_estimator`.

    Parameters
    ----------
    xx, yy : ndarray of shape (n, n)
        Values of the two features.
    actions : ndarray of shape (n, n)
        The actions; discrete ones as indices of `labels`.
    labels : list of str or None
        Names of discrete actions; None for continuous ones.
    feature_names : pair of str
        Names of the two features.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the map.
    figure_ : matplotlib Figure
        The figure with the map.
    surface_ : matplotlib QuadMesh
        The map.
    colorbar_ : matplotlib Colorbar
        The meaning of the colors.

    See Also
    --------
    explain : Explains actions by the contributions of features.
    """

    ax_: Any
    figure_: Any
    surface_: Any
    colorbar_: Any

    def __init__(
        self,
        *,
        xx: np.ndarray,
        yy: np.ndarray,
        actions: np.ndarray,
        labels: list[str] | None,
        feature_names: tuple[str, str],
    ) -> None:
        self.xx = xx
        self.yy = yy
        self.actions = actions
        self.labels = labels
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls,
        agent: UDRLAgent,
        features: tuple[int | str, int | str],
        *,
        command: CommandLike = "max",
        observation: ArrayLike | None = None,
        component: int = 0,
        grid_resolution: int = 100,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Predict actions on a grid over two features, and plot them.

        Parameters
        ----------
        agent : UDRLAgent
            Fitted.
        features : pair of int or str
            Two columns of the observations, or their names in `feature_names_in_`. The grid covers the middle 98% of
            the observations in the replay buffer.
        command : "max", float, Command or pair, default="max"
            As for `UDRLAgent.evaluate`.
        observation : array-like of shape (`n_features_in_` - 2,), default=None
            Values of the other features. None takes the medians over the replay buffer.
        component : int, default=0
            Which component to plot, if an action has several.
        grid_resolution : int, default=100
            Points along each axis.
        ax : matplotlib Axes, default=None
            Axes to plot on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `pcolormesh`.

        Returns
        -------
        display : DecisionMapDisplay

        Raises
        ------
        ValueError
            If there are no such features.
        NotFittedError
            If the agent has no replay buffer.

        Examples
        --------
        >>> from udrl_sklearn import DecisionMapDisplay, UDRLAgent
        >>> agent = UDRLAgent(total_timesteps=2000, random_state=0).fit("CartPole-v1")
        >>> display = DecisionMapDisplay.from_estimator(agent, features=(2, 3))  # angle and angular velocity
        >>> display.ax_.get_xlabel()
        'pole_angle'
        """
        check_is_fitted(agent, "buffer_")
        observations = agent.buffer_.episodes.observations
        names = list(agent.feature_names_in_[:-2])
        x, y = (_column(feature, names) for feature in features)
        center = (
            np.median(observations, axis=0) if observation is None else np.asarray(observation, dtype=agent.row_dtype)
        )
        if center.shape != (len(names),):
            raise ValueError(f"observation must have shape ({len(names)},), got {center.shape}.")
        limits = [np.quantile(observations[:, i], [0.01, 0.99]) for i in (x, y)]
        xx, yy = np.meshgrid(*(np.linspace(low, high, grid_resolution) for low, high in limits))
        grid = np.tile(center, (xx.size, 1))
        grid[:, x], grid[:, y] = xx.ravel(), yy.ravel()
        X = design_matrix(grid, repeat_command(agent.resolve(command), len(grid)))
        actions = agent.behavior_.predict(X).reshape(len(X), -1)[:, component]
        labels, targets = None, agent.action_targets_
        if targets.labels is not None:
            labels = targets.component_names(component)
            actions = np.searchsorted(targets.labels[component], actions)
        display = cls(
            xx=xx, yy=yy, actions=actions.reshape(xx.shape), labels=labels, feature_names=(names[x], names[y])
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `pcolormesh`.

        Returns
        -------
        display : DecisionMapDisplay
        """
        self.ax_ = get_axes(self, ax)
        self.figure_ = self.ax_.figure
        style: dict[str, Any] = {"shading": "nearest"}
        if self.labels is not None:
            n = len(self.labels)
            colors = pyplot("DecisionMapDisplay.plot").get_cmap("viridis", n)
            style |= {"cmap": colors, "vmin": -0.5, "vmax": n - 0.5}
        self.surface_ = self.ax_.pcolormesh(self.xx, self.yy, self.actions, **style | kwargs)
        self.colorbar_ = self.figure_.colorbar(self.surface_, ax=self.ax_, label="action")
        if self.labels is not None:
            self.colorbar_.set_ticks(range(len(self.labels)), labels=self.labels)
        self.ax_.set(xlabel=self.feature_names[0], ylabel=self.feature_names[1])
        return self


def _column(feature: int | str, names: list[str]) -> int:
    """Return the index of a column for its index or its name."""
    if isinstance(feature, str) and feature in names:
        return names.index(feature)
    if isinstance(feature, str) or not 0 <= feature < len(names):
        raise ValueError(f"features must be two of {names}, or their indices; got {feature!r}.")
    return feature
