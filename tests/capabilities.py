"""What two described devices can do, a CPU and a GPU that need not be there: plans and kernels branch on no more."""

from __future__ import annotations

from clgrad.capabilities import Capabilities

CPU = Capabilities(
    kernel_shape="cpu", fp64=True, fma=True, vector_width=16, compute_units=2, local_memory=1 << 20,
    max_group_size=4096, max_parameter_bytes=1024, global_memory=1 << 34, max_allocation=1 << 32,
    unified_memory=True, keeps_programs=True,
)  # fmt: skip
GPU = CPU._replace(
    kernel_shape="gpu", vector_width=1, compute_units=32, local_memory=48 << 10, max_group_size=1024,
    unified_memory=False,
)  # fmt: skip
