import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from udrl_sklearn._commands import (
    OPEN_ENDED,
    Command,
    check_command,
    command_trajectory,
    complete_command,
    exploratory_commands,
    finetune_commands,
    is_open_ended,
    is_out_of_support,
    matching_horizon,
    next_command,
)

finite = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("given_command", "expected"),
    [
        ("max", "max"),
        (200, Command(200.0, None)),
        (np.float32(2.5), Command(2.5, None)),
        ((200, 100), Command(200.0, 100.0)),
        ([-1.5, None], Command(-1.5, None)),
        (Command(3, 1), Command(3.0, 1.0)),
        (np.array([200, 100]), Command(200.0, 100.0)),
    ],
)
def test_check_command_accepts_every_form(given_command, expected):
    checked = check_command(given_command)
    assert checked == expected
    assert all(isinstance(part, float | str | None) for part in checked)


@pytest.mark.parametrize(
    "wrong", ["best", None, True, (1, 2, 3), (None, 5), ("1", "2"), {"desired_return": 1}, [[1, 2]]]
)
def test_check_command_refuses_other_types_with_advice(wrong):
    with pytest.raises(ValueError, match='command must be "max", a desired return, or a pair'):
        check_command(wrong)


@pytest.mark.parametrize("desired_return", [np.nan, np.inf, -np.inf])
def test_check_command_refuses_infinite_returns_and_advises_max(desired_return):
    with pytest.raises(ValueError, match='highest return that the agent can achieve use command="max"'):
        check_command((desired_return, 10))


@pytest.mark.parametrize("horizon", [0, 0.5, -3, np.nan, np.inf])
def test_check_command_refuses_a_horizon_under_one_step(horizon):
    with pytest.raises(ValueError, match="steps >= 1, or None"):
        check_command((1, horizon))


@given(
    hnp.arrays(float, st.tuples(st.integers(1, 6), st.just(2)), elements=finite),
    st.lists(st.booleans(), min_size=6, max_size=6),
    st.lists(finite, min_size=6, max_size=6),
)
def test_next_command_counts_exact_rows_down_and_keeps_open_ended_ones(commands, is_open, rewards):
    is_open, rewards = np.array(is_open[: len(commands)]), np.array(rewards[: len(commands)])
    commands[:, 1] = 1 + np.abs(commands[:, 1])
    commands[is_open] = OPEN_ENDED
    before = commands.copy()

    after = next_command(commands, rewards)

    np.testing.assert_array_equal(commands, before)
    np.testing.assert_array_equal(after[is_open], before[is_open])
    np.testing.assert_array_equal(after[~is_open, 0], (before[:, 0] - rewards)[~is_open])
    assert (after[~is_open, 1] >= 1).all()
    shortened = ~is_open & (before[:, 1] >= 2)
    np.testing.assert_array_equal(after[shortened, 1], before[shortened, 1] - 1)


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        (OPEN_ENDED, True),
        (Command(0.0, 1.0), False),
        (Command(5.0, 2.5), False),
        ((-3.0, 0.0), True),  # the horizon decides
        ([[0.0, 0.0], [0.0, 1.0], [7.0, 3.0]], [True, False, False]),
        (np.zeros((0, 2)), []),
        (np.array([[[0, 0], [1, 1]]]), [[True, False]]),
        (np.float32([[2, 0]]), [True]),
    ],
    ids=repr,
)
def test_commands_without_a_horizon_are_open_ended(commands, expected):
    result = is_open_ended(commands)
    assert result.dtype == bool
    assert result.tolist() == expected


@given(hnp.arrays(float, st.integers(1, 8), elements=st.integers(-9, 9)), st.integers(1, 12))
def test_trajectory_follows_next_command(rewards, horizon):
    command = np.array([[20.0, float(horizon)]])
    trajectory = command_trajectory(Command(*command[0]), rewards)
    assert trajectory.shape == (len(rewards), 2)
    for step, reward in enumerate(rewards):
        np.testing.assert_array_equal(trajectory[step], command[0])
        command = next_command(command, np.array([reward]))


def test_trajectory_of_the_open_ended_command_is_constant():
    np.testing.assert_array_equal(command_trajectory(OPEN_ENDED, np.array([1.0, 2.0, 3.0])), np.zeros((3, 2)))


RETURNS, LENGTHS = np.array([1.0, 2.0, 5.0]), np.array([10, 20, 50])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (Command(3.0, 7.0), Command(3.0, 7.0)),
        (Command(9.0, 7.0), Command(5.0, 7.0)),  # not above the best return
        (Command(5.0, 99.0), Command(5.0, 99.0)),
        (Command(-8.0, 2.0), Command(-8.0, 2.0)),
        (Command(4.0), Command(4.0, 40.0)),  # each unit of return took ten steps
        (Command(9.0), Command(5.0, 50.0)),
        (Command(-8.0), Command(-8.0, 10.0)),
    ],
)
def test_complete_command_has_a_horizon_and_at_most_the_best_return(command, expected):
    completed = complete_command(command, RETURNS, LENGTHS)
    assert isinstance(completed, Command)
    assert completed == pytest.approx(expected)
    assert all(type(part) is float for part in completed)


