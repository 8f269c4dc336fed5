"""Actions that take turns; the other actors are tested in rollouts."""

import numpy as np
import pytest
from gymnasium import spaces
from sklearn.tree import DecisionTreeClassifier
from toy_envs import ContinuousMatchEnv, FixedLengthEnv

from udrl_sklearn import UDRLAgent
from udrl_sklearn._actors import TurnsActor, evenly_spread
from udrl_sklearn._behavior import DiscreteBehavior, design_matrix
from udrl_sklearn._commands import OPEN_ENDED
from udrl_sklearn._policy import Policy
from udrl_sklearn._spaces import ActionTargets

PROBABILITIES = np.array([0.5, 0.3, 0.2, 0.0])


def turns(power, n_steps, begin_again=()):
    """Return the actions of a policy whose behavior function predicts PROBABILITIES."""
    actions = np.repeat(np.arange(4), (1000 * PROBABILITIES).astype(int))
    X = design_matrix(np.zeros((1000, 1)), np.zeros((1000, 2)))
    behavior = DiscreteBehavior(DecisionTreeClassifier(), [np.arange(4)]).fit(
        X, actions, None, np.random.default_rng(0)
    )
    policy = Policy(TurnsActor(behavior, power), None, ActionTargets.from_space(spaces.Discrete(4)), OPEN_ENDED)
    taken = []
    for step in range(n_steps):
        if step in begin_again:
            policy.reset()
        taken.append(policy(np.zeros(1)))
    return np.array(taken)


@pytest.mark.parametrize("power", [0.5, 1, 2])
def test_action_counts_follow_a_power_of_the_probability_at_every_step(power):
    shares = PROBABILITIES**power / np.sum(PROBABILITIES**power)
    taken = turns(power, 1000)
    counts = np.cumsum(taken[:, None] == np.arange(4), axis=0)
    expected = np.arange(1, 1001)[:, None] * shares
    assert np.abs(counts - expected).max() < 4  # draws would be off by 16 at the end


def test_very_high_power_takes_the_most_probable_action():
    assert (turns(1e3, 50) == 0).all()


def test_each_episode_restarts_the_sequence():
    taken = turns(1, 60, begin_again=[30])
    np.testing.assert_array_equal(taken[:30], taken[30:])
    assert len(np.unique(taken[:30])) == 3


@pytest.mark.parametrize("n_dimensions", [1, 2, 5])
def test_r_sequence_fills_the_unit_cube_evenly(n_dimensions):
    numbers = evenly_spread(np.arange(4000), n_dimensions)
    assert numbers.shape == (4000, n_dimensions)
    assert (numbers[0] == 0.5).all()
    for other in numbers.T[1:]:  # each two of them fill the square: 10 x 10 fields of 40
        filled = np.histogram2d(numbers[:, 0], other, bins=10, range=[(0, 1), (0, 1)])[0]
        assert np.abs(filled - 40).max() < 16  # random numbers: about 20
    assert np.abs(np.histogram(numbers[:, 0], bins=100, range=(0, 1))[0] - 40).max() <= 2
    np.testing.assert_array_equal(numbers[[7, 999]], evenly_spread(np.array([7, 999]), n_dimensions))


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
        DecisionTreeClassifier(), total_timesteps=3000, n_timesteps_per_iter=500, exploration_persistence=0.0,
        warm_up_persistence=0.0, random_state=0,
    ).fit(AlternateEnv)  # fmt: skip
    assert agent.score(AlternateEnv) > 18
    assert agent.set_params(acting="greedy").score(AlternateEnv) == 0


def test_exact_commands_use_power_1_and_max_uses_power_2():
    agent = UDRLAgent(DecisionTreeClassifier(), total_timesteps=500, random_state=0).fit(AlternateEnv)
    powers = {command: agent._actor(agent._resolve(command)).power for command in ("max", 12)}
    assert powers == {"max": 2, 12: 1}


def test_continuous_actions_are_the_predicted_ones():
    agent = UDRLAgent(total_timesteps=500, random_state=0).fit(ContinuousMatchEnv)
    by_turns = agent.evaluate(ContinuousMatchEnv, n_episodes=5).returns
    np.testing.assert_array_equal(
        by_turns, agent.set_params(acting="greedy").evaluate(ContinuousMatchEnv, n_episodes=5).returns
    )
