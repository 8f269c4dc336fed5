"""Comparisons that several tests need."""

import numpy as np


def assert_same_episodes(some, others):
    """Check that two sequences of episodes hold the same, down to the types of their arrays."""
    for one, other in zip(some, others, strict=True):
        for field in ("observations", "actions", "rewards"):
            np.testing.assert_array_equal(getattr(one, field), getattr(other, field), strict=True)
        assert (one.terminated, one.truncated) == (other.terminated, other.truncated)
