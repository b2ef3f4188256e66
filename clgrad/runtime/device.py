"""Devices: which exist, which of them work, and which one is chosen."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from clgrad.capabilities import Capabilities
from clgrad.errors import DeviceError, DeviceNotFoundError
from clgrad.runtime.compiler import Compiler
from clgrad.runtime.device_names import driver_names, matches
from clgrad.runtime.disk_cache import default_cache
from clgrad.runtime.drivers import driver_problem, driver_problems, find_drivers, install_commands, load_opencl
from clgrad.runtime.inspection import (
    KINDS,
    Kind,
    choose_kernel_shape,
    device_kind,
    read_capabilities,
    unmet_requirement,
)
from clgrad.runtime.memory import MemoryPool
from clgrad.runtime.platforms import find_platforms
from clgrad.runtime.probe import find_new_problem
from clgrad.runtime.process import after_fork, check_process
from clgrad.runtime.queue import Queue

if TYPE_CHECKING:
    import pyopencl

__all__ = [
    "Device",
    "RejectedDevice",
    "default_device",
    "devices",
    "find_device",
    "rejected_devices",
    "set_default_device",
]

DeviceType = Literal["cpu", "gpu"]


class Device:
    """One OpenCL device with its compiler, memory and queue. There is one object per device that works."""

    def __init__(self, cl: pyopencl.Device, kind: Kind, index: int):
        self.cl = cl
        self.name = " ".join(cl.name.split())
        self.platform_name = cl.platform.name.strip()
        self.driver_version = cl.driver_version
        self.kind = kind
        self.device_type: DeviceType = device_type(kind)
        self.index = index
        self.names = " ".join((self.name, driver_names(cl.platform), self.device_type, kind))
        self.capabilities: Capabilities = read_capabilities(cl, choose_kernel_shape(kind))
        self.lock = RLock()
        self.context: pyopencl.Context = load_opencl().Context([cl])
        self.cache = default_cache()
        self.compiler = Compiler(self.context, cl, self.capabilities, self.cache)
        self.memory = MemoryPool(self.context, str(self), self.capabilities)
        self.queue = Queue(self.context, str(self), self.memory, self.lock)
        # Kept here by the graph, which looks for it at every read.
        self.graph_state: Any = None

    def __str__(self) -> str:
        return f"{self.device_type}({self.index})"

    def __repr__(self) -> str:
        return f"<{self}: {self.name}, {self.platform_name}>"


class RejectedDevice(NamedTuple):
    """A device that a driver lists and that cannot be used, with the reason."""

    name: str
    platform_name: str
    driver_version: str
    kind: Kind
    reason: str


def device_type(kind: Kind) -> DeviceType:
    """`cpu` or `gpu`. Accelerators count as `gpu`, because a user who asks for a GPU wants anything but the CPU."""
    return "cpu" if kind == "cpu" else "gpu"


class _Candidate:
    """A device that a driver lists, before and after its probe."""

    def __init__(self, cl: pyopencl.Device):
        self.cl = cl
        self.kind = device_kind(cl)
        self.device: Device | None = None
        self.rejected: RejectedDevice | None = None

    def rank(self) -> tuple[int, list[int], str]:
        """The key for sorting by preference: the kind, then the newer driver, then the name, for a stable order."""
        numbers = re.findall(r"\d+", self.cl.platform.version)
        return KINDS.index(self.kind), [-int(number) for number in numbers], self.cl.platform.name

    def probe(self, index: int) -> None:
        """Find out whether the device works. If it does, it gets the number `index` among devices of its type."""
        reason = unmet_requirement(self.cl)
        if reason is None:
            try:
                device = Device(self.cl, self.kind, index)
                reason = find_new_problem(device)
            except (DeviceError, load_opencl().Error) as problem:
                reason = str(problem).strip()
        if reason is None:
            self.device = device
        else:
            cl = self.cl
            self.rejected = RejectedDevice(
                " ".join(cl.name.split()), cl.platform.name.strip(), cl.driver_version, self.kind, reason
            )


class _Registry:
    """All devices of the process; each is probed once, when it is first considered."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.default: Device | None = None
        self._candidates: list[_Candidate] | None = None

    def usable(self, wanted: str | None = None) -> Iterator[Device]:
        """The devices that work, of one type if `wanted`, best first. A device is probed when the caller reaches it."""
        found = {"cpu": 0, "gpu": 0}
        for candidate in self._all():
            kind = device_type(candidate.kind)
            if wanted not in (None, kind):
                continue
            with self.lock:
                if candidate.device is None and candidate.rejected is None:
                    candidate.probe(found[kind])
            if candidate.device is not None:
                found[kind] += 1
                yield candidate.device

    def rejected(self) -> list[RejectedDevice]:
        return [candidate.rejected for candidate in self._all() if candidate.rejected]

    def _all(self) -> list[_Candidate]:
        check_process()
        with self.lock:
            if self._candidates is None:
                listed = [_Candidate(cl) for platform in find_platforms() for cl in platform.devices]
                self._candidates = sorted(listed, key=_Candidate.rank)
            return self._candidates

    def after_fork(self) -> None:
        """Make new locks: a thread that does not exist in the child may hold the old ones."""
        self.lock = RLock()
        for candidate in self._candidates or ():
            if candidate.device is not None:
                candidate.device.lock = RLock()


