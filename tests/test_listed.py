from collections import deque

import numpy as np
import pandas as pd
import pytest
from toy_envs import MatchEnv

from udrl_sklearn._listed import describe_type, listed

ENV = MatchEnv()


@pytest.mark.parametrize(
    "X",
    [
        (env for env in [ENV, ENV]),
        iter((ENV, ENV)),
        deque([ENV, ENV]),
        {1: ENV, 2: ENV}.values(),
        np.array([ENV, ENV], dtype=object),
        pd.Series([ENV, ENV]),
    ],
    ids=["generator", "iterator", "deque", "values", "array", "series"],
)
def test_iterators_and_arrays_of_objects_become_lists(X):
    assert listed(X) == [ENV, ENV]


def test_array_of_ids_becomes_a_list_of_str():
    assert listed(np.array(["CartPole-v1", "Acrobot-v1"])) == ["CartPole-v1", "Acrobot-v1"]


@pytest.mark.parametrize(
    "X",
    [None, "CartPole-v1", ENV, (ENV,), {"a": 1}, np.zeros(3), np.zeros((2, 2), dtype=object), pd.DataFrame({"a": [1]})],
    ids=lambda X: type(X).__name__,
)
def test_other_objects_stay_as_they_are(X):
    assert listed(X) is X


@pytest.mark.parametrize(
    ("X", "description"),
    [
        (None, "None"),
        ("text", "'text'"),
        (5, "5"),
        ([], "an empty list"),
        ((), "an empty tuple"),
        ([None, 1, 2], "a list of None and int"),
        (np.zeros((3, 2)), "an array of shape (3, 2)"),
        (pd.DataFrame({"a": [1]}), "a DataFrame of shape (1, 1)"),
        ({"a": 1}, "a dict with the keys ['a']"),
        (object(), "an object"),
        (ENV, "a MatchEnv"),
    ],
)
def test_objects_are_described_for_messages(X, description):
    assert describe_type(X) == description
