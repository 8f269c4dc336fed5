"""UDRLAgent: Upside-Down Reinforcement Learning as a scikit-learn estimator."""

from math import ceil
from numbers import Integral, Real
from typing import Any, Self

from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.callback import CallbackSupportMixin
from sklearn.utils._param_validation import Interval, StrOptions, validate_parameter_constraints

from ._base_agent import BaseAgent
from ._behavior._default_estimators import DefaultForest, EstimatorKind, check_estimator_kind
from ._behavior._fitter import BehaviorFitter
from ._callback_arguments import callback_kwargs
from ._envs._interface import EnvInterface
from ._envs._pool import EnvPool
from ._envs._sources import TUNING, env_sources
from ._fitted_attributes import set_interface, set_results
from ._input import read_input
from ._offline import read_episodes
from ._rollout._evaluation import Evaluation, run_episodes
from ._supervised import check_data, fit_supervised
from ._training import CollectionParams, Training, format_record
from ._warm_start import begin_or_continue, continued_learning, get_learning_params
from .methods._base import Learned, LearningMethod


class UDRLAgent(CallbackSupportMixin, BaseAgent):
    """An agent that learns to act by supervised learning (Upside-Down Reinforcement Learning).

    The agent's *behavior function* B(observation, desired return, desired horizon) -> action is a scikit-learn
    estimator. It is fitted on past episodes, which are relabelled in hindsight with the return and the number of steps
    that followed each action [1]_. `fit` on an environment collects episodes, fits the estimator on them, collects
    more episodes with it, and so on.

    The learning method makes rows of the episodes. With the default one the agent follows exact commands, a desired
    return and a desired horizon, and the open-ended command ``"max"`` for the highest return that it can achieve.

    Parameters
    ----------
    estimator : classifier or regressor, default=None
        The behavior function, cloned before each fit: a classifier for Discrete, MultiDiscrete and MultiBinary
        actions, a regressor for Box actions. None takes a random forest, :class:`DefaultForest`. An estimator with
        `partial_fit` is updated rather than fitted anew, see `n_updates_per_iter`. The clone for "max" sees the
        observation alone.
    method : LearningMethod, default=None
        The learning method, with parameters of its own. None takes
        :class:`~udrl_sklearn.methods.AdvantageWeighted`; the published algorithm is
        :class:`~udrl_sklearn.methods.ReturnConditioned`.
    total_timesteps : int, default=50_000
        Environment steps that one `fit` collects, warm-up included. It finishes its episodes, so there may be more.
    target_return : float, default=None
        If given, the agent is evaluated after each iteration, over `n_eval_episodes`. `fit` ends at this mean return.
        Nothing is learned from these episodes, and they do not count as steps.
    n_warm_up_episodes : int, default=10
        Random episodes at the start, at least. The method may need more: `AdvantageWeighted` learns from differences
        in return.
    warm_up_sticky_probability : float, default=0.95
        In half of the random episodes, the probability of taking the same action once more (sticky actions [2]_). Such
        episodes explore farther, because random actions otherwise cancel each other out.
    n_episodes_per_iter : int, default=4
        Episodes to collect in an iteration, at least.
    n_timesteps_per_iter : int or "auto", default="auto"
        Steps to collect in an iteration and in the warm-up, at least. "auto" asks the method. The methods of this
        library take a twelfth of the newest half of all steps: 833 at first, 4,166 from 100,000 steps on.
    replay_size : int or None, default=10_000
        Episodes that the replay buffer keeps; None keeps all.
    replay_keep : {"recent", "best"}, default="recent"
        Whether the buffer keeps the newest episodes or those with the highest return.
    exploration : {"sample", "greedy"}, default="sample"
        Whether exploring samples actions from the predicted distribution or takes the most probable one.
    epsilon : float, default=0.0
        Probability of a uniformly random action while exploring.
    exploration_sticky_probability : float, default=0.95
        While exploring, the probability of sampling the same action once more if the observation has changed by at most
        2% of each feature's standard deviation, but is not exactly the same. The agent tries one action for a while.
    acting : {"quasirandom", "greedy"}, default="quasirandom"
        How `evaluate`, `score` on environments and `policy` select discrete actions. "quasirandom" is deterministic
        low-discrepancy sampling by the probability of the actions for exact commands, and by its square for "max".
        "greedy" takes the most probable action, as `predict` does.
    n_updates_per_iter : int or None, default=100
        Calls of `partial_fit` in an iteration. None fits anew instead. Only used if the estimator has `partial_fit`.
    batch_size : int, default=1024
        Rows in each of these calls. Only used if the estimator has `partial_fit`.
    return_scale, horizon_scale : float or "auto", default="auto"
        Factors on desired return and desired horizon before the estimator gets them. "auto" gives them a standard
        deviation of 1; on `fit(X, y)` with rows it is a factor of 1.
    n_eval_episodes : int, default=20
        Episodes of an evaluation for `target_return`, and of `score` on environments.
    n_envs : int, default=16
        Environments that advance together in one process.
    max_episode_steps : int, default=100_000
        A longer episode raises an error.
    warm_start : bool, default=False
        Whether `fit` on environments or episodes continues the previous one, for another `total_timesteps`. Parameters
        may have other values. With another class of `method`, or another `estimator`, parameter of it or scale, the
        behavior is learned anew from the buffer. Another `replay_size` or `replay_keep` drops episodes at once. Another
        `random_state` seeds anew.
    n_jobs : int or None, default=None
        Number of joblib workers that collect episodes. The result does not depend on it.
    random_state : int, RandomState instance or None, default=None
        Seed of everything that is random.
    verbose : int, default=0
        With 1, prints a line for each iteration.

    Attributes
    ----------
    estimator_ : estimator, or list of them
        The fitted clone for exact commands; a list with one for each component of MultiDiscrete
        and MultiBinary actions.
    max_estimator_ : estimator, or list of them
        The fitted clone for the open-ended command, if the method has one. It sees observations alone.
    value_estimator_ : estimator
        The fitted estimator of values, if the method has one.
    behavior_ : BehaviorFunction
        These clones as one function of rows.
    classes_ : ndarray of shape (n_actions,), or list of them
        The actions of a classifier.
    action_names_ : list of str, or list of them
        Names of the actions in the order of `classes_`, or of the components of continuous actions. Taken from
        ``env.metadata["action_names"]``; known for some of gymnasium's environments, and generated for others.
    action_targets_ : ActionTargets
        The actions as targets of the estimator.
    command_ : Command
        The exact command for the best return: mean return and mean length of the best episodes. Not there before an
        episode has ended.
    history_ : list of dict
        A record of each iteration, the warm-up first; not there after a fit on rows, as the next six.
    buffer_ : ReplayBuffer
        The episodes.
    n_timesteps_, n_episodes_, n_iter_ : int
        Environment steps, episodes and iterations so far, the warm-up included.
    termination_condition_ : {"total_timesteps", "target_return", "callback", "interrupted", "all_episodes"}
        Why `fit` ended: all steps are collected, `target_return` is reached, a callback stopped it, Ctrl-C or an error
        stopped it, or it has learned from all logged episodes.
    rng_ : numpy.random.Generator
        The source of randomness, with which a fit with `warm_start` continues.
    learning_params_ : dict
        The parameters that such a fit compares with its own.
    observation_space_, action_space_ : gymnasium.Space or None
        Of the environment; None after a fit on a list of episodes.
    n_features_in_ : int
        Number of columns, the two of the command included.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns: the features of the observation, then "desired_return", "desired_horizon". Taken from
        ``env.metadata["observation_names"]``; known for some of gymnasium's environments, and generated for others.

    See Also
    --------
    udrl_sklearn.methods : Learning methods.
    evaluate_policy : Evaluates anything that acts.

    References
    ----------
    .. [1] R. K. Srivastava, P. Shyam, F. Mutz, W. Jaskowski and J. Schmidhuber, "Training Agents using
       Upside-Down Reinforcement Learning", arXiv 1912.02877, 2019.
    .. [2] M. C. Machado et al., "Revisiting the Arcade Learning Environment", arXiv 1709.06009, 2018.

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
        "estimator": [EstimatorKind("classifier", "regressor"), DefaultForest, None],
        "method": [LearningMethod, None],
        "total_timesteps": [Interval(Integral, 1, None, closed="left")],
        "target_return": [Interval(Real, None, None, closed="neither"), None],
        "n_warm_up_episodes": [Interval(Integral, 1, None, closed="left")],
        "warm_up_sticky_probability": [Interval(Real, 0, 1, closed="left")],
        "n_episodes_per_iter": [Interval(Integral, 1, None, closed="left")],
        "n_timesteps_per_iter": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "replay_size": [Interval(Integral, 1, None, closed="left"), None],
        "replay_keep": [StrOptions({"recent", "best"})],
        "exploration": [StrOptions({"sample", "greedy"})],
        "epsilon": [Interval(Real, 0, 1, closed="both")],
        "exploration_sticky_probability": [Interval(Real, 0, 1, closed="left")],
        "acting": [StrOptions({"quasirandom", "greedy"})],
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
        estimator: Any = None,
        *,
        method: LearningMethod | None = None,
        total_timesteps: int = 50_000,
        target_return: float | None = None,
        n_warm_up_episodes: int = 10,
        warm_up_sticky_probability: float = 0.95,
        n_episodes_per_iter: int = 4,
        n_timesteps_per_iter: int | str = "auto",
        replay_size: int | None = 10_000,
        replay_keep: str = "recent",
        exploration: str = "sample",
        epsilon: float = 0.0,
        exploration_sticky_probability: float = 0.95,
        acting: str = "quasirandom",
        n_updates_per_iter: int | None = 100,
        batch_size: int = 1024,
        return_scale: float | str = "auto",
        horizon_scale: float | str = "auto",
        n_eval_episodes: int = 20,
        n_envs: int = 16,
        max_episode_steps: int = 100_000,
        warm_start: bool = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.total_timesteps = total_timesteps
        self.target_return = target_return
        self.n_warm_up_episodes = n_warm_up_episodes
        self.warm_up_sticky_probability = warm_up_sticky_probability
        self.n_episodes_per_iter = n_episodes_per_iter
        self.n_timesteps_per_iter = n_timesteps_per_iter
        self.replay_size = replay_size
        self.replay_keep = replay_keep
        self.exploration = exploration
        self.epsilon = epsilon
        self.exploration_sticky_probability = exploration_sticky_probability
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
        X : environment, episodes or rows
            - An environment: an id, a `gymnasium.Env`, an `EnvSpec`, a function that makes one, or a list
              of these. The agent acts in it and learns from that.
            - Logged episodes: a list or iterator of `Episode`, `Episodes`, a `ReplayBuffer`, a Minari dataset or its
              episodes, or D4RL's dict of arrays. The agent learns from them once.
            - Rows: array-like or DataFrame of shape (n_samples, n_features) with columns
              ``[observation | desired_return | desired_horizon]``. A plain supervised fit.
        y : array-like of shape (n_samples,) or (n_samples, n_components), default=None
            The actions of the rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : UDRLAgent

        Raises
        ------
        ValueError
            If X, y or a parameter is invalid, or an observation or a reward is not finite.
        TypeError
            If X is an environment of another library, or the estimator is of the wrong kind for the actions.
        """
        method = self.learning_method
        constraints, params = method._parameter_constraints, method.get_params(deep=False)
        validate_parameter_constraints(constraints, params, caller_name=type(method).__name__)
        kind, X = read_input(X, y, sample_weight)
        if kind == "rows":
            return self._fit_rows(X, y, sample_weight)
        return self._fit_episodes(X) if kind == "episodes" else self._fit_environments(X)

    def _fit_environments(self, envs: Any) -> Self:
        """Run Algorithm 1 until all steps are collected, or something else ends it."""
        with EnvPool(env_sources(envs)) as pool:
            training = self._begin(EnvInterface.from_pool(pool))
            n_finetune = training.method.n_finetune_timesteps(self.total_timesteps)
            last_timestep = training.n_timesteps + self.total_timesteps - n_finetune
            n_tasks = ceil(self.total_timesteps / training.n_timesteps_per_iter) + 1  # at most
            task = self._init_callback_context(max_subtasks=n_tasks).call_on_fit_task_begin(estimator=self)
            condition = None
            try:
                while condition is None:
                    iteration = task.subcontext(task_name="iteration").call_on_fit_task_begin(estimator=self)
                    training.run_iteration(pool, last_timestep)
                    set_results(self, training)
                    condition = self._termination_condition(training, pool, last_timestep)
                    if self.verbose:
                        print(format_record(training.history[-1]), flush=True)
                    stopped = iteration.call_on_fit_task_end(estimator=self, **callback_kwargs(self, training))
                    condition = condition or ("callback" if stopped else None)
            finally:
                training.finalize()
                set_results(self, training)
            try:
                training.finetune(pool, n_finetune)
            finally:
                set_results(self, training)
            set_results(self, training, condition)
            task.call_on_fit_task_end(estimator=self, **callback_kwargs(self, training, is_final=True))
        return self

    def _fit_episodes(self, X: Any) -> Self:
        """Learn from logged episodes once, as one iteration."""
        episodes, interface = read_episodes(X)
        training = self._begin(interface)
        task = self._init_callback_context(max_subtasks=1).call_on_fit_task_begin(estimator=self)
        iteration = task.subcontext(task_name="iteration").call_on_fit_task_begin(estimator=self)
        try:
            training.learn_offline(episodes)
        finally:
            set_results(self, training)
        set_results(self, training, "all_episodes")
        if self.verbose:
            print(format_record(training.history[-1]), flush=True)
        iteration.call_on_fit_task_end(estimator=self, **callback_kwargs(self, training, is_final=True))
        task.call_on_fit_task_end(estimator=self, **callback_kwargs(self, training, is_final=True))
        return self

    def _fit_rows(self, X: Any, y: Any, sample_weight: Any) -> Self:
        """Fit the behavior function on rows, as any supervised estimator."""
        data = check_data(self, X, y, sample_weight)
        task = self._init_callback_context().call_on_fit_task_begin(estimator=self, **data.callback_kwargs)
        fit_supervised(self, data, X)
        task.call_on_fit_task_end(estimator=self, reconstruction_attributes={}, **data.callback_kwargs)
        return self

    def _begin(self, interface: EnvInterface) -> Training:
        """Check that training can begin or continue, and only then change anything."""
        estimator = self.estimator_for(interface.targets.is_discrete)
        check_estimator_kind(estimator, interface.targets, interface.action_source)
        learning_params = get_learning_params(self)
        interface = begin_or_continue(self, interface)
        set_interface(self, interface)
        fitter = BehaviorFitter(
            self.estimator,
            self.action_targets_,
            return_scale=self.return_scale,
            horizon_scale=self.horizon_scale,
            n_updates=self.n_updates_per_iter,
            batch_size=self.batch_size,
            names=self.feature_names_in_.tolist(),
        )
        params = CollectionParams(
            self.n_warm_up_episodes,
            self.warm_up_sticky_probability,
            self.n_episodes_per_iter,
            self.n_timesteps_per_iter,
            self.action_selection,
            self.rollout_params,
        )
        learned = self._learned if hasattr(self, "behavior_") else Learned()
        return Training(
            self.learning_method,
            fitter,
            params,
            self.buffer_,
            self.rng_,
            learned,
            self.history_,
            learning_params,
            continued_learning(learned, self.learning_params_, learning_params),
        )

    def _termination_condition(self, training: Training, pool: EnvPool, last_timestep: int) -> str | None:
        """Return why the training ends after this iteration, or None if it goes on."""
        if self.target_return is not None:
            command = self.resolve("max")
            params = {"n_episodes": self.n_eval_episodes, "seed_range": TUNING, **self.rollout_params}
            episodes = run_episodes(pool, self.actor(command), command, **params)
            training.history[-1]["evaluated_return"] = mean_return = Evaluation.of(episodes, command).mean_return
            if mean_return >= self.target_return:
                return "target_return"
        return "total_timesteps" if training.n_timesteps >= last_timestep else None
