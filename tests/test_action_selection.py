import functools
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from rollouts import ACTORS, Matcher, collect, fitted_behavior, interface_of_flat, make_specs
from sklearn.tree import DecisionTreeClassifier
from toy_envs import ContinuousMatchEnv, FixedLengthEnv, MatchEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._commands import OPEN_ENDED, Command
from udrl_sklearn._envs._pool import EnvSlot
from udrl_sklearn._envs._sources import env_sources
from udrl_sklearn._rollout._action_selection import (
    ActionSelection,
    ExploringActor,
    GreedyActor,
    QuasiRandomActor,
    RandomActor,
    r_sequence,
)
from udrl_sklearn._rollout._policy import Policy

PROBABILITIES = np.array([0.5, 0.3, 0.2, 0.0])


def quasirandom_actions(power, n_steps, resets=()):
    """Return the actions of a policy whose behavior predicts PROBABILITIES."""
    actions = np.repeat(np.arange(4), (1000 * PROBABILITIES).astype(int))
    X = design_matrix(np.zeros((1000, 1)), np.zeros((1000, 2)))
    behavior = DiscreteBehavior(DecisionTreeClassifier(), [np.arange(4)]).fit(
        X, actions, None, np.random.default_rng(0)
    )
    policy = Policy(QuasiRandomActor(behavior, power), interface_of_flat(1, spaces.Discrete(4)), OPEN_ENDED)
    taken = []
    for step in range(n_steps):
        if step in resets:
            policy.reset()
        taken.append(policy(np.zeros(1)))
    return np.array(taken)


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_action_counts_follow_a_power_of_the_probability_at_every_step(power):
    shares = PROBABILITIES**power / np.sum(PROBABILITIES**power)
    taken = quasirandom_actions(power, 1000)
    counts = np.cumsum(taken[:, None] == np.arange(4), axis=0)
    expected = np.arange(1, 1001)[:, None] * shares
    assert np.abs(counts - expected).max() < 4  # random samples would be off by 16 at the end


def test_very_high_power_takes_the_most_probable_action():
    assert (quasirandom_actions(1e3, 50) == 0).all()


def test_each_episode_restarts_the_sequence():
    taken = quasirandom_actions(1, 60, resets=[30])
    np.testing.assert_array_equal(taken[:30], taken[30:])
    assert len(np.unique(taken[:30])) == 3


@pytest.mark.parametrize("n_dimensions", [1, 2, 5])
def test_r_sequence_fills_the_unit_cube_evenly(n_dimensions):
    numbers = r_sequence(np.arange(4000), n_dimensions)
    assert numbers.shape == (4000, n_dimensions)
    assert (numbers[0] == 0.5).all()
    for other in numbers.T[1:]:  # each two of them fill the square: 10 x 10 fields of 40
        filled = np.histogram2d(numbers[:, 0], other, bins=10, range=[(0, 1), (0, 1)])[0]
        assert np.abs(filled - 40).max() < 16  # random numbers: about 20
    assert np.abs(np.histogram(numbers[:, 0], bins=100, range=(0, 1))[0] - 40).max() <= 2
    np.testing.assert_array_equal(numbers[[7, 999]], r_sequence(np.array([7, 999]), n_dimensions))


class AlternateEnv(FixedLengthEnv):
    """Reward 1 for an action other than the one before, which can't be observed."""

    def __init__(self):
        super().__init__(spaces.Discrete(1), spaces.Discrete(2), length=30)

    def reset(self, **kwargs):
        self.before = None
        return super().reset(**kwargs)

    def reward(self, action):
        changes, self.before = self.before is not None and action != self.before, action
        return float(changes)


def test_quasi_random_acting_solves_a_task_that_greedy_acting_does_not():
    agent = UDRLAgent(
        DecisionTreeClassifier(), total_timesteps=3000, n_timesteps_per_iter=500, exploration_sticky_probability=0.0,
        warm_up_sticky_probability=0.0, random_state=0,
    ).fit(AlternateEnv)  # fmt: skip
    assert agent.score(AlternateEnv) > 18
    assert agent.set_params(acting="greedy").score(AlternateEnv) == 0


