"""The limits of the device that clgrad chooses, for comparison with the rows. Prints them as JSON.

Small separate kernels measure the limits, so that they do not depend on clgrad's kernels. Each limit is the best of
several kernels, because the best vector width and number of chains differ between devices.
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
# The size of the arrays of most rows, so that caches serve rows and limits alike; and a size that fits no cache.
ROW_FLOATS = 1 << 22
LARGE_FLOATS = 1 << 26
# Numbers of independent chains of multiply-adds, each in a vector register. A CPU core has 16 or 32 such registers, two
# of which hold the factor and the term; on a GPU many work-items share its registers.
CHAINS = (4, 6, 8, 10, 12, 14, 20, 28)
# How long each kernel is repeated.
SECONDS = 0.15
# A launch must be long compared with its own cost, and so short that no other program interrupts it.
OPERATIONS = 3e8


@dataclass
class Limits:
    """The best rates of the device, in 1e9 bytes or operations per second."""

    device: str
    read_gigabytes: float
    """Bytes read by a sum of 16 MiB, the size of the rows' arrays, which may lie in a cache."""
    copy_gigabytes: float
    """Bytes read plus bytes written by a copy of 16 MiB."""
    large_copy_gigabytes: float
    """The same for a copy of 256 MiB, which lies in no cache."""
    gigaflops: float
    """Multiply-adds of float32 in registers, two operations each."""

    def rate(self, row: Row) -> float | None:
        """The limit for a row, by its unit. The limits are measured on arrays of the rows' size."""
        if row.unit == "GB/s":
            return self.read_gigabytes if row.reads_only else self.copy_gigabytes
        return self.gigaflops if row.unit == "GFLOP/s" else None

    def better(self, other: Limits) -> Limits:
        """The larger of two measurements for each rate, because other programs may have slowed down either."""
        rates = {name: max(rate, vars(other)[name]) for name, rate in vars(self).items() if name != "device"}
        return Limits(self.device, **rates)


def measure_limits(device: Device) -> Limits:
    """Measure one device."""
    bench = Bench(device)
    name = f"{device}: {device.name}, {device.platform_name} {device.driver_version}"
    return Limits(name, bench.read(ROW_FLOATS), bench.copy(ROW_FLOATS), bench.copy(LARGE_FLOATS), bench.multiply_add())


@dataclass(frozen=True)
class Launch:
    """A kernel with its arguments, number of work-items and defines. `amount`: 1e9 bytes or operations per run."""

    kernel: Any
    items: int
    width: int
    chains: int
    amount: float
    buffers: tuple[Any, ...]
    """the buffers that the kernel reads and writes, the result last"""


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
        """Gigabytes read per second."""
        return self._best(self.reads(count))

    def copy(self, count: int) -> float:
        """Gigabytes read plus gigabytes written per second."""
        return self._best(self.copies(count))

    def multiply_add(self) -> float:
        """1e9 operations per second; a multiply-add is two."""
        return self._best(self.multiply_adds())

    def reads(self, count: int) -> Iterator[Launch]:
        """Kernels that add up `count` floats, one per combination of options."""
        yield from self._passes("read", count, 4e-9 * count)

    def copies(self, count: int) -> Iterator[Launch]:
        """Kernels that copy `count` floats, one per combination of options."""
        for name in ("copy", "copy_past_caches"):
            yield from self._passes(name, count, 8e-9 * count)

    def multiply_adds(self, operations: float = OPERATIONS) -> Iterator[Launch]:
        """Kernels of about so many operations, half of them multiplications, one per combination of options."""
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
    """The shortest time of many runs, without the first ones."""
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
