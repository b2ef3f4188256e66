"""Checks of data by a kernel (checks.cl)."""

from __future__ import annotations

from clgrad.kernels.indexing import BITS
from clgrad.launch import Argument, FaultWord, Launch, Long, Problem, divide_up, round_up
from clgrad.shapes import size_of
from clgrad.sources import KernelSource

# GPU shape: work-items of a work-group.
GROUP = 64
# CPU shape: elements per work-item, so that starting one costs little in comparison.
PER_ITEM = 4096


def lower(problem: Problem) -> list[Launch]:
    """A copy of x; a true boolean in `bad` sets the error word of the fault in the attributes."""
    x, bad = problem.inputs
    count, group, per_item = size_of(problem.output.shape), problem.group(GROUP), problem.share(PER_ITEM)
    defines = (("PER_ITEM", str(per_item)), ("TYPE", BITS[problem.output.dtype.itemsize]))
    arguments: tuple[Argument, ...] = (
        x.memory, x.offset, bad.memory, bad.offset, problem.output.memory, Long(count), FaultWord(problem.attributes),
    )  # fmt: skip
    work_items = round_up(divide_up(count, per_item), group)
    return [Launch(KernelSource("checks.cl", "refuse", defines), arguments, (work_items,), (group,))]
