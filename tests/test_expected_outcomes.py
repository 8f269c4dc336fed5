import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from udrl_sklearn._hindsight import Rows
from udrl_sklearn.methods._expected_outcomes import blend_expected_returns, expected_outcomes


def make_rows(observations, actions, commands=None, steps=0):
    commands = np.zeros((len(observations), 2)) if commands is None else np.array(commands, dtype=float)
    return Rows(np.array(observations), commands, np.array(actions), np.broadcast_to(steps, len(observations)))


@pytest.mark.parametrize(
    "actions",
    [[3, 3, 9, 9, 3], [[3, 0], [3, 0], [3, 1], [3, 1], [3, 0]], [0.5, 0.5, -2.5, -2.5, 0.5]],
    ids=["discrete", "several components", "continuous"],
)
@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_expected_outcome_is_the_mean_over_the_same_observation_and_action(actions, dtype):
    rows = make_rows(np.array([[0], [0], [0], [0], [1]], dtype=dtype), actions)
    expected = expected_outcomes(rows, np.array([1.0, 3.0, -5.0, -7.0, 4.0]), DecisionTreeRegressor())
    np.testing.assert_allclose(expected, [2, 2, -6, -6, 4])


def test_continuous_actions_are_not_rounded_beside_integer_observations():
    rows = make_rows(np.zeros((2, 1), dtype=np.uint8), [0.25, 0.75])
    np.testing.assert_allclose(expected_outcomes(rows, np.array([1.0, 2.0]), DecisionTreeRegressor()), [1, 2])


def test_discrete_actions_are_one_hot_encoded():
    # A linear regressor can tell three labels apart, whatever their numbers are.
    rows, outcomes = make_rows(np.zeros((3, 1)), [0, 1, 2]), np.array([1.0, -1.0, 1.0])
    np.testing.assert_allclose(expected_outcomes(rows, outcomes, LinearRegression()), outcomes, atol=1e-9)


def test_rows_to_predict_may_lack_some_actions():
    training, target = make_rows(np.zeros((3, 1)), [4, 5, 6]), make_rows(np.zeros((2, 1)), [6, 4])
    expected = expected_outcomes(training, np.array([1.0, 2.0, 3.0]), DecisionTreeRegressor(), at=target)
    np.testing.assert_allclose(expected, [3, 1])


@pytest.mark.parametrize(("weight", "desired"), [(0.0, [9, 1, 7]), (0.5, [7, 3, 6.5]), (1.0, [5, 5, 6])])
def test_desired_return_is_a_weighted_mean_with_its_expectation(weight, desired):
    # Action 0 achieves 9 or 1, action 1 achieves 6 on average.
    training = make_rows([[0.0]] * 3, [0, 0, 1], [[9, 2], [1, 2], [6, 2]])
    rows = make_rows([[0.0]] * 3, [0, 0, 1], [[9, 2], [1, 4], [7, 8]])
    blended = blend_expected_returns(rows, training, weight, DecisionTreeRegressor())
    np.testing.assert_allclose(blended.commands, np.column_stack([desired, [2, 4, 8]]))
    assert rows.commands[0, 0] == 9  # as it was


def test_expected_return_depends_on_the_step_of_the_episode():
    # Two rewards follow after the first step and none after the last one, with the same observation and action.
    rows = make_rows([[0.0]] * 3, [1, 1, 1], [[2, 3], [1, 2], [0, 1]], steps=[0, 1, 2])
    blended = blend_expected_returns(rows, rows, 1.0, DecisionTreeRegressor())
    np.testing.assert_allclose(blended.commands, rows.commands)
