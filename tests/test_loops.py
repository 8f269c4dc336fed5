import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udrl_sklearn._rollout._loops import LoopDetector


def caught_at(numbers):
    """Return the first step at which an episode with these observations is caught in a loop, or None."""
    loops = LoopDetector()
    return next((step for step, number in enumerate(numbers) if loops.step(np.array([number]))), None)


@pytest.mark.parametrize(
    ("before", "period", "expected"),
    [
        ([], [7], 20),  # the observation came at step 0, and then 20 times again
        ([1, 2, 3], [7], 23),
        ([1, 2], [7, 8], 2 + 2 + 19),
        ([], list(range(30)), 30 + 59),  # two whole rounds after the first
    ],
)
def test_a_loop_is_found_after_twenty_steps_and_two_rounds(before, period, expected):
    assert caught_at(before + period * 60) == expected


def test_new_observations_and_single_visits_are_no_loop():
    assert caught_at(range(300)) is None
    assert caught_at([0, 1, 2, 3, 4, 0, 5, 1, 6, 2, 7, 3, 8, *range(10, 60)]) is None


def test_a_loop_ends_with_the_first_new_observation():
    loops = LoopDetector()
    numbers = [5] + [7] * 22 + [5, 7, 8, 7]
    assert [loops.step(np.array([number])) for number in numbers][20:] == [False] + [True] * 4 + [False] * 2


def test_zeros_of_both_signs_are_the_same():
    assert caught_at([0.0, -0.0] * 20) == caught_at([0.0] * 40)


@given(st.lists(st.integers(0, 4), max_size=200))
def test_the_step_is_that_of_the_definition(numbers):
    def is_caught(t):
        visits = [
            next((t - i - s for s in reversed(range(t - i)) if numbers[s] == numbers[t - i]), 0) for i in range(t + 1)
        ]
        period, n_steps = visits[0], max(20, 2 * visits[0])
        return period > 0 and len(visits) >= n_steps and set(visits[:n_steps]) == {period}

    assert caught_at(numbers) == next((t for t in range(len(numbers)) if is_caught(t)), None)
