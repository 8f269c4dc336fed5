"""The conditions of a measurement: commit, seeds, cores, threads and versions."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import udrl_sklearn

PACKAGE = Path(udrl_sklearn.__file__).parent
DEPENDENCIES = ("scikit-learn", "numpy", "gymnasium", "joblib")


def describe_conditions(*distributions, seeds=()):
    """Return the line that states under which conditions a result was measured.

    Parameters
    ----------
    *distributions : str
        Names of installed distributions whose versions matter too. Those that are not installed are left out.
    seeds : iterable of int, default=()
        The random seeds; empty if they stand in the result itself, or if there are none.

    Returns
    -------
    line : str
    """
    seeds = " ".join(map(str, seeds))
    parts = [
        f"commit {current_commit()}",
        *([f"seeds {seeds}"] if seeds else []),
        f"{os.cpu_count()} cores",
        f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}",
        _processor(),
        f"Python {platform.python_version()}",
        f"udrl_sklearn {udrl_sklearn.__version__}",
        *(f"{name} {number}" for name, number in _versions((*DEPENDENCIES, *distributions))),
    ]
    return ", ".join(parts)


def current_commit():
    """Return the commit of the measured package, with a "+" if the package was changed since; "unknown" without git."""
    try:
        commit = subprocess.check_output(
            ["git", "rev-parse", "--short", "HEAD"], cwd=PACKAGE, text=True, stderr=subprocess.DEVNULL
        ).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    is_changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "."], cwd=PACKAGE).returncode != 0
    return commit + "+" * is_changed


def _versions(distributions):
    for name in distributions:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _processor():
    """Return the name of the processor where the system provides it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor() or platform.machine()
