"""Compares clgrad with the device's limits and with other frameworks: `python -m benchmarks --help`."""
