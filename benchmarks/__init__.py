"""Measures clgrad beside the device's limits and other frameworks: `python -m benchmarks --help`."""