def test_action_selection_makes_the_actors_that_its_parameters_describe():
    behavior = fitted_behavior()
    selection = ActionSelection("greedy", exploration="sample", epsilon=0.25, sticky_probability=0.75)
    assert isinstance(selection.actor(behavior, OPEN_ENDED), GreedyActor)
    exploring = selection.exploring_actor(behavior)
    assert (exploring.greedy, exploring.epsilon, exploring.sticky_probability) == (False, 0.25, 0.75)
    assert replace(selection, exploration="greedy").exploring_actor(behavior).greedy
    quasirandom = replace(selection, acting="quasirandom")
    assert isinstance(quasirandom.actor(behavior, OPEN_ENDED), QuasiRandomActor)
    assert [quasirandom.actor(behavior, command).power for command in (OPEN_ENDED, Command(5, 2))] == [2, 1]


@pytest.mark.parametrize("name", ACTORS)
def test_actor_for_inference_selects_the_same_actions(name):
    actor = ACTORS[name]
    spec = make_specs(1, command=(30.0, 60.0))
    (expected,), (episode,) = (
        collect(functools.partial(MatchEnv, length=60), spec, one) for one in (actor, actor.for_inference())
    )
    np.testing.assert_array_equal(episode.actions, expected.actions)


def test_exact_commands_use_power_1_and_max_uses_power_2():
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=500, random_state=0).fit(AlternateEnv)
    powers = {command: agent.actor(agent.resolve(command)).power for command in ("max", 12)}
    assert powers == {"max": 2, 12: 1}


def test_continuous_actions_are_the_predicted_ones():
    agent = UDRLAgent(total_timesteps=500, random_state=0).fit(ContinuousMatchEnv)
    quasirandom = agent.evaluate(ContinuousMatchEnv, n_episodes=5).returns
    np.testing.assert_array_equal(
        quasirandom, agent.set_params(acting="greedy").evaluate(ContinuousMatchEnv, n_episodes=5).returns
    )


def test_random_actions_are_sticky_in_half_of_the_episodes():
    numbers = np.column_stack([np.arange(4001) % 2, np.zeros(4001)])  # each observation is another one
    episodes = collect(lambda: ScriptedEnv(numbers, spaces.Discrete(3)), make_specs(40), RandomActor(0.9))
    sticky_shares = np.array([(np.diff(episode.actions) == 0).mean() for episode in episodes])
    n_actions = len(np.unique(episodes[0].actions))
    independent, sticky = 1 / n_actions, 0.9 + 0.1 / n_actions  # a new sample may be the same action
    is_sticky = sticky_shares > (independent + sticky) / 2
    assert 10 <= is_sticky.sum() <= 30
    np.testing.assert_allclose(sticky_shares, np.where(is_sticky, sticky, independent), atol=0.04)


class UniformsAsActions:
    """In place of a behavior that was fitted on two features, of which the second varies little."""

    n_uniforms, observation_std = 1, np.array([0.5, 0.001])

    def sample(self, X, uniforms, *, greedy, epsilon, masks=None):
        return uniforms


class ScriptedEnv(gymnasium.Env):
    """Returns given observations one after the other."""

    def __init__(self, numbers, action_space=None):
        self.numbers = np.array(numbers, dtype=np.float32)
        self.observation_space = spaces.Box(0, 1, (2,))
        self.action_space = action_space or spaces.Box(0, 1, (1,))

    def reset(self, *, seed=None, options=None):
        self.t = 0
        return self.numbers[0], {}

    def step(self, action):
        self.t += 1
        return self.numbers[self.t], 0.0, self.t == len(self.numbers) - 1, False, {}


