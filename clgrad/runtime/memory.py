"""Device memory: a pool that counts bytes, keeps freed buffers for reuse, and respects a limit."""

from __future__ import annotations

import gc
import os
from collections import defaultdict, deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import ref

from clgrad.capabilities import Capabilities
from clgrad.errors import ArgumentError, OutOfDeviceMemoryError
from clgrad.runtime import statistics
from clgrad.runtime.byte_sizes import format_bytes, parse_bytes
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.process import check_process
from clgrad.runtime.statistics import counters

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyopencl

    _GiveBack = Callable[[tuple[int, pyopencl.Buffer]], None]

# Many small buffers share one size class, so that they are reused for each other.
SMALLEST = 256
# The share of a device's memory that may be in use; drivers and other programs need some too.
DEFAULT_SHARE = 0.9


@lru_cache(maxsize=4096)
def size_class(nbytes: int) -> int:
    """The size that a request is rounded up to: four steps per doubling, so at most a quarter is wasted.

    >>> size_class(0), size_class(300), size_class(1000), size_class(1 << 20)
    (256, 320, 1024, 1048576)
    """
    if nbytes <= SMALLEST:
        return SMALLEST
    step = 1 << ((nbytes - 1).bit_length() - 3)
    return -(-nbytes // step) * step


class Buffer:
    """Device memory that goes back to its pool when the last reference to it dies.

    `first` is a weak reference to the first storage in it, and `others` are weak references to the live ones after it.
    """

    __slots__ = ("__weakref__", "_give_back", "cl", "first", "nbytes", "others", "size")

    def __init__(self, cl: pyopencl.Buffer, nbytes: int, size: int, give_back: _GiveBack):
        self.cl = cl
        self.nbytes = nbytes
        self.size = size
        self.first: ref[Any] | None = None
        self.others: set[ref[Any]] = set()
        self._give_back = give_back

    def __del__(self) -> None:
        # An interrupt may leave an incomplete object without this attribute. Then pyopencl frees the memory.
        if hasattr(self, "_give_back"):
            self._give_back((self.size, self.cl))


class MemoryPool:
    """The memory of one device.

    Buffers come back through a deque, and the next call that holds the lock sorts them into the free lists:
    appending needs no lock, so a buffer may die anywhere, also in a collection that runs inside `allocate`.
    """

    def __init__(self, context: pyopencl.Context, device_name: str, capabilities: Capabilities):
        self.device_name = device_name
        self.limit = memory_limit(capabilities.global_memory)
        self.max_allocation = capabilities.max_allocation
        self.held_bytes = 0
        self._opencl = load_opencl()
        self._context = context
        self._flags = self._opencl.mem_flags.READ_WRITE
        if capabilities.unified_memory:
            # Ask for memory that the host can map without a copy.
            self._flags |= self._opencl.mem_flags.ALLOC_HOST_PTR
        self._free: defaultdict[int, list[pyopencl.Buffer]] = defaultdict(list)
        self._returned: deque[tuple[int, pyopencl.Buffer]] = deque()
        self._give_back = self._returned.append
        statistics.pools.append(self)

    def allocate(self, nbytes: int) -> Buffer:
        """A buffer of at least `nbytes` bytes, with undefined content.

        If memory is full, buffers that are kept for reuse are released first, then buffers that only cycles hold.
        """
        check_process()
        size = size_class(nbytes)
        if size > self.max_allocation:
            size = nbytes
        cl = self._take(size)
        if cl is None:
            cl = self._take_after_release(nbytes, size)
        return Buffer(cl, nbytes, size, self._give_back)

    def release(self) -> None:
        """Give the memory that is kept for reuse back to the driver."""
        with statistics.bytes_lock:
            self._settle()
            self._count_held(-self._pooled_bytes())
            self._free.clear()

    def collect(self) -> None:
        """As `release`, after the garbage collector has found the buffers that only cycles hold."""
        gc.collect()
        self.release()

    def settle(self) -> None:
        """Count the buffers that died since the last call as free."""
        with statistics.bytes_lock:
            self._settle()

    def out_of_memory(self, nbytes: int) -> OutOfDeviceMemoryError:
        """The error for a request of `nbytes` bytes that cannot be met."""
        in_use = format_bytes(self.held_bytes - self._pooled_bytes())
        return OutOfDeviceMemoryError(
            f"{nbytes} bytes ({format_bytes(nbytes)}) do not fit into the memory of {self.device_name}: "
            f"{in_use} of {format_bytes(self.limit)} are in use, and one array may hold "
            f"{format_bytes(self.max_allocation)}. Usual cause: too large a batch, or arrays that are kept "
            "without need. Use smaller batches, delete arrays, or raise CLGRAD_MEMORY_LIMIT where it is set"
        )

    def _settle(self) -> None:
        while self._returned:
            size, cl = self._returned.popleft()
            self._free[size].append(cl)
            counters.live_bytes -= size

    def _take(self, size: int) -> pyopencl.Buffer | None:
        with statistics.bytes_lock:
            if self._returned:
                self._settle()
            free = self._free[size]
            cl = free.pop() if free else self._create(size)
            if cl is not None:
                counters.live_bytes += size
                if counters.live_bytes > counters.peak_bytes:
                    counters.peak_bytes = counters.live_bytes
            return cl

    def _take_after_release(self, nbytes: int, size: int) -> pyopencl.Buffer:
        for remedy in (self.release, self.collect):
            remedy()
            cl = self._take(size)
            if cl is not None:
                return cl
        raise self.out_of_memory(nbytes)

    def _create(self, size: int) -> pyopencl.Buffer | None:
        if size > self.max_allocation or self.held_bytes + size > self.limit:
            return None
        try:
            cl: pyopencl.Buffer = self._opencl.Buffer(self._context, self._flags, size)
        except self._opencl.Error:
            return None
        counters.allocations += 1
        self._count_held(size)
        return cl

    def _pooled_bytes(self) -> int:
        return sum(size * len(free) for size, free in self._free.items())

    def _count_held(self, change: int) -> None:
        self.held_bytes += change
        counters.held_bytes += change


def memory_limit(capacity: int) -> int:
    """The most bytes in use on a device of `capacity` bytes: CLGRAD_MEMORY_LIMIT, or nine tenths of the capacity."""
    given = os.environ.get("CLGRAD_MEMORY_LIMIT")
    if not given:
        return int(capacity * DEFAULT_SHARE)
    limit = parse_bytes(given, "CLGRAD_MEMORY_LIMIT")
    if limit < SMALLEST:
        raise ArgumentError(
            f"CLGRAD_MEMORY_LIMIT={given!r} is too small: the smallest array takes {SMALLEST} bytes. "
            "Usual cause: a missing unit; write for example 512M or 4G"
        )
    return limit
