"""Which action an agent takes, over two features."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._behavior._base import design_matrix

from ._canvas import set_axes


class DecisionMapDisplay:
    """The most probable action over two features of the observation, at a given command.

    Make it with `from_estimator`.

    Parameters
    ----------
    xx, yy : ndarray of shape (n, n)
        Values of the two features.
    actions : ndarray of shape (n, n)
        The actions; discrete ones as their places in `labels`.
    labels : list of str or None
        What discrete actions are called; None for continuous ones.
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
        What the colors stand for.
    """

    def __init__(self, *, xx, yy, actions, labels, feature_names):
        self.xx = xx
        self.yy = yy
        self.actions = actions
        self.labels = labels
        self.feature_names = feature_names

    @classmethod
    def from_estimator(
        cls, agent, features, *, command="max", observation=None, component=0, grid_resolution=100, ax=None, **kwargs
    ):
        """Ask an agent for actions on a grid over two features.

        Parameters
        ----------
        agent : UDRLAgent
            Fitted.
        features : pair of int or str
            Two columns of the observations, or their names in `feature_names_in_`. The grid reaches over the middle
            98% of what the agent has seen.
        command : "max", float, Command or pair, default="max"
            As for `UDRLAgent.evaluate`.
        observation : array-like of shape (`n_features_in_` - 2,), default=None
            Values of the other features. None takes the median of what the agent has seen.
        component : int, default=0
            Which component to draw, if an action has several.
        grid_resolution : int, default=100
            Points along each axis.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `pcolormesh`.

        Returns
        -------
        display : DecisionMapDisplay

        Raises
        ------
        ValueError
            If there are no such features, or the agent has no replay buffer.

        Examples
        --------
        >>> from udrl_sklearn import DecisionMapDisplay, UDRLAgent
        >>> agent = UDRLAgent(total_timesteps=2000, random_state=0).fit("CartPole-v1")
        >>> display = DecisionMapDisplay.from_estimator(agent, features=(2, 3))  # angle and angular velocity
        >>> display.ax_.get_xlabel()
        'pole_angle'
        """
        check_is_fitted(agent, "buffer_")
        seen = agent.buffer_.episodes.observations
        names = list(agent.feature_names_in_[:-2])
        x, y = (_column(feature, names) for feature in features)
        fixed = np.median(seen, axis=0) if observation is None else np.asarray(observation, dtype=np.float32)
        if fixed.shape != (len(names),):
            raise ValueError(f"observation must have shape ({len(names)},), got {fixed.shape}.")
        sides = [np.linspace(*np.quantile(seen[:, i], [0.01, 0.99]), grid_resolution) for i in (x, y)]
        xx, yy = np.meshgrid(*sides)
        grid = np.tile(fixed, (xx.size, 1))
        grid[:, x], grid[:, y] = xx.ravel(), yy.ravel()
        X = design_matrix(grid, np.tile(agent.resolve(command), (len(grid), 1)))
        actions = agent.behavior_.predict(X).reshape(len(X), -1)[:, component]
        labels = None
        if agent.action_targets_.is_discrete:
            labels = agent.action_targets_.component_names(component)
            actions = np.searchsorted(agent.action_targets_.labels[component], actions)
        display = cls(
            xx=xx, yy=yy, actions=actions.reshape(xx.shape), labels=labels, feature_names=(names[x], names[y])
        )
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `pcolormesh`.

        Returns
        -------
        display : DecisionMapDisplay
        """
        plt = set_axes(self, ax)
        style = {"shading": "nearest"}
        if self.labels is not None:
            n = len(self.labels)
            style |= {"cmap": plt.get_cmap("viridis", n), "vmin": -0.5, "vmax": n - 0.5}
        self.surface_ = self.ax_.pcolormesh(self.xx, self.yy, self.actions, **style | kwargs)
        self.colorbar_ = self.figure_.colorbar(self.surface_, ax=self.ax_, label="action")
        if self.labels is not None:
            self.colorbar_.set_ticks(range(len(self.labels)), labels=self.labels)
        self.ax_.set(xlabel=self.feature_names[0], ylabel=self.feature_names[1])
        return self


def _column(feature, names):
    """Return the number of a column that is given by number or by name."""
    if feature in names:
        return names.index(feature)
    if isinstance(feature, str) or not 0 <= feature < len(names):
        raise ValueError(f"features must be two of {names}, or their numbers; got {feature!r}.")
    return feature
