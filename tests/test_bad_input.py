"""Bad input gets one clear error, before anything is changed."""

from functools import partial

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from toy_envs import ContinuousMatchEnv, EndlessEnv, MatchEnv, NanEnv, SpacesEnv

from udrl_sklearn import Episode, SeededEnv, UDRLAgent

SMALL = {"total_timesteps": 300, "n_timesteps_per_iter": 100, "random_state": 0}


class OldGymEnv:
    """An environment as the gym package had them before version 0.26."""

    def reset(self):
        return np.zeros(2)

    def step(self, action):
        return np.zeros(2), 0.0, True, {}


def assert_same_fit(agent, before):
    fitted = {name: value for name, value in vars(agent).items() if name.endswith("_")}
    assert set(fitted) == {name for name in before if name.endswith("_")}
    assert all(before[name] is value for name, value in fitted.items())


@pytest.fixture(scope="module")
def agent():
    return UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(MatchEnv)


@pytest.mark.parametrize(
    ("env", "error", "message"),
    [
        ("CartPol-v1", ValueError, r"Unknown environment id 'CartPol-v1'. Did you mean 'CartPole-v1'"),
        ("no such thing", ValueError, "Unknown environment id"),
        (partial(gymnasium.make_vec, "CartPole-v1", num_envs=2), TypeError, "single environment, got the vector"),
        (OldGymEnv(), TypeError, "old gym package"),
        (OldGymEnv, TypeError, "old gym package"),
        (lambda: "CartPole-v1", TypeError, "returned str, expected a gymnasium.Env"),
        (["CartPole-v1", "MountainCar-v0"], ValueError, "All environments must have the same spaces"),
        (["CartPole-v1", 3], TypeError, "Expected an environment.*got int"),
        (SeededEnv(MatchEnv(), seed=0), TypeError, "one instance can't be shared"),
    ],
)
def test_what_is_no_environment(env, error, message):
    with pytest.raises(error, match=message):
        UDRLAgent(**SMALL).fit(env)


def test_a_vector_environment():
    envs = gymnasium.make_vec("CartPole-v1", num_envs=2)
    with pytest.raises(TypeError, match="single environment, got the vector"):
        UDRLAgent(**SMALL).fit(envs)
    envs.close()


@pytest.mark.parametrize(
    ("estimator", "env", "message"),
    [
        (DecisionTreeClassifier(), ContinuousMatchEnv, "continuous actions, which need a regressor"),
        (LinearRegression(), MatchEnv, "discrete actions, which need a classifier"),
    ],
)
def test_an_estimator_of_the_wrong_kind(estimator, env, message):
    with pytest.raises(TypeError, match=message):
        UDRLAgent(estimator, **SMALL).fit(env)


def test_spaces_that_are_not_supported():
    observations = partial(SpacesEnv, spaces.Sequence(spaces.Discrete(2)), spaces.Discrete(2))
    actions = partial(SpacesEnv, spaces.Discrete(2), spaces.Dict(a=spaces.Discrete(2)))
    with pytest.raises(ValueError, match="fixed number of feature columns"):
        UDRLAgent(**SMALL).fit(observations)
    with pytest.raises(ValueError, match="Actions of the space"):
        UDRLAgent(**SMALL).fit(actions)


@pytest.mark.parametrize(
    "params",
    [
        {"total_timesteps": -1},
        {"total_timesteps": 0.5},
        {"n_warm_up_episodes": 0},
        {"gamma": float("nan")},
        {"gamma": 1.5},
        {"epsilon": -0.1},
        {"temperature": 0},
        {"max_weight": 0.5},
        {"replay_keep": "worst"},
        {"weighting": "exponential"},
        {"segments": "leading"},
        {"return_scale": 0.0},
        {"target_return": float("nan")},
        {"random_state": -1},
        {"estimator": "forest"},
    ],
    ids=str,
)
def test_parameters_out_of_their_domain_change_nothing(params):
    agent = UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(MatchEnv)
    before = dict(vars(agent))
    agent.set_params(**params)
    with pytest.raises(ValueError, match=f"The '{next(iter(params))}' parameter|Seed must be|cannot be used to seed"):
        agent.fit(MatchEnv)
    assert_same_fit(agent, before)


