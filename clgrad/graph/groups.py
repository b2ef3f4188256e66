"""Work-groups that are too large for a kernel: one that needs many registers runs in smaller ones than its device."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from clgrad.errors import DeviceError
from clgrad.launch import Launch
from clgrad.runtime.compiler import CompiledKernel
from clgrad.runtime.device import Device


def smaller_groups(
    kernels: Sequence[CompiledKernel], launches: Sequence[Launch], most: int, device: Device
) -> int | None:
    """The work-items, a power of two below `most`, of groups in which these kernels run; None if all run as they are.

    Raises DeviceError where no smaller groups can help.
    """
    grouped = [pair for pair in zip(kernels, launches) if prod(pair[1].local_size) > 1]
    limits = [(kernel.max_group_size(), launch) for kernel, launch in grouped]
    tight = [(limit, launch) for limit, launch in limits if limit < prod(launch.local_size)]
    if not tight:
        return None
    limit, launch = min(tight, key=lambda pair: pair[0])
    smaller = 1 << limit.bit_length() >> 1
    if not 0 < smaller < most:
        raise DeviceError(
            f"kernel {launch.source.kernel_name} needs groups of {prod(launch.local_size)} work-items, and {device} "
            f"({device.name}) runs it in groups of {limit}. Usual cause: too few registers or too little local memory. "
            "Set CLGRAD_KERNEL_SHAPE=cpu, whose kernels need no groups, or use another device"
        )
    return smaller
