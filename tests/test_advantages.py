import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from udrl_sklearn._commands import OPEN_ENDED
from udrl_sklearn._episodes import Episode, Episodes
from udrl_sklearn.methods._advantages import advantage_weighted_rows, advantage_weights, lambda_returns

unit = st.floats(0, 1)


def slow_lambda_returns(rewards, values, gamma, gae_lambda):
    """Equation 12.2 of Sutton & Barto, one step after the other."""
    returns, later = np.empty(len(rewards)), values[-1]
    for t in reversed(range(len(rewards))):
        later = rewards[t] + gamma * ((1 - gae_lambda) * values[t + 1] + gae_lambda * later)
        returns[t] = later
    return returns


@given(hnp.arrays(float, st.integers(1, 30), elements=st.floats(-100, 100)), unit, unit, st.integers(0, 2**32))
def test_lambda_returns_follow_the_recursion(rewards, gamma, gae_lambda, seed):
    values = np.random.default_rng(seed).normal(scale=100, size=len(rewards) + 1)
    np.testing.assert_allclose(
        lambda_returns(rewards, values, [len(rewards)], gamma, gae_lambda),
        slow_lambda_returns(rewards, values, gamma, gae_lambda),
        rtol=1e-9,
        atol=1e-8,
    )


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), unit, unit, st.integers(0, 2**32))
def test_joined_episodes_give_the_lambda_returns_of_each(lengths, gamma, gae_lambda, seed):
    rng = np.random.default_rng(seed)
    rewards = [rng.normal(scale=100, size=n) for n in lengths]
    values = [rng.normal(scale=100, size=n + 1) for n in lengths]
    joined = lambda_returns(np.concatenate(rewards), np.concatenate(values), np.array(lengths), gamma, gae_lambda)
    alone = [slow_lambda_returns(*arrays, gamma, gae_lambda) for arrays in zip(rewards, values, strict=True)]
    np.testing.assert_allclose(joined, np.concatenate(alone), rtol=1e-9, atol=1e-8)


def test_lambda_zero_uses_the_next_value_and_lambda_one_the_rewards():
    rewards, values = np.array([1.0, 2.0]), np.array([50.0, 10.0, 4.0])
    np.testing.assert_allclose(lambda_returns(rewards, values, [2], 0.5, 0.0), [1 + 0.5 * 10, 2 + 0.5 * 4])
    np.testing.assert_allclose(lambda_returns(rewards, values, [2], 0.5, 1.0), [1 + 0.5 * (2 + 0.5 * 4), 2 + 0.5 * 4])


@given(hnp.arrays(float, st.integers(1, 30), elements=st.floats(-1e6, 1e6)), st.floats(0.1, 10), st.floats(1, 100))
def test_advantage_weights_have_mean_one_and_grow_with_the_advantage(advantages, temperature, max_weight):
    weights = advantage_weights(advantages, temperature, max_weight)
    assert weights.mean() == pytest.approx(1)
    assert (weights >= 0).all()
    assert (np.diff(weights[np.argsort(advantages)]) >= 0).all()


def test_advantage_weights_are_bounded_before_they_are_normalised():
    weights = advantage_weights(np.array([-1.0, 0.0, 1.0]), temperature=0.1, max_weight=5.0)
    unnormalised = np.array([np.exp(-1 / (np.sqrt(2 / 3) * 0.1)), 1.0, 5.0])
    np.testing.assert_allclose(weights, unnormalised / unnormalised.mean())


def test_repeated_rows_weigh_as_much_as_one():
    weights = advantage_weights(np.array([-1.0, 1.0, 1.0, 1.0]), 1.0, 20.0, np.array([1, 3, 3, 3]))
    plain = advantage_weights(np.array([-1.0, 1.0, 1.0, 1.0]), 1.0, 20.0)
    assert weights.mean() == pytest.approx(1)
    assert weights[1:].sum() / weights[0] == pytest.approx(plain[1] / plain[0])
    np.testing.assert_allclose(advantage_weights(np.zeros(4), 1.0, 20.0, np.array([1, 3, 3, 3])), [2, *3 * [2 / 3]])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_equal_advantages_have_equal_weights(value):
    np.testing.assert_allclose(advantage_weights(np.full(3, value), 0.5, 20.0), 1.0)


def make_episode(start, rewards, terminated=True):
    observations = np.arange(start, start + len(rewards) + 1, dtype=float)[:, None]
    return Episode(observations, np.arange(len(rewards)), rewards, terminated, not terminated)


