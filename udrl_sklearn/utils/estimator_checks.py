"""Checks of what an agent does on environments, beside scikit-learn's own.

scikit-learn's `check_estimator` tests an agent as it tests any classifier or regressor: on rows. The
checks here test `fit`, `evaluate`, `policy` and `score` on a tiny environment. They are for subclasses
of `UDRLAgent`, and for estimators that are to serve as its behavior function.
"""

import pickle
import random
import re
import warnings
from functools import partial
from numbers import Number
from unittest import SkipTest

import gymnasium
import joblib
import numpy as np
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, EstimatorCheckFailedWarning, NotFittedError
from sklearn.utils import get_tags
from threadpoolctl import threadpool_limits


class _ToyEnv(gymnasium.Env):
    """Four steps with a signal of 0 or 1, which is 1 three times out of four and then counts double.

    The observation is the signal, the time from 0 to 1, and zeros up to `n_columns`. Returns vary even
    for the best agent, so that a mean is not mistaken for anything else.
    """

    N_STEPS = 4
    BEST_RETURN = 3.5

    def __init__(self, n_columns=2):
        self.observation_space = gymnasium.spaces.Box(0.0, 1.0, (n_columns,), np.float32)

    def reset(self, *, seed=None, options=None):
        """Start an episode."""
        super().reset(seed=seed)
        self._step = 0
        return self._observe(), {}

    def step(self, action):
        """Reward an action that fits the signal shown last."""
        reward = self._fitness(action) * (1.0 if self._signal else 0.5)
        self._step += 1
        return self._observe(), reward, self._step == self.N_STEPS, False, {}

    def _observe(self):
        self._signal = int(self.np_random.random() < 0.75)
        observation = np.zeros(self.observation_space.shape, np.float32)
        observation[:2] = self._signal, self._step / self.N_STEPS
        return observation


class DiscreteToyEnv(_ToyEnv):
    """Reward for the action that equals the signal in the observation: 1 for a signal of 1, 0.5 for 0.

    Episodes have four steps. The best mean return is 3.5; random actions obtain 1.75.

    Parameters
    ----------
    n_columns : int, default=2
        Length of an observation; what is over 2 is always zero.

    Examples
    --------
    >>> from udrl_sklearn.utils.estimator_checks import DiscreteToyEnv
    >>> env = DiscreteToyEnv()
    >>> observation, _ = env.reset(seed=0)
    >>> env.step(int(observation[0]))[1]
    1.0
    """

    RANDOM_RETURN = 1.75

    def __init__(self, n_columns=2):
        super().__init__(n_columns)
        self.action_space = gymnasium.spaces.Discrete(2)

    def _fitness(self, action):
        return float(action == self._signal)


class ContinuousToyEnv(_ToyEnv):
    """Reward for an action near 1 for a signal of 1, and half as much for one near 0.5 for a signal of 0.

    The reward falls with the distance, from 1 or 0.5 on. Episodes have four steps. The best mean return
    is 3.5; random actions obtain 0.1875.

    Parameters
    ----------
    n_columns : int, default=2
        Length of an observation; what is over 2 is always zero.

    Examples
    --------
    >>> from udrl_sklearn.utils.estimator_checks import ContinuousToyEnv
    >>> env = ContinuousToyEnv()
    >>> observation, _ = env.reset(seed=0)
    >>> env.step([0.5 + 0.5 * observation[0]])[1]
    1.0
    """

    RANDOM_RETURN = 0.1875

    def __init__(self, n_columns=2):
        super().__init__(n_columns)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def _fitness(self, action):
        return 1.0 - abs(float(action[0]) - 0.5 - 0.5 * self._signal)


