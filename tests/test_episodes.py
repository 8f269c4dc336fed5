from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest
from comparing import assert_same_episodes
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from udrl_sklearn._episodes import Episode, Episodes, returns_to_go


@given(hnp.arrays(float, st.integers(1, 20), elements=st.integers(-1000, 1000)))
def test_returns_to_go_sums_each_tail(rewards):
    np.testing.assert_array_equal(returns_to_go(rewards), [rewards[t:].sum() for t in range(len(rewards))])


def test_episode_converts_lists_to_arrays():
    episode = Episode([[0], [1], [2]], [1, 0], [1, 2])
    assert episode.observations.shape == (3, 1)
    assert episode.actions.tolist() == [1, 0]
    assert episode.rewards.dtype == np.float64
    assert (len(episode), episode.total_return, episode.terminated, episode.truncated) == (2, 3.0, True, False)


def test_total_return_sums_from_the_last_reward_to_the_first():
    rewards = [1.0, 1e16, -1e16]  # a sum in the other order loses the 1
    episode = Episode(np.zeros((4, 1)), np.zeros(3), rewards)
    assert episode.total_return == returns_to_go(np.array(rewards))[0] == 1.0


def test_episode_keeps_the_dtype_of_images_and_labels():
    episode = Episode(np.zeros((2, 4), dtype=np.uint8), ["left"], [0.0])
    assert episode.observations.dtype == np.uint8
    assert episode.actions[0] == "left"


def test_episode_keeps_its_values_when_the_arrays_are_used_again():
    observations, actions, rewards, end = np.zeros((3, 1)), np.zeros((2, 2)), np.zeros(2), np.zeros((), dtype=bool)
    episode = Episode(observations, actions, rewards, end, truncated=end)
    for array in (observations, actions, rewards, end):
        array[...] = 1
    assert not any(array.any() for array in (episode.observations, episode.actions, episode.rewards))
    assert (episode.total_return, episode.terminated, episode.truncated) == (0.0, False, False)


def test_episodes_logged_into_one_buffer_differ():
    log = np.zeros((3, 1), dtype=np.float32)  # used for each episode, and its views as well
    episodes = []
    for value in (1, 2):
        log[:] = value
        episodes.append(Episode(log, log[:2], log[1:, 0]))
    joined = Episodes.of(episodes)
    assert joined.observations.ravel().tolist() == [1, 1, 1, 2, 2, 2]
    assert joined.actions.ravel().tolist() == [1, 1, 2, 2]
    assert joined.returns.tolist() == [2, 4]


def test_episode_is_frozen():
    with pytest.raises(FrozenInstanceError):
        Episode([[0], [1]], [0], [0.0]).terminated = False


@pytest.mark.parametrize(
    ("observations", "actions", "rewards", "message"),
    [
        ([[0.0]], [], [], "T >= 1 steps"),
        ([[0.0], [1.0]], [0], [[1.0]], r"rewards .* shape \(1, 1\)"),
        ([[0.0], [1.0]], [0, 1], [1.0, 1.0], r"must have shape \(3, n_features\)"),
        ([0.0, 1.0], [0], [1.0], "one for the observation after the last action"),
        ([[0.0], [1.0], [2.0]], [0], [1.0, 1.0], r"actions .* shape \(2,\)"),
        ([[0.0], [1.0]], [[[0]]], [1.0], r"got shape \(1, 1, 1\)"),
        ([[0.0], [np.nan]], [0], [1.0], r"observations .* at step 1"),
        ([[0.0], [1.0]], [[0.5, np.inf]], [1.0], r"actions .* at step 0"),
        ([[0.0], [1.0], [2.0]], [0, 1], [1.0, -np.inf], r"rewards .* at step 1"),
    ],
)
def test_episode_refuses_inconsistent_arrays(observations, actions, rewards, message):
    with pytest.raises(ValueError, match=message):
        Episode(observations, actions, rewards)


