"""Running sums and products along the middle of three axes (scan.cl), in one pass or in blocks."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import NamedTuple

from clgrad.dtypes import STORAGE_NAME
from clgrad.kernels.candidates import Grouped, of_any_group
from clgrad.launch import Argument, Candidate, Launch, Long, Problem, divide_up, round_up
from clgrad.sources import KernelSource


@dataclass(frozen=True)
class Tunables(Grouped):
    """The numbers of a scan."""

    one_block: int
    """axes up to this length are scanned in one pass: three launches would take longer"""
    tile: int
    """elements of a block that are in local memory at a time, 128 bytes of float32: GPUs read no more at once. Half as
    many of 8 bytes. 0: each work-item reads its own block from memory"""


CPU = Tunables(group_size=1, one_block=256, tile=0)
GPU = Tunables(group_size=64, one_block=256, tile=32)


class Scan(NamedTuple):
    """The lengths of the axes; `product` for products instead of sums; `reverse` to begin at the end."""

    outer: int
    length: int
    inner: int
    product: bool
    reverse: bool


def candidates(problem: Problem) -> list[Candidate]:
    """One launch, or three: the totals of the blocks, the starting value of each block, the running sums."""
    return of_any_group(problem, CPU, GPU, _launches, _local_memory)


def _tile(problem: Problem, tunables: Tunables) -> int:
    """Elements of a block that are in local memory at a time; 0 if work-items read their blocks from memory.

    Where neighbouring work-items have neighbouring columns, they read neighbouring elements without local memory.
    """
    return tunables.tile // max(problem.output.dtype.itemsize // 4, 1) if problem.attributes.inner == 1 else 0


def _local_memory(problem: Problem, tunables: Tunables) -> int:
    """Bytes of a work-group: a padded tile of each work-item's block, where it begins and how long it is."""
    tile = _tile(problem, tunables)
    return tunables.group_size * ((tile + 1) * problem.output.dtype.itemsize + 16) if tile else 0


def _launches(problem: Problem, tunables: Tunables) -> list[Launch]:
    outer, length, inner, product, reverse = problem.attributes
    # Products are not cut into blocks: if a block overflows, 0 * inf would give NaN instead of 0.
    block = length if product or length <= tunables.one_block else isqrt(length - 1) + 1
    blocks = divide_up(length, block)
    width = problem.capabilities.vector_width
    wide = inner >= width > 1
    columns = divide_up(inner, width) if wide else inner
    defines = (
        ("TYPE", STORAGE_NAME[problem.output.dtype]), ("IN_VECTORS", str(int(wide))),
        ("PRODUCT", str(int(product))), ("REVERSE", str(int(reverse))),
        *_stage(problem, tunables),
    )  # fmt: skip

    def launch(entry: str, work_items: int, *arguments: Argument) -> Launch:
        size = tunables.group_size
        return Launch(KernelSource("scan.cl", entry, defines), arguments, (round_up(work_items, size),), (size,))

    x, output = problem.inputs[0], problem.output
    sizes = [Long(n) for n in (outer, length, inner, block, blocks)]
    work_items = outer * blocks * columns
    if blocks == 1:
        # A single block has no starting value: the kernel does not read its third argument.
        return [launch("scan_blocks", work_items, x.memory, x.offset, x.memory, output.memory, *sizes)]
    totals = problem.new_scratch(outer * blocks * inner, output.dtype)
    return [
        launch("scan_totals", work_items, x.memory, x.offset, totals, *sizes),
        launch("scan_starts", outer * columns, totals, Long(outer), Long(inner), Long(blocks)),
        launch("scan_blocks", work_items, x.memory, x.offset, totals, output.memory, *sizes),
    ]


def _stage(problem: Problem, tunables: Tunables) -> tuple[tuple[str, str], ...]:
    tile = _tile(problem, tunables)
    return (("STAGED", "1"), ("GROUP", str(tunables.group_size)), ("TILE", str(tile))) if tile else ()
