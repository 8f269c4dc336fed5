"""Options made from the parameters of classes."""

import shlex
from numbers import Real

import click
import pytest
from click.testing import CliRunner
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions

from udrl_sklearn._cli._options import IntType, PairType, SectionedCommand, parameter_options, parameter_texts


class Method(BaseEstimator):
    """A class with parameters.

    Parameters
    ----------
    estimator : object
        Has no option.
    temperature : float, default=0.3
        The lower, the more the best rows count.
    segments : {"trailing", "random"}, default="trailing"
        Where a row ends.
    random_state : int
        Seed.
    """

    _parameter_constraints: dict = {
        "estimator": [],
        "temperature": [Interval(Real, 0, None, closed="neither")],
        "segments": [StrOptions({"trailing", "random"})],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, temperature=0.3, segments="trailing", random_state=None):
        self.estimator = estimator
        self.temperature = temperature
        self.segments = segments
        self.random_state = random_state


def test_parameters_of_a_class_are_options_in_a_section():
    options = parameter_options({"Method": Method}, exclude=["estimator"], aliases={"random_state": "--seed"})
    received = []
    command = SectionedCommand(
        "train",
        params=[*options, click.Option(["--out"], help="File.")],
        callback=lambda **values: received.append(values),
    )
    text = " ".join(CliRunner().invoke(command, ["--help"]).output.split())
    before, _, section = text.partition(" Method: ")
    assert before.endswith("Options: --out TEXT File. --help Show this message and exit.")
    assert section.startswith("--temperature float The lower, the more the best rows count. [default: 0.3] --segments ")
    assert "--seed, --random-state " in section
    result = CliRunner().invoke(command, shlex.split("--temperature 2 --seed 5"))
    assert result.exit_code == 0, result.output
    assert received == [{"temperature": 2, "segments": "trailing", "random_state": 5, "out": None}]
    result = CliRunner().invoke(command, ["--temperature", "0"])
    assert (result.exit_code, len(received)) == (2, 1)
    assert "'--temperature': expected a float in the range (0.0, inf), got 0." in result.output


class OtherMethod(BaseEstimator):
    """A class with a parameter that `Method` has too.

    Parameters
    ----------
    segments : {"short", "random"}, default="short"
        Length of a row.
    """

    _parameter_constraints: dict = {"segments": [StrOptions({"short", "random"})]}

    def __init__(self, segments="short"):
        self.segments = segments


def test_parameters_with_one_name_are_one_option_in_both_sections():
    options = parameter_options({"First": Method, "Second": OtherMethod}, exclude=["estimator", "random_state"])
    assert [option.name for option in options] == ["temperature", "segments"]
    shared = options[1]
    assert shared.help_records() == {
        "First": ("--segments random|trailing", "Where a row ends.  [default: trailing]"),
        "Second": ("--segments random|short", "Length of a row.  [default: short]"),
    }
    for heading, value in (("First", "trailing"), ("Second", "short")):
        with click.Context(click.Command("train")) as ctx:
            assert shared.type.convert(value, shared, ctx) == value
            assert shared.types[heading].convert(value, shared, ctx) == value
    with pytest.raises(click.BadParameter, match="expected a str among"):
        shared.types["First"].convert("short", shared, None)


@pytest.mark.parametrize("value", ["3e2", "300", "3_00", "300.0", "1.0e+2", 300, 300.0])
def test_int_is_an_int_in_any_notation(value):
    options = parameter_options({"Method": Method}, exclude=["estimator"])
    seed = next(option for option in options if option.name == "random_state")
    for kind in (seed.type, IntType(1, 1000)):
        number = kind.convert(value, seed, None)
        assert (number, type(number)) == (100 if value == "1.0e+2" else 300, int)


@pytest.mark.parametrize("value", ["1.5", "yes", "none", "[1]", 1.5, True, "1001", "0", ""])
def test_int_that_is_none_is_refused(value):
    with pytest.raises(click.BadParameter):
        IntType(1, 1000).convert(value, None, None)


def test_float_stays_a_float_where_one_is_taken():
    (temperature, *_) = parameter_options({"Method": Method}, exclude=["estimator"])
    assert repr(temperature.type.convert("2.0", temperature, None)) == "2.0"
    assert temperature.type.convert("3e-1", temperature, None) == 0.3


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("alpha=1e-4", ("alpha", 0.0001)),
        ("size = (5, 5)", ("size", (5, 5))),
        ("rule=a=b", ("rule", "a=b")),
        ("color=#fff", ("color", "#fff")),
    ],
)
def test_pair_is_a_name_and_a_value(text, pair):
    assert PairType().convert(text, None, None) == pair


@pytest.mark.parametrize("text", ["alpha", "=3", " =3", "alpha=", "alpha=[1"])
def test_text_without_a_name_or_a_value_is_no_pair(text):
    with pytest.raises(click.BadParameter):
        PairType().convert(text, None, None)


def test_texts_are_those_of_the_docstring():
    docstring = """Do something.

Parameters
----------
first : int
    The first one [1]_, in
    two lines, as in [2]_.
second, third : {"a", "b"}, default="a"
    Two at once.

    - With a list.

Attributes
----------
fourth_ : int
    None of the parameters.
"""
    texts = parameter_texts(docstring)
    assert texts == {"first": "The first one, in two lines."} | dict.fromkeys(
        ("second", "third"), "Two at once. - With a list."
    )
