"""The limits of the device that clgrad chooses, against which its rows are held. Prints them as JSON.

Small kernels of their own measure them, so that they do not depend on what clgrad generates. Each limit is the best
of several kernels: which vectors and how many chains a device likes is not known beforehand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy

from benchmarks.row import Row
from clgrad.runtime.device import Device, default_device
from clgrad.runtime.drivers import load_opencl

KERNELS = Path(__file__).with_name("limits.cl")
ROW_FLOATS = 1 << 22
LARGE_FLOATS = 1 << 26
# A core has 16 or 32 registers for vectors, two of which hold the factor and the term; a GPU has more, for more items.
CHAINS = (4, 6, 8, 10, 12, 14, 20, 28)
SECONDS = 0.15
# A launch takes long enough to hide its own cost, and is short enough that nothing else runs meanwhile.
OPERATIONS = 3e8


@dataclass
class Limits:
    """What the device does at best, in 1e9 bytes or operations per second."""

    device: str
    read_gigabytes: float
    """Adding up an array as large as those of the rows: 16 MiB, which may lie in a cache."""
    copy_gigabytes: float
    """Read plus written, with two such arrays."""
    large_copy_gigabytes: float
    """The same with 256 MiB each, which lie in no cache."""
    gigaflops: float
    """Multiply-adds in registers, two operations each, float32."""

    def rate(self, row: Row) -> float | None:
        """The limit of a row: its arrays are as large as those that were measured, so caches serve both alike."""
        if row.unit == "GB/s":
            return self.read_gigabytes if row.reads_only else self.copy_gigabytes
        return self.gigaflops if row.unit == "GFLOP/s" else None

    def better(self, other: Limits) -> Limits:
        """The larger of two measurements, where something else may have held up either."""
        rates = {name: max(rate, vars(other)[name]) for name, rate in vars(self).items() if name != "device"}
        return Limits(self.device, **rates)


def measure_limits(device: Device) -> Limits:
    """Measures one device."""
    bench = Bench(device)
    name = f"{device}: {device.name}, {device.platform_name} {device.driver_version}"
    return Limits(name, bench.read(ROW_FLOATS), bench.copy(ROW_FLOATS), bench.copy(LARGE_FLOATS), bench.multiply_add())


@dataclass(frozen=True)
class Launch:
    """A kernel with its arguments, its defines, and the gigabytes or 1e9 operations of one run."""

    kernel: Any
    items: int
    width: int
    chains: int
    amount: float
    buffers: tuple[Any, ...]
    """Those that the kernel reads and writes, the result last."""


class Bench:
    """The kernels of one device that measure its limits."""

    def __init__(self, device: Device):
        self.opencl = load_opencl()
        self.queue = device.queue.cl
        self.context = self.queue.context
        self.cpu = device.device_type == "cpu"
        self.capabilities = device.capabilities
        self.local_size = (1,) if self.cpu else (min(256, self.capabilities.max_group_size),)
        native = device.cl.native_vector_width_float
        self.widths = sorted({max(4, min(native, 16)), 16} if self.cpu else {1, 4})

    def read(self, count: int) -> float:
        """Gigabytes per second that are read."""
        return self._best(self.reads(count))

    def copy(self, count: int) -> float:
        """Gigabytes per second, read plus written."""
        return self._best(self.copies(count))

    def multiply_add(self) -> float:
        """1e9 operations per second; a multiply-add is two."""
        return self._best(self.multiply_adds())

    def reads(self, count: int) -> Iterator[Launch]:
        """All kernels that add up so many floats."""
        yield from self._passes("read", count, 4e-9 * count)

    def copies(self, count: int) -> Iterator[Launch]:
        """All kernels that copy so many floats."""
        for name in ("copy", "copy_past_caches"):
            yield from self._passes(name, count, 8e-9 * count)

    def multiply_adds(self, operations: float = OPERATIONS) -> Iterator[Launch]:
        """All kernels that multiply and add about so often."""
        items = self.capabilities.compute_units * (8 if self.cpu else 2048)
        forms = ("mad", "fma") if self.capabilities.fma else ("mad",)
        for width, chains, form in product(self.widths, CHAINS, forms):
            turns = max(1, int(operations / (2 * chains * width * items)))
            out = self._buffer(width * items)
            kernel = self.opencl.Kernel(self._program(width, chains, form), "multiply_add")
            kernel.set_args(out, numpy.float32(0.5), numpy.float32(1), numpy.int32(turns))
            yield Launch(kernel, items, width, chains, 2e-9 * chains * width * turns * items, (out,))

    def _passes(self, name: str, count: int, gigabytes: float) -> Iterator[Launch]:
        source, target = self._buffer(count), self._buffer(count)
        for width, each in product(self.widths, (256, 2048) if self.cpu else (4, 16)):
            kernel = self.opencl.Kernel(self._program(width), name)
            kernel.set_args(source, target, numpy.int32(each))
            yield Launch(kernel, count // width // each, width, 1, gigabytes, (source, target))

    def _buffer(self, count: int) -> Any:
        return self.opencl.Buffer(self.context, self.opencl.mem_flags.READ_WRITE, 4 * count)

    def _program(self, width: int, chains: int = 1, form: str = "mad") -> Any:
        options = [f"-DWIDTH={width}", f"-DCHAINS={chains}", f"-DMULTIPLY_ADD={form}", f"-DCHUNKS={int(self.cpu)}"]
        return self.opencl.Program(self.context, KERNELS.read_text()).build(options)

    def run(self, launch: Launch) -> None:
        """Launch and wait."""
        self.opencl.enqueue_nd_range_kernel(self.queue, launch.kernel, (launch.items,), self.local_size)
        self.queue.finish()

    def _best(self, launches: Iterator[Launch]) -> float:
        return max(launch.amount / best_seconds(lambda launch=launch: self.run(launch)) for launch in launches)


def best_seconds(work: Callable[[], None], seconds: float = SECONDS) -> float:
    """The shortest time of many turns, the first ones not counted."""
    for _ in range(3):
        work()
    end = perf_counter() + seconds
    best = float("inf")
    while perf_counter() < end:
        start = perf_counter()
        work()
        best = min(best, perf_counter() - start)
    return best


if __name__ == "__main__":
    print(json.dumps(asdict(measure_limits(default_device()))))
