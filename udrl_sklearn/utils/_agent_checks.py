"""Checks of agents on environments."""

import pickle
import random
from collections.abc import Iterator
from functools import partial
from numbers import Number
from unittest import SkipTest

import joblib
import numpy as np
from numpy.testing import assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from udrl_sklearn._agent import UDRLAgent

from ._check_helpers import (
    ActionRecorder,
    CheckFunction,
    assert_raises,
    fit_quietly,
    fitted_agent,
    fitted_attributes,
    nested_parameter,
    run_episode,
    same_episodes,
    small_agent,
    state_hashes,
    toy_actions,
    toy_env,
    toy_rows,
)


def checks_of_agent(agent: UDRLAgent) -> Iterator[CheckFunction]:
    """Generate the check functions that apply to an agent; each takes a name for messages, and the agent."""
    yield check_fit_returns_self
    yield check_fit_keeps_parameters
    if not get_tags(agent).non_deterministic:
        yield check_same_random_state_same_agent
        yield check_n_jobs_changes_nothing
        yield check_acting_changes_nothing
    yield check_other_random_state_other_episodes
    yield check_global_random_state_untouched
    if nested_parameter(agent) is not None:
        yield check_nested_parameter_reaches_fitted_estimator
    yield check_unfitted_raises
    yield check_actions_in_action_space
    yield check_history
    yield check_feature_columns
    yield check_dataframe_columns
    yield check_pickle
    yield check_score_is_mean_return
    yield check_warm_start_continues
    yield check_warm_start_refuses_other_spaces
    yield check_fit_resets_other_kinds_of_fit
    yield check_learns