def check_agent(agent, *, on_fail="raise"):
    """Check that an agent keeps the library's promises on environments.

    Parameters
    ----------
    agent : UDRLAgent
        An instance, of a subclass or with any estimator. It is cloned, and its budget made small.
    on_fail : {"raise", "warn"} or None, default="raise"
        What to do when a check fails: raise its exception, or go on, with a warning or without.

    Returns
    -------
    results : list of dict
        One for each check, with keys "estimator", "check_name", "exception" and "status", which is
        "passed", "failed" or "skipped".

    Raises
    ------
    Exception
        That of the first check that fails, with ``on_fail="raise"``.

    See Also
    --------
    parametrize_with_checks : The same as tests of pytest.
    sklearn.utils.estimator_checks.check_estimator : scikit-learn's checks, on rows.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.utils.estimator_checks import check_agent
    >>> results = check_agent(UDRLAgent(DecisionTreeClassifier()))
    >>> {result["status"] for result in results}
    {'passed'}
    """
    if on_fail not in ("raise", "warn", None):
        raise ValueError(f'on_fail must be "raise", "warn" or None, got {on_fail!r}.')
    results = []
    for _, check in agent_checks_generator(agent):
        result = {"estimator": agent, "check_name": check.func.__name__, "exception": None, "status": "passed"}
        try:
            check(agent)
        except SkipTest as skipped:
            result.update(exception=skipped, status="skipped")
        except Exception as error:
            if on_fail == "raise":
                raise
            result.update(exception=error, status="failed")
            if on_fail == "warn":
                expected = {"expected_to_fail": False, "expected_to_fail_reason": "Check is not expected to fail"}
                warnings.warn(EstimatorCheckFailedWarning(**result, **expected), stacklevel=2)
        results.append(result)
    return results


def parametrize_with_checks(agents):
    """Make a test of pytest run once for each agent and check.

    Parameters
    ----------
    agents : list of UDRLAgent
        Instances.

    Returns
    -------
    decorator : pytest.MarkDecorator
        For a test that takes `agent` and `check`.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.utils.estimator_checks import parametrize_with_checks
    >>> @parametrize_with_checks([UDRLAgent(DecisionTreeClassifier())])
    ... def test_agent(agent, check):
    ...     check(agent)
    """
    import pytest

    pairs = [pair for agent in agents for pair in agent_checks_generator(agent)]
    return pytest.mark.parametrize("agent, check", pairs, ids=_test_id)


def agent_checks_generator(agent):
    """Generate the checks that apply to an agent.

    Parameters
    ----------
    agent : UDRLAgent
        An instance.

    Yields
    ------
    agent : UDRLAgent
        The same.
    check : callable
        Takes the agent, and raises if a promise is broken.

    Examples
    --------
    >>> from udrl_sklearn import UDRLAgent
    >>> from udrl_sklearn.utils.estimator_checks import agent_checks_generator
    >>> agent, check = next(agent_checks_generator(UDRLAgent()))
    >>> check.func.__name__
    'check_fit_returns_self'
    """
    if isinstance(agent, type):
        raise TypeError(f"Expected an instance of an agent, got the class {agent.__name__}.")
    # On so few rows several threads are slower than one, by far where processes compete for the cores.
    one_thread = threadpool_limits.wrap(limits=1)
    for check in _checks_for(agent):
        yield agent, partial(one_thread(check), type(agent).__name__)


def _checks_for(agent):
    yield check_fit_returns_self
    yield check_fit_keeps_parameters
    if not get_tags(agent).non_deterministic:
        yield check_same_random_state_same_agent
        yield check_n_jobs_changes_nothing
        yield check_acting_leaves_no_trace
    yield check_other_random_state_other_episodes
    yield check_global_random_state_untouched
    if _nested_parameter(agent) is not None:
        yield check_nested_parameter_reaches_fitted_estimator
    yield check_unfitted_raises
    yield check_actions_in_action_space
    yield check_history
    yield check_feature_columns
    yield check_dataframe_columns
    yield check_pickle
    yield check_score_is_mean_return
    yield check_warm_start_goes_on
    yield check_warm_start_refuses_other_spaces
    yield check_fit_forgets_other_kinds_of_fit
    yield check_learns


def _test_id(part):
    return part.func.__name__ if isinstance(part, partial) else re.sub(r"\s", "", repr(part))


def check_fit_returns_self(name, agent_orig):
    """Check that `fit` on an environment returns the agent."""
    agent = _small(agent_orig)
    assert _fit(agent) is agent, f"{name}.fit must return self."


def check_fit_keeps_parameters(name, agent_orig):
    """Check that `fit` changes no parameter and fits no estimator of the user's."""
    agent = _small(agent_orig)
    before = agent.get_params(deep=False)
    hashes = {key: joblib.hash(value) for key, value in before.items()}
    _fit(agent)
    for key, value in agent.get_params(deep=False).items():
        assert value is before[key], f"{name}.fit must leave the parameter {key} as it is."
        assert joblib.hash(value) == hashes[key], f"{name}.fit must leave what is given as {key} as it is."


def check_same_random_state_same_agent(name, agent_orig):
    """Check that clones, and a second fit, with the same `random_state` live and learn the same."""
    first, second = _fitted(agent_orig), _fitted(agent_orig)
    for _ in range(2):
        same = _same_episodes(first.buffer_.episodes, second.buffer_.episodes)
        assert same, f"{name} must live the same episodes for the same random_state."
        assert_array_equal(first.predict(_rows()), second.predict(_rows()))
        _fit(second)


