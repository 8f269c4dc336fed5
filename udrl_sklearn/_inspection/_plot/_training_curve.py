"""How the return grows with the steps."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._canvas import set_axes


class TrainingCurveDisplay:
    """Return over environment steps, of one run or of several with their spread.

    Make it with `from_estimator`. Several runs are drawn as their median, with a band from the lowest to the highest.

    Parameters
    ----------
    timesteps : list of ndarray
        Environment steps after each iteration, an array for each run.
    returns : list of ndarray
        The mean return of each iteration.
    name : str or None, default=None
        Label of the curve.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes with the curve.
    figure_ : matplotlib Figure
        The figure with the curve.
    line_ : matplotlib Line2D
        The curve.
    band_ : matplotlib FillBetweenPolyCollection or None
        The spread; None for a single run.
    """

    def __init__(self, *, timesteps, returns, name=None):
        self.timesteps = timesteps
        self.returns = returns
        self.name = name

    @classmethod
    def from_estimator(cls, agents, *, name=None, ax=None, **kwargs):
        """Draw the histories of fitted agents.

        Parameters
        ----------
        agents : UDRLAgent or list of UDRLAgent
            Fitted on environments; several are runs of the same, with other seeds.
        name : str, default=None
            Label of the curve. None takes the name of the estimator.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `plot`.

        Returns
        -------
        display : TrainingCurveDisplay

        Examples
        --------
        >>> from udrl_sklearn import TrainingCurveDisplay, UDRLAgent
        >>> agents = [UDRLAgent(total_timesteps=2000, random_state=seed).fit("CartPole-v1") for seed in range(3)]
        >>> display = TrainingCurveDisplay.from_estimator(agents)
        >>> display.ax_.get_xlabel()
        'environment steps'
        """
        agents = agents if isinstance(agents, list | tuple) else [agents]
        for agent in agents:
            check_is_fitted(agent, "history_")
        if name is None:
            name = type(agents[0].wrapped_estimator).__name__
        return cls.from_histories([agent.history_ for agent in agents], name=name, ax=ax, **kwargs)

    @classmethod
    def from_histories(cls, histories, *, name=None, ax=None, **kwargs):
        """Draw histories: the `history_` of agents, or what was read from files.

        Parameters
        ----------
        histories : list of list of dict
            For each run its records, with "timesteps" and "mean_return" or "evaluated_return", which is preferred.
        name : str, default=None
            Label of the curve.
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `plot`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        ValueError
            If there is nothing to draw.
        """
        if not histories or not all(histories):
            raise ValueError("There is nothing to draw: expected a list of histories, each with a record at least.")
        evaluated = all("evaluated_return" in record for history in histories for record in history)
        key = "evaluated_return" if evaluated else "mean_return"
        timesteps, returns = (
            [np.array([float(record[column]) for record in history]) for history in histories]
            for column in ("timesteps", key)
        )
        return cls(timesteps=timesteps, returns=returns, name=name).plot(ax=ax, **kwargs)

    def plot(self, ax=None, **kwargs):
        """Draw the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `plot`.

        Returns
        -------
        display : TrainingCurveDisplay
        """
        set_axes(self, ax)
        if len(self.timesteps) == 1:
            x, middle = self.timesteps[0], self.returns[0]
        else:  # on the steps that all runs have in common
            first, last = max(run[0] for run in self.timesteps), min(run[-1] for run in self.timesteps)
            x = np.linspace(first, last, 200)
            runs = [np.interp(x, *run) for run in zip(self.timesteps, self.returns, strict=True)]
            middle = np.median(runs, axis=0)
        (self.line_,) = self.ax_.plot(x, middle, **{"label": self.name} | kwargs)
        self.band_ = None
        if len(self.timesteps) > 1:
            lowest, highest = np.min(runs, axis=0), np.max(runs, axis=0)
            self.band_ = self.ax_.fill_between(x, lowest, highest, color=self.line_.get_color(), alpha=0.2, linewidth=0)
        self.ax_.set(xlabel="environment steps", ylabel="mean return")
        if self.line_.get_label() and not self.line_.get_label().startswith("_"):
            self.ax_.legend()
        return self
