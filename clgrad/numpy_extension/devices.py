"""Devices by name and number, and waiting for them."""

from __future__ import annotations

from clgrad.graph.execute import wait_all
from clgrad.runtime import device as runtime
from clgrad.runtime.device import default_device, devices, find_device


def cpu(device_id: int = 0) -> runtime.Device:
    """The CPU device with this number.

    >>> cpu() is cpu(0)
    True
    """
    return find_device(f"cpu:{device_id}")


def gpu(device_id: int = 0) -> runtime.Device:
    """The GPU, or accelerator, with this number; where it is missing the error lists what is there."""
    return find_device(f"gpu:{device_id}")


def cpu_pinned(device_id: int = 0) -> runtime.Device:
    """The CPU device: memory needs no pinning here."""
    return cpu(device_id)


def Device(device_type: str, device_id: int = 0) -> runtime.Device:  # noqa: N802 - the interface's name
    """The device of a type, 'cpu' or 'gpu', with a number.

    >>> Device('cpu') is cpu()
    True
    """
    return find_device(f"{device_type}:{device_id}")


def num_gpus() -> int:
    """How many GPU (and accelerator) devices work.

    >>> num_gpus() >= 0
    True
    """
    return sum(one.device_type == "gpu" for one in devices())


def current_device() -> runtime.Device:
    """The device of arrays that are made without naming one.

    >>> from clgrad import np
    >>> np.zeros(1).device is current_device()
    True
    """
    return default_device()


# Its older name.
current_context = current_device


def gpu_memory_info(device_id: int = 0) -> tuple[int, int]:
    """(free, total) bytes of a GPU, as far as this process uses it."""
    memory = gpu(device_id).memory
    return memory.limit - memory.held_bytes, memory.limit


def waitall() -> None:
    """Return once everything that was asked for so far is computed.

    >>> waitall()
    """
    wait_all()
