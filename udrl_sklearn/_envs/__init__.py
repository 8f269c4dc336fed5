"""Environments: sources, a pool, spaces, and names of features and actions."""
