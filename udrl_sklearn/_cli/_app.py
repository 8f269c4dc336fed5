"""The group with all its commands."""

from . import _compare, _demo, _evaluate, _explain, _export, _play, _plot, _train  # noqa: F401  each adds its commands
from ._group import udrl

__all__ = ["udrl"]
