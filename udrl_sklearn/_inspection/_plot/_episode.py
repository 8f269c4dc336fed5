"""The steps of one episode."""

from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._commands import CommandLike, command_trajectory, is_open_ended
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources
from udrl_sklearn._episodes import Episode
from udrl_sklearn._inspection._episode_runner import explain_actions, predict_first_component
from udrl_sklearn._inspection._explanation import Explanation
from udrl_sklearn._rollout._evaluation import run_episodes

from ._canvas import pyplot


class EpisodeDisplay:
    """Command, predicted actions and contributions of features over the steps of one episode.

    Make it with `from_estimator`.

    Parameters
    ----------
    episode : Episode
        The episode.
    commands : ndarray of shape (T, 2)
        Desired return and desired horizon at each step; zeros stand for "max".
    predictions : ndarray of shape (T, n)
        Probabilities of the actions; the components of the predicted actions if they are continuous.
    labels : list of str
        Names of the columns of `predictions`.
    is_discrete : bool
        Whether actions are discrete.
    explanation : Explanation
        Of the actions taken, of their first component if there are several.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes, of shape (3,)
        Command, predictions and contributions, from top to bottom.
    figure_ : matplotlib Figure
        The figure with these axes.

    See Also
    --------
    record_episode : Writes a video of an episode.
    explain : Explains single actions.
    """

    axes_: Any
    figure_: Any

    def __init__(
        self,
        *,
        episode: Episode,
        commands: np.ndarray,
        predictions: np.ndarray,
        labels: list[str],
        is_discrete: bool,
        explanation: Explanation,
    ) -> None:
        self.episode = episode
        self.commands = commands
        self.predictions = predictions
        self.labels = labels
        self.is_discrete = is_discrete
        self.explanation = explanation

    @classmethod
    def from_estimator(
        cls, agent: UDRLAgent, env: Any, *, command: CommandLike = "max", seed: int = 0, n_features: int = 5
    ) -> Self:
        """Run an episode of an agent, and plot it.

        Parameters
        ----------
        agent : UDRLAgent
            Fitted. If discrete actions have several components, the first is shown.
        env : environment
            As for `UDRLAgent.evaluate`.
        command : "max", float, Command or pair, default="max"
            As for `UDRLAgent.evaluate`.
        seed : int, default=0
            Determines the reset seed: the first episode of `UDRLAgent.evaluate` with this seed.
        n_features : int, default=5
            How many features to show: those with the largest contributions.

        Returns
        -------
        display : EpisodeDisplay

        Examples
        --------
        >>> from udrl_sklearn import EpisodeDisplay, UDRLAgent
        >>> agent = UDRLAgent(total_timesteps=2000, random_state=0).fit("CartPole-v1")
        >>> display = EpisodeDisplay.from_estimator(agent, "CartPole-v1", command=30)
        >>> [ax.get_ylabel() for ax in display.axes_]
        ['still desired', 'probability', 'contribution']
        """
        check_is_fitted(agent)
        resolved = agent.resolve(command)
        with EnvPool(env_sources(env)) as pool:
            agent.interface.check_spaces(*pool.spaces())
            (episode,) = run_episodes(
                pool, agent.actor(resolved), resolved, n_episodes=1, seed=seed, **agent.rollout_params
            )
        commands = command_trajectory(resolved, episode.rewards)
        X = design_matrix(episode.observations[:-1], commands)
        display = cls(
            episode=episode,
            commands=commands,
            predictions=predict_first_component(agent, X),
            labels=agent.action_targets_.component_names(),
            is_discrete=agent.action_targets_.is_discrete,
            explanation=explain_actions(agent, X, episode.actions),
        )
        return display.plot(n_features=n_features)

    def plot(self, n_features: int = 5) -> Self:
        """Plot the episode.

        Parameters
        ----------
        n_features : int, default=5
            How many features to show: those with the largest contributions.

        Returns
        -------
        display : EpisodeDisplay
        """
        plt = pyplot("EpisodeDisplay.plot")
        self.figure_, self.axes_ = plt.subplots(3, sharex=True, figsize=(8, 8), layout="constrained")
        steps = np.arange(len(self.commands))
        top, middle, bottom = self.axes_
        if is_open_ended(self.commands[0]):
            top.plot(steps, np.cumsum(self.episode.rewards), label='return so far, command "max"')
            top.set_ylabel("achieved")
        else:
            top.plot(steps, self.commands[:, 0], label="return")
            top.plot(steps, self.commands[:, 1], label="horizon", linestyle="--")
            top.set_ylabel("still desired")
        for column, label in zip(self.predictions.T, self.labels, strict=True):
            middle.plot(steps, column, label=label)
        middle.set_ylabel("probability" if self.is_discrete else "predicted action")
        contributions = self.explanation.contributions
        for i in np.argsort(-np.abs(contributions).mean(axis=0), kind="stable")[:n_features]:
            bottom.plot(steps, contributions[:, i], label=self.explanation.feature_names[i])
        bottom.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        bottom.set(xlabel="step", ylabel="contribution")
        for ax in self.axes_:
            ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        return self