def check_n_jobs_changes_nothing(name, agent_orig):
    """Check that two workers live through the same episodes as one."""
    one, two = _fitted(agent_orig, n_jobs=1), _fitted(agent_orig, n_jobs=2)
    same = _same_episodes(one.buffer_.episodes, two.buffer_.episodes)
    assert same, f"{name} must live the same episodes whatever n_jobs is."
    assert_array_equal(one.predict(_rows()), two.predict(_rows()))


def check_acting_leaves_no_trace(name, agent_orig):
    """Check that `predict`, `evaluate`, `score` and `policy` change nothing, and repeat themselves."""
    agent, env = _fitted(agent_orig), _env(agent_orig)
    before = _own_state(agent)
    returns = [agent.evaluate(env, n_episodes=10, deterministic=False).returns for _ in range(2)]
    agent.predict(_rows())
    agent.score(env)
    _act(agent.policy(), env())
    assert _own_state(agent) == before, f"{name} must not change when it predicts or acts."
    assert_array_equal(*returns)


def check_other_random_state_other_episodes(name, agent_orig):
    """Check that the episodes depend on `random_state`."""
    first, second = (_fitted(agent_orig, random_state=seed) for seed in (0, 1))
    same = _same_episodes(first.buffer_.episodes, second.buffer_.episodes)
    assert not same, f"{name} must live other episodes for another random_state."


def check_global_random_state_untouched(name, agent_orig):
    """Check that neither `fit` nor `evaluate` touches the global random generators.

    An estimator without `random_state` that draws from them nonetheless fails here, such as
    scikit-learn's SVR.
    """
    before = pickle.dumps((np.random.get_state(), random.getstate()))
    _fitted(agent_orig).evaluate(_env(agent_orig), n_episodes=5, deterministic=False)
    after = pickle.dumps((np.random.get_state(), random.getstate()))
    assert before == after, f"{name} must leave numpy.random and random alone."


def check_nested_parameter_reaches_fitted_estimator(name, agent_orig):
    """Check that a parameter of the estimator, set by `set_params`, is that of the fitted clones."""
    agent = _small(agent_orig)
    parameter, value = _nested_parameter(agent)
    _fit(agent.set_params(**{f"estimator__{parameter}": value}))
    assert agent.estimator.get_params()[parameter] == value
    fitted = [getattr(agent, attribute) for attribute in ("estimator_", "max_estimator_") if hasattr(agent, attribute)]
    for estimator in fitted:
        assert estimator is not agent.estimator, f"{name} must fit a clone of its estimator."
        assert estimator.get_params()[parameter] == value, f"{name} must hand {parameter}={value} to its fitted clone."


def check_unfitted_raises(name, agent_orig):
    """Check that an agent raises NotFittedError before it is fitted, whatever it is asked to do."""
    agent, env = _small(agent_orig), _env(agent_orig)
    calls = {
        "predict": lambda: agent.predict(_rows()),
        "evaluate": lambda: agent.evaluate(env),
        "policy": lambda: agent.policy(),
        "score": lambda: agent.score(env),
    }
    for method, call in calls.items():
        _assert_raises(NotFittedError, call, f"{name}.{method} before fit")


def check_actions_in_action_space(name, agent_orig):
    """Check that all actions lie in the environment's action space, for commands of each kind."""
    agent = _fitted(agent_orig)
    recorder = _Recorder(_env(agent_orig)())
    for command in ("max", 3.0, (2.0, 4), (-100.0, 1), (100.0, 100)):
        for deterministic in (True, False):
            agent.evaluate(recorder, command=command, n_episodes=5, deterministic=deterministic)
        _act(agent.policy(command), recorder)
    outside = [action for action in recorder.actions if not recorder.action_space.contains(action)]
    assert not outside, f"{name} took actions outside of {recorder.action_space}, such as {outside[:1]}."


