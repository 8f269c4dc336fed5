import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import example, given
from hypothesis import strategies as st

from udrl_sklearn._envs._spaces import ActionTargets, ObservationColumns

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
def test_columns_equal_gymnasiums_flatten(space, seed):
    space.seed(seed)
    observation, columns = space.sample(), ObservationColumns(space)
    flat = columns.flatten(observation)
    assert len(columns.names) == columns.n_features == spaces.flatdim(space) == len(flat)
    np.testing.assert_array_equal(flat, spaces.flatten(space, observation))
    assert flat.dtype == columns.dtype


@given(nested_spaces)
@example(spaces.Dict({"observation": spaces.Dict({"a": spaces.Box(-1, 1, ())}), "a": spaces.Box(-1, 1, ())}))
def test_column_names_are_unique(space):
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
        (
            spaces.Dict({"desired_horizon": spaces.Box(-1, 1, ()), "observation.desired_horizon": spaces.Discrete(1)}),
            ["observation.desired_horizon", "observation.desired_horizon==0"],
        ),
        (
            spaces.Dict({"a": spaces.Dict({"b": spaces.Box(-1, 1, ())}), "a.b": spaces.Box(-1, 1, ())}),
            ["a.b", "observation.a.b"],
        ),
    ],
)
def test_column_names_give_the_position_in_the_observation(space, names):
    assert ObservationColumns(space).names == names


@pytest.mark.parametrize(
    ("space", "dtype"),
    [
        (spaces.Box(0, 255, (2, 2), np.uint8), np.uint8),
        (spaces.Box(-1, 1, (2,), np.float64), np.float64),
        (spaces.Discrete(3), np.uint8),
        (spaces.MultiBinary(3), np.uint8),
        (spaces.Box(-1, 1, (2,), np.int32), np.int32),
        (spaces.Dict({"picture": spaces.Box(0, 255, (2,), np.uint8), "direction": spaces.Discrete(4)}), np.uint8),
        (spaces.Tuple([spaces.Box(-1, 1, (2,)), spaces.Tuple([spaces.Discrete(4)])]), np.float32),
        (spaces.Tuple([spaces.Box(-1, 1, (2,)), spaces.Box(-1, 1, (2,), np.float64)]), np.float64),
    ],
)
def test_images_keep_their_dtype_and_one_hot_columns_are_uint8(space, dtype):
    assert ObservationColumns(space).dtype == dtype


@pytest.mark.parametrize(
    ("space", "observation"),
    [
        (spaces.Box(-1, 1, (2,)), np.zeros(1)),
        (spaces.Box(-1, 1, (2,)), np.zeros(3)),
        (spaces.Box(-1, 1, (2, 2)), 0.0),
        (spaces.Box(-1, 1, ()), np.zeros(2)),
        (spaces.MultiBinary(3), np.zeros(1, dtype=np.int8)),
        (spaces.MultiBinary(3), np.zeros(4, dtype=np.int8)),
        (spaces.Dict({"a": spaces.Box(-1, 1, (2,))}), {"a": np.zeros(1, dtype=np.float32)}),
        (spaces.Tuple([spaces.Box(-1, 1, (1,)), spaces.Box(-1, 1, (2,))]), (np.zeros(1), np.zeros(1))),
    ],
    ids=str,
)
def test_observation_of_the_wrong_size_is_refused(space, observation):
    with pytest.raises(ValueError):
        ObservationColumns(space).flatten(observation)


@pytest.mark.parametrize(
    ("space", "observation"),
    [
        (spaces.Box(-1, 1, (1,)), None),
        (spaces.Box(0, 1, (2,), np.int8), np.array([-1, 0])),  # columns of zeros and ones are unsigned
        (spaces.Dict({"a": spaces.Box(0, 1, (1,), np.int8), "b": spaces.Discrete(2)}), {"a": [-1], "b": 0}),
        (spaces.Dict({"a": spaces.Discrete(2), "b": spaces.Discrete(2)}), {"a": 0}),
    ],
    ids=str,
)
def test_observation_of_another_type_is_refused_with_advice(space, observation):
    with pytest.raises(ValueError, match=r"Expected an observation of .*; got .* Make the observation_space of"):
        ObservationColumns(space).flatten(observation)


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
def test_decode_inverts_encode(space, n_components):
    targets = ActionTargets.from_space(space)
    assert targets.n_components == n_components
    assert targets.is_discrete == (not isinstance(space, spaces.Box))
    space.seed(0)
    actions = [space.sample() for _ in range(20)]
    encoded = np.stack([targets.encode(action) for action in actions])
    assert encoded.shape == ((20,) if space.shape == () else (20, n_components))
    if targets.is_discrete:
        for column, labels in zip(encoded.reshape(20, -1).T, targets.labels, strict=True):
            assert np.isin(column, labels).all()
    # Estimators predict floating point numbers. A single component is a number, or a row of one if actions are sampled.
    predictions = [encoded, encoded.astype(np.float64)]
    if n_components == 1:
        predictions += [encoded.reshape(20)] if targets.is_discrete else [encoded.reshape(20), encoded.reshape(20, 1)]
    for predicted in predictions:
        decoded = targets.decode(predicted)
        assert isinstance(decoded, list)
        for one, action in zip(decoded, actions, strict=True):
            np.testing.assert_array_equal(one, action)
            assert space.contains(one)


