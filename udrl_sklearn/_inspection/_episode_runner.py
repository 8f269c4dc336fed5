"""One episode of an agent, step by step, with predictions and explanations."""

from dataclasses import dataclass, field
from typing import Any

import gymnasium
import numpy as np
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._commands import OPEN_ENDED, Command, CommandLike, is_open_ended, repeat_command
from udrl_sklearn._envs._reset_and_step import reset, step
from udrl_sklearn._envs._sources import EVALUATION, env_sources
from udrl_sklearn._envs._spaces import ObservationColumns
from udrl_sklearn._rollout._evaluation import sample_episode_specs
from udrl_sklearn._rollout._policy import Policy

from ._explanation import Explanation, explain_rows


@dataclass(frozen=True, eq=False)
class Step:
    """A step of an episode, before its action is taken.

    Attributes
    ----------
    agent : UDRLAgent
        The agent that acts.
    index : int
        Number of the step, from 0 on.
    row : ndarray of shape (1, `n_features_in_`)
        The observation and the command, as a row of the behavior function.
    command : Command
        The return that is still to be achieved, and the steps that are left; zeros for "max".
    action : int or ndarray
        The next action, as an element of the action space.
    return_so_far : float
        Sum of the rewards of the steps before.
    """

    agent: UDRLAgent = field(repr=False)
    index: int
    row: np.ndarray
    command: Command
    action: Any
    return_so_far: float

    @property
    def predictions(self) -> np.ndarray:
        """Probabilities of the actions of the first component, or predicted components: ndarray of shape (n,)."""
        return predict_first_component(self.agent, self.row)[0]

    def explain(self) -> Explanation:
        """Return the explanation of the action, of its first component if there are several."""
        return explain_actions(self.agent, self.row, np.asarray(self.action))


def predict_first_component(agent: UDRLAgent, X: np.ndarray) -> np.ndarray:
    """Return probabilities of discrete actions, or predicted continuous actions.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    X : ndarray of shape (n, `n_features_in_`)
        Rows with commands, either all open-ended or all exact.

    Returns
    -------
    predictions : ndarray of shape (n, n_predictions)
        A column for each discrete action of the first component, or for each component of continuous actions.
    """
    behavior = agent.behavior_.for_command(X[0, -2:])
    if isinstance(behavior, DiscreteBehavior):
        return behavior.predict_proba(X)[0]
    return behavior.predict(X).reshape(len(X), -1)


def explain_actions(agent: UDRLAgent, X: np.ndarray, actions: np.ndarray) -> Explanation:
    """Return the explanation of the actions of an episode, of their first component if there are several.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    X : ndarray of shape (n, `n_features_in_`)
        Rows with commands, either all open-ended or all exact.
    actions : ndarray of shape (n,) or (n, n_components)
        The actions taken. Continuous actions are explained as they are predicted.

    Returns
    -------
    explanation : Explanation
    """
    is_discrete = agent.action_targets_.is_discrete
    return explain_rows(agent, X, actions.reshape(len(X), -1)[:, 0] if is_discrete else None)


class EpisodeRunner:
    """Runs an episode of an agent in an environment, one step at a time.

    The episode for a seed is the first one of `UDRLAgent.evaluate` with that seed.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    env : gymnasium.Env
        The environment. It is not closed.
    command : "max", float, Command or pair, default="max"
        As for `UDRLAgent.evaluate`.
    seed : int, default=0
        Determines the reset seed of the episode.

    Attributes
    ----------
    policy : Policy
        The agent under the command.
    next_step : Step
        The step that comes next.
    n_steps : int
        Number of steps so far.
    return_so_far : float
        Sum of the rewards so far.
    is_over : bool
        Whether the episode has ended.

    Raises
    ------
    ValueError
        If the environment has other spaces than those of the fit.
    """

    policy: Policy
    next_step: Step
    n_steps: int
    return_so_far: float
    is_over: bool

    def __init__(self, agent: UDRLAgent, env: gymnasium.Env, *, command: CommandLike = "max", seed: int = 0) -> None:
        check_is_fitted(agent)
        agent.interface.check_spaces(env.observation_space, env.action_space)
        self.agent = agent
        self.env = env
        self._columns = ObservationColumns(env.observation_space)
        self.reset(command=command, seed=seed)

    @property
    def headline(self) -> str:
        """Steps and return so far, and the current command."""
        so_far = f"step {self.n_steps}, return {self.return_so_far:.1f}"
        if self.is_over:
            return f"{so_far}, over"
        command = self.next_step.command
        if is_open_ended(command):
            return f'{so_far}, command "max"'
        return f"{so_far}, desired {command.desired_return:.1f} in {command.desired_horizon:.0f} steps"

    def reset(self, *, command: CommandLike = "max", seed: int = 0) -> None:
        """Begin an episode.

        Parameters
        ----------
        command : "max", float, Command or pair, default="max"
            As for `UDRLAgent.evaluate`.
        seed : int, default=0
            Determines the reset seed of the episode.
        """
        self.policy = self.agent.policy(command)
        commands = repeat_command(OPEN_ENDED, 1)  # not used; a specification needs one
        (spec,) = sample_episode_specs(env_sources(self.env), commands, EVALUATION, np.random.default_rng(seed))
        observation, info = reset(self.env, spec.seed)
        self.return_so_far, self.n_steps, self.is_over = 0.0, 0, False
        self._prepare_step(observation, info.get("action_mask"))

    def set_command(self, command: CommandLike) -> None:
        """Change the command of the rest of the episode.

        Parameters
        ----------
        command : "max", float, Command or pair
            As for `UDRLAgent.evaluate`.
        """
        self.policy = self.agent.policy(command)
        self._prepare_step(self._observation, self._action_mask)

    def step(self) -> None:
        """Take the action of the next step.

        Raises
        ------
        RuntimeError
            If the episode has ended.
        """
        if self.is_over:
            raise RuntimeError("The episode is over; begin another one with reset().")
        observation, reward, terminated, truncated, info = step(self.env, self.next_step.action)
        self.return_so_far += reward
        self.n_steps += 1
        self.policy.update(reward)
        self.is_over = terminated or truncated
        if not self.is_over:
            self._prepare_step(observation, info.get("action_mask"))

    def _prepare_step(self, observation: Any, action_mask: Any) -> None:
        """Select the next action."""
        self._observation, self._action_mask = observation, action_mask
        command = self.policy.command
        row = design_matrix(self._columns.flatten(observation)[None], repeat_command(command, 1))
        action = self.policy(observation, action_mask)
        self.next_step = Step(self.agent, self.n_steps, row, command, action, self.return_so_far)
