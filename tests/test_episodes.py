from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from udrl_sklearn._episodes import Episode, returns_to_go


@given(hnp.arrays(float, st.integers(1, 20), elements=st.integers(-1000, 1000)))
def test_returns_to_go_sums_each_tail(rewards):
    np.testing.assert_array_equal(returns_to_go(rewards), [rewards[t:].sum() for t in range(len(rewards))])


def test_episode_takes_lists_and_makes_arrays_of_them():
    episode = Episode([[0], [1], [2]], [1, 0], [1, 2])
    assert episode.observations.shape == (3, 1)
    assert episode.actions.tolist() == [1, 0]
    assert episode.rewards.dtype == np.float64
    assert (len(episode), episode.total_return, episode.terminated, episode.truncated) == (2, 3.0, True, False)


def test_episode_keeps_the_dtype_of_images_and_labels():
    episode = Episode(np.zeros((2, 4), dtype=np.uint8), ["left"], [0.0])
    assert episode.observations.dtype == np.uint8
    assert episode.actions[0] == "left"


def test_episode_can_not_be_changed():
    with pytest.raises(FrozenInstanceError):
        Episode([[0], [1]], [0], [0.0]).terminated = False


@pytest.mark.parametrize(
    ("observations", "actions", "rewards", "message"),
    [
        ([[0.0]], [], [], "T >= 1 steps"),
        ([[0.0], [1.0]], [0], [[1.0]], r"rewards .* shape \(1, 1\)"),
        ([[0.0], [1.0]], [0, 1], [1.0, 1.0], r"must have shape \(3, n_features\)"),
        ([0.0, 1.0], [0], [1.0], "one row for each step and one for what was seen after the last action"),
        ([[0.0], [1.0], [2.0]], [0], [1.0, 1.0], r"actions .* shape \(2,\)"),
        ([[0.0], [1.0]], [[[0]]], [1.0], r"got shape \(1, 1, 1\)"),
        ([[0.0], [np.nan]], [0], [1.0], r"observations .* at step 1"),
        ([[0.0], [1.0]], [[0.5, np.inf]], [1.0], r"actions .* at step 0"),
        ([[0.0], [1.0], [2.0]], [0, 1], [1.0, -np.inf], r"rewards .* at step 1"),
    ],
)
def test_episode_refuses_what_does_not_fit_together(observations, actions, rewards, message):
    with pytest.raises(ValueError, match=message):
        Episode(observations, actions, rewards)
