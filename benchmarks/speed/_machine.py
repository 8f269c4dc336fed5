"""What a table was measured on, and how."""

import os
import platform
import time

import gymnasium
import joblib
import numpy as np
import sklearn

import udrl_sklearn


def describe(*others):
    """Return a line with the machine and the versions of what was measured."""
    packages = (udrl_sklearn, sklearn, np, gymnasium, joblib, *others)
    versions = ", ".join(f"{package.__name__} {package.__version__}" for package in packages)
    return f"{versions}, Python {platform.python_version()}, {_processor()}, {os.cpu_count()} cores"


def _processor():
    """Return the processor's name where the system tells it."""
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()


def median_seconds(function, arguments):
    """Return the median time of one call over many arguments."""
    seconds = []
    for argument in arguments:
        began = time.perf_counter()
        function(argument)
        seconds.append(time.perf_counter() - began)
    return float(np.median(seconds))


def seconds_of_raw_steps(env_id, n_steps):
    """Return the time of random steps, one after the other in one environment, resets included."""
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