def test_random_numbers_are_kept_while_the_observation_hardly_changes():
    # 0.007 more or less is hardly a change, 0.012 is one. At 0.9 the observation stays exactly the same.
    first = [0.5, 0.505, 0.5, 0.512, 0.505, 0.9, 0.9, 0.9, 0.0]
    second = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.00001, 0.0]
    numbers = np.column_stack([first, second])
    actor = ExploringActor(UniformsAsActions(), sticky_probability=1 - 1e-12)
    for episode in collect(functools.partial(ScriptedEnv, numbers), make_specs(5), actor, n_envs=2):
        assert (np.diff(episode.actions[:, 0]) == 0).tolist() == [True, True, False, True, False, False, True]
    first_actions = [
        episode.actions[0, 0] for episode in collect(lambda: ScriptedEnv(np.zeros((2, 2))), make_specs(9), actor)
    ]
    assert len(set(first_actions)) == 9  # nothing is kept from one episode to the next


def test_random_numbers_are_kept_with_the_sticky_probability():
    numbers = np.column_stack([np.arange(20_001) % 2 * 0.001, np.zeros(20_001)])
    actor = ExploringActor(UniformsAsActions(), sticky_probability=0.8)
    (episode,) = collect(lambda: ScriptedEnv(numbers), make_specs(1), actor)
    assert (np.diff(episode.actions[:, 0]) == 0).mean() == pytest.approx(0.8, abs=0.01)


def test_in_half_of_the_sticky_episodes_actions_without_effect_are_not_repeated():
    sticky = collect(lambda: ScriptedEnv(np.zeros((2001, 2))), make_specs(60), RandomActor(0.9))
    shares = np.array([(np.diff(episode.actions[:, 0]) == 0).mean() for episode in sticky])
    assert set(shares.round(1)) == {0.0, 0.9}
    assert 5 <= (shares > 0.5).sum() <= 25  # half of the half


class HallEnv(gymnasium.Env):
    """Eleven places between two walls. Left and right move by one place; the hall ends at the right wall, after which
    there is a reward of 1."""

    def __init__(self, length=11):
        self.length = length
        self.observation_space, self.action_space = spaces.Discrete(length), spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.t = self.length // 2, 0
        return self.place, {}

    def step(self, action):
        self.t += 1
        self.place = max(self.place + 2 * int(action) - 1, 0)
        arrived = self.place == self.length - 1
        return self.place, float(arrived), arrived, self.t >= 300 and not arrived, {}


class MostlyLeft:
    """In place of a behavior: goes left with so much probability."""

    n_uniforms, observation_std = 1, np.array([1.0])

    def __init__(self, left):
        self.left = left

    def select_by_power(self, X, uniforms, power, masks=None):
        odds = (self.left / (1 - self.left)) ** np.ravel(power)
        return (uniforms[:, 0] >= odds / (1 + odds)).astype(int)


@pytest.mark.parametrize(("left", "power", "arrives"), [(0.6, 1, True), (0.6, 8, True), (0.7, 8, False)])
def test_an_episode_before_a_wall_gets_out_by_the_probabilities_themselves(left, power, arrives):
    (episode,) = collect(functools.partial(HallEnv, 3), make_specs(1), QuasiRandomActor(MostlyLeft(left), power))
    assert episode.terminated == arrives


def test_actions_stay_a_power_of_the_probability_where_every_observation_is_the_same():
    behavior = MostlyLeft(0.9)
    behavior.observation_std = np.zeros(1)
    (episode,) = collect(lambda: ScriptedEnv(np.zeros((1001, 2))), make_specs(1), QuasiRandomActor(behavior, 2))
    assert episode.actions.mean() == pytest.approx(1 / 82, abs=0.003)


def test_actor_passes_rows_and_has_its_number_of_uniforms():
    matcher = Matcher()
    slot = EnvSlot(env_sources(lambda: MatchEnv())[0])
    actions = GreedyActor(matcher).select_actions(
        [slot, slot], np.eye(2, dtype=np.float32), np.array([[1.0, 2.0], [3.0, 4.0]]), np.empty((2, 0))
    )
    assert actions == [0, 1]
    assert matcher.requests[0].dtype == np.float32
    assert matcher.requests[0][:, -2:].tolist() == [[1, 2], [3, 4]]
    assert (GreedyActor(matcher).n_uniforms, ExploringActor(matcher).n_uniforms) == (0, 2)
