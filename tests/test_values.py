import numpy as np
import pytest
from gymnasium import spaces

from udrl_sklearn._envs._values import as_element

BOX, IMAGE = spaces.Box(-1, 1, (2,)), spaces.Box(0, 255, (2,), np.uint8)
NESTED = spaces.Dict({"a": spaces.Discrete(3), "b": spaces.Tuple([BOX])})


@pytest.mark.parametrize(
    ("space", "value", "expected"),
    [
        (BOX, [0, 1], [0, 1]),
        (BOX, (0.5, 7.0), [0.5, 7]),  # bounds are often not exact
        (BOX, np.array([[0.5], [1]]), [0.5, 1]),
        (BOX, [True, False], [1, 0]),
        (IMAGE, np.array([3.0, 255.0]), [3, 255]),
        (IMAGE, np.array([3, 4], dtype=np.int64), [3, 4]),
        (spaces.Box(-1, 1, ()), 0.5, 0.5),
        (spaces.Discrete(3), 2.0, 2),
        (spaces.Discrete(3), np.array([2]), 2),
        (spaces.Discrete(2, start=-1), -1, -1),
        (spaces.MultiDiscrete([2, 3], start=[0, 5]), (1, 7), [1, 7]),
        (spaces.MultiBinary(2), [True, False], [1, 0]),
    ],
    ids=repr,
)
def test_numbers_of_another_type_become_those_of_the_space(space, value, expected):
    element = as_element(space, value)
    assert element.tolist() == expected
    assert element.dtype == space.dtype


def test_parts_of_dicts_and_tuples_are_converted():
    element = as_element(NESTED, {"b": [[0, 1]], "a": 1.0})
    assert element["a"] == 1
    assert element["b"][0].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("space", "value", "message"),
    [
        (BOX, None, "None has the type NoneType and does not consist of numbers"),
        (BOX, ["0", "1"], "does not consist of numbers"),
        (BOX, [None, 1.0], "does not consist of numbers"),
        (BOX, [[1.0], [1.0, 2.0]], "does not consist of numbers"),
        (BOX, {"x": 1.0, "y": 2.0}, "does not consist of numbers"),
        (BOX, [1j, 0], "does not consist of numbers"),
        (BOX, np.array(["2020-01-01"] * 2, dtype="M8[D]"), "does not consist of numbers"),
        (BOX, np.ma.masked_array([1.0, 2.0], [True, False]), "some numbers are masked"),
        (BOX, [0.0], "it has 1 numbers"),
        (IMAGE, np.array([-1, 3]), "uint8 can't hold"),
        (IMAGE, np.array([256, 3]), "uint8 can't hold"),
        (IMAGE, np.array([0.5, 3]), "uint8 can't hold"),
        (IMAGE, np.array([np.nan, 3]), "uint8 can't hold"),
        (spaces.Discrete(3), None, "does not consist of numbers"),
        (spaces.Discrete(3), 0.7, "int64 can't hold 0.7"),
        (spaces.Discrete(3), -1, "-1 is out of range"),
        (spaces.Discrete(3), 3, "3 is out of range"),
        (spaces.Discrete(3, start=1), 0, "0 is out of range"),
        (spaces.MultiDiscrete([2, 3]), [2, 0], "out of range"),
        (spaces.MultiBinary(2), [2, 0], "out of range"),
        (spaces.MultiBinary(2), [0.5, 0], "int8 can't hold"),
        (spaces.Dict({"a": spaces.Box(0, 1, (1,), np.int8)}), {"a": [-1]}, "out of range"),
        (NESTED, [0, [0, 1]], "no dict but list"),
        (NESTED, {"a": 1}, r"keys \['a'\]"),
        (NESTED, {"a": 1, "b": [[0, 1]], "c": 0}, r"keys \['a', 'b', 'c'\]"),
        (NESTED, {"a": 1, "b": []}, "no tuple of 1 parts"),
        (NESTED, {"a": 1, "b": [None]}, "does not consist of numbers"),
        (spaces.Text(3), "12345", "not an element"),
        (spaces.Text(3), 5, "not an element"),
    ],
    ids=repr,
)
def test_values_that_do_not_fit_are_refused(space, value, message):
    with pytest.raises(ValueError, match=message):
        as_element(space, value)
