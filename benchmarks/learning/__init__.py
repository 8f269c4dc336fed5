"""Benchmarks of learning: mean returns, and how closely agents follow commands."""
