"""The platforms, one for each driver that the loader accepts, and the devices that they list."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.pocl_cache import PLATFORM_NAME, pocl_cache_problem

if TYPE_CHECKING:
    import pyopencl


class Platform(NamedTuple):
    """A driver as it describes itself, with the devices that it lists."""

    name: str
    version: str
    devices: tuple[pyopencl.Device, ...]
    problem: str | None = None


def find_platforms() -> list[Platform]:
    """Every platform; none if the loader finds no driver."""
    opencl = load_opencl()
    try:
        listed = opencl.get_platforms()
    except opencl.LogicError:
        return []
    seen: set[int] = set()
    platforms = [_read_platform(one, seen) for one in listed]
    return [platform for platform in platforms if platform is not None]


def _read_platform(cl: pyopencl.Platform, seen: set[int]) -> Platform | None:
    """A platform; None if all its devices were seen before, because two `.icd` files may name the same library."""
    name, version = cl.name.strip(), cl.version.strip()
    try:
        listed = cl.get_devices()
    except load_opencl().Error as problem:
        # A driver without its hardware must not hide the others.
        return Platform(name, version, (), f"lists no devices: {_cause(name) or problem}")
    if not listed:
        return Platform(name, version, (), ": ".join(filter(None, ("lists no devices", _cause(name)))))
    new = tuple(device for device in listed if device.int_ptr not in seen)
    seen.update(device.int_ptr for device in new)
    return Platform(name, version, new) if new else None


def _cause(platform_name: str) -> str | None:
    """A likely reason why a platform lists no devices, or None. Drivers give no reason themselves."""
    return pocl_cache_problem() if platform_name == PLATFORM_NAME else None
