"""Benchmarks of skdistill: run one with ``python -m benchmarks.<name>``."""