def check_history(name, agent_orig):
    """Check that `history_` makes a table, and agrees with the counters and the buffer."""
    agent = _fitted(agent_orig)
    assert len(agent.history_) > 1
    for record in agent.history_:
        assert record.keys() == agent.history_[0].keys(), f"All records of {name}.history_ must have the same keys."
        assert all(isinstance(value, Number | str) for value in record.values()), (
            f"The records of {name}.history_ must be flat, got {record}."
        )
    timesteps = [record["timesteps"] for record in agent.history_]
    assert np.all(np.diff(timesteps) > 0), f"The timesteps in {name}.history_ must increase, got {timesteps}."
    recorded = timesteps[-1], agent.history_[-1]["episodes"]
    counted = agent.n_timesteps_, agent.n_episodes_
    held = agent.buffer_.n_timesteps, len(agent.buffer_)
    assert recorded == counted == held, (
        f"{name} must have the same steps and episodes in its history, counters and buffer, got "
        f"{recorded}, {counted} and {held}."
    )
    assert agent.n_timesteps_ >= agent.total_timesteps, f"{name} must take all the steps that it is given."


def check_feature_columns(name, agent_orig):
    """Check that there are columns for the observation and the command, and no others are taken."""
    agent = _fitted(agent_orig)
    assert agent.n_features_in_ == len(agent.feature_names_in_) == 4
    assert list(agent.feature_names_in_[-2:]) == ["desired_return", "desired_horizon"]
    for X in (_rows()[:, 1:], np.hstack([_rows(), _rows()])):
        _assert_raises(ValueError, partial(agent.predict, X), f"{name}.predict with {X.shape[1]} columns instead of 4")


def check_dataframe_columns(name, agent_orig):
    """Check that `predict` takes a DataFrame with the names in `feature_names_in_`, in that order."""
    try:
        import pandas as pd
    except ImportError:
        raise SkipTest("pandas is not installed.") from None
    agent = _fitted(agent_orig)
    X = pd.DataFrame(_rows(), columns=agent.feature_names_in_)
    assert_array_equal(agent.predict(X), agent.predict(_rows()))
    _assert_raises(ValueError, lambda: agent.predict(X[X.columns[::-1]]), f"{name}.predict with columns in disorder")


def check_pickle(name, agent_orig):
    """Check that an agent acts and predicts the same after a round trip through pickle."""
    agent, env = _fitted(agent_orig), _env(agent_orig)
    restored = pickle.loads(pickle.dumps(agent))
    assert vars(restored).keys() == vars(agent).keys(), f"{name} must keep its attributes in pickle."
    assert_array_equal(restored.predict(_rows()), agent.predict(_rows()))
    for command in ("max", 2.0):
        returns = [each.evaluate(env, command=command, n_episodes=10).returns for each in (agent, restored)]
        assert_array_equal(*returns)


def check_score_is_mean_return(name, agent_orig):
    """Check that `score` on an environment is what `evaluate` says over `n_eval_episodes`."""
    agent, env = _fitted(agent_orig), _env(agent_orig)
    expected = agent.evaluate(env, n_episodes=agent.n_eval_episodes).returns.mean()
    assert agent.score(env) == expected, f"{name}.score must be the mean return of n_eval_episodes."


def check_warm_start_goes_on(name, agent_orig):
    """Check that with `warm_start` a second fit adds to the first."""
    agent = _fitted(agent_orig, warm_start=True)
    n_timesteps, history, episodes = agent.n_timesteps_, list(agent.history_), agent.buffer_.episodes
    _fit(agent)
    assert agent.n_timesteps_ >= n_timesteps + agent.total_timesteps, f"{name} must count on with warm_start."
    assert len(agent.history_) > len(history) and agent.history_[: len(history)] == history
    kept = agent.buffer_.episodes[: len(episodes)]
    assert _same_episodes(kept, episodes), f"{name} must keep its episodes with warm_start."


def check_warm_start_refuses_other_spaces(name, agent_orig):
    """Check that with `warm_start` another observation space is refused, and nothing lost."""
    agent, wider = _fitted(agent_orig, warm_start=True), partial(_env(agent_orig), n_columns=3)
    before, episodes = (agent.n_timesteps_, agent.n_features_in_, list(agent.history_)), agent.buffer_.episodes
    _assert_raises(ValueError, lambda: _fit(agent, wider), f"{name}.fit with warm_start on another observation space")
    unchanged = (agent.n_timesteps_, agent.n_features_in_, agent.history_) == before
    unchanged = unchanged and _same_episodes(agent.buffer_.episodes, episodes)
    assert unchanged, f"{name}.fit must change nothing before it refuses."


def check_fit_forgets_other_kinds_of_fit(name, agent_orig):
    """Check that fits on rows and on environments leave nothing behind for each other."""
    X, y = _rows(), _row_actions(agent_orig)
    for fits in ([(X, y), ()], [(), (X, y)]):
        agent, expected = _small(agent_orig), _small(agent_orig)
        for arrays in fits:
            _fit(agent, *arrays)
        _fit(expected, *fits[-1])
        left = _fitted_attributes(agent) ^ _fitted_attributes(expected)
        assert not left, f"{name}.fit must forget what another kind of fit left; this differs: {sorted(left)}."
        assert_array_equal(agent.predict(X), expected.predict(X))


