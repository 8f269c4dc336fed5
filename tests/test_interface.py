import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.wrappers import NormalizeObservation
from rollouts import interface_of_spaces
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.tree import DecisionTreeClassifier
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn import Episode, UDRLAgent
from udrl_sklearn._envs._interface import EnvInterface
from udrl_sklearn._envs._pool import EnvPool
from udrl_sklearn._envs._sources import env_sources
from udrl_sklearn._offline import read_episodes


def interface_of(*envs):
    with EnvPool(env_sources(list(envs))) as pool:
        return EnvInterface.from_pool(pool)


def make_episode(actions, n_features=3):
    return Episode(np.zeros((len(actions) + 1, n_features)), np.array(actions), np.ones(len(actions)))


def logged(actions, n_features=3):
    return read_episodes([make_episode(actions, n_features)])[1]


def named_env():
    env = MatchEnv()
    env.metadata = {"observation_names": ["low", "middle", "high"], "action_names": ["sink", "stay", "rise"]}
    return env


def test_interface_of_a_pool_has_spaces_and_names():
    interface = interface_of(named_env(), MatchEnv())
    assert (interface.observation_space, interface.action_space) == (spaces.Discrete(3), spaces.Discrete(3))
    assert interface.feature_names == ["low", "middle", "high"]
    assert interface.targets.names == ["sink", "stay", "rise"]
    assert interface.action_source == "The action space Discrete(3)"


def test_interface_without_given_names_has_the_names_of_the_columns():
    interface = interface_of(MatchEnv())
    assert interface.feature_names == ["observation==0", "observation==1", "observation==2"]
    assert interface.targets.names == ["action 0", "action 1", "action 2"]


def test_wrapper_with_a_memory_gets_one_warning():
    envs = [lambda: NormalizeObservation(ContinuousMatchEnv())] * 2
    with pytest.warns(
        UserWarning, match=r"NormalizeObservation of the environment: .*n_jobs.*update_running_mean"
    ) as seen:
        interface_of(*envs)
    assert len(seen) == 1


def test_logged_episodes_are_named_as_the_source_of_actions():
    assert logged([0, 1]).action_source == "The list of episodes"


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (interface_of(MatchEnv()), interface_of(named_env())),
        (logged([0, 1]), logged([1, 2])),
        (logged([0, 1]), interface_of(MatchEnv())),
        (interface_of(MatchEnv()), logged([0, 1])),
        (logged([[0.5]], 1), interface_of(ContinuousMatchEnv())),
    ],
    ids=["same spaces", "episodes", "episodes after an environment", "environment after episodes", "continuous"],
)
def test_learning_continues_on_the_same_spaces(now, before):
    now.check_continues(before)


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (interface_of(MatchEnv(n_states=4)), interface_of(MatchEnv())),
        (interface_of(ContinuousMatchEnv(3)), interface_of(MatchEnv())),
        (logged([0, 1], n_features=4), interface_of(MatchEnv())),
        (logged([0.5, 1.0]), interface_of(MatchEnv())),
        (logged([[0, 1]]), interface_of(MatchEnv())),
        (interface_of(MatchEnv()), logged([0, 1], n_features=2)),
        (logged([0, 1]), logged([0, 1], n_features=2)),
        (logged([0, 1]), logged([[0, 1]])),
    ],
    ids=[
        "more states",
        "continuous actions",
        "more features",
        "episodes with continuous actions",
        "episodes with more components",
        "environment with more features",
        "episodes with more features than before",
        "episodes with fewer components than before",
    ],
)
def test_learning_does_not_continue_on_other_spaces(now, before):
    with pytest.raises(ValueError, match=r"With warm_start=True fit continues .* set_params\(warm_start=False\)"):
        now.check_continues(before)


def test_error_names_the_spaces():
    with pytest.raises(ValueError, match=r"Discrete\(3\) and Discrete\(3\); got Discrete\(4\) and Discrete\(4\)"):
        interface_of(MatchEnv(n_states=4)).check_continues(interface_of(MatchEnv()))


@pytest.mark.parametrize(
    ("episodes", "agent"),
    [
        (logged([0, 1]), interface_of(MatchEnv())),
        (interface_of(MatchEnv()), interface_of(MatchEnv())),  # as that of a dataset
        (logged([0, 7]), logged([0, 1])),  # no space says which actions there are
        (logged([[1]], 1), interface_of(ContinuousMatchEnv())),
        (interface_of(MatchEnv()), logged([0, 1])),
    ],
)
def test_episodes_that_fit_can_be_scored(episodes, agent):
    agent.check_episodes(episodes)


