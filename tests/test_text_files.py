"""Text files have one encoding on all machines."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for folder in ("udrl_sklearn", "benchmarks", "examples") for path in (ROOT / folder).rglob("*.py"))


def calls_without_encoding(source):
    """Return the lines of calls that open, read or write a text file in the encoding of the machine."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
        values = [
            part.value for part in (*node.args, *(k.value for k in node.keywords)) if isinstance(part, ast.Constant)
        ]
        is_binary = any(value in ("rb", "wb", "ab", "xb") for value in values)
        has_encoding = any(keyword.arg == "encoding" for keyword in node.keywords)
        if name in ("open", "open_file", "read_text", "write_text") and not is_binary and not has_encoding:
            yield node.lineno


def test_calls_without_encoding_are_found():
    source = "open(p)\nopen(p, 'rb')\np.open('w')\np.read_text()\np.write_text(t, encoding='utf-8')\nclick.open_file(p)"
    assert list(calls_without_encoding(source)) == [1, 3, 4, 6]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_text_files_name_their_encoding(path):
    assert list(calls_without_encoding(path.read_text(encoding="utf-8"))) == []