def check_learns(name, agent_orig):
    """Check that an agent soon does clearly better than random actions."""
    env = _env(agent_orig)
    updates = {"n_updates_per_iter": agent_orig.n_updates_per_iter, "batch_size": agent_orig.batch_size}
    agent = _fitted(agent_orig, total_timesteps=1000, n_timesteps_per_iter=250, **updates)
    random_return, best_return = env.RANDOM_RETURN, env.BEST_RETURN
    mean_return = agent.evaluate(env, n_episodes=100).mean_return
    assert mean_return > random_return + 0.2 * (best_return - random_return), (
        f"{name} obtains {mean_return:.2f} after {agent.n_timesteps_} steps in an environment where random actions "
        f"obtain {random_return} and the best {best_return}."
    )


class _Recorder(gymnasium.Wrapper):
    """Keeps the actions taken."""

    def __init__(self, env):
        super().__init__(env)
        self.actions = []

    def step(self, action):
        self.actions.append(action)
        return super().step(action)


def _env(agent):
    """Return the class of the environment with the agent's kind of actions."""
    return DiscreteToyEnv if is_classifier(agent) else ContinuousToyEnv


def _small(agent_orig, **params):
    """Return a clone that fits in a moment."""
    small = {
        "total_timesteps": 140,
        "target_return": None,
        "n_warm_up_episodes": 10,
        "n_episodes_per_iter": 5,
        "n_timesteps_per_iter": 70,
        "replay_size": None,
        "n_updates_per_iter": agent_orig.n_updates_per_iter and 10,
        "batch_size": 64,
        "n_eval_episodes": 10,
        "max_episode_steps": 100,
        "warm_start": False,
        "n_jobs": None,
        "random_state": 0,
        "verbose": 0,
    }
    return clone(agent_orig).set_params(**{**small, **params})


def _fit(agent, X=None, y=None):
    """Fit on X, or on the environment for the agent; so few steps let hardly anything converge."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return agent.fit(_env(agent) if X is None else X, y)


def _fitted(agent_orig, **params):
    agent = _small(agent_orig, **params)
    _fit(agent)
    return agent


def _rows():
    """Return rows (24, 4) for each signal and time under the open-ended command and two exact ones."""
    signals, times, commands = np.meshgrid([0, 1], [0, 0.25, 0.5, 0.75], [0, 2, 4], indexing="ij")
    return np.column_stack([signals.ravel(), times.ravel(), commands.ravel(), commands.ravel()]).astype(np.float32)


def _row_actions(agent):
    signals = _rows()[:, 0]
    return signals.astype(int) if is_classifier(agent) else 0.5 + 0.5 * signals


def _act(policy, env):
    """Live through one episode."""
    observation, _ = env.reset(seed=0)
    ended = False
    while not ended:
        observation, reward, terminated, truncated, _ = env.step(policy(observation))
        policy.update(reward)
        ended = terminated or truncated


def _same_episodes(first, second):
    """Tell whether two sequences of episodes hold the same."""
    parts = ("observations", "actions", "rewards")
    return len(first) == len(second) and all(
        np.array_equal(getattr(one, part), getattr(other, part))
        for one, other in zip(first, second, strict=True)
        for part in parts
    )


def _own_state(agent):
    """Return what the agent holds: hashes, and for its fits that it still holds them.

    Some estimators count how often they are asked, such as scikit-learn's neighbors.
    """
    fits = ("estimator", "estimator_", "max_estimator_", "value_estimator_", "behavior_")
    return {name: id(held) if name in fits else joblib.hash(held) for name, held in vars(agent).items()}


def _fitted_attributes(agent):
    return {name for name in vars(agent) if name.endswith("_")}


def _nested_parameter(agent):
    """Return a parameter of the agent's estimator and a new value for it, or None if there is none."""
    if not hasattr(agent.estimator, "get_params"):
        return None
    for parameter, value in sorted(agent.estimator.get_params().items()):
        if parameter.split("__")[-1] == "random_state":
            return parameter, 123
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return parameter, value + 1 if isinstance(value, int) else value / 2
    return None


def _assert_raises(error, call, what):
    raised = None
    try:
        call()
    except Exception as caught:
        raised = caught
    assert isinstance(raised, error), f"{what} must raise {error.__name__}, got {raised!r}."
