"""Sorting along the middle of three axes (sorting.cl): sorted runs, then passes that merge pairs of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from clgrad import dtypes
from clgrad.dtypes import STORAGE_NAME, DType
from clgrad.kernels.candidates import Grouped, group_sizes
from clgrad.launch import Argument, Candidate, Int, Launch, Long, Memory, Problem, divide_up, power_of_two, round_up
from clgrad.sources import KernelSource

# CPU shape: elements of a block that is sorted by insertion; fixed by sorting.cl.
INSERTED = 16
# The bits of infinity, by the size of a float.
INFINITY = {2: "0x7c00", 4: "0x7f800000u", 8: "0x7ff0000000000000ul"}
UNSIGNED: dict[int, DType] = {1: dtypes.uint8, 2: dtypes.uint16, 4: dtypes.uint32, 8: dtypes.uint64}


@dataclass(frozen=True)
class Tunables(Grouped):
    """The numbers of a sort; `group_size` is that of a work-group that sorts runs, and is a power of two."""

    merging_group_size: int
    """work-items of a work-group that merges"""
    run: int
    """the most elements of a run, which a work-item (CPU shape) or a work-group (GPU shape) sorts before any merge"""
    merged: int
    """elements that a work-item merges"""


CPU = Tunables(group_size=1, merging_group_size=1, run=4096, merged=4096)
# Each work-item of a work-group that sorts has two elements.
GPU = Tunables(group_size=256, merging_group_size=64, run=512, merged=16)


class Sorting(NamedTuple):
    """The lengths before, at and after the sorted axis, how many elements of each row are kept, and their order."""

    outer: int
    length: int
    inner: int
    kept: int
    descending: bool


def candidates(problem: Problem) -> list[Candidate]:
    """The launches of a sort. Its results are the sorted elements and their indices, int64."""
    if problem.capabilities.kernel_shape == "cpu":
        return [_Sort(problem, CPU).candidate()]
    first = power_of_two(min(GPU.group_size, problem.capabilities.max_group_size))
    return [_Sort(problem, _with_groups(size)).candidate() for size in group_sizes(first)]


def _with_groups(size: int) -> Tunables:
    return replace(GPU, group_size=size, merging_group_size=min(GPU.merging_group_size, size), run=2 * size)


class _Sort:
    """The launches of one sort."""

    def __init__(self, problem: Problem, tunables: Tunables) -> None:
        self.problem = problem
        self.tunables = tunables
        self.sizes: Sorting = problem.attributes
        self.rows = self.sizes.outer * self.sizes.inner
        self.on_cpu = problem.capabilities.kernel_shape == "cpu"
        shortest = 1 << max(self.sizes.length - 1, 1).bit_length()
        self.run = tunables.run if self.on_cpu else min(tunables.run, shortest)
        self.key = UNSIGNED[problem.inputs[0].dtype.itemsize]
        self.index: DType = dtypes.uint32 if self.sizes.length < 1 << 32 else dtypes.uint64

    def candidate(self) -> Candidate:
        """This sort as a candidate: a work-group keeps its run in local memory."""
        local = 0 if self.on_cpu else self.tunables.run * (self.key.itemsize + self.index.itemsize)
        return Candidate(self.tunables, self.launches, self.tunables.group_size, local)

    def launches(self) -> list[Launch]:
        """The launch that sorts runs, then one launch per merging pass; each pass doubles the length of runs."""
        length = self.sizes.length
        one_pass = self.run >= length
        # Two pairs of arrays (keys, indices): each pass reads one pair and writes the other.
        scratch = [self._scratch(), self._scratch()] if self.on_cpu or not one_pass else []
        found = [self._sort_runs(scratch, one_pass)]
        width = self.run
        while width < length:
            found.append(self._merge(scratch, width))
            scratch.reverse()
            width *= 2
        return found

    def _scratch(self) -> tuple[Memory, Memory]:
        count = self.rows * self.sizes.length
        return self.problem.new_scratch(count, self.key), self.problem.new_scratch(count, self.index)

    def _sort_runs(self, scratch: list[tuple[Memory, Memory]], last: bool) -> Launch:
        runs = self.rows * divide_up(self.sizes.length, self.run)
        if not self.on_cpu:
            group_size = self.tunables.group_size
            work_items = divide_up(runs * self.run, self.tunables.run) * group_size
            written = [] if last else scratch[0]
            return self._launch("sort_runs", work_items, group_size, last, [Int(self.run), *written])
        # The run lies in the first pair after an even number of steps.
        steps = (self.run // INSERTED).bit_length() - 1
        pairs = scratch if steps % 2 == 0 else scratch[::-1]
        return self._launch("sort_runs", runs, 1, last, [memory for pair in pairs for memory in pair])

    def _merge(self, scratch: list[tuple[Memory, Memory]], width: int) -> Launch:
        last = 2 * width >= self.sizes.length
        per_item = min(self.tunables.merged, 2 * self.run)
        work_items = self.rows * divide_up(self.sizes.length, per_item)
        group_size = self.tunables.merging_group_size
        written = () if last else scratch[1]
        arguments = [*scratch[0], Long(width), *written]
        return self._launch("sort_merge", round_up(work_items, group_size), group_size, last, arguments, per_item)

    def _launch(
        self, entry: str, work_items: int, group_size: int, last: bool, arguments: Sequence[Argument], per_item: int = 1
    ) -> Launch:
        x = self.problem.inputs[0]
        sizes, results = self.sizes, [one.memory for one in self.problem.outputs if one and last]
        counts = (self.rows, sizes.length, sizes.inner, sizes.kept)
        return Launch(
            KernelSource("sorting.cl", entry, self._defines(last, per_item)),
            (x.memory, x.offset, *map(Long, counts), *arguments, *results),
            (work_items,),
            (group_size,),
        )

    def _defines(self, last: bool, per_item: int) -> tuple[tuple[str, str], ...]:
        dtype = self.problem.inputs[0].dtype
        bits = 8 * dtype.itemsize
        values, order = self.problem.outputs
        return (
            ("KEY", STORAGE_NAME[self.key]), ("INDEX", STORAGE_NAME[self.index]),
            ("SIGN", f"{1 << (bits - 1):#x}ul"), ("LARGEST", INFINITY.get(dtype.itemsize, "0")),
            ("KIND", str({"f": 2, "i": 1}.get(dtype.kind, 0))), ("DESCENDING", str(int(self.sizes.descending))),
            ("LAST", str(int(last))), ("VALUES", str(int(last and values is not None))),
            ("ORDER", str(int(last and order is not None))),
            ("RUN", str(self.tunables.run)), ("GROUP", str(self.tunables.group_size)), ("PER_ITEM", str(per_item)),
        )  # fmt: skip
