"""The group with all its commands."""

# Importing a command's file adds the command to the group.
from . import _compare, _demo, _evaluate, _explain, _export, _play, _plot, _train  # noqa: F401
from ._group import udrl

__all__ = ["udrl"]
