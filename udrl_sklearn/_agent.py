"""UDRLAgent: Upside-Down Reinforcement Learning as a scikit-learn estimator."""

import copy
from collections.abc import Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context, is_classifier
from sklearn.callback import CallbackSupportMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array, check_X_y, column_or_1d, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_feature_names,
    _check_n_features,
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from ._behavior import design_matrix, make_behavior
from ._commands import OPEN_ENDED, Command, CommandLike, check_command, fitting_horizon, is_rare
from ._environments import env_sources, is_environment
from ._evaluation import Evaluation, evaluate
from ._experience import is_experience, read_experience
from ._hindsight import relabel
from ._learning import LearningLoop, make_rng
from ._policy import Policy
from ._pool import EnvPool
from ._spaces import ActionTargets, ObservationColumns


def _predicts_probabilities(agent):
    """Tell whether the agent's classifier has `predict_proba`, for `available_if`."""
    return is_classifier(agent) and hasattr(agent._estimator(), "predict_proba")


class UDRLAgent(LearningLoop, CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """An agent that learns to act by supervised learning (Upside-Down Reinforcement Learning).

    The agent's *behavior function* B(observation, desired return, desired horizon) -> action is a
    scikit-learn estimator, fitted on past episodes that are relabelled in hindsight with the return and
    the number of steps that they really had left [1]_. `fit` on an environment lives through episodes,
    relabels them, fits the estimator, asks it for more, and so on.

    By default the agent answers two kinds of commands, each with a clone of the estimator. For exact
    commands rows carry the return and the horizon that followed. For the open-ended command ``"max"`` rows
    are weighted by how much better than expected the episode went on [2]_; new episodes are asked for by it.

    Parameters
    ----------
    estimator : classifier or regressor, default=None
        The behavior function, cloned before each fit: a classifier for Discrete, MultiDiscrete and
        MultiBinary actions, a regressor for Box actions. None takes a random forest. One that has
        `partial_fit` is updated rather than fitted anew, see `n_updates_per_iter`.
    total_timesteps : int, default=50_000
        Environment steps that one `fit` collects, warm-up included. Episodes that were begun are
        finished, so it may take some more.
    target_return : float, default=None
        If given, the agent is evaluated after each iteration over `n_eval_episodes` and stops once its
        mean return reaches this. Those episodes do not count as steps, and nothing learns from them.
    n_warm_up_episodes : int, default=10
        Episodes of random actions at the start, at the least. With `weighting="advantage"` there are more of them
        until not all have obtained the same return: there is nothing to learn from before.
    warm_up_persistence : float, default=0.95
        In half of the warm-up's episodes, the probability that a random action is taken once more at the next step.
        Actions that last get further than such as cancel each other out: a car pushed left and right in turn stays
        in its valley.
    n_episodes_per_iter : int, default=4
        Episodes to collect in an iteration, at the least.
    n_timesteps_per_iter : int or "auto", default="auto"
        Steps to collect in an iteration, and in the warm-up, at the least. "auto" takes a twelfth of the rows
        that `max_rows="auto"` stands for: 833 at first, 4,166 from 100,000 steps on.
    replay_size : int or None, default=10_000
        Episodes that the replay buffer keeps; None keeps all.
    replay_keep : {"recent", "best"}, default="recent"
        Whether the buffer keeps the newest episodes or those with the highest return.
    max_rows : int, "auto" or None, default="auto"
        With `weighting="advantage"`, rows that the open-ended command is learned from: the steps of the newest
        episodes that have this many together. "auto" takes the newest half of all steps, at least 10,000 and at
        most 50,000. None takes all.
    max_exact_rows : int or None, default=50_000
        With `weighting="advantage"`, rows that exact commands are learned from: steps drawn from the whole
        buffer, evenly over the range of returns. None takes as many as the buffer has.
    segments : {"trailing", "random"}, default="trailing"
        Whether exact commands describe what followed until the episode's end, or until a random step.
    rows_per_episode : int or None, default=None
        With `weighting=None`, how many random steps of each episode become rows; None takes every step.
    weighting : {"advantage"} or None, default="advantage"
        How the open-ended command "max" is learned. "advantage" weights rows by
        ``exp((A - mean(A)) / (std(A) * temperature))``, where A is the lambda-return minus its expectation. With
        None there are rows for exact commands alone, as published in [1]_; new episodes are then asked for by
        the exploratory commands given there, and "max" stands for `command_`.
    gamma : float, default=0.99
        Discount factor of the lambda-return. Commands are never discounted.
    gae_lambda : float, default=0.95
        Lambda of the lambda-return.
    temperature : float, default=0.3
        The lower, the more the best rows count.
    max_weight : float, default=20.0
        Bound on the weight of a row.
    value_estimator : regressor, default=None
        Learns the expected lambda-return of an observation. None takes histogram gradient boosting.
    n_value_fits : int, default=2
        How often `value_estimator` is fitted in an iteration, each time on lambda-returns made with the values before.
    advantage_smoothing : float, default=0.5
        Part of the advantage of a row that is replaced by what a clone of `value_estimator` expects of it, given
        observation and action. What came of one action is a matter of luck; what comes of such actions is less so.
    return_smoothing : float, default=0.75
        Part of the desired return in a row for exact commands that is replaced by what a clone of `value_estimator`
        expects, given observation, action and step of the episode [3]_. An episode that came to a bad end by bad luck
        is no example of how to obtain little. 0 takes what was obtained, as published in [1]_. Rows of random
        `segments` stay as they are.
    practice : float, default=0.0
        With `weighting="advantage"`, part of `total_timesteps` that is kept for the end, when all else is learned: the
        agent is asked for returns from all over the range that it has seen, and learns from what comes of it. With 0.1
        exact commands are followed more closely, low ones above all. These episodes are not in `history_`.
    last_few : int, default=50
        How many of the best episodes exploratory commands and `command_` are taken from.
    exploration : {"sample", "greedy"}, default="sample"
        Whether actions that explore are drawn from the predicted distribution or are the most probable ones.
    epsilon : float, default=0.0
        Probability of a uniformly random action while exploring.
    exploration_persistence : float, default=0.95
        Probability of drawing the same action once more while the observation stays the same from one step to the
        next, to within 2% of each feature's standard deviation. In a situation that lasts, an agent then tries one
        thing for a while rather than a bit of everything: it learns that a lander that has come down is paid once its
        engines have been off for some time.
    acting : {"turns", "greedy"}, default="turns"
        How `evaluate`, `score` on environments and `policy` choose among discrete actions. With "turns" actions take
        turns, evenly spread over the steps and without chance, in proportion to their probability for exact commands
        and to its square for "max". "greedy" takes the most probable action, as `predict` does; that fails where it
        takes two actions by turns to get on, as engines that are fired every other step.
    n_updates_per_iter : int or None, default=100
        Calls of `partial_fit` in an iteration, for estimators that have it. None fits them anew instead.
    batch_size : int, default=1024
        Rows in each of these calls.
    return_scale, horizon_scale : float or "auto", default="auto"
        Factors on desired return and desired horizon before the estimator sees them. "auto" gives them a
        standard deviation of 1. On `fit(X, y)` with rows, "auto" leaves them as they are.
    n_eval_episodes : int, default=20
        Episodes of an evaluation for `target_return`, and of `score` on environments.
    n_envs : int, default=16
        Environments that advance together in one process.
    max_episode_steps : int, default=100_000
        An episode longer than this raises an error.
    warm_start : bool, default=False
        Whether `fit` on environments or episodes goes on from the previous one, with its buffer,
        estimator and counters. It then collects another `total_timesteps`.
    n_jobs : int or None, default=None
        Number of joblib workers for episodes. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of everything that is random.
    verbose : int, default=0
        With 1, prints a line for each iteration.

    Attributes
    ----------
    estimator_ : estimator, or list of them
        The fitted clone that answers exact commands; a list with one for each component of MultiDiscrete
        and MultiBinary actions.
    max_estimator_ : estimator, or list of them
        The fitted clone that answers the open-ended command, with `weighting="advantage"`.
    classes_ : ndarray of shape (n_actions,), or list of them
        The actions of a classifier.
    action_names_ : list of str, or list of them
        What the actions are called, in the order of `classes_`; the components of continuous actions. Taken from
        ``env.metadata["action_names"]``; known for some of gymnasium's environments, and made up for others.
    command_ : Command
        The exact command for the best that the agent has seen: mean return and mean length of the
        `last_few` best episodes. Not there after a fit on rows.
    history_ : list of dict
        One for each iteration, the warm-up first. `pandas.DataFrame` takes it as it is.
    buffer_ : ReplayBuffer
        The episodes seen.
    n_timesteps_, n_episodes_ : int
        Environment steps and episodes that the agent has seen.
    value_estimator_ : regressor
        The fitted `value_estimator`.
    observation_space_, action_space_ : gymnasium.Space
        Of the environment that the agent was fitted on.
    n_features_in_ : int
        Number of columns of X, the two of the command included.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns: the numbers of the observation, then "desired_return", "desired_horizon". Taken from
        ``env.metadata["observation_names"]``; known for some of gymnasium's environments, and else the places in the
        observation.

    References
    ----------
    .. [1] R. K. Srivastava, P. Shyam, F. Mutz, W. Jaskowski and J. Schmidhuber, "Training Agents using
       Upside-Down Reinforcement Learning", arXiv 1912.02877, 2019.
    .. [2] X. B. Peng, A. Kumar, G. Zhang and S. Levine, "Advantage-Weighted Regression: Simple and
       Scalable Off-Policy Reinforcement Learning", arXiv 1910.00177, 2019.
    .. [3] K. Paster, S. McIlraith and J. Ba, "You Can't Count on Luck: Why Decision Transformers and RvS Fail in
       Stochastic Environments", arXiv 2205.15967, 2022.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from udrl_sklearn import UDRLAgent
    >>> tree = DecisionTreeClassifier(min_samples_leaf=20)
    >>> agent = UDRLAgent(tree, total_timesteps=4000, random_state=0).fit("CartPole-v1")
    >>> agent.score("CartPole-v1") > 50
    True
    """

    _parameter_constraints: dict = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "total_timesteps": [Interval(Integral, 1, None, closed="left")],
        "target_return": [Interval(Real, None, None, closed="neither"), None],
        "n_warm_up_episodes": [Interval(Integral, 1, None, closed="left")],
        "n_episodes_per_iter": [Interval(Integral, 1, None, closed="left")],
        "warm_up_persistence": [Interval(Real, 0, 1, closed="left")],
        "n_timesteps_per_iter": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "replay_size": [Interval(Integral, 1, None, closed="left"), None],
        "replay_keep": [StrOptions({"recent", "best"})],
        "max_rows": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"}), None],
        "max_exact_rows": [Interval(Integral, 1, None, closed="left"), None],
        "segments": [StrOptions({"trailing", "random"})],
        "rows_per_episode": [Interval(Integral, 1, None, closed="left"), None],
        "weighting": [StrOptions({"advantage"}), None],
        "gamma": [Interval(Real, 0, 1, closed="both")],
        "gae_lambda": [Interval(Real, 0, 1, closed="both")],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "max_weight": [Interval(Real, 1, None, closed="left")],
        "value_estimator": [HasMethods(["fit", "predict"]), None],
        "n_value_fits": [Interval(Integral, 1, None, closed="left")],
        "advantage_smoothing": [Interval(Real, 0, 1, closed="both")],
        "return_smoothing": [Interval(Real, 0, 1, closed="both")],
        "practice": [Interval(Real, 0, 1, closed="left")],
        "last_few": [Interval(Integral, 1, None, closed="left")],
        "exploration": [StrOptions({"sample", "greedy"})],
        "epsilon": [Interval(Real, 0, 1, closed="both")],
        "exploration_persistence": [Interval(Real, 0, 1, closed="left")],
        "acting": [StrOptions({"turns", "greedy"})],
        "n_updates_per_iter": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "return_scale": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "horizon_scale": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "n_eval_episodes": [Interval(Integral, 1, None, closed="left")],
        "n_envs": [Interval(Integral, 1, None, closed="left")],
        "max_episode_steps": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator=None,
        *,
        total_timesteps=50_000,
        target_return=None,
        n_warm_up_episodes=10,
        warm_up_persistence=0.95,
        n_episodes_per_iter=4,
        n_timesteps_per_iter="auto",
        replay_size=10_000,
        replay_keep="recent",
        max_rows="auto",
        max_exact_rows=50_000,
        segments="trailing",
        rows_per_episode=None,
        weighting="advantage",
        gamma=0.99,
        gae_lambda=0.95,
        temperature=0.3,
        max_weight=20.0,
        value_estimator=None,
        n_value_fits=2,
        advantage_smoothing=0.5,
        return_smoothing=0.75,
        practice=0.0,
        last_few=50,
        exploration="sample",
        epsilon=0.0,
        exploration_persistence=0.95,
        acting="turns",
        n_updates_per_iter=100,
        batch_size=1024,
        return_scale="auto",
        horizon_scale="auto",
        n_eval_episodes=20,
        n_envs=16,
        max_episode_steps=100_000,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.total_timesteps = total_timesteps
        self.target_return = target_return
        self.n_warm_up_episodes = n_warm_up_episodes
        self.warm_up_persistence = warm_up_persistence
        self.n_episodes_per_iter = n_episodes_per_iter
        self.n_timesteps_per_iter = n_timesteps_per_iter
        self.replay_size = replay_size
        self.replay_keep = replay_keep
        self.max_rows = max_rows
        self.max_exact_rows = max_exact_rows
        self.segments = segments
        self.rows_per_episode = rows_per_episode
        self.weighting = weighting
        self.gamma = gamma
        self.gae_lambda = gae_lambda
        self.temperature = temperature
        self.max_weight = max_weight
        self.value_estimator = value_estimator
        self.n_value_fits = n_value_fits
        self.advantage_smoothing = advantage_smoothing
        self.return_smoothing = return_smoothing
        self.practice = practice
        self.last_few = last_few
        self.exploration = exploration
        self.epsilon = epsilon
        self.exploration_persistence = exploration_persistence
        self.acting = acting
        self.n_updates_per_iter = n_updates_per_iter
        self.batch_size = batch_size
        self.return_scale = return_scale
        self.horizon_scale = horizon_scale
        self.n_eval_episodes = n_eval_episodes
        self.n_envs = n_envs
        self.max_episode_steps = max_episode_steps
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn to act.

        Parameters
        ----------
        X : environment, experience or rows
            - An environment: an id, a `gymnasium.Env`, an `EnvSpec`, a function that makes one, or a list
              of these. The agent acts in it and learns from that.
            - Experience: a list of `Episode`, or a Minari dataset. The agent learns from it once.
            - Rows: array-like or DataFrame of shape (n_samples, n_features) with columns
              ``[observation | desired_return | desired_horizon]``. A plain supervised fit.
        y : array-like of shape (n_samples,) or (n_samples, n_components), default=None
            The actions that belong to rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of rows.

        Returns
        -------
        self : UDRLAgent

        Raises
        ------
        ValueError
            If X, y or a parameter is out of its domain, or an observation or a reward is not finite.
        TypeError
            If X is no environment of gymnasium's, or the estimator is of the wrong kind for the actions.
        """
        if not (is_environment(X) or is_experience(X)):
            return self._fit_rows(X, y, sample_weight)
        if y is not None or sample_weight is not None:
            raise ValueError("y and sample_weight belong to rows; fit on an environment or on episodes takes X alone.")
        if is_experience(X):
            return self._fit_experience(X)
        return self._fit_environments(X)

    def _fit_rows(self, X, y, sample_weight):
        """Fit the behavior function on rows, as any supervised estimator."""
        discrete = is_classifier(self._estimator())
        given = X
        X, y = check_X_y(X, y, ensure_min_features=2, multi_output=True, y_numeric=not discrete, estimator=self)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if discrete:
            check_classification_targets(y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        targets = ActionTargets.from_arrays(y, discrete=discrete)
        scale = [1.0 if factor == "auto" else factor for factor in (self.return_scale, self.horizon_scale)]
        # A forest counts half of the rows by their weights, and these may have any sum here.
        behavior = make_behavior(self._estimator(discrete, halve_rows=False), targets, scale)
        behavior.fit(X, y, sample_weight, make_rng(self.random_state))
        self._forget()
        validate_data(self, given, skip_check_array=True)  # remembers the columns
        self._targets = targets
        self.action_names_ = targets.names
        self._set_behavior(behavior)
        self._row_commands = X[:, -2:]
        self.command_ = Command(*self._row_commands[np.argmax(X[:, -2])].tolist())
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Choose the most probable action for each row; the predicted one if actions are continuous.

        Within an episode `policy` and `evaluate` may choose otherwise, see `acting`.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n_samples, `n_features_in_`)
            Columns ``[observation | desired_return | desired_horizon]``. The open-ended command "max" is
            the pair (0, 0).

        Returns
        -------
        actions : ndarray of shape (n_samples,) or (n_samples, n_components)
        """
        X = self._check_rows(X)
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
        X = self._check_rows(X)
        probabilities = self.behavior_.predict_proba(X)
        return probabilities[0] if len(probabilities) == 1 else probabilities

    def score(self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> float:
        """Return how well the agent does.

        Parameters
        ----------
        X : environment, experience or rows
            As for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_components), default=None
            The actions that belong to rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of rows.

        Returns
        -------
        score : float
            On environments the mean return of the command "max" over `n_eval_episodes` episodes. On
            rows and experience the accuracy of the actions, or R^2 for continuous ones.
        """
        if is_environment(X):
            return self.evaluate(X, n_episodes=self.n_eval_episodes).mean_return
        if is_experience(X):
            X, y = self.hindsight_rows(X)
        predicted = self.predict(X)
        if not is_classifier(self):
            return r2_score(y, predicted, sample_weight=sample_weight)
        right = (np.asarray(y).reshape(len(predicted), -1) == predicted.reshape(len(predicted), -1)).all(axis=1)
        return float(np.average(right, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def evaluate(
        self,
        env: Any,
        *,
        command: CommandLike = "max",
        n_episodes: int = 100,
        deterministic: bool = True,
        seed: int = 0,
    ) -> Evaluation:
        """Act under a command, on seeds that `fit` never uses.

        Parameters
        ----------
        env : environment, or a list of them
            As for `fit`; a list takes turns.
        command : "max", float, Command or pair, default="max"
            What to ask at the start of each episode: as much as possible, a desired return, or a pair
            (desired_return, desired_horizon). If fewer than one in twenty of the steps that the agent has seen are of
            episodes that obtained more, it answers as for "max"; without `max_estimator_` the best return seen is the
            most that it takes.
        n_episodes : int, default=100
            Number of episodes.
        deterministic : bool, default=True
            Whether to act as `acting` says rather than to explore as in training.
        seed : int, default=0
            Picks the episodes' seeds; the same ones for every agent.

        Returns
        -------
        evaluation : Evaluation
        """
        check_is_fitted(self)
        resolved = self._resolve(command)
        with EnvPool(env_sources(env)) as pool:
            self._check_spaces(*pool.spaces())
            returns, lengths = evaluate(
                pool,
                self._actor(resolved, deterministic),
                resolved,
                n_episodes=n_episodes,
                seed=seed,
                **self._rollout_params(),
            )
        return Evaluation(returns, lengths, "max" if resolved == OPEN_ENDED else resolved)

    def policy(self, command: CommandLike = "max", *, deterministic: bool = True, seed: int | None = None) -> Policy:
        """Return a policy that acts on single observations under a command.

        Parameters
        ----------
        command : "max", float, Command or pair, default="max"
            As for `evaluate`.
        deterministic : bool, default=True
            Whether to act as `acting` says rather than to explore as in training.
        seed : int or None, default=None
            Seed of what is drawn.

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
        check_is_fitted(self)
        resolved = self._resolve(command)
        space = getattr(self, "observation_space_", None)
        return Policy(
            self._actor(resolved, deterministic),
            None if space is None else ObservationColumns(space),
            self._targets,
            resolved,
            seed,
        )

    def hindsight_rows(self, episodes: Any = None) -> tuple[np.ndarray, np.ndarray]:
        """Return episodes as rows, each with the exact command that it fulfilled.

        These are rows as `fit` learns exact commands from, and as `predict`, `score` and scikit-learn's
        inspection take them.

        Parameters
        ----------
        episodes : list of Episode or Minari dataset, default=None
            None takes the episodes in `buffer_`.

        Returns
        -------
        X : ndarray of shape (n_samples, `n_features_in_`)
            Columns ``[observation | desired_return | desired_horizon]``, a row for each step.
        y : ndarray of shape (n_samples,) or (n_samples, n_components)
            The actions taken.
        """
        if episodes is None:
            check_is_fitted(self, "buffer_")
            episodes = self.buffer_.episodes
        rows = relabel(read_experience(episodes)[0])
        return design_matrix(rows.observations, rows.commands), rows.actions

    def save(self, path: str | PathLike) -> None:
        """Write the agent to a file, without pickle (by skops).

        Parameters
        ----------
        path : str or path-like
            The file. Agents around other than scikit-learn's estimators may need pickle or joblib.
        """
        from ._persistence import save  # skops is slow to import, and few need it

        save(self, path)

    @classmethod
    def load(cls, path: str | PathLike, *, trusted: Sequence[str] = ()) -> Self:
        """Read an agent that `save` wrote.

        Parameters
        ----------
        path : str or path-like
            The file.
        trusted : list of str, default=()
            Names of types that the file may hold, beside those of this library, scikit-learn's common
            estimators, NumPy and Gymnasium's spaces.

        Returns
        -------
        agent : UDRLAgent

        Raises
        ------
        TypeError
            If the file holds any other type.
        """
        from ._persistence import load  # see `save`

        return load(path, trusted)

    def _resolve(self, command):
        """Return a command as it stands in arrays: open-ended, or exact with a horizon."""
        command = check_command(command)
        if command == "max":
            return OPEN_ENDED if hasattr(self, "max_estimator_") else self.command_
        if self.behavior_.exact is None:
            raise RuntimeError('Exact commands are learned at the end of fit; until then only "max" is answered.')
        if hasattr(self, "buffer_"):
            returns, lengths = self.buffer_.returns, self.buffer_.lengths
        else:
            returns, lengths = self._row_commands.T
        if hasattr(self, "max_estimator_") and is_rare(command.desired_return, returns, lengths):
            return OPEN_ENDED
        desired_return = min(command.desired_return, float(returns.max()))
        if command.desired_horizon is not None:
            return Command(desired_return, command.desired_horizon)
        return Command(desired_return, fitting_horizon(desired_return, returns, lengths))

    def _names_of_actions(self, component=0):
        """Return what the discrete actions of a component are called, or the components of continuous ones."""
        names = self.action_names_
        return names[component] if isinstance(names[0], list) else names

    def _check_rows(self, X):
        check_is_fitted(self)
        if not hasattr(self, "buffer_"):
            return validate_data(self, X, reset=False)
        if hasattr(X, "columns"):
            _check_feature_names(self, X, reset=False)
        X = check_array(X, dtype=np.float32)
        _check_n_features(self, X, reset=False)
        return X

    def _check_spaces(self, observation_space, action_space):
        """Raise a ValueError if the agent can't act in such an environment."""
        n_features = ObservationColumns(observation_space).n_features + 2
        targets = ActionTargets.from_space(action_space)
        if n_features != self.n_features_in_ or targets.is_discrete != self._targets.is_discrete:
            raise ValueError(
                f"The agent was fitted on {self.n_features_in_ - 2} observation features, and the environment has "
                f"{n_features - 2}, with the actions {action_space}. Evaluate it on one like those that it learned on."
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "behavior_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        targets = getattr(self, "_targets", None)
        wrapped = get_tags(self._estimator(targets is None or targets.is_discrete))
        tags.estimator_type = wrapped.estimator_type
        tags.classifier_tags = copy.deepcopy(wrapped.classifier_tags)
        if tags.classifier_tags is not None:
            tags.classifier_tags.multi_label = False
        tags.regressor_tags = copy.deepcopy(wrapped.regressor_tags)
        tags.target_tags.required = True
        tags.target_tags.multi_output = wrapped.estimator_type == "regressor"
        tags.non_deterministic = wrapped.non_deterministic
        return tags
