import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import example, given
from hypothesis import strategies as st

from udrl_sklearn._spaces import ActionTargets, ObservationColumns

simple_spaces = st.one_of(
    st.builds(spaces.Discrete, st.integers(1, 4), start=st.integers(-2, 2)),
    st.builds(
        spaces.Box,
        st.just(-1),
        st.just(1),
        st.lists(st.integers(1, 3), max_size=2),
        st.sampled_from(["f4", "f8", "i4"]),
    ),
    st.builds(spaces.MultiBinary, st.one_of(st.integers(1, 3), st.just([2, 2]))),
    st.builds(spaces.MultiDiscrete, st.lists(st.integers(1, 3), min_size=1, max_size=3)),
    st.builds(spaces.Text, st.integers(1, 3)),
)
keys = st.sampled_from(["position", "observation", "a"])
nested_spaces = st.recursive(
    simple_spaces,
    lambda inner: st.one_of(
        st.dictionaries(keys, inner, min_size=1, max_size=3).map(spaces.Dict),
        st.lists(inner, min_size=1, max_size=3).map(spaces.Tuple),
    ),
    max_leaves=5,
)


@given(nested_spaces, st.integers(0, 1000))
def test_columns_are_those_of_gymnasiums_flattening(space, seed):
    space.seed(seed)
    observation, columns = space.sample(), ObservationColumns(space)
    flat = columns.flatten(observation)
    assert len(columns.names) == columns.n_features == spaces.flatdim(space) == len(flat)
    np.testing.assert_array_equal(flat, spaces.flatten(space, observation))
    assert flat.dtype == columns.dtype


@given(nested_spaces)
@example(spaces.Dict({"observation": spaces.Dict({"a": spaces.Box(-1, 1, ())}), "a": spaces.Box(-1, 1, ())}))
def test_no_two_columns_have_the_same_name(space):
    names = ObservationColumns(space).names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("space", "names"),
    [
        (spaces.Box(-1, 1, ()), ["observation"]),
        (spaces.Box(-1, 1, (2,)), ["observation[0]", "observation[1]"]),
        (spaces.Box(-1, 1, (1, 2)), ["observation[0, 0]", "observation[0, 1]"]),
        (spaces.Discrete(2, start=3), ["observation==3", "observation==4"]),
        (
            spaces.MultiDiscrete([2, 1], start=[0, 5]),
            ["observation[0]==0", "observation[0]==1", "observation[1]==5"],
        ),
        (spaces.MultiBinary(2), ["observation[0]", "observation[1]"]),
        (
            spaces.Dict({"speed": spaces.Box(-1, 1, ()), "pose": spaces.Dict({"arm": spaces.Discrete(2)})}),
            ["pose.arm==0", "pose.arm==1", "speed"],  # gymnasium sorts the keys
        ),
        (
            spaces.Tuple([spaces.Discrete(1), spaces.Box(-1, 1, (2,))]),
            ["observation[0]==0", "observation[1][0]", "observation[1][1]"],
        ),
    ],
)
def test_names_say_where_a_number_stands_in_the_observation(space, names):
    assert ObservationColumns(space).names == names


@pytest.mark.parametrize(
    ("space", "dtype"),
    [
        (spaces.Box(0, 255, (2, 2), np.uint8), np.uint8),
        (spaces.Box(-1, 1, (2,), np.float64), np.float64),
        (spaces.Discrete(3), np.uint8),
        (spaces.MultiBinary(3), np.uint8),
        (spaces.Box(-1, 1, (2,), np.int32), np.int32),
    ],
)
def test_images_keep_their_dtype_and_one_hot_columns_are_small(space, dtype):
    assert ObservationColumns(space).dtype == dtype


class UnknownSpace(gymnasium.Space):
    pass


@pytest.mark.parametrize(
    "space",
    [
        spaces.Sequence(spaces.Discrete(2)),
        spaces.Graph(spaces.Box(-1, 1, (2,)), None),
        spaces.Dict({"a": spaces.Sequence(spaces.Discrete(2))}),
        UnknownSpace(),
    ],
    ids=lambda space: type(space).__name__,
)
def test_observations_of_varying_size_are_refused_with_advice(space):
    with pytest.raises(ValueError, match=r"fixed number of feature columns. Use a gymnasium.ObservationWrapper"):
        ObservationColumns(space)