@pytest.mark.parametrize(
    "X", ["CartPol-v1", ContinuousMatchEnv, np.full((10, 5), np.nan), [OldGymEnv()]], ids=["id", "kind", "rows", "gym"]
)
def test_a_refused_fit_leaves_the_earlier_one_as_it_was(X):
    agent = UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(MatchEnv)
    before = dict(vars(agent))
    with pytest.raises((TypeError, ValueError)):
        agent.fit(X, np.zeros(10) if isinstance(X, np.ndarray) else None)
    assert_same_fit(agent, before)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ((1, 2, 3), 'command must be "max"'),
        ("most", 'command must be "max"'),
        (None, 'command must be "max"'),
        ((np.nan, 5), "desired_return must be a finite number"),
        (np.inf, 'use command="max"'),
        ((3, 0), "desired_horizon must be a number of steps >= 1"),
        ((3, np.nan), "desired_horizon must be"),
        (("3", 5), 'command must be "max"'),
    ],
    ids=str,
)
def test_commands_of_the_wrong_shape(agent, command, message):
    with pytest.raises(ValueError, match=message):
        agent.evaluate(MatchEnv, command=command)
    with pytest.raises(ValueError, match=message):
        agent.policy(command)


@pytest.mark.parametrize("what", ["observation", "reward"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_named_with_episode_and_step(what, value):
    with pytest.raises(ValueError, match=rf"The {what} of .* after step 3 of episode \d+"):
        UDRLAgent(DecisionTreeClassifier(), **SMALL).fit(partial(NanEnv, what, 3, value=value))


def test_an_episode_that_never_ends():
    with pytest.raises(ValueError, match=r"not ended after max_episode_steps=50 .*TimeLimit"):
        UDRLAgent(DecisionTreeClassifier(), max_episode_steps=50, **SMALL).fit(EndlessEnv)


def test_warm_start_on_other_spaces():
    agent = UDRLAgent(DecisionTreeClassifier(), warm_start=True, **SMALL).fit(MatchEnv)
    before, n_episodes = dict(vars(agent)), len(agent.buffer_)
    with pytest.raises(ValueError, match="With warm_start=True fit goes on"):
        agent.fit("CartPole-v1")
    assert_same_fit(agent, before)
    assert len(agent.buffer_) == agent.n_episodes_ == n_episodes


def test_evaluation_in_another_environment(agent):
    with pytest.raises(ValueError, match="fitted on 3 observation features, and the environment has 4"):
        agent.evaluate("CartPole-v1")


def test_a_wrong_number_of_columns(agent):
    with pytest.raises(ValueError, match="X has 3 features, but UDRLAgent is expecting 5 features"):
        agent.predict(np.zeros((2, 3)))


def test_columns_of_another_name_or_order(agent):
    pandas = pytest.importorskip("pandas")
    X = pandas.DataFrame(np.zeros((2, 5)), columns=agent.feature_names_in_[::-1])
    with pytest.raises(ValueError, match="feature names should match"):
        agent.predict(X)


@pytest.mark.parametrize("method", ["predict", "predict_proba", "score", "evaluate", "policy"])
def test_an_agent_that_was_not_fitted(method):
    arguments = {"score": (MatchEnv,), "evaluate": (MatchEnv,), "policy": ()}.get(method, (np.zeros((1, 4)),))
    with pytest.raises(NotFittedError):
        getattr(UDRLAgent(LogisticRegression()), method)(*arguments)


def test_targets_beside_an_environment():
    with pytest.raises(ValueError, match="y and sample_weight belong to rows"):
        UDRLAgent(**SMALL).fit(MatchEnv, [0, 1])


def test_rows_with_too_few_columns():
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        UDRLAgent(DecisionTreeRegressor()).fit(np.zeros((5, 1)), np.zeros(5))


def test_experience_that_does_not_fit_together():
    one, other = (Episode(np.zeros((3, n)), [0, 1], [0.0, 1.0]) for n in (2, 3))
    with pytest.raises(ValueError, match="same number of features"):
        UDRLAgent(**SMALL).fit([one, other])
    with pytest.raises(TypeError, match="Expected a list of Episode, got int at position 1"):
        UDRLAgent(**SMALL).fit([one, 3])
