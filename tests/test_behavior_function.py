import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVR

from udrl_sklearn._behavior._base import design_matrix
from udrl_sklearn._behavior._continuous import ContinuousBehavior
from udrl_sklearn._behavior._discrete import DiscreteBehavior
from udrl_sklearn._behavior._fitter import make_behavior
from udrl_sklearn._behavior._function import BehaviorFunction
from udrl_sklearn._commands import OPEN_ENDED, Command, next_command
from udrl_sklearn._envs._spaces import ActionTargets


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("f2 f4 i1 u1 i2 u2 ?", np.float32),
        ("f8 i4 u4 i8 u8", np.float64),
    ],
)
def test_rows_have_the_precision_of_observations(dtype, expected):
    for observations in (np.ones((1, 2), dtype=each) for each in dtype.split()):
        assert design_matrix(observations, np.zeros((1, 2))).dtype == expected


def test_design_matrix_puts_the_command_last_in_single_precision():
    X = design_matrix(np.array([[255, 3]], dtype=np.uint8), np.array([[1.5, 2.0]]))
    assert X.dtype == np.float32
    assert X.tolist() == [[255, 3, 1.5, 2]]


class Constant:
    """In place of a fitted behavior: always predicts the same."""

    def __init__(self, value):
        self.value = value

    def predict(self, X):
        return np.full(len(X), self.value)

    def predict_proba(self, X):
        return [np.full((len(X), 2), self.value), np.full((len(X), 3), self.value)]


MIXED = np.array([[1, 5, 3], [2, 0, 0], [3, 0, 1], [4, 0, 0]], dtype=np.float32)  # rows 1 and 3 are open-ended


@pytest.mark.parametrize("rows", [[0, 1, 2, 3], [0, 2], [1, 3], []], ids=["mixed", "exact", "open-ended", "none"])
def test_each_row_is_predicted_by_the_behavior_for_its_kind_of_command(rows):
    behavior, X = BehaviorFunction(Constant(10.0), Constant(20.0)), MIXED[rows]
    expected = np.where(X[:, -1] == 0, 20.0, 10.0)
    np.testing.assert_array_equal(behavior.predict(X), expected)
    for proba, n_labels in zip(behavior.predict_proba(X), (2, 3), strict=True):
        np.testing.assert_array_equal(proba, np.tile(expected[:, None], (1, n_labels)))


@pytest.mark.parametrize("behavior", [BehaviorFunction(Constant(7.0)), BehaviorFunction(None, Constant(7.0))])
def test_single_behavior_predicts_for_all_commands(behavior):
    np.testing.assert_array_equal(behavior.predict(MIXED), 7.0)
    for command in (OPEN_ENDED, Command(2.0, 3.0)):
        np.testing.assert_array_equal(behavior.for_command(command).predict(MIXED), 7.0)


def test_one_behavior_predicts_for_all_commands_of_an_episode():
    exact, open_ended = Constant(10.0), Constant(20.0)
    behavior = BehaviorFunction(exact, open_ended)
    for start in (OPEN_ENDED, Command(2.0, 3.0), Command(-4.0, 1.0), Command(0.0, 2.5)):
        commands = np.array([start])
        for _ in range(5):
            assert behavior.for_command(commands[0]) is (open_ended if start == OPEN_ENDED else exact)
            commands = next_command(commands, np.array([1.0]))


@pytest.mark.parametrize(("exact", "open_ended"), [("up", "right"), ("right", "up")])
def test_string_labels_are_not_truncated_when_rows_are_mixed(exact, open_ended):
    behavior = BehaviorFunction(Constant(exact), Constant(open_ended))
    assert behavior.predict(MIXED).tolist() == [exact, open_ended, exact, open_ended]


def test_make_behavior_depends_on_the_kind_of_actions():
    discrete = make_behavior(GaussianNB(), ActionTargets.from_arrays(np.array([1, 2]), discrete=True), (2.0, 3.0))
    assert isinstance(discrete, DiscreteBehavior)
    continuous = make_behavior(SVR(), ActionTargets.from_arrays(np.array([1.0, 2.0]), discrete=False), (2.0, 3.0))
    assert isinstance(continuous, ContinuousBehavior)
    assert discrete.command_scale == continuous.command_scale == (2.0, 3.0)
