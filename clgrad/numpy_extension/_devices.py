"""Devices by type and number, and waiting for them."""

from __future__ import annotations

from clgrad.array import device as place
from clgrad.array.device import Device, devices, named
from clgrad.graph.execute import wait_all


def cpu(device_id: int = 0) -> Device:
    """The CPU device with this number.

    >>> from clgrad import npx
    >>> npx.cpu(), npx.cpu() == npx.cpu(0)
    (cpu(0), True)
    """
    return Device("cpu", device_id)


def gpu(device_id: int = 0) -> Device:
    """The GPU (or accelerator) with this number. It is looked up only when an array is placed there.

    >>> from clgrad import npx
    >>> npx.gpu(1)
    gpu(1)
    """
    return Device("gpu", device_id)


def cpu_pinned(device_id: int = 0) -> Device:
    """The CPU device: memory needs no pinning here.

    >>> from clgrad import npx
    >>> npx.cpu_pinned()
    cpu(0)
    """
    return cpu(device_id)


def num_gpus() -> int:
    """The number of GPUs (and accelerators) that work.

    >>> from clgrad import npx
    >>> npx.num_gpus() >= 0
    True
    """
    return sum(one.device_type == "gpu" for one in devices())


def current_device() -> Device:
    """The device of new arrays: the device of the innermost `with` block, or the default device.

    >>> from clgrad import np, npx
    >>> np.zeros(1).device == npx.current_device()
    True
    """
    return named(place.current_device())


# Its older name.
current_context = current_device


def gpu_memory_info(device_id: int = 0) -> tuple[int, int]:
    """(free, total) bytes of a GPU, as far as this process uses it.

    >>> from clgrad import npx
    >>> [npx.gpu_memory_info(gpu)[1] > 0 for gpu in range(npx.num_gpus())]
    [...]
    """
    memory = place.located(gpu(device_id)).memory
    return memory.limit - memory.held_bytes, memory.limit


def waitall() -> None:
    """Wait until all arrays made so far are computed.

    >>> from clgrad import npx
    >>> npx.waitall()
    """
    wait_all()
