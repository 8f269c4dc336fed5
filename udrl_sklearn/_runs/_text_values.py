"""Values as people type them, on the command line and in configuration files.

The notation is YAML. PyYAML reads YAML 1.1, where `1e-3` is a text, `010` is 8 and `1:30` is 90. Here numbers are those
of Python, None may be called none, and `(64, 64)` is a tuple.
"""

import ast
import re
from contextlib import suppress
from typing import IO, Any

import yaml

_INT, _FLOAT, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("int", "float", "null"))
_MERGE, _TUPLE = "tag:yaml.org,2002:merge", "!tuple"
_SIGN_OR_DIGIT = list("-+0123456789")

# (tag, pattern, first characters) of texts without quotes. The first pattern that matches decides.
_NOTATIONS = [
    (_INT, r"[-+]?(?:0x[0-9a-f][0-9a-f_]*|0o[0-7][0-7_]*|0b[01][01_]*|[0-9][0-9_]*)", _SIGN_OR_DIGIT),
    (_FLOAT, r"[-+]?(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:e[-+]?[0-9]+)?", [*_SIGN_OR_DIGIT, "."]),
    (_FLOAT, r"[-+]?\.?(?:inf|nan)", list("-+.iInN")),
    (_NULL, r"~|null|none|", ["~", "n", "N", ""]),
    (_TUPLE, r"\(.*\)", ["("]),
]


class _Loader(yaml.SafeLoader):
    """Reads numbers, None and tuples in our notation, and booleans and merged keys in that of YAML 1.1."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":bool", ":merge"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


class _Dumper(yaml.SafeDumper):
    """Quotes the texts that are something else in YAML 1.1 or in our notation."""


def _number(digits: str) -> int | float:
    """Return the number of a text. A whole number with a positive exponent, such as 3e2, is an int."""
    digits = digits.replace("_", "").lower()
    if re.fullmatch(r"[-+]?[0-9]+", digits):
        return int(digits)
    if re.match(r"[-+]?0[xob]", digits):
        return int(digits, base=0)
    value = float(re.sub(r"\.(?=inf|nan)", "", digits))
    is_whole = re.search(r"e\+?0*[1-9]", digits) and value.is_integer() and abs(value) <= 2**53
    return int(value) if is_whole else value


class _ReadWords(ast.NodeTransformer):
    """Replaces names and floats in a literal of Python by the values that they have in our notation."""

    def __init__(self, text: str) -> None:
        self.text = text

    def visit_Name(self, node: ast.Name) -> ast.Constant:
        return ast.Constant(_read_word(node.id))

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if not isinstance(node.value, float):
            return node
        return ast.Constant(_number(ast.get_source_segment(self.text, node) or ""))


def _python_literal(text: str) -> Any:
    """Return what a text is in Python, with words in our notation. Raises a ValueError if it is no literal."""
    try:
        return ast.literal_eval(_ReadWords(text).visit(ast.parse(text, mode="eval")))
    except (SyntaxError, TypeError) as error:
        raise ValueError(str(error)) from error


def _construct_number(loader: Any, node: Any) -> int | float:
    return _number(loader.construct_scalar(node))


def _construct_tuple(loader: Any, node: Any) -> object:
    """Return a tuple, or what else Python makes of parentheses."""
    try:
        return _python_literal(node.value)
    except ValueError as error:
        problem = f"{node.value} is no tuple; put it in quotes if it is a text"
        raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark) from error


for _tag, _pattern, _first in _NOTATIONS:
    for _kind in (_Loader, _Dumper):
        _kind.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$", re.IGNORECASE), _first)
_Loader.add_constructor(_INT, _construct_number)
_Loader.add_constructor(_FLOAT, _construct_number)
_Loader.add_constructor(_TUPLE, _construct_tuple)
_Dumper.add_representer(tuple, lambda dumper, value: dumper.represent_scalar(_TUPLE, repr(value)))


def read_yaml(text: str | bytes | IO[bytes]) -> Any:
    """Return the content of a YAML document.

    Raises
    ------
    yaml.YAMLError
        If it is no YAML.
    """
    return yaml.load(text, _Loader)  # a subclass of the safe loader


def write_yaml(value: Any, file: IO[str]) -> None:
    """Write a YAML document from which `read_yaml` returns an equal value."""
    yaml.dump(value, file, _Dumper, sort_keys=False, allow_unicode=True)


def read_value(text: str) -> Any:
    """Return the value that one word of a command line denotes.

    Parameters
    ----------
    text : str
        A number, a boolean, none, a name, or a list, a dict or a tuple in the notation of Python or YAML. A text in
        quotes is always a text.

    Returns
    -------
    value : object

    Raises
    ------
    ValueError
        If it is empty, or has brackets or quotes and can't be read.

    Examples
    --------
    >>> [read_value(text) for text in ("1e-3", "5e4", "1_000", ".5", "yes", "none", "8x8", "'8'")]
    [0.001, 50000, 1000, 0.5, True, None, '8x8', '8']
    >>> [read_value(text) for text in ("[relu, 1e-3]", "(64, 64)", "{0:1, 1:5}")]
    [['relu', 0.001], (64, 64), {0: 1, 1: 5}]
    """
    text = text.strip()
    if not text:
        raise ValueError("Expected a value, got an empty text.")
    if text[0] not in "[{(\"'":
        return _read_word(text)
    if text[0] in "[{(":
        with suppress(ValueError):
            return _python_literal(text)  # first, because {0:1} without a space is something else in YAML
    try:
        return read_yaml(text)
    except yaml.YAMLError as error:
        raise ValueError(
            f"{text!r} can't be read; expected a value such as 3, 1e-3, true, none, [64, 64] or {{a: 1}}. A text that "
            "begins with a bracket needs quotes."
        ) from error


def _read_word(text: str) -> Any:
    """Return the value of a text without brackets. It is no document, where # begins a comment and : a dict."""
    loader = _Loader("")
    tag = loader.resolve(yaml.ScalarNode, text, (True, False))
    return text if tag == _MERGE else loader.construct_object(yaml.ScalarNode(tag, text))