def advantages_of(episodes, previous, gamma=0.5, gae_lambda=0.0, n_value_fits=1):
    """Return the rows and, with the values added back to the advantages, their lambda-returns."""
    rows, advantages, values = advantage_weighted_rows(
        Episodes.of(episodes),
        DummyRegressor(),
        previous,
        n_value_fits=n_value_fits,
        expected_advantage_weight=0.0,
        gamma=gamma,
        gae_lambda=gae_lambda,
    )
    return rows, advantages + values.predict(rows.observations)


def test_first_fit_of_values_uses_rewards_alone():
    rows, returns = advantages_of([make_episode(0, [1, 2, 4]), make_episode(10, [8])], None)
    np.testing.assert_allclose(returns, [1 + 0.5 * (2 + 0.5 * 4), 2 + 0.5 * 4, 4, 8])
    np.testing.assert_array_equal(rows.observations[:, 0], [0, 1, 2, 10])
    np.testing.assert_array_equal(rows.commands, np.tile(OPEN_ENDED, (4, 1)))
    np.testing.assert_array_equal(rows.actions, [0, 1, 2, 0])


def test_first_fit_bootstraps_truncated_episodes_from_rewards_alone():
    _, returns = advantages_of([make_episode(0, [2]), make_episode(10, [8], terminated=False)], None)
    mean_reward = 5  # what DummyRegressor predicts everywhere
    np.testing.assert_allclose(returns, [2, 8 + 0.5 * mean_reward])


@pytest.mark.parametrize(("n_value_fits", "expected"), [(1, [6, 8]), (2, [5.5, 8]), (3, [5.375, 8])])
def test_each_value_fit_uses_the_values_before(n_value_fits, expected):
    # At first the rewards alone count: 2 + 0.5 * 8. DummyRegressor then expects the mean everywhere, 7, so that with
    # lambda = 0 the first step is worth 2 + 0.5 * 7. The mean is then 6.75, and it is worth 2 + 0.5 * 6.75.
    _, returns = advantages_of([make_episode(0, [2, 8])], None, n_value_fits=n_value_fits)
    np.testing.assert_allclose(returns, expected)


def test_weights_do_not_depend_on_a_shift_of_the_advantages():
    weights = advantage_weights(np.array([-1e6, -1e6 + 2]), temperature=1.0, max_weight=20.0)
    np.testing.assert_allclose(weights, advantage_weights(np.array([-1.0, 1.0]), 1.0, 20.0))


def test_truncated_episodes_are_bootstrapped_and_terminated_ones_are_not():
    value_is_the_observation = LinearRegression().fit([[0.0], [100.0]], [0.0, 100.0])
    episodes = [make_episode(0, [1, 1]), make_episode(10, [1, 1], terminated=False)]
    _, returns = advantages_of(episodes, value_is_the_observation)
    np.testing.assert_allclose(returns, [1 + 0.5 * 1, 1, 1 + 0.5 * 11, 1 + 0.5 * 12])


def test_the_value_estimator_is_cloned_and_learns_the_returns():
    estimator = DecisionTreeRegressor()
    rows, advantages, values = advantage_weighted_rows(
        Episodes.of([make_episode(0, [1, 2])]),
        estimator,
        None,
        n_value_fits=1,
        expected_advantage_weight=0.0,
        gamma=1.0,
        gae_lambda=0.5,
    )
    assert not hasattr(estimator, "tree_")
    np.testing.assert_allclose(values.predict([[0.0], [1.0]]), [3, 2])
    np.testing.assert_allclose(advantages, 0)
    assert rows.commands.tolist() == [[0.0, 0.0]] * 2


@pytest.mark.parametrize(("weight", "first_and_second"), [(0.0, [4, 2]), (0.5, [3.5, 2.5]), (1.0, [3, 3])])
def test_advantages_are_a_weighted_mean_with_their_expectation(weight, first_and_second):
    episodes = [Episode([[0.0], [1.0]], [0], [reward]) for reward in (4.0, 2.0)]
    episodes.append(Episode([[0.0], [1.0]], [1], [-6.0]))
    _, advantages, _ = advantage_weighted_rows(
        Episodes.of(episodes),
        DecisionTreeRegressor(),
        None,
        n_value_fits=1,
        expected_advantage_weight=weight,
        gamma=1.0,
        gae_lambda=1.0,
    )
    np.testing.assert_allclose(advantages, [*first_and_second, -6])  # nothing is expected beforehand
