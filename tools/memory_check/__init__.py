"""Counts the memory transactions of the kernels for GPUs in Oclgrind, and compares them with `cl_kernels/memory.toml`.

It runs in the environment that `run.py` makes, because the cases are computed with clgrad itself.
"""
