"""Rollouts: environments are stepped here, and actions are selected here."""
