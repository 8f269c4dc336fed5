"""The returns that an agent achieves under commands."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent

from ._canvas import get_axes


class CommandResponseDisplay:
    """Achieved return over desired return, with the line on which both are equal.

    A plot as figure 6 of Srivastava et al. 2019 (arXiv 1912.02877). Make it with `from_estimator`.

    Parameters
    ----------
    desired_returns : ndarray of shape (n_commands,)
        The desired return of each command.
    achieved_returns : ndarray of shape (n_commands, n_episodes)
        The return of each episode.
    name : str or None, default=None
        Label of the points.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the points.
    figure_ : matplotlib Figure
        The figure with the points.
    errorbar_ : matplotlib ErrorbarContainer
        Mean and standard deviation for each command.
    line_ : matplotlib Line2D
        The line on which the achieved return is the desired one.

    See Also
    --------
    UDRLAgent.evaluate : Evaluates one command.
    """

    ax_: Any
    figure_: Any
    errorbar_: Any
    line_: Any

    def __init__(self, *, desired_returns: np.ndarray, achieved_returns: np.ndarray, name: str | None = None) -> None:
        self.desired_returns = desired_returns
        self.achieved_returns = achieved_returns
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        agent: UDRLAgent,
        env: Any,
        *,
        desired_returns: ArrayLike | None = None,
        n_episodes: int = 30,
        seed: int = 0,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Evaluate an agent under several desired returns, and plot the results.

        Parameters
        ----------
        agent : UDRLAgent
            Fitted.
        env : environment
            As for `UDRLAgent.evaluate`.
        desired_returns : array-like of shape (n_commands,), default=None
            The desired returns. None takes ten returns, evenly over the range of the replay buffer.
        n_episodes : int, default=30
            Episodes for each desired return.
        seed : int, default=0
            Determines the reset seeds of the episodes.
        name : str, default=None
            Label of the points.
        ax : matplotlib Axes, default=None
            Axes to plot on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `errorbar`.

        Returns
        -------
        display : CommandResponseDisplay

        Raises
        ------
        ValueError
            If `desired_returns` is None and the agent has no replay buffer.

        Examples
        --------
        >>> from udrl_sklearn import CommandResponseDisplay, UDRLAgent
        >>> agent = UDRLAgent(total_timesteps=2000, random_state=0).fit("CartPole-v1")
        >>> display = CommandResponseDisplay.from_estimator(
        ...     agent, "CartPole-v1", desired_returns=[10, 20, 30], n_episodes=5
        ... )
        >>> display.achieved_returns.shape
        (3, 5)
        """
        check_is_fitted(agent)
        if desired_returns is None:
            if not hasattr(agent, "buffer_"):
                raise ValueError(
                    "An agent fitted on rows has no replay buffer with a range of returns; pass desired_returns=[...]."
                )
            returns = agent.buffer_.returns
            desired_returns = np.linspace(returns.min(), returns.max(), 10)
        desired_returns = np.asarray(desired_returns, dtype=float)
        achieved_returns = [
            agent.evaluate(env, command=desired_return, n_episodes=n_episodes, seed=seed).returns
            for desired_return in desired_returns
        ]
        display = cls(desired_returns=desired_returns, achieved_returns=np.array(achieved_returns), name=name)
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the points and the line.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `errorbar`.

        Returns
        -------
        display : CommandResponseDisplay
        """
        self.ax_ = get_axes(self, ax)
        self.figure_ = self.ax_.figure
        ends = self.desired_returns.min(), self.desired_returns.max()
        (self.line_,) = self.ax_.plot(ends, ends, color="0.6", linestyle="--", zorder=0)
        means, deviations = self.achieved_returns.mean(axis=1), self.achieved_returns.std(axis=1)
        style = {"fmt": "o", "capsize": 3, "label": self.name}
        self.errorbar_ = self.ax_.errorbar(self.desired_returns, means, yerr=deviations, **style | kwargs)
        self.ax_.set(xlabel="desired return", ylabel="achieved return")
        if self.name is not None:
            self.ax_.legend()
        return self