@pytest.mark.parametrize(
    ("episodes", "agent", "message"),
    [
        (logged([0, 9]), interface_of(MatchEnv()), r"actions \[0, 1, 2\]; the episodes have \[9\] too"),
        (logged([-1, 0]), interface_of(MatchEnv()), r"the episodes have \[-1\] too"),
        (logged([0, 1], 4), interface_of(MatchEnv()), "fitted on 3 .* and the list of episodes has 4 features"),
        (logged([0.5, 1.0]), interface_of(MatchEnv()), r"the list of episodes has .* actions of \['action\[0\]'\]"),
        (logged([[0, 1]]), logged([0, 1]), "the list of episodes has"),
        (interface_of(MatchEnv(n_states=4)), interface_of(MatchEnv()), "the dataset has 4 features of Discrete"),
        (interface_of_spaces(spaces.Box(0, 1, (3,)), spaces.Discrete(3)), interface_of(MatchEnv()), "the dataset has"),
        (interface_of(MatchEnv()), logged([0, 7]), "the dataset has 3 features"),
    ],
)
def test_episodes_of_other_spaces_are_refused(episodes, agent, message):
    with pytest.raises(ValueError, match=message):
        agent.check_episodes(episodes)


def test_environment_is_kept_when_episodes_follow():
    env = interface_of(named_env())
    assert logged([0, 2]).merged_with(env) is env


def test_environment_replaces_the_interface_of_episodes():
    env = interface_of(named_env())
    assert env.merged_with(logged([0, 2])) is env
    assert env.merged_with(interface_of(MatchEnv())) is env


@pytest.mark.parametrize("env_first", [True, False])
def test_logged_actions_that_the_environment_has_not_are_refused(env_first):
    env, episodes = interface_of(MatchEnv()), logged([0, 7])
    now, before = (episodes, env) if env_first else (env, episodes)
    with pytest.raises(ValueError, match=r"Component 0 .* has the actions \[0, 1, 2\]; the episodes have \[7\] too"):
        now.merged_with(before)


@pytest.mark.parametrize(
    ("now", "before", "labels"),
    [
        ([1, 2], [0, 1], [[0, 1, 2]]),
        ([0], [3], [[0, 3]]),
        (["up", "down"], ["up", "forward"], [["down", "forward", "up"]]),
        ([[0, 5], [1, 5]], [[0, 6], [0, 6]], [[0, 1], [5, 6]]),
    ],
    ids=str,
)
def test_labels_of_logged_episodes_are_joined(now, before, labels):
    merged = logged(now).merged_with(logged(before))
    assert [component.tolist() for component in merged.targets.labels] == labels
    for actions in (now, before):  # no label is cut off by a narrower dtype
        decoded = [np.asarray(action).tolist() for action in merged.targets.decode(np.array(actions))]
        assert decoded == actions


def test_continuous_actions_of_logged_episodes_stay_unbounded():
    merged = logged([0.5, 1.0]).merged_with(logged([3.0]))
    assert (merged.targets.low.tolist(), merged.targets.high.tolist()) == ([-np.inf], [np.inf])


def matching_episode(states):
    """Return an episode of MatchEnv in which each action is rewarded."""
    return Episode(np.eye(3)[[*states, 0]], np.array(states), np.ones(len(states)))


@pytest.mark.parametrize(
    "estimator", [DecisionTreeClassifier(), SGDClassifier(loss="log_loss")], ids=["fitted anew", "updated"]
)
def test_warm_start_on_episodes_with_other_actions_keeps_those_of_before(estimator):
    agent = UDRLAgent(estimator, warm_start=True, random_state=0)
    agent.fit([matching_episode([0, 1] * 10)]).fit([matching_episode([1, 2] * 10)])
    assert agent.classes_.tolist() == [0, 1, 2]
    assert agent.action_names_ == ["action 0", "action 1", "action 2"]
    rows = np.column_stack([np.eye(3), np.zeros((3, 2))])
    np.testing.assert_array_equal(agent.predict(rows), [0, 1, 2])
    assert agent.predict_proba(rows).shape == (3, 3)


def test_environment_without_some_of_the_logged_actions_is_refused_and_the_agent_unchanged():
    agent = UDRLAgent(DecisionTreeClassifier(), warm_start=True, random_state=0)
    agent.fit([make_episode([0, 7, 1])])
    with pytest.raises(ValueError, match=r"the episodes have \[7\] too"):
        agent.fit(MatchEnv)
    assert agent.n_episodes_ == 1
    assert agent.classes_.tolist() == [0, 1, 7]
    assert agent.action_space_ is None


def test_updated_regressor_keeps_to_the_bounds_of_an_environment_that_follows_episodes():
    episode = Episode(np.linspace(-1, 1, 41)[:, None], 4 * np.linspace(-1, 1, 40)[:, None], np.ones(40))
    agent = UDRLAgent(SGDRegressor(), warm_start=True, total_timesteps=50, n_warm_up_episodes=2, random_state=0)
    agent.fit([episode]).fit(ContinuousMatchEnv)
    actions = agent.predict([[100.0, 0, 0], [-100.0, 0, 0], [100.0, 3, 4], [-100.0, 3, 4]])
    assert np.abs(actions).max() <= 1
