"""The base of the strategies for both kernel shapes: the launch of a product, and the launch that adds its parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from clgrad.capabilities import Capabilities
from clgrad.dtypes import uint8
from clgrad.kernels.matmul.product import Cut, Product
from clgrad.launch import Argument, Candidate, Int, Launch, Loading, Long, Memory, Problem
from clgrad.sources import KernelSource

# Steps of k in a block; fixed by the kernel files.
BLOCK_K = 256


class Sizes(NamedTuple):
    """Global and local sizes of the product's launch, and of the launch that adds parts."""

    items: int
    group: int
    combine_items: int
    combine_group: int


class Kernel(NamedTuple):
    """A kernel of the kernel files, its own defines, and the operands that it can compute."""

    file: str
    entry: str
    defines: dict[str, str]
    loads: tuple[Loading, ...]


class Matmul(ABC):
    """How one kernel shape computes a product."""

    def __init__(self, problem: Problem, product: Product) -> None:
        self.problem = problem
        self.product = product
        self.capabilities: Capabilities = problem.capabilities

    @abstractmethod
    def candidates(self) -> list[Candidate]:
        """The ways to compute the product, in order of preference."""

    def launches(self, kernel: Kernel, parts: Cut, share: Sequence[Argument], sizes: Sizes) -> list[Launch]:
        """The launch of a kernel; if k is cut, also the launch that adds the parts."""
        product, split = self.product, parts.parts > 1
        defines = product.defines(self.capabilities.fma) | {"SPLIT": str(int(split))} | kernel.defines
        target = self.problem.output.memory
        if split:
            target = self.problem.new_scratch(parts.parts * product.size * product.itemsize, uint8)
        arguments = (*product.arguments(), Int(parts.length), target, *share)
        source = KernelSource(kernel.file, kernel.entry, tuple(defines.items()))
        first = Launch(source, arguments, (sizes.items,), (sizes.group,), loads=kernel.loads)
        found = [first, self._combine(target, parts, sizes)] if split else [first]
        return [*found[:-1], found[-1]._replace(stores=product.stores)]

    def _combine(self, scratch: Memory, parts: Cut, sizes: Sizes) -> Launch:
        product = self.product
        defines = product.defines(self.capabilities.fma)
        source = KernelSource("matmul.cl", "matmul_combine", tuple(defines.items()))
        lengths = (Int(product.m), Int(product.n), Int(parts.parts), Long(product.size))
        arguments = (scratch, self.problem.output.memory, *lengths)
        return Launch(source, arguments, (sizes.combine_items,), (sizes.combine_group,))
