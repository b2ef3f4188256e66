"""The kernels of cases for a class of devices: recorded, planned and written as programs, as on a device that is there.

A program has many kernels, because a compiler reads the shared functions once for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod

from clgrad.capabilities import Capabilities
from clgrad.plan.planner import make_plan
from clgrad.plan.structure import Structure
from clgrad.runtime.program_text import program_text
from clgrad.sources import KernelSource, Source
from tools.gpu_check.cases import indexing, loops, products
from tools.gpu_check.described import DescribedDevice
from tools.gpu_check.tables import ops, steps

# So many kernels share a program. With more, the processors of a machine would wait for the last program.
KERNELS_OF_A_PROGRAM = 24


@dataclass
class Kernel:
    """A kernel that some cases launch, and the largest work-group in which they do."""

    source: Source
    group: int
    cases: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The kernel's name, and for a tile of a matrix product its size and dtype."""
        defines = dict(self.source.defines) if isinstance(self.source, KernelSource) else {}
        if "TILE_ROWS" not in defines:
            return self.source.name
        return f"{self.source.name} {defines['TILE_ROWS']}x{defines['TILE_COLUMNS']} {defines['COMPUTE']}"


@dataclass(frozen=True)
class Program:
    """A text for a compiler, and the kernels in it by their names."""

    text: str
    kernels: dict[str, Kernel]


def captured(capabilities: Capabilities) -> list[Kernel]:
    """Every kernel that the cases and the training steps launch on a device with these capabilities."""
    device = DescribedDevice(capabilities)
    found: dict[Source, Kernel] = {}
    for name, structure in structures(device):
        for launch, _ in make_plan(structure, capabilities).launches:
            kernel = found.setdefault(launch.source, Kernel(launch.source, 0))
            kernel.group = max(kernel.group, prod(launch.local_size))
            if name not in kernel.cases:
                kernel.cases.append(name)
    return [*found.values()]


def structures(device: DescribedDevice) -> Iterator[tuple[str, Structure]]:
    """Each case by its name, as the planner's input."""
    for case in (*products(), *loops(), *indexing(), *ops(device), *steps(device)):
        if case.suits(device.capabilities.fp64):
            yield case.name, device.structure(case.function, [device.array(*operand) for operand in case.operands])


def programs(kernels: Sequence[Kernel], capabilities: Capabilities, size: int = KERNELS_OF_A_PROGRAM) -> list[Program]:
    """Programs of up to `size` kernels each."""
    ordered = sorted(kernels, key=lambda kernel: (kernel.label, kernel.source.kernel_name))
    count = -(-len(ordered) // size)
    # Each gets some of every kind, so that all take about as long.
    return [_program(ordered[first::count], capabilities) for first in range(count)]


def _program(kernels: Sequence[Kernel], capabilities: Capabilities) -> Program:
    text = program_text(capabilities, [kernel.source for kernel in kernels])
    return Program(text, {kernel.source.kernel_name: kernel for kernel in kernels})
