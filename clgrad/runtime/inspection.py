"""Reads from a driver the kind and the capabilities of a device, and the requirements that it does not meet."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from clgrad.capabilities import Capabilities, KernelShape
from clgrad.errors import ArgumentError
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.pocl_cache import keeps_programs

if TYPE_CHECKING:
    import pyopencl

Kind = Literal["discrete", "integrated", "accelerator", "cpu"]

# Lanes of the vectors in CPU shape.
VECTOR_WIDTHS = (4, 8, 16)

# In order of preference.
KINDS: tuple[Kind, ...] = ("discrete", "integrated", "accelerator", "cpu")


def read_capabilities(cl: pyopencl.Device, kernel_shape: KernelShape) -> Capabilities:
    """The capabilities of a device, for kernels of this shape."""
    return Capabilities(
        kernel_shape=kernel_shape,
        fp64="cl_khr_fp64" in cl.extensions.split(),
        fma=bool(cl.single_fp_config & load_opencl().device_fp_config.FMA),
        vector_width=choose_vector_width(cl.native_vector_width_float) if kernel_shape == "cpu" else 1,
        compute_units=cl.max_compute_units,
        local_memory=cl.local_mem_size,
        max_group_size=cl.max_work_group_size,
        max_parameter_bytes=cl.max_parameter_size,
        global_memory=cl.global_mem_size,
        max_allocation=cl.max_mem_alloc_size,
        unified_memory=bool(cl.host_unified_memory),
        keeps_programs=keeps_programs(cl.platform.name),
    )


def choose_vector_width(native: int) -> int:
    """The lanes that CLGRAD_VECTOR_WIDTH asks for, else the most of 4, 8 and 16 that fit a vector register."""
    given = os.environ.get("CLGRAD_VECTOR_WIDTH")
    if not given:
        return next(width for width in reversed(VECTOR_WIDTHS) if width <= max(native, VECTOR_WIDTHS[0]))
    if given in map(str, VECTOR_WIDTHS):
        return int(given)
    raise ArgumentError(f"CLGRAD_VECTOR_WIDTH={given!r} is not a width of vectors; use 4, 8 or 16, or unset it")


def device_kind(cl: pyopencl.Device) -> Kind:
    """The kind of a device. A device that reports several types counts as a CPU if that is one of them."""
    types = load_opencl().device_type
    if cl.type & types.CPU:
        return "cpu"
    if cl.type & types.GPU:
        return "integrated" if cl.host_unified_memory else "discrete"
    return "accelerator"


def choose_kernel_shape(kind: Kind) -> KernelShape:
    """The kernel shape that CLGRAD_KERNEL_SHAPE asks for, else the shape that suits the kind of device."""
    given = os.environ.get("CLGRAD_KERNEL_SHAPE")
    if not given:
        return "cpu" if kind == "cpu" else "gpu"
    if given == "cpu":
        return "cpu"
    if given == "gpu":
        return "gpu"
    raise ArgumentError(f"CLGRAD_KERNEL_SHAPE={given!r} is not a kernel shape; use cpu or gpu, or unset it")


def unmet_requirement(cl: pyopencl.Device) -> str | None:
    """The requirement that a device does not meet, as a reason to reject it without a probe; None if it meets all."""
    if not cl.available:
        return "the driver says that it is not available"
    if not cl.compiler_available:
        return "its driver has no compiler"
    if not cl.endian_little:
        return "it is big-endian"
    version = cl.opencl_c_version.removeprefix("OpenCL C ").split()[0]
    if tuple(map(int, version.split("."))) < (1, 2):
        return f"it knows OpenCL C {version}; clgrad needs 1.2"
    return None
