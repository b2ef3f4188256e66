"""Work-groups that are too large for a kernel: if a kernel needs many registers, it only runs in smaller ones."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from clgrad.errors import DeviceError
from clgrad.launch import Launch
from clgrad.runtime.compiler import CompiledKernel
from clgrad.runtime.device import Device


class Unfit(NamedTuple):
    """A launch with work-groups of more than `limit` work-items, the most in which its kernel runs."""

    launch: Launch
    limit: int


def too_large(kernels: Sequence[CompiledKernel], launches: Sequence[Launch]) -> list[Unfit]:
    """The launches with work-groups in which their kernels do not run."""
    grouped = [pair for pair in zip(kernels, launches) if prod(pair[1].local_size) > 1]
    limits = [Unfit(launch, kernel.max_group_size()) for kernel, launch in grouped]
    return [one for one in limits if one.limit < prod(one.launch.local_size)]


def smaller_group(unfit: Sequence[Unfit], most: int, device: Device) -> int:
    """A work-group size, a power of two below `most`, in which all these kernels run.

    Raises DeviceError if no smaller work-group can help.
    """
    launch, limit = min(unfit, key=lambda one: one.limit)
    smaller = 1 << limit.bit_length() >> 1
    if not 0 < smaller < most:
        raise DeviceError(
            f"kernel {launch.source.kernel_name} needs work-groups of {prod(launch.local_size)} work-items, but "
            f"{device} ({device.name}) runs it in work-groups of {limit}. Usual cause: too few registers or too little "
            "local memory. Set CLGRAD_KERNEL_SHAPE=cpu, because those kernels need no work-groups, or use another "
            "device"
        )
    return smaller
