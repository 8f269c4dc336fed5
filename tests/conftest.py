"""Settings of all tests."""

import warnings

import numpy as np
import pytest
from hypothesis import settings

# Box2D warns while it is imported, and crashes the process if that warning is an error.
with warnings.catch_warnings(action="ignore"):
    import Box2D  # noqa: F401

# The same examples in every run, and no time limit for one: the machines that run these tests are shared.
settings.register_profile("house", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("house")


@pytest.fixture
def rng():
    return np.random.default_rng(0)
