"""What every fitted agent can do: predict, act, be evaluated, be saved."""

from collections.abc import Sequence
from os import PathLike
from typing import Any, Self

import gymnasium
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.dummy import DummyClassifier
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names, _check_n_features, check_is_fitted, validate_data

from ._agent_parts import AgentParts
from ._behavior._base import design_matrix, dtype_of_rows
from ._behavior._function import BehaviorFunction
from ._commands import Command, CommandLike, check_command, complete_command
from ._envs._interface import EnvInterface
from ._envs._pool import EnvPool
from ._envs._sources import env_sources
from ._envs._spaces import ActionTargets
from ._hindsight import relabel
from ._input import read_input
from ._offline import read_episodes
from ._replay_buffer import ReplayBuffer
from ._rollout._action_selection import ActionSelection, Actor
from ._rollout._evaluation import Evaluation, run_episodes
from ._rollout._policy import Policy
from ._scoring import score_actions
from .methods._base import Learned


def _predicts_probabilities(agent: "BaseAgent") -> bool:
    """Tell whether the agent's classifier has `predict_proba`, perhaps once it is fitted; for `available_if`."""
    fitted = getattr(agent, "estimator_", None)
    fitted = fitted[0] if isinstance(fitted, list) else fitted
    estimators = [agent.wrapped_estimator, None if isinstance(fitted, DummyClassifier) else fitted]
    return is_classifier(agent) and any(hasattr(estimator, "predict_proba") for estimator in estimators)


