"""The limits of the device that clgrad chooses, against which its rows are held. Prints them as JSON.

Two small kernels of their own measure them, so that they do not depend on what clgrad generates.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy

from clgrad.runtime.device import Device, default_device
from clgrad.runtime.drivers import load_opencl

KERNELS = Path(__file__).with_name("limits.cl")
ROW_FLOATS = 1 << 22
LARGE_FLOATS = 1 << 26
CHAINS = 16


@dataclass
class Limits:
    """What the device does at best, in 1e9 bytes or operations per second."""

    device: str
    copy_gigabytes: float
    """Read plus written, with arrays as large as those of the rows: 16 MiB, which may lie in a cache."""
    large_copy_gigabytes: float
    """The same with 256 MiB, which do not."""
    gigaflops: float
    """Multiply-adds in registers, two operations each, float32."""

    def rate(self, unit: str) -> float | None:
        """The limit that rows of this unit are held against."""
        return {"GB/s": self.copy_gigabytes, "GFLOP/s": self.gigaflops}.get(unit)


def measure_limits(device: Device) -> Limits:
    """Measures one device."""
    bench = _Bench(device)
    name = f"{device}: {device.name}, {device.platform_name} {device.driver_version}"
    return Limits(name, bench.copy(ROW_FLOATS), bench.copy(LARGE_FLOATS), bench.multiply_add())


class _Bench:
    def __init__(self, device: Device):
        self.opencl = load_opencl()
        self.queue = device.queue.cl
        self.context = self.queue.context
        self.cpu = device.device_type == "cpu"
        self.units = device.capabilities.compute_units
        self.width = 16 if self.cpu else 4
        self.local_size = (1,) if self.cpu else (256,)
        self.program = self.opencl.Program(self.context, KERNELS.read_text()).build([f"-DWIDTH={self.width}"])

    def copy(self, count: int) -> float:
        """Gigabytes per second, read plus written."""
        flags = self.opencl.mem_flags.READ_WRITE
        source, target = (self.opencl.Buffer(self.context, flags, 4 * count) for _ in range(2))
        each = 2048 if self.cpu else 1
        items = count // self.width // each
        kernel = self.opencl.Kernel(self.program, "copy")
        kernel.set_args(source, target, numpy.int32(each))
        return 8e-9 * count / self._best(kernel, items)

    def multiply_add(self) -> float:
        """1e9 operations per second; a multiply-add is two."""
        items = 8 * self.units * (1 if self.cpu else 2048)
        turns = 100_000 if self.cpu else 2_000
        out = self.opencl.Buffer(self.context, self.opencl.mem_flags.READ_WRITE, 4 * self.width * items)
        kernel = self.opencl.Kernel(self.program, "multiply_add")
        kernel.set_args(out, numpy.float32(0.5), numpy.float32(1), numpy.int32(turns))
        return 2e-9 * CHAINS * self.width * turns * items / self._best(kernel, items)

    def _best(self, kernel: Any, items: int) -> float:
        def launch() -> None:
            self.opencl.enqueue_nd_range_kernel(self.queue, kernel, (items,), self.local_size)
            self.queue.finish()

        return best_seconds(launch)


def best_seconds(work: Callable[[], None], seconds: float = 0.5) -> float:
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
