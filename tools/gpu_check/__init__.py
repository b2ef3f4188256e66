"""Compiles the kernels of devices that are described and not there with the vendors' compilers, and counts registers.

It runs in the environment that `run.py` makes, because it plans with clgrad itself.
"""
