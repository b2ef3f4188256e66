"""Checks of data by a kernel (checks.cl)."""

from __future__ import annotations

from dataclasses import dataclass

from clgrad.kernels.candidates import Grouped, of_any_group
from clgrad.kernels.indexing import BITS
from clgrad.launch import Argument, Candidate, FaultWord, Launch, Long, Problem, divide_up, round_up
from clgrad.shapes import size_of
from clgrad.sources import KernelSource


@dataclass(frozen=True)
class Tunables(Grouped):
    """The numbers of a check."""

    per_item: int
    """elements per work-item; in CPU shape many, so that starting one costs little in comparison"""


CPU = Tunables(group_size=1, per_item=4096)
GPU = Tunables(group_size=64, per_item=1)


def candidates(problem: Problem) -> list[Candidate]:
    """A copy of x; a true boolean in `bad` sets the error word of the fault in the attributes."""
    return of_any_group(problem, CPU, GPU, _launches)


def _launches(problem: Problem, tunables: Tunables) -> list[Launch]:
    x, bad = problem.inputs
    count, group_size, per_item = size_of(problem.output.shape), tunables.group_size, tunables.per_item
    defines = (("PER_ITEM", str(per_item)), ("TYPE", BITS[problem.output.dtype.itemsize]))
    arguments: tuple[Argument, ...] = (
        x.memory, x.offset, bad.memory, bad.offset, problem.output.memory, Long(count), FaultWord(problem.attributes),
    )  # fmt: skip
    work_items = round_up(divide_up(count, per_item), group_size)
    return [Launch(KernelSource("checks.cl", "refuse", defines), arguments, (work_items,), (group_size,))]