def test_decode_of_no_targets_is_empty():
    assert ActionTargets.from_space(spaces.Discrete(3)).decode(np.zeros(0, dtype=int)) == []
    assert ActionTargets.from_space(spaces.Box(-1, 1, (2, 2))).decode(np.zeros((0, 4))) == []


def test_decoded_actions_are_copies():
    predicted = np.zeros((2, 3), dtype=np.float32)
    first, second = ActionTargets.from_space(spaces.Box(-1, 1, (3,))).decode(predicted)
    first[:] = 1
    assert not predicted.any() and not second.any()


def test_labels_include_every_value_of_a_discrete_component():
    targets = ActionTargets.from_space(spaces.MultiDiscrete([2, 3], start=[0, 5]))
    assert [labels.tolist() for labels in targets.labels] == [[0, 1], [5, 6, 7]]


def test_bounds_of_continuous_actions_are_those_of_the_space():
    targets = ActionTargets.from_space(spaces.Box(np.array([-1, -np.inf]), np.array([2, np.inf]), dtype=np.float64))
    assert targets.low.tolist() == [-1, -np.inf]
    assert targets.high.tolist() == [2, np.inf]


def test_actions_of_integer_boxes_are_rounded():
    space = spaces.Box(-3, 3, (3,), np.int8)
    decoded = ActionTargets.from_space(space).decode(np.array([[1.6, -0.4, 2.9], [-3.4, 0.6, -2.5]]))
    assert [action.tolist() for action in decoded] == [[2, 0, 3], [-3, 1, -2]]
    assert all(action in space for action in decoded)


def test_discrete_actions_are_numpy_integers():
    actions = ActionTargets.from_space(spaces.Discrete(3)).decode(np.array([2, 0]))
    assert actions == [2, 0]
    assert all(isinstance(action, np.int64) for action in actions)


def test_scalar_continuous_action_is_a_0d_array():
    (action,) = ActionTargets.from_space(spaces.Box(-1, 1, ())).decode(np.array([0.5]))
    assert isinstance(action, np.ndarray) and action.shape == ()


@pytest.mark.parametrize(
    "space", [spaces.Tuple([spaces.Discrete(2)]), spaces.Dict({"a": spaces.Discrete(2)}), spaces.Text(3)]
)
def test_other_action_spaces_are_refused_with_advice(space):
    with pytest.raises(ValueError, match=r"not supported; Discrete.* Use a gymnasium.ActionWrapper"):
        ActionTargets.from_space(space)


@pytest.mark.parametrize(
    ("space", "action", "expected"),
    [
        (spaces.Discrete(3), 2, 2),
        (spaces.Discrete(3), np.int64(2), 2),
        (spaces.Discrete(3), np.array(2), 2),
        (spaces.Discrete(3), np.array([2]), 2),  # as models that act in vector environments return it
        (spaces.Discrete(3), 2.0, 2),
        (spaces.Discrete(2), True, 1),
        (spaces.Discrete(3, start=5), 7, 7),
        (spaces.MultiDiscrete([2, 3], start=[0, 5]), (1, 7), [1, 7]),
        (spaces.MultiDiscrete([[2, 3], [2, 2]]), [[1, 2], [0, 1]], [[1, 2], [0, 1]]),
        (spaces.MultiBinary(2), [True, False], [1, 0]),
        (spaces.Box(-1, 1, ()), 0.5, 0.5),
        (spaces.Box(-1, 1, (1,)), 0.5, [0.5]),
        (spaces.Box(-1, 1, (2,)), [0.5, -1], [0.5, -1]),
        (spaces.Box(-1, 1, (2, 1)), np.array([0.5, -1]), [[0.5], [-1]]),
        (spaces.Box(-3, 3, (2,), np.int16), [1.6, -0.4], [2, 0]),
    ],
    ids=repr,
)
def test_check_action_returns_an_element_of_the_space(space, action, expected):
    checked = ActionTargets.from_space(space).check_action(action)
    assert space.contains(checked)
    assert np.asarray(checked).tolist() == expected


