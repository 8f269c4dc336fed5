from fractions import Fraction

import numpy as np
import pytest
from gymnasium import spaces
from rollouts import interface_of_flat, interface_of_spaces
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from toy_envs import ContinuousMatchEnv, MatchEnv

from udrl_sklearn import Episode, UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._continuous import ContinuousBehavior
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._commands import OPEN_ENDED, Command
from udrl_sklearn._envs._pool import Slot
from udrl_sklearn._rollout._action_selection import ExploringActor, GreedyActor, QuasiRandomActor
from udrl_sklearn._rollout._policy import Policy
from udrl_sklearn.methods import ReturnConditioned


def make_policy(env, behavior, command=OPEN_ENDED, make_actor=GreedyActor, seed=None):
    interface = interface_of_spaces(env.observation_space, env.action_space)
    return Policy(make_actor(behavior), interface, command, seed)


def matcher(env, rng):
    """Return the optimum of MatchEnv or ContinuousMatchEnv, learned from rows."""
    if isinstance(env.action_space, spaces.Discrete):
        X = design_matrix(np.eye(3), np.zeros((3, 2)))
        return DiscreteBehavior(DecisionTreeClassifier(), [np.arange(3)]).fit(X, np.arange(3), None, rng)
    observations = rng.uniform(-1, 1, size=(50, 2))
    X = design_matrix(observations, np.zeros((50, 2)))
    return ContinuousBehavior(LinearRegression(), -np.ones(2), np.ones(2)).fit(X, observations, None, rng)


@pytest.mark.parametrize("env", [MatchEnv(), ContinuousMatchEnv(n_components=2)])
@pytest.mark.parametrize("make_actor", [GreedyActor, ExploringActor])
def test_policy_reaches_the_optimum_in_a_hand_written_loop(env, make_actor, rng):
    policy = make_policy(env, matcher(env, rng), make_actor=make_actor)
    observation, _ = env.reset(seed=0)
    total, end = 0.0, False
    while not end:
        action = policy(observation)
        assert env.action_space.contains(action)
        observation, reward, terminated, truncated, _ = env.step(action)
        policy.update(reward)
        total += reward
        end = terminated or truncated
    # exploration moves continuous actions a little; a single wrong discrete one costs 1
    assert total == pytest.approx(env.optimum, abs=1e-6 if make_actor is GreedyActor else 0.5)


def test_update_counts_the_command_down_and_reset_restores_it(rng):
    env = MatchEnv()
    policy = make_policy(env, matcher(env, rng), Command(5.0, 2.0))
    commands = []
    for reward in (1.5, -1, 0):
        policy.update(reward)
        commands.append(policy.command)
    assert commands == [Command(3.5, 1.0), Command(4.5, 1.0), Command(4.5, 1.0)]
    assert all(type(part) is float for command in commands for part in command)
    policy.reset()
    assert policy.command == Command(5.0, 2.0)


def test_open_ended_command_is_not_counted_down(rng):
    env = MatchEnv()
    policy = make_policy(env, matcher(env, rng))
    policy.update(7.0)
    assert policy.command == OPEN_ENDED


def test_action_depends_on_the_current_command(rng):
    # learned: action 0 while the desired return is more than 2, else action 1
    desired_returns = np.linspace(0, 4, 41)
    X = design_matrix(rng.normal(size=(41, 2)), np.column_stack([desired_returns, np.full(41, 3)]))
    behavior = DiscreteBehavior(DecisionTreeClassifier(), [np.arange(2)]).fit(
        X, (desired_returns <= 2).astype(int), None, rng
    )
    policy = Policy(GreedyActor(behavior), interface_of_flat(2, spaces.Discrete(2)), Command(3.5, 9.0))
    actions = []
    for _ in range(3):
        actions.append(policy([0.0, 0.0]))
        policy.update(1.0)
    assert [int(action) for action in actions] == [0, 0, 1]


def test_flat_observations_need_no_space(rng):
    env = MatchEnv()
    policy = Policy(GreedyActor(matcher(env, rng)), interface_of_flat(3, env.action_space), OPEN_ENDED)
    assert [policy(row) for row in np.eye(3)] == [0, 1, 2]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_policy_without_a_space_passes_rows_in_the_precision_of_the_training(dtype):
    # the numbers are different in double precision alone
    observations = np.tile(np.array([[1e9], [1e9 + 1]], dtype=dtype), (10, 1))
    episode = Episode(np.append(observations, [[0]], axis=0), np.tile([0, 1], 10), np.ones(20))
    agent = UDRLAgent(KNeighborsClassifier(2), method=ReturnConditioned()).fit([episode])
    actions = [agent.policy((1, 1))([number]) for number in (1e9, 1e9 + 1)]
    assert actions[0] == (0 if dtype is np.float64 else actions[1])
    assert actions[1] == (1 if dtype is np.float64 else actions[0])


