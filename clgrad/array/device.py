"""Devices as users name them, by type and number, and the choice of a device for new arrays.

A name is looked up when the first array is placed there, so a program may say `npx.gpu()` on any machine.
"""

from __future__ import annotations

from contextvars import ContextVar
from functools import cache
from typing import Any

from clgrad.capabilities import Capabilities
from clgrad.errors import ArgumentError
from clgrad.runtime import device as runtime

# MXNet's device types. Its pinned and shared memory are plain CPU memory here.
_TYPES = {"cpu": "cpu", "cpu_pinned": "cpu", "cpu_shared": "cpu", "gpu": "gpu"}

# The devices of the open `with` blocks, innermost last. Each thread has its own tuple.
_entered: ContextVar[tuple[runtime.Device, ...]] = ContextVar("devices of with blocks", default=())


class Device:
    """A device by type, 'cpu' or 'gpu' (accelerators count as 'gpu'), and number.

    In a `with` block it is the device of new arrays.

    >>> from clgrad import np, npx
    >>> npx.gpu(1), npx.Device('cpu') == npx.cpu(0)
    (gpu(1), True)
    >>> with np.zeros(1).device as here:
    ...     here == npx.current_device() == np.ones(1).device
    True
    """

    __slots__ = ("_runtime", "device_id", "device_type")

    def __init__(self, device_type: str | Device, device_id: int = 0) -> None:
        wanted = device_type.device_type if isinstance(device_type, Device) else device_type
        if wanted not in _TYPES:
            raise ArgumentError(f"Device: the type must be 'cpu' or 'gpu', got {wanted!r}")
        self.device_type: str = _TYPES[wanted]
        self.device_id: int = device_type.device_id if isinstance(device_type, Device) else int(device_id)
        self._runtime: runtime.Device | None = None

    def _found(self) -> runtime.Device:
        """The device itself, with its queue and memory. If it is missing, the error lists the devices there are."""
        if self._runtime is None:
            self._runtime = runtime.find_device(str(self))
        return self._runtime

    @property
    def name(self) -> str:
        """The name that the driver gives the device."""
        return self._found().name

    @property
    def capabilities(self) -> Capabilities:
        """Supported dtypes, memory sizes, number of compute units and so on."""
        return self._found().capabilities

    def empty_cache(self) -> None:
        """Give unused memory, which is kept for new arrays, back to the driver."""
        self._found().memory.release()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Device):
            return NotImplemented
        return (self.device_type, self.device_id) == (other.device_type, other.device_id)

    def __hash__(self) -> int:
        return hash((self.device_type, self.device_id))

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    def __reduce__(self) -> Any:
        return Device, (self.device_type, self.device_id)

    def __enter__(self) -> Device:
        _entered.set((*_entered.get(), self._found()))
        return self

    def __exit__(self, *problem: object) -> None:
        _entered.set(_entered.get()[:-1])


# The type of `device` arguments; None is the current device.
Place = Device | runtime.Device | str | None


@cache
def named(device: runtime.Device) -> Device:
    """The name of a device; the same object at every call."""
    name = Device(device.device_type, device.index)
    name._runtime = device
    return name


def located(place: Place) -> runtime.Device:
    """The device that a name stands for; the current device for None."""
    if place is None:
        return current_device()
    return place._found() if isinstance(place, Device) else runtime.find_device(place)


def current_device() -> runtime.Device:
    """The device of new arrays: the device of the innermost `with` block, or the default device."""
    entered = _entered.get()
    return entered[-1] if entered else runtime.default_device()


def default_device() -> Device:
    """The device of new arrays outside of `with` blocks.

    >>> default_device() in devices()
    True
    """
    return named(runtime.default_device())


def devices() -> list[Device]:
    """Every device that works, best first."""
    return [named(one) for one in runtime.devices()]


def find_device(place: Place = None) -> Device:
    """The device named by `cpu`, `gpu`, `gpu:1`, or by words of its or its driver's name; None: the current device.

    >>> find_device(default_device().name).device_type == default_device().device_type
    True
    """
    return named(located(place))


def set_default_device(place: Place) -> None:
    """Choose the device of new arrays; None returns to the automatic choice."""
    runtime.set_default_device(None if place is None else located(place))
