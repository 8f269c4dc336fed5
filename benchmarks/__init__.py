"""Benchmarks of learning and of speed; run a script with ``python -m benchmarks.<folder>.<script>``."""
