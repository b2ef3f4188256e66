"""Work-groups that are too large for a kernel: if a kernel needs many registers, it only runs in smaller ones."""

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
    """A work-group size, a power of two below `most`, in which all these kernels run; None if all run as they are.

    Raises DeviceError if no smaller work-group can help.
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
            f"kernel {launch.source.kernel_name} needs work-groups of {prod(launch.local_size)} work-items, but "
            f"{device} ({device.name}) runs it in work-groups of {limit}. Usual cause: too few registers or too little "
            "local memory. Set CLGRAD_KERNEL_SHAPE=cpu, because those kernels need no work-groups, or use another "
            "device"
        )
    return smaller
