"""What an agent obtains when it is asked for something."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._canvas import set_axes


class CommandResponseDisplay:
    """Obtained over desired return, beside the line on which both are the same.

    As figure 6 of Srivastava et al. 2019 (arXiv 1912.02877). Make it with `from_estimator`.

    Parameters
    ----------
    desired_returns : ndarray of shape (n_commands,)
        What was asked for.
    achieved_returns : ndarray of shape (n_commands, n_episodes)
        What was obtained.
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
        The line on which what is obtained is what is desired.
    """

    def __init__(self, *, desired_returns, achieved_returns, name=None):
        self.desired_returns = desired_returns
        self.achieved_returns = achieved_returns
        self.name = name

    @classmethod
    def from_estimator(cls, agent, env, *, desired_returns=None, n_episodes=30, seed=0, name=None, ax=None, **kwargs):
        """Ask an agent for one return after the other, and draw what it obtains.

        Parameters
        ----------
        agent : UDRLAgent
            Fitted.
        env : environment
            As for `UDRLAgent.evaluate`.
        desired_returns : array-like of shape (n_commands,), default=None
            What to ask for. None takes ten returns, evenly over the range that the agent has seen.
        n_episodes : int, default=30
            Episodes for each.
        seed : int, default=0
            Picks the episodes' seeds.
        name : str, default=None
            Label of the points.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `errorbar`.

        Returns
        -------
        display : CommandResponseDisplay

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
                    "An agent fitted on rows does not know which returns it has seen; pass desired_returns=[...]."
                )
            seen = agent.buffer_.returns
            desired_returns = np.linspace(seen.min(), seen.max(), 10)
        desired_returns = np.asarray(desired_returns, dtype=float)
        obtained = [
            agent.evaluate(env, command=desired_return, n_episodes=n_episodes, seed=seed).returns
            for desired_return in desired_returns
        ]
        display = cls(desired_returns=desired_returns, achieved_returns=np.array(obtained), name=name)
        return display.plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the points and the line.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `errorbar`.

        Returns
        -------
        display : CommandResponseDisplay
        """
        set_axes(self, ax)
        ends = self.desired_returns.min(), self.desired_returns.max()
        (self.line_,) = self.ax_.plot(ends, ends, color="0.6", linestyle="--", zorder=0)
        means, spreads = self.achieved_returns.mean(axis=1), self.achieved_returns.std(axis=1)
        style = {"fmt": "o", "capsize": 3, "label": self.name}
        self.errorbar_ = self.ax_.errorbar(self.desired_returns, means, yerr=spreads, **style | kwargs)
        self.ax_.set(xlabel="desired return", ylabel="obtained return")
        if self.name is not None:
            self.ax_.legend()
        return self