@st.composite
def lists_of_episodes(draw):
    """Generate episodes that fit together, with actions of one or several components."""
    shape, dtype = draw(
        st.sampled_from([((), np.int64), ((), "U5"), ((3,), np.int8), ((1,), float), ((2,), np.float32)])
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return [
        Episode(
            rng.random((n_steps + 1, 2), dtype=np.float32),
            rng.integers(9, size=(n_steps, *shape)).astype(dtype),
            rng.normal(size=n_steps),
            *ends,
        )
        for n_steps, *ends in draw(st.lists(st.tuples(st.integers(1, 4), st.booleans(), st.booleans()), min_size=1))
    ]


@given(lists_of_episodes())
def test_joined_episodes_equal_the_given_ones(episodes):
    joined = Episodes.of(episodes)
    assert len(joined) == len(episodes)
    assert_same_episodes(joined, episodes)
    assert_same_episodes(reversed(joined), episodes[::-1])
    assert joined.lengths.tolist() == [len(episode) for episode in episodes]
    assert joined.returns.tolist() == [episode.total_return for episode in episodes]
    assert Episodes.of(joined) is joined


@given(lists_of_episodes(), st.data())
def test_indexing_and_slicing_match_a_list(episodes, data):
    joined, n_episodes = Episodes.of(episodes), len(episodes)
    index = data.draw(st.integers(-n_episodes, n_episodes - 1))
    assert_same_episodes([joined[index], joined[np.int64(index)]], [episodes[index]] * 2)
    bound = st.none() | st.integers(-n_episodes - 2, n_episodes + 2)
    part = data.draw(st.builds(slice, bound, bound, st.none() | st.integers(-3, 3).filter(bool)))
    assert_same_episodes(joined[part], episodes[part])
    again = data.draw(st.builds(slice, bound, bound))
    assert_same_episodes(joined[part][again], episodes[part][again])


@pytest.mark.parametrize(
    "part", [slice(0, 0), slice(2, 1), slice(9, 12), slice(0, 0, 2), slice(0, 1, -1), slice(3, 3, -2)], ids=str
)
def test_empty_slice_has_no_episodes_and_no_steps(part):
    joined = Episodes.of([Episode([[0], [1]], [0], [1.0]), Episode([[0], [1], [2]], [0, 1], [1.0, 2.0])])[part]
    assert len(joined) == len(joined.rewards) == len(joined.observations) == len(joined.returns) == 0
    assert list(joined) == []


@pytest.mark.parametrize("index", [2, -3])
def test_index_out_of_range_is_refused(index):
    joined = Episodes.of([Episode([[0], [1]], [0], [1.0])] * 2)
    with pytest.raises(IndexError):
        joined[index]


def test_index_of_another_type_is_refused():
    with pytest.raises(TypeError):
        Episodes.of([Episode([[0], [1]], [0], [1.0])])["rewards"]


def test_joined_arrays_concatenate_the_episodes():
    first = Episode([[0], [1], [2]], [5, 6], [1.0, 10.0], terminated=False, truncated=True)
    second = Episode([[3], [4]], [7], [100.0])
    joined = Episodes.of([first, second])
    assert joined.observations.ravel().tolist() == [0, 1, 2, 3, 4]
    assert joined.actions.tolist() == [5, 6, 7]
    assert joined.rewards.tolist() == [1, 10, 100]
    assert joined.returns_to_go.tolist() == [11, 10, 0, 100, 0]
    assert (joined.lengths.tolist(), joined.starts.tolist()) == ([2, 1], [0, 2])
    assert (joined.terminated.tolist(), joined.truncated.tolist()) == ([False, True], [True, False])
    assert joined.returns.tolist() == [11, 100]


def test_episodes_and_slices_are_views():
    joined = Episodes.of([Episode([[t], [t + 1]], [t], [1.0 + t]) for t in range(4)])
    for field in fields(Episodes):
        part = getattr(joined[1:3], field.name)
        assert len(part) > 0 and np.shares_memory(part, getattr(joined, field.name))
    assert np.shares_memory(joined[2].observations, joined.observations)


def test_joined_observations_keep_the_higher_precision():
    narrow, wide = Episode(np.float32([[0], [1]]), ["up"], [0.0]), Episode([[0.1], [0.2]], ["right"], [0.0])
    joined = Episodes.of([narrow, wide])
    assert joined.observations.ravel().tolist() == [0, 1, 0.1, 0.2]
    assert joined.actions.tolist() == ["up", "right"]


def test_repeats_are_counted_within_runs_of_one_action_on_one_observation():
    wall = Episode([[0], [1], [1], [1], [1], [1]], [0, 1, 1, 1, 0], np.zeros(5))  # the last step changes the action
    first = Episode([[1], [1], [1], [2]], [0, 0, 0], np.zeros(3))  # the last action changes the observation
    assert Episodes.of([wall, first, wall]).n_repeats.tolist() == [1, 3, 3, 3, 1, 3, 3, 3, 1, 3, 3, 3, 1]
    moves = Episode(np.arange(8).reshape(4, 2), np.zeros((3, 2)), np.zeros(3))
    turns = Episode(np.zeros((4, 2)), [[0, 0], [0, 1], [0, 1]], np.zeros(3))
    assert Episodes.of([Episode([[0], [1]], [0], [1.0])]).n_repeats.tolist() == [1]  # a single step
    assert Episodes.of([moves, turns]).n_repeats.tolist() == [1, 1, 1, 1, 2, 2]


def test_observations_of_objects_are_numbers():
    assert Episode(np.array([[1], [2]], dtype=object), [0], [1.0]).observations.dtype == np.float64
    with pytest.raises(ValueError, match="observations of an Episode must be finite"):
        Episode(np.array([[1], [None]], dtype=object), [0], [1.0])
