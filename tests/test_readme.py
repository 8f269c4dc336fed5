"""The README's Python does what it shows."""

import doctest
import re
from pathlib import Path

import pytest

NUMBER = re.compile(r"-?\d+\.\d*")


class Roughly(doctest.OutputChecker):
    """Compares decimal numbers up to 20: another processor may round otherwise, and training takes it further."""

    def check_output(self, want, got, optionflags):
        numbers = [[float(number) for number in NUMBER.findall(text)] for text in (want, got)]
        same_text = NUMBER.sub("#", want).split() == NUMBER.sub("#", got).split()
        return same_text and numbers[1] == pytest.approx(numbers[0], abs=20)


@pytest.mark.slow
def test_readme():
    text = (Path(__file__).parents[1] / "README.md").read_text()
    test = doctest.DocTestParser().get_doctest(text, {}, "README.md", "README.md", 0)
    results = doctest.DocTestRunner(checker=Roughly(), optionflags=doctest.REPORT_NDIFF).run(test)
    assert results.attempted > 10
    assert results.failed == 0
