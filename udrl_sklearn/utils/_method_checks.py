"""Checks of learning methods inside an agent."""

import inspect
import pickle
import random
from collections.abc import Iterator
from functools import partial

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from udrl_sklearn._agent import UDRLAgent
from udrl_sklearn._behavior._fitter import BehaviorFitter
from udrl_sklearn._commands import Command, is_open_ended
from udrl_sklearn._replay_buffer import ReplayBuffer
from udrl_sklearn.methods import Learned, LearningMethod

from ._check_helpers import CheckFunction, assert_raises, fit_quietly, fitted_agent, small_agent, toy_env, toy_rows


def checks_of_method(agent: UDRLAgent) -> Iterator[CheckFunction]:
    """Generate the check functions of an agent's method; each takes a name for messages, and the agent."""
    yield check_method_init_only_assigns
    yield check_method_constraints
    yield check_method_parameters_are_nested
    yield check_method_is_stateless
    yield check_method_update_is_reproducible
    yield check_method_learned_acts
    yield check_method_finalize_changes_nothing
    yield check_method_exploration_commands
    yield check_method_finetuning
    yield check_method_resolve
    yield check_method_counts
    yield check_method_learns


def check_method_init_only_assigns(name: str, agent_orig: UDRLAgent) -> None:
    """Check that ``__init__`` of the method sets its parameters and does nothing else, so that it can be cloned."""
    method = type(agent_orig.learning_method)
    params = {parameter: object() for parameter in inspect.signature(method).parameters}
    attributes = vars(method(**params))
    assert attributes.keys() == params.keys(), (
        f"{name}.__init__ must set an attribute for each parameter and no other; these differ: "
        f"{sorted(attributes.keys() ^ params.keys())}."
    )
    for parameter, value in params.items():
        assert attributes[parameter] is value, f"{name}.__init__ must leave {parameter} as it is."


def check_method_constraints(name: str, agent_orig: UDRLAgent) -> None:
    """Check that each parameter of the method has a constraint, and that `fit` refuses a value outside of it."""
    method = agent_orig.learning_method
    parameters = set(inspect.signature(type(method)).parameters)
    constraints = set(method._parameter_constraints)
    assert parameters == constraints, (
        f"{name}._parameter_constraints must name the parameters of __init__; these differ: "
        f"{sorted(parameters ^ constraints)}."
    )
    for parameter in parameters:
        agent = small_agent(agent_orig, method=clone(method).set_params(**{parameter: object()}))
        assert_raises(InvalidParameterError, partial(fit_quietly, agent), f"fit with a bad {parameter}")
        assert not hasattr(agent, "history_"), f"fit must change nothing before it refuses {parameter} of {name}."


def check_method_parameters_are_nested(name: str, agent_orig: UDRLAgent) -> None:
    """Check that the parameters of the method are parameters of the agent, with the prefix ``method__``."""
    method = clone(agent_orig.learning_method)
    agent = small_agent(agent_orig).set_params(method=method)
    for parameter, value in method.get_params(deep=False).items():
        assert joblib.hash(agent.get_params()[f"method__{parameter}"]) == joblib.hash(value)
        other_value = object()
        agent.set_params(**{f"method__{parameter}": other_value})
        assert getattr(method, parameter) is other_value, f"set_params must reach {parameter} of {name}."


