import io
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from udrl_sklearn._runs._text_values import read_value, read_yaml, write_yaml


def same(one, other):
    """Tell whether two values are equal and of one type; True == 1 and 1.0 == 1 are not."""
    return repr(one) == repr(other)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("-1E-3", -0.001),
        ("3e2", 300),
        ("1.0e+3", 1000),
        ("1.5e3", 1500),
        ("1.25e1", 12.5),
        ("1e0", 1.0),
        ("1e300", 1e300),
        ("300.0", 300.0),
        ("1_000", 1000),
        ("010", 10),
        ("0x10", 16),
        ("+3", 3),
        (".99", 0.99),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("inf", math.inf),
        ("-.inf", -math.inf),
        ("nan", math.nan),
        ("none", None),
        ("None", None),
        ("null", None),
        ("~", None),
        ("yes", True),
        ("True", True),
        ("off", False),
        ("8x8", "8x8"),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("1,000", "1,000"),
        ("1e", "1e"),
        ("#fff", "#fff"),
        ("a: b", "a: b"),
        ("*", "*"),
        ("<<", "<<"),
        ("'1e3'", "1e3"),
        ('"none"', "none"),
        ("[1e-3, none, relu]", [0.001, None, "relu"]),
        ("[1e2]", [100]),
        ("[(1, 2), (3, 4)]", [(1, 2), (3, 4)]),
        ("(64, 32)", (64, 32)),
        ("(32,)", (32,)),
        ("(relu, -inf, none, 1e2)", ("relu", -math.inf, None, 100)),
        ("{0:1,1:5}", {0: 1, 1: 5}),
        ("{0: 1, 1: 5e-1}", {0: 1, 1: 0.5}),
        ("{balanced: no}", {"balanced": False}),
    ],
)
def test_word_of_a_command_line_is_the_value_that_it_seems_to_be(text, value):
    assert same(read_value(f" {text} "), value)
    # These are something else in a document.
    if text not in ("#fff", "a: b", "*", "<<", "{0:1,1:5}", "[(1, 2), (3, 4)]"):
        assert same(read_yaml(f"a: {text}"), {"a": value})


@pytest.mark.parametrize("text", ["", " ", "[1", "(1 2)", "{1", "'a"])
def test_word_that_is_no_value_is_refused(text):
    with pytest.raises(ValueError, match=r"got an empty text|can't be read; expected a value such as 3, 1e-3"):
        read_value(text)


@pytest.mark.parametrize("text", ["a: (1 2)", "a: !!python/name:os.system", "a: !!python/tuple [1]"])
def test_document_names_no_objects_of_python(text):
    with pytest.raises(yaml.YAMLError):
        read_yaml(text)


words = st.sampled_from(["1e3", "010", "none", "(1)", "inf", "1:30", "on", "\u03b8", "", "[1", "!x", "0x1F", "1_0"])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words | st.text(max_size=5)
values = st.recursive(
    scalars, lambda parts: st.lists(parts, max_size=3) | st.dictionaries(scalars, parts, max_size=3), max_leaves=6
)


@given(values | st.tuples(scalars, scalars))
def test_written_value_is_read_again(value):
    file = io.StringIO()
    write_yaml({"a": value}, file)
    assert same(read_yaml(file.getvalue()), {"a": value})


def test_texts_are_quoted_for_readers_of_yaml_1_1_too():
    texts = ["1e3", "010", "1:30", "2020-01-01", "on", "none", "(1, 2)", "=", "3"]
    file = io.StringIO()
    write_yaml(texts, file)
    assert yaml.safe_load(file.getvalue()) == read_yaml(file.getvalue()) == texts
