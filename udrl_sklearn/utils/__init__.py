"""Utilities for developers of agents, estimators and learning methods."""
