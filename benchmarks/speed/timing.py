"""Timing of single calls and of raw environment steps."""

import time

import gymnasium
import numpy as np


def median_seconds(function, arguments):
    """Return the median time of one call over many arguments."""
    seconds = []
    for argument in arguments:
        began = time.perf_counter()
        function(argument)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def seconds_of_raw_steps(env_id, n_steps):
    """Return the time of random steps in one environment, resets included."""
    env = gymnasium.make(env_id, disable_env_checker=True)
    env.reset(seed=0)
    env.action_space.seed(0)
    began = time.perf_counter()
    for _ in range(n_steps):
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            env.reset()
    seconds = time.perf_counter() - began
    env.close()
    return seconds