@pytest.mark.parametrize(
    ("space", "action", "message"),
    [
        (spaces.Discrete(3), 3, r"returned the action 3; the action space expects one of \[\[0, 1, 2\]\]"),
        (spaces.Discrete(3), -1, "returned the action -1"),
        (spaces.Discrete(3), 0.5, "returned the action 0.5"),
        (spaces.Discrete(3), [0, 1], r"returned the action \[0, 1\]"),
        (spaces.Discrete(3), [], r"returned the action \[\]"),
        (spaces.Discrete(3), None, "returned the action None"),
        (spaces.Discrete(3), "1", "returned the action '1'"),
        (spaces.Discrete(3), np.nan, "returned the action nan"),
        (spaces.Discrete(3, start=5), 0, r"one of \[\[5, 6, 7\]\]"),
        (spaces.MultiDiscrete([2, 3]), [2, 0], r"one of \[\[0, 1\], \[0, 1, 2\]\]"),
        (spaces.MultiDiscrete([2, 3]), 1, "returned the action 1"),
        (spaces.MultiBinary(2), [0, 2], r"one of \[\[0, 1\], \[0, 1\]\]"),
        (spaces.Box(-1, 1, (2,)), 0.5, "expects 2 numbers"),
        (spaces.Box(-1, 1, (2,)), [0.5, 0.5, 0.5], "expects 2 numbers"),
        (spaces.Box(-1, 1, (1,)), {"force": 0.5}, "expects 1 number"),
    ],
    ids=repr,
)
def test_check_action_refuses_other_actions(space, action, message):
    with pytest.raises(ValueError, match=message):
        ActionTargets.from_space(space).check_action(action)


def test_given_names_replace_the_generated_ones():
    discrete = ActionTargets.from_space(spaces.Discrete(2), ["left", "right"])
    assert discrete.names == discrete.component_names() == ["left", "right"]
    continuous = ActionTargets.from_space(spaces.Box(-1, 1, (2,)), ["force", "torque"])
    assert continuous.names == continuous.component_names() == ["force", "torque"]


@pytest.mark.parametrize(
    ("space", "names"),
    [
        (spaces.Discrete(2, start=5), ["action 5", "action 6"]),
        (spaces.Box(-1, 1, (2,)), ["action[0]", "action[1]"]),
        (spaces.Box(-1, 1, ()), ["action[0]"]),
    ],
    ids=str,
)
def test_actions_without_given_names_are_numbered(space, names):
    targets = ActionTargets.from_space(space)
    assert targets.names == targets.component_names() == names


def test_components_of_discrete_actions_have_names_of_their_own():
    targets = ActionTargets.from_space(spaces.MultiDiscrete([2, 3], start=[0, 5]))
    assert targets.names == [["action 0", "action 1"], ["action 5", "action 6", "action 7"]]
    assert [targets.component_names(component) for component in (0, 1)] == targets.names
    assert targets.component_names() == targets.names[0]


def test_names_of_actions_in_arrays_are_their_labels():
    assert ActionTargets.from_arrays(np.array(["up", "down"]), discrete=True).names == ["action down", "action up"]


def test_targets_can_be_made_from_arrays():
    discrete = ActionTargets.from_arrays(np.array([3, 1, 3]), discrete=True)
    assert [labels.tolist() for labels in discrete.labels] == [[1, 3]]
    assert discrete.decode(np.array([3, 1])) == [3, 1]
    several = ActionTargets.from_arrays(np.array([["a", "x"], ["b", "x"]]), discrete=True)
    assert [labels.tolist() for labels in several.labels] == [["a", "b"], ["x"]]
    words = [["b", "x"], ["a", "x"]]
    assert [action.tolist() for action in several.decode(np.array(words))] == words
    continuous = ActionTargets.from_arrays(np.array([[0.5], [1.5]]), discrete=False)
    assert (continuous.low.tolist(), continuous.high.tolist()) == ([-np.inf], [np.inf])
    assert [action.tolist() for action in continuous.decode(np.array([0.25, 1.0]))] == [[0.25], [1.0]]