def check_fit_returns_self(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `fit` on an environment returns the agent."""
    agent = small_agent(agent_orig)
    assert fit_quietly(agent) is agent, f"{name}.fit must return self."


def check_fit_keeps_parameters(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `fit` changes no parameter, and does not fit the estimator of the user."""
    agent = small_agent(agent_orig)
    before = agent.get_params(deep=False)
    hashes = {key: joblib.hash(value) for key, value in before.items()}
    fit_quietly(agent)
    for key, value in agent.get_params(deep=False).items():
        assert value is before[key], f"{name}.fit must leave the parameter {key} as it is."
        assert joblib.hash(value) == hashes[key], f"{name}.fit must not change the object in {key}."


def check_same_random_state_same_agent(name: str, agent_orig: UDRLAgent) -> None:
    """Check that clones with the same `random_state`, and a second fit, have the same episodes and predictions."""
    first, second = fitted_agent(agent_orig), fitted_agent(agent_orig)
    for _ in range(2):
        same = same_episodes(first.buffer_.episodes, second.buffer_.episodes)
        assert same, f"{name} must collect the same episodes for the same random_state."
        assert_array_equal(first.predict(toy_rows()), second.predict(toy_rows()))
        fit_quietly(second)


def check_n_jobs_changes_nothing(name: str, agent_orig: UDRLAgent) -> None:
    """Check that two workers collect the same episodes as one process."""
    one, two = fitted_agent(agent_orig, n_jobs=1), fitted_agent(agent_orig, n_jobs=2)
    same = same_episodes(one.buffer_.episodes, two.buffer_.episodes)
    assert same, f"{name} must collect the same episodes whatever n_jobs is."
    assert_array_equal(one.predict(toy_rows()), two.predict(toy_rows()))


def check_acting_changes_nothing(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `predict`, `evaluate`, `score` and `policy` do not change the agent, and are reproducible."""
    agent, env = fitted_agent(agent_orig), toy_env(agent_orig)
    before = state_hashes(agent)
    first, second = (agent.evaluate(env, n_episodes=10, deterministic=False).returns for _ in range(2))
    agent.predict(toy_rows())
    agent.score(env)
    run_episode(agent.policy(), env())
    assert state_hashes(agent) == before, f"{name} must not change when it predicts or acts."
    assert_array_equal(first, second)


def check_other_random_state_other_episodes(name: str, agent_orig: UDRLAgent) -> None:
    """Check that the episodes depend on `random_state`."""
    first, second = (fitted_agent(agent_orig, random_state=seed) for seed in (0, 1))
    same = same_episodes(first.buffer_.episodes, second.buffer_.episodes)
    assert not same, f"{name} must collect other episodes for another random_state."


def check_global_random_state_untouched(name: str, agent_orig: UDRLAgent) -> None:
    """Check that neither `fit` nor `evaluate` uses the global random generators.

    An estimator fails here if it uses them and has no `random_state`, such as scikit-learn's SVR.
    """
    before = pickle.dumps((np.random.get_state(), random.getstate()))
    fitted_agent(agent_orig).evaluate(toy_env(agent_orig), n_episodes=5, deterministic=False)
    after = pickle.dumps((np.random.get_state(), random.getstate()))
    assert before == after, f"{name} must leave numpy.random and random alone."


def check_nested_parameter_reaches_fitted_estimator(name: str, agent_orig: UDRLAgent) -> None:
    """Check that the fitted clones have a parameter of the estimator that `set_params` has changed."""
    agent = small_agent(agent_orig)
    nested = nested_parameter(agent)
    assert nested is not None
    parameter, value = nested
    fit_quietly(agent.set_params(**{f"estimator__{parameter}": value}))
    assert agent.estimator.get_params()[parameter] == value
    fitted = [getattr(agent, attribute) for attribute in ("estimator_", "max_estimator_") if hasattr(agent, attribute)]
    for estimator in fitted:
        assert estimator is not agent.estimator, f"{name} must fit a clone of its estimator."
        assert estimator.get_params()[parameter] == value, f"{name} must pass {parameter}={value} to its fitted clone."


def check_unfitted_raises(name: str, agent_orig: UDRLAgent) -> None:
    """Check that the methods of an agent raise NotFittedError before `fit`."""
    agent, env = small_agent(agent_orig), toy_env(agent_orig)
    calls = {
        "predict": lambda: agent.predict(toy_rows()),
        "evaluate": lambda: agent.evaluate(env),
        "policy": lambda: agent.policy(),
        "score": lambda: agent.score(env),
    }
    for method, call in calls.items():
        assert_raises(NotFittedError, call, f"{name}.{method} before fit")


def check_actions_in_action_space(name: str, agent_orig: UDRLAgent) -> None:
    """Check that all actions are in the action space, for commands of each kind."""
    agent = fitted_agent(agent_orig)
    recorder = ActionRecorder(toy_env(agent_orig)())
    for command in ("max", 3.0, (2.0, 4), (-100.0, 1), (100.0, 100)):
        for deterministic in (True, False):
            agent.evaluate(recorder, command=command, n_episodes=5, deterministic=deterministic)
        run_episode(agent.policy(command), recorder)
    outside = [action for action in recorder.actions if not recorder.action_space.contains(action)]
    assert not outside, f"{name} selected actions outside of {recorder.action_space}, such as {outside[:1]}."


def check_history(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `history_` is a table, and agrees with the counters and the buffer."""
    agent = fitted_agent(agent_orig)
    assert len(agent.history_) > 1
    for record in agent.history_:
        assert record.keys() == agent.history_[0].keys(), f"All records of {name}.history_ must have the same keys."
        assert all(isinstance(value, Number | str) for value in record.values()), (
            f"The records of {name}.history_ must be flat, got {record}."
        )
    iterations = [record["iteration"] for record in agent.history_]
    assert iterations == list(range(len(iterations))), f"{name}.history_ must number its records, got {iterations}."
    timesteps = [record["timesteps"] for record in agent.history_]
    assert np.all(np.diff(timesteps) > 0), f"The timesteps in {name}.history_ must increase, got {timesteps}."
    in_history = timesteps[-1], agent.history_[-1]["episodes"]
    in_counters = agent.n_timesteps_, agent.n_episodes_
    in_buffer = agent.buffer_.n_timesteps, len(agent.buffer_)
    assert in_history == in_counters == in_buffer, (
        f"{name} must have the same steps and episodes in its history, counters and buffer, got "
        f"{in_history}, {in_counters} and {in_buffer}."
    )
    assert agent.n_timesteps_ >= agent.total_timesteps, f"{name} must collect total_timesteps."
    assert agent.n_iter_ == len(agent.history_), f"{name}.n_iter_ must count the records of history_."
    assert agent.termination_condition_ == "total_timesteps", (
        f'{name}.termination_condition_ must be "total_timesteps" here, got {agent.termination_condition_!r}.'
    )


def check_feature_columns(name: str, agent_orig: UDRLAgent) -> None:
    """Check that X has the columns of the observation and the command, and no others."""
    agent = fitted_agent(agent_orig)
    assert agent.n_features_in_ == len(agent.feature_names_in_) == 4
    assert list(agent.feature_names_in_[-2:]) == ["desired_return", "desired_horizon"]
    for X in (toy_rows()[:, 1:], np.hstack([toy_rows(), toy_rows()])):
        assert_raises(ValueError, partial(agent.predict, X), f"{name}.predict with {X.shape[1]} columns instead of 4")


def check_dataframe_columns(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `predict` takes a DataFrame with the names in `feature_names_in_`, in that order."""
    try:
        import pandas as pd
    except ImportError:
        raise SkipTest("pandas is not installed.") from None
    agent = fitted_agent(agent_orig)
    X = pd.DataFrame(toy_rows(), columns=agent.feature_names_in_)
    assert_array_equal(agent.predict(X), agent.predict(toy_rows()))
    assert_raises(
        ValueError, lambda: agent.predict(X[X.columns[::-1]]), f"{name}.predict with columns in another order"
    )


def check_pickle(name: str, agent_orig: UDRLAgent) -> None:
    """Check that an agent acts and predicts the same after pickling."""
    agent, env = fitted_agent(agent_orig), toy_env(agent_orig)
    restored = pickle.loads(pickle.dumps(agent))
    assert vars(restored).keys() == vars(agent).keys(), f"{name} must keep its attributes in pickle."
    assert_array_equal(restored.predict(toy_rows()), agent.predict(toy_rows()))
    for command in ("max", 2.0):
        evaluation, expected = (each.evaluate(env, command=command, n_episodes=10) for each in (restored, agent))
        assert_array_equal(evaluation.returns, expected.returns)


def check_score_is_mean_return(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `score` on an environment is the mean return of `evaluate` over `n_eval_episodes`."""
    agent, env = fitted_agent(agent_orig), toy_env(agent_orig)
    expected = agent.evaluate(env, n_episodes=agent.n_eval_episodes).returns.mean()
    assert agent.score(env) == expected, f"{name}.score must be the mean return of n_eval_episodes."


def check_warm_start_continues(name: str, agent_orig: UDRLAgent) -> None:
    """Check that with `warm_start` a second fit continues the first one."""
    agent = fitted_agent(agent_orig, warm_start=True)
    n_timesteps, history, episodes = agent.n_timesteps_, list(agent.history_), agent.buffer_.episodes
    fit_quietly(agent)
    assert agent.n_timesteps_ >= n_timesteps + agent.total_timesteps, (
        f"{name} must continue its counters with warm_start."
    )
    assert len(agent.history_) > len(history) and agent.history_[: len(history)] == history
    kept = agent.buffer_.episodes[: len(episodes)]
    assert same_episodes(kept, episodes), f"{name} must keep its episodes with warm_start."


def check_warm_start_refuses_other_spaces(name: str, agent_orig: UDRLAgent) -> None:
    """Check that with `warm_start` another observation space is refused, and nothing is changed."""
    agent, wider = fitted_agent(agent_orig, warm_start=True), partial(toy_env(agent_orig), n_columns=3)
    before, episodes = (agent.n_timesteps_, agent.n_features_in_, list(agent.history_)), agent.buffer_.episodes
    assert_raises(
        ValueError, lambda: fit_quietly(agent, wider), f"{name}.fit with warm_start on another observation space"
    )
    unchanged = (agent.n_timesteps_, agent.n_features_in_, agent.history_) == before
    unchanged = unchanged and same_episodes(agent.buffer_.episodes, episodes)
    assert unchanged, f"{name}.fit must change nothing before it refuses."


def check_fit_resets_other_kinds_of_fit(name: str, agent_orig: UDRLAgent) -> None:
    """Check that a fit on rows and one on an environment reset the attributes of each other."""
    X, y = toy_rows(), toy_actions(agent_orig)
    for fits in ([(X, y), ()], [(), (X, y)]):
        agent, expected = small_agent(agent_orig), small_agent(agent_orig)
        for arrays in fits:
            fit_quietly(agent, *arrays)
        fit_quietly(expected, *fits[-1])
        difference = fitted_attributes(agent) ^ fitted_attributes(expected)
        assert not difference, (
            f"{name}.fit must delete the attributes of another kind of fit; these differ: {sorted(difference)}."
        )
        assert_array_equal(agent.predict(X), expected.predict(X))


def check_learns(name: str, agent_orig: UDRLAgent) -> None:
    """Check that an agent achieves clearly more than random actions after 1000 steps."""
    env = toy_env(agent_orig)
    updates = {"n_updates_per_iter": agent_orig.n_updates_per_iter, "batch_size": agent_orig.batch_size}
    agent = fitted_agent(agent_orig, total_timesteps=1000, n_timesteps_per_iter=250, **updates)
    random_return, best_return = env.RANDOM_RETURN, env.BEST_RETURN
    mean_return = agent.evaluate(env, n_episodes=100).mean_return
    assert mean_return > random_return + 0.2 * (best_return - random_return), (
        f"{name} achieves a mean return of {mean_return:.2f} after {agent.n_timesteps_} steps in an environment where "
        f"random actions achieve {random_return} and the best ones {best_return}."
    )
