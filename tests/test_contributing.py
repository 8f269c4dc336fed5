"""The example of a learning method in CONTRIBUTING.md works as it stands there."""

import doctest
from pathlib import Path

import pytest

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


@pytest.mark.slow
def test_example_of_a_learning_method_passes_its_checks():
    failed, attempted = doctest.testfile(str(CONTRIBUTING), module_relative=False)
    assert attempted > 5 and failed == 0
