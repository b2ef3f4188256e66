"""Counters of the library's work: launches, builds, plans, memory. Tests and users read them."""

from __future__ import annotations

from threading import Lock
from typing import Protocol

from clgrad.runtime.process import after_fork


class SettlesBytes(Protocol):
    """A memory pool, as far as the counters know it."""

    def settle(self) -> None:
        """Brings the byte counts up to date."""


class Counters:
    """Plain numbers, added to where the work happens. Byte counts change under `bytes_lock` only."""

    def __init__(self) -> None:
        self.launches = 0
        self.flushes = 0
        self.plans = 0
        self.plan_hits = 0
        self.builds = 0
        self.kernels_built = 0
        self.build_seconds = 0.0
        self.disk_cache_hits = 0
        self.allocations = 0
        self.live_bytes = 0
        self.held_bytes = 0
        self.peak_bytes = 0


def _new_lock() -> None:
    global bytes_lock
    bytes_lock = Lock()


counters = Counters()
bytes_lock = Lock()
"""One lock for the memory pools of all devices, since they add to the same counters."""
after_fork(_new_lock)
pools: list[SettlesBytes] = []


def statistics() -> dict[str, int | float]:
    """Counters of the process so far, over all devices.

    - `launches`: kernels started; `flushes`: times that pending work was sent to a device
    - `plans`, `plan_hits`: plans made, and plans found in the cache
    - `builds`, `kernels_built`, `build_seconds`: programs compiled from source, their kernels, the time it took
    - `disk_cache_hits`: programs that were found on disk, in clgrad's cache or in the driver's own
    - `allocations`: buffers taken from a driver; a reused one does not count
    - `live_bytes`: device memory in use; `peak_bytes`: the most in use at any time
    - `held_bytes`: memory taken from drivers; `pooled_bytes`: the part of it that is kept for reuse

    >>> now = statistics()
    >>> now["held_bytes"] == now["live_bytes"] + now["pooled_bytes"]
    True
    """
    for pool in pools:
        pool.settle()
    return vars(counters) | {"pooled_bytes": counters.held_bytes - counters.live_bytes}


def reset_peak() -> None:
    """Set `peak_bytes` to the bytes in use now, so that it becomes the peak from here on.

    >>> reset_peak()
    >>> now = statistics()
    >>> now["peak_bytes"] == now["live_bytes"]
    True
    """
    for pool in pools:
        pool.settle()
    counters.peak_bytes = counters.live_bytes
