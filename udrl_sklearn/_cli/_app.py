"""The group with all its commands."""

from . import _demo, _tables, _train, _use  # noqa: F401  each adds its commands
from ._group import udrl

__all__ = ["udrl"]