@pytest.mark.parametrize(
    ("space", "n_components"),
    [
        (spaces.Discrete(3), 1),
        (spaces.Discrete(3, start=2), 1),
        (spaces.MultiDiscrete([3, 2]), 2),
        (spaces.MultiDiscrete([[3, 2], [4, 5]], start=[[1, 2], [3, 4]]), 4),
        (spaces.MultiBinary(3), 3),
        (spaces.MultiBinary([2, 3]), 6),
        (spaces.Box(-1, 1, ()), 1),
        (spaces.Box(-1, 1, (1,)), 1),
        (spaces.Box(-2, 2, (3,), np.float64), 3),
        (spaces.Box(-1, 1, (2, 2)), 4),
        (spaces.Box(-3, 3, (2,), np.int16), 2),
        (spaces.Box(-np.inf, np.inf, (2,)), 2),
    ],
    ids=str,
)
def test_actions_come_back_from_their_targets(space, n_components):
    targets = ActionTargets.from_space(space)
    assert targets.n_components == n_components
    assert targets.is_discrete == (not isinstance(space, spaces.Box))
    space.seed(0)
    for _ in range(20):
        action = space.sample()
        target = np.asarray(targets.encode(action))
        assert target.size == n_components
        if targets.is_discrete:
            assert all(t in labels for t, labels in zip(np.atleast_1d(target), targets.labels, strict=True))
        # estimators answer in floating point, and a lone component as a number or as a row of one
        answers = [target, target.astype(np.float64)] + ([target.reshape(1)] if n_components == 1 else [])
        for answer in answers:
            decoded = targets.decode(answer)
            np.testing.assert_array_equal(decoded, action)
            assert space.contains(decoded)


def test_every_label_of_a_discrete_component_is_known():
    targets = ActionTargets.from_space(spaces.MultiDiscrete([2, 3], start=[0, 5]))
    assert [labels.tolist() for labels in targets.labels] == [[0, 1], [5, 6, 7]]


def test_bounds_of_continuous_actions_are_those_of_the_space():
    targets = ActionTargets.from_space(spaces.Box(np.array([-1, -np.inf]), np.array([2, np.inf]), dtype=np.float64))
    assert targets.low.tolist() == [-1, -np.inf]
    assert targets.high.tolist() == [2, np.inf]


def test_integer_boxes_are_rounded_to_the_nearest_action():
    space = spaces.Box(-3, 3, (3,), np.int8)
    decoded = ActionTargets.from_space(space).decode(np.array([1.6, -0.4, 2.9]))
    assert decoded.tolist() == [2, 0, 3]
    assert decoded in space


def test_a_discrete_action_is_a_plain_number():
    assert np.ndim(ActionTargets.from_space(spaces.Discrete(3)).decode(np.array([2]))) == 0
    assert not isinstance(ActionTargets.from_space(spaces.Discrete(3)).decode(2), np.ndarray)


@pytest.mark.parametrize(
    "space", [spaces.Tuple([spaces.Discrete(2)]), spaces.Dict({"a": spaces.Discrete(2)}), spaces.Text(3)]
)
def test_other_action_spaces_are_refused_with_advice(space):
    with pytest.raises(ValueError, match=r"not supported; Discrete.* Use a gymnasium.ActionWrapper"):
        ActionTargets.from_space(space)


def test_actions_can_be_described_by_examples():
    discrete = ActionTargets.from_arrays(np.array([3, 1, 3]), discrete=True)
    assert [labels.tolist() for labels in discrete.labels] == [[1, 3]]
    assert discrete.decode(3) == 3
    several = ActionTargets.from_arrays(np.array([["a", "x"], ["b", "x"]]), discrete=True)
    assert [labels.tolist() for labels in several.labels] == [["a", "b"], ["x"]]
    assert several.decode(np.array(["b", "x"])).tolist() == ["b", "x"]
    continuous = ActionTargets.from_arrays(np.array([[0.5], [1.5]]), discrete=False)
    assert (continuous.low.tolist(), continuous.high.tolist()) == ([-np.inf], [np.inf])
    assert continuous.decode(0.25).tolist() == [0.25]
