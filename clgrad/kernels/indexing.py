"""Indexing by an array (indexing.cl): checks of indices, gather, and scatter that adds or replaces.

Arrays have the shape (outer, length, inner): `length` is the indexed axis, `outer` the axes before it merged into
one, `inner` the axes after it.
"""

from __future__ import annotations

from typing import NamedTuple

from clgrad.dtypes import COMPUTE_NAME, STORAGE_NAME
from clgrad.launch import Argument, Fault, FaultWord, Launch, Long, Problem, divide_up, round_up
from clgrad.shapes import size_of
from clgrad.sources import KernelSource

# GPU shape: work-items of a work-group.
GROUP = 128
# CPU shape: indices that a work-item checks, elements that it gathers, and elements that it puts. Each share is large,
# so that starting a work-item costs little in comparison.
INDICES_PER_ITEM = 64
GATHERED_PER_ITEM = 16384
PUT_PER_ITEM = 4096
# Owners of rows in a scatter, per compute unit: several, because rows receive different numbers of values. An owner is
# a work-item (CPU shape) or a work-group (GPU shape).
OWNERS_PER_UNIT = 4
# The type of elements that a kernel only copies, by their size in bytes.
BITS = {1: "uchar", 2: "ushort", 4: "uint", 8: "ulong"}


class Range(NamedTuple):
    """The allowed indices, from `lowest` to `length` - 1, and the fault that other indices raise."""

    lowest: int
    length: int
    fault: Fault


class Rows(NamedTuple):
    """The lengths before, at and after the indexed axis of an array."""

    outer: int
    length: int
    inner: int


class Scatter(NamedTuple):
    """The result's lengths as in `Rows`, and whether values replace old elements or are added up."""

    outer: int
    length: int
    inner: int
    replace: bool


def _source(name: str, **defines: str) -> KernelSource:
    return KernelSource("indexing.cl", name, tuple(sorted(defines.items())))


def lower_normalize(problem: Problem) -> list[Launch]:
    """Indices as int64 from 0 to length - 1; negative indices count from the end."""
    allowed: Range = problem.attributes
    indices, output = problem.inputs[0], problem.output
    count, group, per_item = size_of(indices.shape), problem.group(GROUP), problem.share(INDICES_PER_ITEM)
    wide = {"f": COMPUTE_NAME[indices.dtype], "u": "ulong", "i": "long"}[indices.dtype.kind]
    source = _source(
        "normalize_index", INDEX=STORAGE_NAME[indices.dtype], WIDE_INDEX=wide, PER_ITEM=str(per_item)
    )  # fmt: skip
    arguments: tuple[Argument, ...] = (
        indices.memory, indices.offset, output.memory, Long(count), Long(allowed.lowest), Long(allowed.length),
        FaultWord(allowed.fault),
    )  # fmt: skip
    return [Launch(source, arguments, (round_up(divide_up(count, per_item), group),), (group,))]


def lower_gather(problem: Problem) -> list[Launch]:
    """GPU shape: one work-item per output element. CPU shape: one work-item per run of neighbouring output rows."""
    x, indices = problem.inputs
    outer, length, inner = problem.attributes
    count = size_of(indices.shape)
    rows, per_item, group = outer * count, max(1, problem.share(GATHERED_PER_ITEM) // inner), problem.group(GROUP)
    work_items = divide_up(rows, per_item) if problem.capabilities.kernel_shape == "cpu" else rows * inner
    arguments: tuple[Argument, ...] = (
        x.memory, x.offset, indices.memory, indices.offset, problem.output.memory,
        Long(outer), Long(length), Long(inner), Long(count), Long(per_item),
    )  # fmt: skip
    source = _source("gather", TYPE=BITS[problem.output.dtype.itemsize])
    return [Launch(source, arguments, (round_up(work_items, group),), (group,))]


def lower_scatter(problem: Problem) -> list[Launch]:
    """Each work-item (CPU shape) or work-group (GPU shape) owns some output rows, and takes their values in order.

    The inputs are the values, their indices and, to replace, the array that they are written into.
    """
    outer, length, inner, replace = problem.attributes
    values, indices = problem.inputs[:2]
    base = problem.inputs[2] if replace else values
    rows = outer * length
    per_owner = divide_up(rows, OWNERS_PER_UNIT * problem.capabilities.compute_units)
    dtype = problem.output.dtype
    group = problem.group(GROUP)
    source = _source(
        "scatter", TYPE=BITS[dtype.itemsize] if replace else STORAGE_NAME[dtype], SET=str(int(replace)),
        GROUP=str(group),
    )  # fmt: skip
    arguments: tuple[Argument, ...] = (
        values.memory, values.offset, indices.memory, indices.offset, base.memory, base.offset, problem.output.memory,
        Long(outer), Long(length), Long(inner), Long(size_of(indices.shape)), Long(per_owner),
    )  # fmt: skip
    return [Launch(source, arguments, (divide_up(rows, per_owner) * group,), (group,))]


def lower_put(problem: Problem) -> list[Launch]:
    """Zeros, then the values at their positions."""
    values, positions = problem.inputs
    out, group, per_item = problem.output.memory, problem.group(GROUP), problem.share(PUT_PER_ITEM)

    def launch(name: str, elements: int, *arguments: Argument) -> Launch:
        source = _source(name, TYPE=BITS[values.dtype.itemsize], PER_ITEM=str(per_item))
        work_items = round_up(divide_up(elements, per_item), group)
        return Launch(source, (*arguments, out, Long(elements)), (work_items,), (group,))

    given = values.memory, values.offset, positions.memory, positions.offset
    return [launch("put_nothing", problem.attributes), launch("put", size_of(values.shape), *given)]
