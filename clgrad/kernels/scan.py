"""Running sums and products along the middle of three axes (scan.cl), in one pass or in blocks."""

from __future__ import annotations

from math import isqrt
from typing import NamedTuple

from clgrad.dtypes import STORAGE_NAME
from clgrad.launch import Argument, Launch, Long, Problem, divide_up, round_up
from clgrad.sources import KernelSource

# Axes up to this length are scanned in one pass: three launches would take longer.
ONE_BLOCK = 256
# GPU shape: work-items of a work-group.
GROUP = 64


class Scan(NamedTuple):
    """The lengths of the axes; `product` for products instead of sums; `reverse` to begin at the end."""

    outer: int
    length: int
    inner: int
    product: bool
    reverse: bool


def lower(problem: Problem) -> list[Launch]:
    """One launch, or three: the totals of the blocks, the starting value of each block, the running sums."""
    outer, length, inner, product, reverse = problem.attributes
    # Products are not cut into blocks: if a block overflows, 0 * inf would give NaN instead of 0.
    block = length if product or length <= ONE_BLOCK else isqrt(length - 1) + 1
    blocks = divide_up(length, block)
    width = problem.capabilities.vector_width
    wide = inner >= width > 1
    columns = divide_up(inner, width) if wide else inner
    defines = (
        ("TYPE", STORAGE_NAME[problem.output.dtype]), ("IN_VECTORS", str(int(wide))),
        ("PRODUCT", str(int(product))), ("REVERSE", str(int(reverse))),
    )  # fmt: skip

    def launch(entry: str, work_items: int, *arguments: Argument) -> Launch:
        group = problem.group(GROUP)
        return Launch(KernelSource("scan.cl", entry, defines), arguments, (round_up(work_items, group),), (group,))

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