def check_method_is_stateless(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `fit` and acting leave the method as it is."""
    agent = small_agent(agent_orig, method=clone(agent_orig.learning_method))
    before = joblib.hash(vars(agent.method))
    fit_quietly(agent)
    agent.evaluate(toy_env(agent), command=2.0, n_episodes=2)
    assert joblib.hash(vars(agent.method)) == before, f"{name} must keep what it learns in Learned, not on itself."


def check_method_update_is_reproducible(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `update` depends on its arguments alone, and changes neither the buffer nor a global generator."""
    agent, method, fitter = _parts(agent_orig)
    episodes = joblib.hash(list(map(vars, agent.buffer_.episodes)))
    state = pickle.dumps((np.random.get_state(), random.getstate()))
    first, second = (
        _learn(method, agent.buffer_, fitter, seed=0).behavior_function.predict(toy_rows()) for _ in range(2)
    )
    assert pickle.dumps((np.random.get_state(), random.getstate())) == state, (
        f"{name} must sample from its argument rng."
    )
    assert joblib.hash(list(map(vars, agent.buffer_.episodes))) == episodes, f"{name} must not change the buffer."
    np.testing.assert_array_equal(first, second)


def check_method_learned_acts(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `update` returns a `Learned` that acts, from the first update on."""
    agent, method, fitter = _parts(agent_orig)
    learned = method.update(agent.buffer_, Learned(), fitter, np.random.default_rng(0))
    assert isinstance(learned, Learned), f"{name}.update must return a Learned, got {type(learned).__name__}."
    assert learned.can_act, f"{name}.update must return a Learned with a behavior."


def check_method_finalize_changes_nothing(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `finalize` returns a new `Learned` and does not change the one that it gets."""
    agent, method, fitter = _parts(agent_orig)
    learned = method.update(agent.buffer_, Learned(), fitter, np.random.default_rng(0))
    before = learned.behavior_function.predict(toy_rows())
    finalized = method.finalize(agent.buffer_, learned, fitter, np.random.default_rng(1))
    np.testing.assert_array_equal(learned.behavior_function.predict(toy_rows()), before)
    assert finalized.exact is not None, f"After {name}.finalize exact commands must be answered."


def check_method_exploration_commands(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `exploration_commands` are finite, and either open-ended or with a horizon of at least one step."""
    agent, method, _ = _parts(agent_orig)
    n_episodes = len(agent.buffer_)
    commands, same = (method.exploration_commands(agent.buffer_, 7, np.random.default_rng(0)) for _ in range(2))
    _assert_commands(commands, 7, f"{name}.exploration_commands")
    np.testing.assert_array_equal(commands, same, f"{name}.exploration_commands must depend on its arguments alone.")
    assert len(agent.buffer_) == n_episodes, f"{name}.exploration_commands must not change the buffer."


def check_method_finetuning(name: str, agent_orig: UDRLAgent) -> None:
    """Check that finetuning takes less than all steps, and has exact commands."""
    n_timesteps = agent_orig.learning_method.n_finetune_timesteps(1000)
    assert 0 <= n_timesteps < 1000, f"{name}.n_finetune_timesteps must leave steps to explore, got {n_timesteps}."
    if n_timesteps == 0:
        return
    agent, method, fitter = _parts(agent_orig)
    commands = method.finetune_commands(agent.buffer_, 7, np.random.default_rng(0))
    _assert_commands(commands, 7, f"{name}.finetune_commands")
    assert not is_open_ended(commands).any(), f"{name}.finetune_commands must be exact."
    learned = method.finetune(agent.buffer_, _learn(method, agent.buffer_, fitter, 0), fitter, np.random.default_rng(1))
    assert learned.exact is not None, f"{name}.finetune must return a Learned with a behavior for exact commands."


def check_method_resolve(name: str, agent_orig: UDRLAgent) -> None:
    """Check that `resolve` returns a complete command for each kind of command."""
    agent, method, fitter = _parts(agent_orig)
    learned = _learn(method, agent.buffer_, fitter, seed=0)
    best = np.array([method.best_command(agent.buffer_)], dtype=float)
    _assert_commands(best, 1, f"{name}.best_command")
    for command in ("max", Command(2.0), Command(2.0, 3.0), Command(-1e9), Command(1e9), Command(1e9, 1.0)):
        resolved = method.resolve(command, learned, agent.buffer_)
        assert isinstance(resolved, Command), f"{name}.resolve must return a Command, got {resolved!r}."
        _assert_commands(np.array([resolved], dtype=float), 1, f"{name}.resolve")
        assert not is_open_ended(resolved) or learned.open_ended is not None, (
            f"{name}.resolve must not return the open-ended command, which it has not learned."
        )


def check_method_counts(name: str, agent_orig: UDRLAgent) -> None:
    """Check that iterations have at least one step, and that the warm-up may end."""
    agent, method, _ = _parts(agent_orig)
    for n_timesteps in (0, 1, 10**4, 10**7):
        per_iter = method.n_timesteps_per_iter(n_timesteps)
        assert isinstance(per_iter, int | np.integer) and per_iter >= 1, (
            f"{name}.n_timesteps_per_iter must be an integer >= 1, got {per_iter!r}."
        )
    assert method.is_informative(agent.buffer_), f"{name}.is_informative must hold where episodes differ."


def check_method_learns(name: str, agent_orig: UDRLAgent) -> None:
    """Check that one of three agents soon achieves more than random actions under "max"."""
    env = toy_env(agent_orig)
    params = {"total_timesteps": 1000, "n_timesteps_per_iter": 100, "n_updates_per_iter": 50}
    threshold = env.RANDOM_RETURN + 0.1 * (env.BEST_RETURN - env.RANDOM_RETURN)
    mean_returns = []
    for seed in range(3):
        agent = fitted_agent(agent_orig, random_state=seed, **params)
        mean_returns.append(agent.evaluate(env, n_episodes=100).mean_return)
        if mean_returns[-1] > threshold:
            return
    raise AssertionError(
        f"With {name} three agents achieve mean returns of {mean_returns} after 1000 steps in an environment where "
        f"random actions achieve {env.RANDOM_RETURN} and the best ones {env.BEST_RETURN}."
    )


def _parts(agent_orig: UDRLAgent) -> tuple[UDRLAgent, LearningMethod, BehaviorFitter]:
    """Return a fitted agent, a new method and a new fitter."""
    agent = fitted_agent(agent_orig)
    fitter = BehaviorFitter(agent.estimator, agent.action_targets_, n_updates=agent.n_updates_per_iter, batch_size=64)
    return agent, clone(agent.learning_method), fitter


def _learn(method: LearningMethod, buffer: ReplayBuffer, fitter: BehaviorFitter, seed: int) -> Learned:
    """Return what is learned in one iteration."""
    rng = np.random.default_rng(seed)
    return method.finalize(buffer, method.update(buffer, Learned(), fitter, rng), fitter, rng)


def _assert_commands(commands: np.ndarray, n_commands: int, source: str) -> None:
    assert np.shape(commands) == (n_commands, 2), f"{source} must have shape ({n_commands}, 2), got {commands!r}."
    assert np.isfinite(commands).all(), f"{source} must be finite, got {commands!r}."
    is_valid = (commands[:, 1] >= 1) | (commands == 0).all(axis=1)
    assert is_valid.all(), f"{source} must be (0, 0) or have a horizon of at least one step, got {commands!r}."
