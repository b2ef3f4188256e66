"""The classes of devices for which kernels are compiled: the facts that their drivers report, and their compilers."""

from __future__ import annotations

from typing import NamedTuple

from clgrad.capabilities import Capabilities

KIB, GIB = 1 << 10, 1 << 30


class DeviceClass(NamedTuple):
    """Devices with the same capabilities; `targets` are the processors for which their kernels are compiled."""

    name: str
    capabilities: Capabilities
    targets: tuple[str, ...]


def gpu(
    compute_units: int,
    local_memory: int,
    max_group_size: int,
    fp64: bool = False,
    fma: bool = True,
    max_parameter_bytes: int = 1024,
    global_memory: int = 8 * GIB,
    unified_memory: bool = False,
) -> Capabilities:
    """A GPU with these facts."""
    return Capabilities(
        kernel_shape="gpu", fp64=fp64, fma=fma, vector_width=1, compute_units=compute_units, local_memory=local_memory,
        max_group_size=max_group_size, max_parameter_bytes=max_parameter_bytes, global_memory=global_memory,
        max_allocation=global_memory // 4, unified_memory=unified_memory, keeps_programs=False,
    )  # fmt: skip


# A driver gives the rounded facts of a typical card of its class; kernels depend on no more.
DEVICES = (
    DeviceClass("NVIDIA", gpu(108, 48 * KIB, 1024, fp64=True, max_parameter_bytes=4352), ("sm_75", "sm_80", "sm_90")),
    DeviceClass("AMD gfx9", gpu(64, 64 * KIB, 256, fp64=True), ("gfx900",)),
    DeviceClass("AMD gfx10", gpu(40, 64 * KIB, 256, fp64=True), ("gfx1030",)),
    DeviceClass("AMD gfx11", gpu(48, 64 * KIB, 256, fp64=True), ("gfx1100",)),
    DeviceClass("Intel Arc", gpu(512, 64 * KIB, 1024, max_parameter_bytes=2048), ("dg2",)),
    DeviceClass("Intel integrated", gpu(96, 64 * KIB, 512, unified_memory=True), ("tgllp",)),
    DeviceClass("Apple", gpu(8, 32 * KIB, 256, unified_memory=True), ("spirv",)),
    DeviceClass("Mali, Adreno", gpu(4, 32 * KIB, 512, unified_memory=True), ("spirv",)),
    DeviceClass("llvmpipe", gpu(8, 32 * KIB, 1024, fma=False, unified_memory=True), ("spirv",)),
)
