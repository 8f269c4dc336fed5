"""Statistics over a few runs."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import bootstrap, trim_mean


def interquartile_mean(values: ArrayLike, axis: int = -1) -> np.ndarray | np.floating:
    """Return the mean of the middle half (R. Agarwal et al. 2021, arXiv 2108.13264)."""
    return trim_mean(values, 0.25, axis=axis)


def bootstrap_interval(values: Sequence[float] | np.ndarray) -> tuple[float, float]:
    """Return the 95% bootstrap interval of the interquartile mean; lowest and highest value of fewer than three."""
    if len(values) < 3 or np.ptp(values) == 0:
        return float(min(values)), float(max(values))
    result = bootstrap((values,), interquartile_mean, method="percentile", rng=np.random.default_rng(0))
    low, high = result.confidence_interval
    return float(low), float(high)
