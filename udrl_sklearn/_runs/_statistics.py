"""Statistics over a few runs."""

import numpy as np
from scipy.stats import bootstrap, trim_mean


def interquartile_mean(values, axis=-1):
    """Return the mean of the middle half (R. Agarwal et al. 2021, arXiv 2108.13264)."""
    return trim_mean(values, 0.25, axis=axis)


def bootstrap_interval(values):
    """Return the 95% bootstrap interval of the interquartile mean; lowest and highest value of fewer than three."""
    if len(values) < 3 or np.ptp(values) == 0:
        return float(min(values)), float(max(values))
    found = bootstrap((values,), interquartile_mean, method="percentile", rng=np.random.default_rng(0))
    low, high = found.confidence_interval
    return float(low), float(high)
