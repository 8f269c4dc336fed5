"""Playing: one episode, step by step, with all that there is to tell of each."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._commands import OPEN_ENDED, Command
from udrl_sklearn._envs._sources import EVALUATION, env_sources
from udrl_sklearn._envs._spaces import ObservationColumns
from udrl_sklearn._rollout._evaluation import sample_episode_specs

from ._explanation import explain_rows


@dataclass(frozen=True, eq=False)
class Step:
    """A step of an episode, just before its action is taken.

    Attributes
    ----------
    agent : UDRLAgent
        Who plays.
    step : int
        Counted from 0.
    row : ndarray of shape (1, `n_features_in_`)
        The observation and the command, as the behavior function sees them.
    command : Command
        What is still to be obtained; zeros stand for "max".
    action : int, ndarray
        What is going to be done, as the environment has it.
    return_so_far : float
        Sum of the rewards before.
    """

    agent: Any = field(repr=False)
    step: int
    row: np.ndarray
    command: Command
    action: Any
    return_so_far: float

    @property
    def predictions(self):
        """Probabilities of the actions, of the first component if there are several; what is predicted otherwise."""
        return predictions(self.agent, self.row)[0]

    def explain(self):
        """Return the Explanation of the action, of its first component if there are several."""
        return explain_taken(self.agent, self.row, np.asarray(self.action))


def predictions(agent, X):
    """Return what an agent predicts for rows under one kind of command: ndarray of shape (n, n_predictions).

    These are the probabilities of the actions, of the first component if there are several, or the components of
    continuous actions.
    """
    behavior = agent.behavior_.for_command(X[0, -2:])
    if agent.action_targets_.is_discrete:
        return behavior.predict_proba(X)[0]
    return behavior.predict(X).reshape(len(X), -1)


def explain_taken(agent, X, actions):
    """Return the Explanation of the actions that were taken, of their first component if there are several."""
    is_discrete = agent.action_targets_.is_discrete
    return explain_rows(agent, X, actions.reshape(len(X), -1)[:, 0] if is_discrete else None)


class EpisodeRunner:
    """Lets an agent act in an environment, one step at a time.

    The episode of a seed is the first one of `UDRLAgent.evaluate` with that seed.

    Parameters
    ----------
    agent : UDRLAgent
        Fitted.
    env : gymnasium.Env
        Where to act. It is left open.
    command : "max", float, Command or pair, default="max"
        As for `UDRLAgent.evaluate`.
    seed : int, default=0
        Picks the episode.

    Attributes
    ----------
    policy : Policy
        What acts.
    next_step : Step
        The step that comes next.
    return_so_far : float
        Sum of the rewards so far.
    is_over : bool
        Whether the episode has ended.
    """

    def __init__(self, agent, env, *, command="max", seed=0):
        check_is_fitted(agent)
        agent.check_spaces(env.observation_space, env.action_space)
        self.agent = agent
        self.env = env
        self._columns = ObservationColumns(env.observation_space)
        self.reset(command=command, seed=seed)

    @property
    def headline(self):
        """Where the episode is, and what is still to be obtained, in words."""
        so_far = f"step {self.n_steps}, return {self.return_so_far:.1f}"
        if self.is_over:
            return f"{so_far}, over"
        command = self.next_step.command
        if command == OPEN_ENDED:
            return f"{so_far}, asked for as much as it can"
        return f"{so_far}, desired {command.desired_return:.1f} in {command.desired_horizon:.0f} steps"

    def reset(self, *, command="max", seed=0):
        """Begin an episode."""
        self.policy = self.agent.policy(command)
        (plan,) = sample_episode_specs(env_sources(self.env), [OPEN_ENDED], EVALUATION, np.random.default_rng(seed))
        observation, _ = self.env.reset(seed=plan.seed)
        self.return_so_far, self.n_steps, self.is_over = 0.0, 0, False
        self._look(observation)

    def ask(self, command):
        """Change the command; the episode goes on from where it is."""
        self.policy = self.agent.policy(command)
        self._look(self._observation)

    def step(self):
        """Take the action of the moment."""
        if self.is_over:
            raise RuntimeError("The episode is over; begin another one with reset().")
        observation, reward, terminated, truncated, _ = self.env.step(self.next_step.action)
        self.return_so_far += float(reward)
        self.n_steps += 1
        self.policy.update(float(reward))
        self.is_over = terminated or truncated
        if not self.is_over:
            self._look(observation)

    def _look(self, observation):
        """Choose the next action."""
        self._observation = observation
        command = self.policy.command
        row = design_matrix(self._columns.flatten(observation)[None], np.array([command]))
        self.next_step = Step(self.agent, self.n_steps, row, command, self.policy(observation), self.return_so_far)