_registry = _Registry()
after_fork(_registry.after_fork)


def devices() -> list[Device]:
    """Every device that works, best first.

    >>> default_device() in devices()
    True
    """
    return list(_registry.usable())


def rejected_devices() -> list[RejectedDevice]:
    """Every device that a driver lists and that does not work, with the reason."""
    devices()
    return _registry.rejected()


def default_device() -> Device:
    """The device of `set_default_device`, else of the variable CLGRAD_DEVICE, else the best that works."""
    if _registry.default is None:
        with _registry.lock:
            given = os.environ.get("CLGRAD_DEVICE") or None
            _registry.default = _find(given, f"CLGRAD_DEVICE={given!r}")
    return _registry.default


def set_default_device(spec: Device | str | None) -> None:
    """Choose the device of new arrays; None goes back to the automatic choice."""
    _registry.default = None if spec is None else find_device(spec)


def find_device(spec: Device | str | None = None) -> Device:
    """The device of `cpu`, `gpu`, `gpu:1`, or of words from its name and its driver's, as in `pocl` or `intel gpu`.

    None is the default device.

    >>> find_device(str(default_device())) is default_device()
    True
    """
    if isinstance(spec, Device):
        return spec
    return default_device() if spec is None else _find(spec, repr(spec))


def _find(spec: str | None, said: str) -> Device:
    found = next(_matching(spec), None)
    if found is None:
        raise _not_found(said)
    return found


_TYPE_AND_INDEX = re.compile(r"(cpu|gpu)(?:[:(](\d+)\)?)?", re.IGNORECASE)


def _matching(spec: str | None) -> Iterator[Device]:
    if spec is None:
        return _registry.usable()
    match = _TYPE_AND_INDEX.fullmatch(spec.strip())
    if match:
        index = int(match[2] or 0)
        return (device for device in _registry.usable(match[1].lower()) if device.index == index)
    return (one for one in _registry.usable() if matches(spec, one.names))


def _not_found(said: str) -> DeviceNotFoundError:
    works = [f"  {device}: {device.name} ({device.platform_name})" for device in devices()]
    broken = [f"  {one.name} ({one.platform_name}): {one.reason}" for one in _registry.rejected()]
    broken += [f"  {one.name}: {one.problem}" for one in find_platforms() if one.problem]
    broken += [f"  {problem}" for problem in driver_problems()]
    if not find_platforms():
        broken += [f"  {driver.icd}: offers no platform" for driver in find_drivers() if not driver_problem(driver)]
    if works:
        lines = [f"no device matches {said}; use cpu, gpu, gpu:1, or words of a name. These work:", *works]
    else:
        found = "no OpenCL device works" if broken else "no OpenCL driver was found"
        commands = "\nor, without root, with\n  ".join(install_commands())
        lines = [f"{found}. Install a driver with\n  {commands}"]
    return DeviceNotFoundError("\n".join(lines + (["These do not work:", *broken] if broken else [])))
