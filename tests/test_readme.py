"""The README's Python does what it shows."""

import doctest
import re
from pathlib import Path

import pytest

NUMBER = re.compile(r"(?:(\w+)=)?(-?\d+\.\d*)")

# How far results may be from those shown. Another processor may round otherwise, and training takes that further, to an
# agent as different as that of another random_state. What is asked for, and how often, is the same everywhere.
OF_AN_EVALUATION = {"mean_return": 10, "std_return": 6}
OF_WHAT_IS_LEFT = {"desired_return": 16, "desired_horizon": 5}
OF_A_PROBABILITY = {"": 0.11}


def tolerances(text):
    """Return the tolerance of each kind of number in an output."""
    if text.startswith("Command"):
        return OF_WHAT_IS_LEFT
    return OF_AN_EVALUATION if text.startswith("Evaluation") else OF_A_PROBABILITY


def is_as_shown(want, got):
    """Tell whether an output is the one shown, but for numbers that are within their tolerance."""
    if NUMBER.sub(r"\1=#", want).split() != NUMBER.sub(r"\1=#", got).split():
        return False
    allowed = tolerances(want)
    return all(
        abs(float(shown) - float(number)) <= allowed.get(name, 0)
        for (name, shown), (_, number) in zip(NUMBER.findall(want), NUMBER.findall(got), strict=True)
    )


class WithTolerances(doctest.OutputChecker):
    def check_output(self, want, got, optionflags):
        return is_as_shown(want, got)


EVALUATED = "Evaluation(mean_return=105.0, std_return=7.0, n_episodes=100, command=Command(desired_return=100.0))"


@pytest.mark.parametrize(
    ("want", "got", "expected"),
    [
        (EVALUATED, EVALUATED.replace("105.0", "112.0"), True),
        (EVALUATED, EVALUATED.replace("105.0", "116.0"), False),
        (EVALUATED, EVALUATED.replace("=100.0", "=101.0"), False),
        (EVALUATED, EVALUATED.replace("n_episodes=100", "n_episodes=99"), False),
        (EVALUATED, EVALUATED.replace("std_return", "spread"), False),
        (
            "Command(desired_return=-1.0, desired_horizon=1.0)",
            "Command(desired_return=-9.0, desired_horizon=1.0)",
            True,
        ),
        (
            "Command(desired_return=-1.0, desired_horizon=1.0)",
            "Command(desired_return=99.0, desired_horizon=1.0)",
            False,
        ),
        ("array([[0.1, 0.9]])", "array([[0.2, 0.8]])", True),
        ("array([[0.1, 0.9]])", "array([[0.9, 0.1]])", False),
    ],
)
def test_only_numbers_that_vary_have_a_tolerance(want, got, expected):
    assert is_as_shown(want, got) == expected


@pytest.mark.slow
def test_readme():
    text = (Path(__file__).parents[1] / "README.md").read_text()
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    results = doctest.DocTestRunner(checker=WithTolerances(), optionflags=doctest.REPORT_NDIFF).run(test)
    assert results.attempted > 10
    assert results.failed == 0