@pytest.mark.parametrize(
    "estimator",
    [RandomForestClassifier(3), HistGradientBoostingClassifier(max_iter=3), KNeighborsClassifier()],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.parametrize("observation", [[0.0], [0.0] * 9, None, ["0", "1"], {"a": 0.0, "b": 1.0}], ids=str)
def test_flat_observation_of_another_size_or_type_is_refused(estimator, observation, rng):
    agent = UDRLAgent(estimator, random_state=0).fit(rng.normal(size=(60, 4)), rng.integers(2, size=60))
    policy = agent.policy()
    with pytest.raises(ValueError, match="Expected an observation of 2 numbers, got"):
        policy(observation)


@pytest.mark.parametrize("observation", [3, -1, 0.5, None, "1", [0, 1], {"state": 1}], ids=str)
def test_observation_that_is_not_in_the_space_is_refused(observation, rng):
    env = MatchEnv()
    policy = make_policy(env, matcher(env, rng))
    with pytest.raises(ValueError, match=r"Expected an observation of Discrete\(3\)"):
        policy(observation)
    assert policy(2.0) == policy(np.array([2])) == 2


def test_reward_of_an_update_must_be_one_finite_number(rng):
    env = MatchEnv()
    policy = make_policy(env, matcher(env, rng), Command(5.0, 2.0))
    for reward in (None, np.nan, [1.0, 2.0], "1", {"a": 1.0}):
        with pytest.raises(ValueError, match="reward of a step, one finite number; got"):
            policy.update(reward)
    policy.update(np.array([1.5]))
    assert policy.command == Command(3.5, 1.0)


def test_sampled_actions_depend_on_the_seed_alone(rng):
    env, X = MatchEnv(), rng.normal(size=(60, 5)).astype(np.float32)
    behavior = DiscreteBehavior(DecisionTreeClassifier(max_depth=1), [np.arange(3)])
    behavior.fit(X, rng.integers(3, size=60), None, rng)
    first, same, other = (make_policy(env, behavior, make_actor=ExploringActor, seed=seed) for seed in (0, 0, 1))
    actions = [[int(policy(0)) for _ in range(30)] for policy in (first, same, other)]
    assert actions[0] == actions[1] != actions[2]
    assert len(set(actions[0])) > 1


class SlotRecorder(GreedyActor):
    """Records the slots of its episodes and of its actions."""

    def __init__(self, behavior):
        super().__init__(behavior)
        self.begun, self.acted = [], []

    def reset(self, slot, rng):
        self.begun.append(slot)

    def select_actions(self, slots, observations, commands, uniforms):
        self.acted += slots
        return super().select_actions(slots, observations, commands, uniforms)


def test_policy_acts_in_one_slot_that_turns_targets_into_actions(rng):
    env = MatchEnv()
    policy = make_policy(env, matcher(env, rng), make_actor=SlotRecorder)
    policy(0)
    policy.reset()
    policy(1)
    policy(2)
    (slot,) = set(policy.actor.begun)
    assert type(slot) is Slot
    assert slot.targets.labels[0].tolist() == [0, 1, 2]
    assert policy.actor.begun == [slot] * 2  # once when it is made, and once for the second episode
    assert policy.actor.acted == [slot] * 3


def test_policies_that_share_an_actor_do_not_disturb_each_other(rng):
    X = rng.normal(size=(60, 5)).astype(np.float32)
    behavior = DiscreteBehavior(DecisionTreeClassifier(max_depth=1), [np.arange(3)])
    behavior.fit(X, rng.integers(3, size=60), None, rng)
    interface = interface_of_spaces(spaces.Discrete(3), spaces.Discrete(3))
    actor = QuasiRandomActor(behavior, power=1)
    alone = Policy(actor, interface, OPEN_ENDED)
    expected = [int(alone(0)) for _ in range(20)]
    first, second = (Policy(actor, interface, OPEN_ENDED) for _ in range(2))
    both = [(int(first(0)), int(second(0))) for _ in range(20)]
    assert both == [(action, action) for action in expected]
    assert len(set(expected)) > 1


def test_policy_takes_rewards_as_evaluate_does(rng):
    agent = UDRLAgent(DecisionTreeClassifier(), random_state=0).fit(rng.random((9, 3)), rng.integers(2, size=9))
    policy = agent.policy((9, 9))
    for reward in (1, Fraction(1), np.float32(1), np.array([1.0]), True):
        policy.update(reward)
    assert policy.command == (policy.initial_command.desired_return - 5, 4)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(number, rng):
    agent = UDRLAgent(DecisionTreeClassifier(), random_state=0).fit(rng.random((9, 3)), rng.integers(2, size=9))
    with pytest.raises(ValueError, match="Expected an observation of finite numbers, got"):
        agent.policy()([number])
