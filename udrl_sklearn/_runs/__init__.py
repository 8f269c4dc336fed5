"""Runs: the folder of one training, estimators by name, and statistics over several runs."""
