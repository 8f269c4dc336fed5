import numpy as np
import pytest

from udrl_sklearn._runs._statistics import bootstrap_interval, interquartile_mean


def test_the_interquartile_mean_leaves_out_a_quarter_on_each_side():
    assert interquartile_mean([-1000, 1, 2, 3, 4, 5, 6, 1000]) == 3.5
    np.testing.assert_array_equal(interquartile_mean([[0, 1, 3, 100], [5, 5, 5, 5]], axis=1), [2, 5])


def test_few_values_are_their_own_interval():
    assert bootstrap_interval([3.0]) == (3, 3)
    assert bootstrap_interval([5.0, 3.0]) == (3, 5)
    assert bootstrap_interval([4.0, 4.0, 4.0]) == (4, 4)


def test_the_interval_encloses_the_mean_and_narrows_with_more_values():
    rng = np.random.default_rng(0)
    few, many = rng.normal(size=8), rng.normal(size=200)
    widths = []
    for values in (few, many):
        low, high = bootstrap_interval(values)
        assert low < interquartile_mean(values) < high
        widths.append(high - low)
    assert widths[1] < widths[0] / 2
    assert bootstrap_interval(few) == pytest.approx(bootstrap_interval(few))
