"""The facts about a device on which plans and kernels depend. `runtime/inspection.py` reads them from a driver."""

from __future__ import annotations

from typing import Literal, NamedTuple

KernelShape = Literal["cpu", "gpu"]


class Capabilities(NamedTuple):
    """The facts about a device on which kernels and plans depend; they never depend on names of vendors."""

    kernel_shape: KernelShape
    fp64: bool
    fma: bool
    """whether a fused multiply-add is one instruction"""
    vector_width: int
    """lanes in a vector of the kernels: the native width of floats in CPU shape, 1 in GPU shape"""
    compute_units: int
    local_memory: int
    max_group_size: int
    max_parameter_bytes: int
    """the most bytes that all arguments of a kernel may take together"""
    global_memory: int
    max_allocation: int
    unified_memory: bool
    keeps_programs: bool
    """whether the driver has a disk cache of its own, and compiles a program again when its binary is read"""