class BaseAgent(AgentParts):
    """Base class of agents: all that needs a fitted behavior function, and nothing that fits one.

    It reads the parameters and the fitted attributes of `UDRLAgent`, and changes none of them.
    """

    # Parameters and fitted attributes of a subclass, see `UDRLAgent`.
    acting: str
    exploration: str
    epsilon: float
    exploration_sticky_probability: float
    n_eval_episodes: int
    n_envs: int
    n_jobs: int | None
    max_episode_steps: int
    return_scale: float | str
    horizon_scale: float | str
    replay_size: int | None
    replay_keep: str
    warm_start: bool
    random_state: Any
    behavior_: BehaviorFunction
    action_targets_: ActionTargets
    command_: Command
    buffer_: ReplayBuffer
    rng_: np.random.Generator
    history_: list[dict[str, Any]]
    learning_params_: dict[str, Any]
    n_features_in_: int
    observation_space_: gymnasium.Space | None
    row_commands_: np.ndarray

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Predict the most probable action of each row, or the action itself if actions are continuous.

        Within an episode `policy` and `evaluate` may select other actions, see `acting`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, `n_features_in_`)
            Columns ``[observation | desired_return | desired_horizon]``. The open-ended command "max" is
            the pair (0, 0).

        Returns
        -------
        actions : ndarray of shape (n_samples,) or (n_samples, n_components)
        """
        X = self.check_rows(X)
        return self.behavior_.predict(X)

    @available_if(_predicts_probabilities)
    def predict_proba(self, X: ArrayLike) -> np.ndarray | list[np.ndarray]:
        """Predict the probability of each action.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, `n_features_in_`)
            As for `predict`.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_actions), or list of them
            In the order of `classes_`; a list with one for each component of MultiDiscrete and
            MultiBinary actions.
        """
        X = self.check_rows(X)
        probabilities = self.behavior_.predict_proba(X)
        return probabilities[0] if len(probabilities) == 1 else probabilities

    def score(self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> float:
        """Return the mean return on environments, or the accuracy on rows and episodes.

        Parameters
        ----------
        X : environment, episodes or rows
            As for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_components), default=None
            The actions of the rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            On environments the mean return under the command "max" over `n_eval_episodes` episodes. On
            rows and episodes the accuracy of the actions, or R^2 for continuous ones.

        Raises
        ------
        ValueError
            If X, y and sample_weight do not fit together.
        TypeError
            If X is none of these.
        """
        check_is_fitted(self)
        kind, X = read_input(X, y, sample_weight)
        if kind == "environment":
            return self.evaluate(X, n_episodes=self.n_eval_episodes).mean_return
        if kind == "episodes":
            X, y = self.hindsight_rows(X)
        return score_actions(y, self.predict(X), sample_weight, discrete=is_classifier(self))

    def evaluate(
        self,
        env: Any,
        *,
        command: CommandLike = "max",
        n_episodes: int = 100,
        deterministic: bool = True,
        seed: int = 0,
    ) -> Evaluation:
        """Run episodes under a command, with reset seeds that `fit` never uses.

        Parameters
        ----------
        env : environment, or a list of them
            As for `fit`; each environment of a list gets an episode in turn.
        command : "max", float, Command or pair, default="max"
            The command at the start of each episode: "max", a desired return, or a pair
            (desired_return, desired_horizon). The method of the agent may replace it, see `resolve`.
        n_episodes : int, default=100
            Number of episodes.
        deterministic : bool, default=True
            Whether to select actions as `acting` says, rather than to explore as in training.
        seed : int, default=0
            Determines the reset seeds of the episodes, the same for every agent.

        Returns
        -------
        evaluation : Evaluation

        Raises
        ------
        ValueError
            If the environment has other spaces than those of the fit, or `n_episodes` is less than 1.

        See Also
        --------
        evaluate_policy : The same for anything that acts.
        """
        resolved = self.resolve(command)
        actor = self.actor(resolved, deterministic=deterministic)
        with EnvPool(env_sources(env)) as pool:
            self.interface.check_spaces(*pool.spaces())
            episodes = run_episodes(pool, actor, resolved, n_episodes=n_episodes, seed=seed, **self.rollout_params)
        return Evaluation.of(episodes, resolved)

    def policy(self, command: CommandLike = "max", *, deterministic: bool = True, seed: int | None = None) -> Policy:
        """Return a policy that acts on single observations under a command.

        Parameters
        ----------
        command : "max", float, Command or pair, default="max"
            As for `evaluate`.
        deterministic : bool, default=True
            Whether to select actions as `acting` says, rather than to explore as in training.
        seed : int or None, default=None
            Seed of the actions that are sampled.

        Returns
        -------
        policy : Policy

        Examples
        --------
        >>> import gymnasium
        >>> from udrl_sklearn import UDRLAgent
        >>> env = gymnasium.make("CartPole-v1")
        >>> agent = UDRLAgent(total_timesteps=2000, random_state=0).fit(env)
        >>> policy = agent.policy(command=(50, 50))
        >>> observation, _ = env.reset(seed=1)
        >>> observation, reward, *_ = env.step(policy(observation))
        >>> policy.update(reward)
        >>> policy.command.desired_horizon
        49.0
        """
        resolved = self.resolve(command)
        return Policy(self.actor(resolved, deterministic=deterministic), self.interface, resolved, seed)

    def hindsight_rows(self, episodes: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Return episodes as rows, each with the exact command that it fulfilled.

        Exact commands are learned from such rows, and `predict`, `score` and scikit-learn's inspection take them.

        Parameters
        ----------
        episodes : logged episodes, default=None
            As for `fit`. None takes the episodes in `buffer_`.

        Returns
        -------
        X : ndarray of shape (n_samples, `n_features_in_`)
            Columns ``[observation | desired_return | desired_horizon]``, a row for each step.
        y : ndarray of shape (n_samples,) or (n_samples, n_components)
            The actions taken.

        Raises
        ------
        ValueError
            If the episodes have other spaces than those of the fit.
        """
        if episodes is None:
            message = (
                "This %(name)s has no buffer_ of episodes, which a fit on environments or episodes has. Pass episodes."
            )
            check_is_fitted(self, "buffer_", msg=message)
            rows = relabel(self.buffer_.episodes)
        else:
            episodes, interface = read_episodes(episodes)
            if hasattr(self, "action_targets_"):
                self.interface.check_episodes(interface)
            rows = relabel(episodes)
        return design_matrix(rows.observations, rows.commands), rows.actions

    def resolve(self, command: CommandLike) -> Command:
        """Return the command that the behavior function gets for a command.

        The method decides. `AdvantageWeighted` replaces a return that too few steps exceed by "max", and
        `ReturnConditioned` replaces "max" by an exact command. A return without a horizon gets a matching one.

        Parameters
        ----------
        command : "max", float, Command or pair
            As for `evaluate`.

        Returns
        -------
        command : Command
            With a horizon; (0, 0) is the open-ended command.

        Raises
        ------
        ValueError
            If it is no command.
        RuntimeError
            If the command is exact, and `fit` was interrupted before exact commands were learned.
        """
        check_is_fitted(self)
        command = check_command(command)
        if command != "max" and self.behavior_.exact is None:
            raise RuntimeError('Exact commands are learned at the end of fit; until then use command="max".')
        if hasattr(self, "buffer_"):
            return self.learning_method.resolve(command, self._learned, self.buffer_)
        return self.command_ if isinstance(command, str) else complete_command(command, *self.row_commands_.T)

    def actor(self, command: Command, *, deterministic: bool = True) -> Actor:
        """Return what selects actions in rollouts under a command, as `resolve` returns it.

        Parameters
        ----------
        command : Command
            Open-ended, or exact with a horizon.
        deterministic : bool, default=True
            Whether to select actions as `acting` says, rather than to explore as in training.

        Returns
        -------
        actor : Actor
        """
        check_is_fitted(self)
        behavior = self.behavior_.for_command(command)
        if deterministic:
            return self.action_selection.actor(behavior, command)
        return self.action_selection.exploring_actor(behavior)

    @property
    def row_dtype(self) -> np.dtype:
        """Type of rows: float32 if that holds all numbers of observations, and float64 otherwise."""
        return dtype_of_rows(self.buffer_.episodes.observations.dtype if hasattr(self, "buffer_") else np.float64)

    @property
    def action_selection(self) -> ActionSelection:
        """How actions are selected, as the parameters say."""
        return ActionSelection(self.acting, self.exploration, self.epsilon, self.exploration_sticky_probability)

    @property
    def rollout_params(self) -> dict[str, Any]:
        """Arguments of `collect_episodes`, as the parameters say."""
        return {"n_envs": self.n_envs, "n_jobs": self.n_jobs, "max_episode_steps": self.max_episode_steps}

    def check_rows(self, X: Any) -> np.ndarray:
        """Return rows with a command as an array, or raise a ValueError if they do not fit the agent."""
        check_is_fitted(self)
        if not hasattr(self, "buffer_"):
            return validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        if hasattr(X, "columns"):
            _check_feature_names(self, X, reset=False)
        X = check_array(X, dtype=self.row_dtype, ensure_all_finite="allow-nan")
        _check_n_features(self, X, reset=False)
        return X

    @property
    def interface(self) -> EnvInterface:
        """Spaces, actions and features of what the agent was fitted on."""
        names = getattr(self, "feature_names_in_", np.arange(self.n_features_in_))
        spaces = [getattr(self, f"{kind}_space_", None) for kind in ("observation", "action")]
        return EnvInterface(spaces[0], spaces[1], self.action_targets_, names[:-2].tolist(), self.row_dtype)

    def save(self, path: str | PathLike) -> None:
        """Write the agent to a file, without pickle (by skops).

        Parameters
        ----------
        path : str or path-like
            The file. Agents with estimators of other packages than scikit-learn may need pickle or joblib.
        """
        from ._persistence import save  # skops takes long to import

        save(self, path)

    @classmethod
    def load(cls, path: str | PathLike, *, trusted: Sequence[str] = ()) -> Self:
        """Read an agent that `save` wrote.

        Parameters
        ----------
        path : str or path-like
            The file.
        trusted : list of str, default=()
            Names of types that the file may contain, in addition to those of this library, scikit-learn's common
            estimators, NumPy and Gymnasium's spaces.

        Returns
        -------
        agent : UDRLAgent

        Raises
        ------
        TypeError
            If the file contains any other type.
        """
        from ._persistence import load  # see `save`

        return load(path, trusted)

    @property
    def _learned(self) -> Learned:
        return Learned(self.behavior_.exact, self.behavior_.open_ended, getattr(self, "value_estimator_", None))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "behavior_")