@given(
    st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 30)), min_size=1, max_size=8),
    finite,
    st.none() | st.floats(1, 100),
)
def test_complete_command_is_complete_already_the_second_time(episodes, desired_return, horizon):
    returns, lengths = np.array(episodes, dtype=float).T
    completed = complete_command(Command(desired_return, horizon), returns, lengths)
    assert completed.desired_return == min(desired_return, returns.max())
    assert completed.desired_horizon >= 1
    assert complete_command(completed, returns, lengths) == completed


@pytest.mark.parametrize(
    ("desired_return", "expected"),
    [
        (-1.0, False),
        (9.0, False),  # 200 of 1000 steps belong to episodes with a higher return
        (10.0, False),  # 50 of them, exactly one in twenty
        (10.5, False),
        (11.0, True),  # none of them
        (99.0, True),
    ],
)
def test_return_is_out_of_support_if_less_than_a_twentieth_of_the_steps_have_more(desired_return, expected):
    returns, lengths = np.array([9.0, 10.0, 11.0]), np.array([800, 150, 50])
    assert is_out_of_support(desired_return, returns, lengths) is expected
    assert is_out_of_support(10.0, returns, np.array([800, 151, 49])) is True


def test_next_command_of_no_episodes_is_no_command():
    assert next_command(np.empty((0, 2)), np.empty(0)).shape == (0, 2)


@given(hnp.arrays(float, st.integers(1, 8), elements=finite), st.integers(0, 2**32))
def test_exploratory_returns_lie_within_one_standard_deviation_above_the_mean(returns, seed):
    lengths = np.arange(1, len(returns) + 1)
    commands = exploratory_commands(returns, lengths, 20, np.random.default_rng(seed))
    assert commands.shape == (20, 2)
    slack = 1e-9 * (1 + np.abs(returns).max())
    assert (commands[:, 0] >= returns.mean() - slack).all()
    assert (commands[:, 0] <= returns.mean() + returns.std() + slack).all()
    np.testing.assert_allclose(commands[:, 1], (len(returns) + 1) / 2)


def test_exploratory_returns_fill_their_interval_evenly():
    sampled = exploratory_commands(np.array([0.0, 2.0]), np.array([4, 6]), 4000, np.random.default_rng(0))[:, 0]
    counts, _ = np.histogram(sampled, bins=4, range=(1.0, 2.0))
    assert counts.sum() == 4000
    assert counts.min() > 900


def test_finetuning_commands_are_uniform_over_the_achieved_returns():
    returns, lengths = np.array([-10.0, 30.0, 10.0]), np.array([1, 5, 3])
    commands = finetune_commands(returns, lengths, 4000, np.random.default_rng(0))
    counts, _ = np.histogram(commands[:, 0], bins=4, range=(-10, 30))
    np.testing.assert_allclose(counts, 1000, rtol=0.1)
    np.testing.assert_allclose(commands[:, 1], 2 + commands[:, 0] / 10)  # all three lie on this line


@pytest.mark.parametrize(
    ("desired_return", "n_nearest", "horizon"),
    [
        (10.0, 1, 7.0),  # two episodes had a return of 10; the newer one counts
        (10.0, 2, 6.0),  # both of them: no line passes through one return alone, so the mean of 5 and 7
        (-50.0, 1, 2.0),
        # Nearest are the returns 10 (7 steps), 10 (5 steps) and 4 (3 steps): half a step for each unit of return.
        (8.0, 3, 5.0),
        (6.0, 3, 4.0),
        (99.0, 3, 7.0),  # no longer than the longest of them
        (0.0, 15, 4.25 - 3.75 * 50.25 / 240.75),  # fewer than 15 episodes: all of them
    ],
)
def test_matching_horizon_is_on_the_line_through_the_nearest_episodes(desired_return, n_nearest, horizon):
    returns, lengths = np.array([-9.0, 4.0, 10.0, 10.0]), np.array([2, 3, 5, 7])
    assert matching_horizon(desired_return, returns, lengths, n_nearest) == pytest.approx(horizon)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=15), st.integers(1, 500))
def test_matching_horizon_equals_the_return_if_each_step_pays_one(lengths, desired_return):
    lengths = np.array(lengths)
    horizon = matching_horizon(desired_return, lengths.astype(float), lengths)
    assert horizon == pytest.approx(np.clip(desired_return, lengths.min(), lengths.max()))
