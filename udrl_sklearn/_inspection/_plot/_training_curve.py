"""The return over the steps of the training."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent

from ._canvas import get_axes


class TrainingCurveDisplay:
    """Return over environment steps, of one run or of several.

    Make it with `from_estimator` or `from_histories`. Several runs are plotted as their median, with a band from the
    lowest to the highest return.

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
        From the lowest to the highest return; None for a single run.

    See Also
    --------
    UDRLAgent : Its attribute `history_` has the numbers.
    """

    ax_: Any
    figure_: Any
    line_: Any
    band_: Any

    def __init__(self, *, timesteps: list[np.ndarray], returns: list[np.ndarray], name: str | None = None) -> None:
        self.timesteps = timesteps
        self.returns = returns
        self.name = name

    @classmethod
    def from_estimator(
        cls, agents: UDRLAgent | Sequence[UDRLAgent], *, name: str | None = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Plot the histories of fitted agents.

        Parameters
        ----------
        agents : UDRLAgent or list of UDRLAgent
            Fitted on environments. Several agents are runs of the same experiment, with different seeds.
        name : str, default=None
            Label of the curve. None takes the name of the estimator.
        ax : matplotlib Axes, default=None
            Axes to plot on; None makes new ones.
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
        agents = [agents] if isinstance(agents, UDRLAgent) else agents
        for agent in agents:
            check_is_fitted(agent, "history_")
        if name is None:
            name = type(agents[0].wrapped_estimator).__name__
        return cls.from_histories([agent.history_ for agent in agents], name=name, ax=ax, **kwargs)

    @classmethod
    def from_histories(
        cls, histories: list[list[dict]], *, name: str | None = None, ax: Any = None, **kwargs: Any
    ) -> Self:
        """Plot histories: the `history_` of agents, or records from files.

        Parameters
        ----------
        histories : list of list of dict
            The records of each run, with "timesteps" and "mean_return". "evaluated_return" is plotted instead if all
            records have it.
        name : str, default=None
            Label of the curve.
        ax : matplotlib Axes, default=None
            Axes to plot on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `plot`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        ValueError
            If there is no history, or one without a record.
        """
        if not histories or not all(histories):
            raise ValueError("There is nothing to plot: expected a list of histories, each with at least one record.")
        has_evaluations = all("evaluated_return" in record for history in histories for record in history)
        key = "evaluated_return" if has_evaluations else "mean_return"
        timesteps, returns = (
            [np.array([float(record[column]) for record in history]) for history in histories]
            for column in ("timesteps", key)
        )
        return cls(timesteps=timesteps, returns=returns, name=name).plot(ax=ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the curve.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to plot on; None makes new ones.
        **kwargs : dict
            Passed to matplotlib's `plot`.

        Returns
        -------
        display : TrainingCurveDisplay
        """
        self.ax_ = get_axes(self, ax)
        self.figure_ = self.ax_.figure
        if len(self.timesteps) == 1:
            x, runs = self.timesteps[0], self.returns
        else:  # on the range of steps that all runs have
            first, last = max(run[0] for run in self.timesteps), min(run[-1] for run in self.timesteps)
            x = np.linspace(first, last, 200)
            runs = [np.interp(x, *run) for run in zip(self.timesteps, self.returns, strict=True)]
        (self.line_,) = self.ax_.plot(x, np.median(runs, axis=0), **{"label": self.name} | kwargs)
        self.band_ = None
        if len(self.timesteps) > 1:
            lowest, highest = np.min(runs, axis=0), np.max(runs, axis=0)
            self.band_ = self.ax_.fill_between(x, lowest, highest, color=self.line_.get_color(), alpha=0.2, linewidth=0)
        self.ax_.set(xlabel="environment steps", ylabel="mean return")
        if self.line_.get_label() and not self.line_.get_label().startswith("_"):
            self.ax_.legend()
        return self
