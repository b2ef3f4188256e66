"""Indexing by an array (indexing.cl): checks of indices, gather, and scatter that adds or replaces.

Arrays have the shape (outer, length, inner): `length` is the indexed axis, `outer` the axes before it merged into
one, `inner` the axes after it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from clgrad.dtypes import COMPUTE_NAME, STORAGE_NAME
from clgrad.kernels.candidates import Grouped, of_any_group
from clgrad.launch import INDEX, Argument, Candidate, Fault, FaultWord, Launch, Long, Problem, divide_up, round_up
from clgrad.shapes import size_of
from clgrad.sources import KernelSource

# The type of elements that a kernel only copies, by their size in bytes.
BITS = {1: "uchar", 2: "ushort", 4: "uint", 8: "ulong"}


@dataclass(frozen=True)
class Tunables(Grouped):
    """The numbers of the kernels in indexing.cl.

    In CPU shape the share of a work-item is large, so that starting it costs little in comparison.
    """

    indices_per_item: int
    """indices that a work-item checks"""
    gathered_per_item: int
    """elements that a work-item gathers"""
    put_per_item: int
    """elements that a work-item puts"""
    owners_per_unit: int
    """owners of rows in a scatter, per compute unit: several, because rows receive different numbers of values. An
    owner is a work-item (CPU shape) or a work-group (GPU shape)"""


CPU = Tunables(group_size=1, indices_per_item=64, gathered_per_item=16384, put_per_item=4096, owners_per_unit=4)
GPU = Tunables(group_size=128, indices_per_item=1, gathered_per_item=1, put_per_item=1, owners_per_unit=4)


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


def _index_type(*sizes: int) -> str:
    """The type of places in arrays of these sizes: int halves the arithmetic of a GPU, which has no 64-bit division.

    The share of the last work-item may end behind an array, so an int has room for twice its size.
    """
    return "int" if max(sizes) < 1 << 30 else "long"


def _source(name: str, **defines: str) -> KernelSource:
    return KernelSource("indexing.cl", name, tuple(sorted(defines.items())))


def normalize(problem: Problem) -> list[Candidate]:
    """Indices as int64 from 0 to length - 1; negative indices count from the end."""
    return of_any_group(problem, CPU, GPU, _normalize)


def _normalize(problem: Problem, tunables: Tunables) -> list[Launch]:
    allowed: Range = problem.attributes
    indices, output = problem.inputs[0], problem.output
    count, group_size, per_item = size_of(indices.shape), tunables.group_size, tunables.indices_per_item
    wide = {"f": COMPUTE_NAME[indices.dtype], "u": "ulong", "i": "long"}[indices.dtype.kind]
    source = _source(
        "normalize_index", INDEX=STORAGE_NAME[indices.dtype], WIDE_INDEX=wide, PER_ITEM=str(per_item)
    )  # fmt: skip
    arguments: tuple[Argument, ...] = (
        indices.memory, indices.offset, output.memory, Long(count), Long(allowed.lowest), Long(allowed.length),
        FaultWord(allowed.fault),
    )  # fmt: skip
    return [Launch(source, arguments, (round_up(divide_up(count, per_item), group_size),), (group_size,))]


def gather(problem: Problem) -> list[Candidate]:
    """GPU shape: one work-item per output element. CPU shape: one work-item per run of neighbouring output rows."""
    return of_any_group(problem, CPU, GPU, _gather)


def _gather(problem: Problem, tunables: Tunables) -> list[Launch]:
    x, indices = problem.inputs
    outer, length, inner = problem.attributes
    count = size_of(indices.shape)
    rows, per_item, group_size = outer * count, max(1, tunables.gathered_per_item // inner), tunables.group_size
    work_items = divide_up(rows, per_item) if problem.capabilities.kernel_shape == "cpu" else rows * inner
    index_type = _index_type(size_of(x.shape), rows * inner)
    numbers: Iterator[Argument] = map(INDEX[index_type], (outer, length, inner, count, per_item))
    arguments = (x.memory, x.offset, indices.memory, indices.offset, problem.output.memory, *numbers)
    source = _source("gather", TYPE=BITS[problem.output.dtype.itemsize], index_t=index_type)
    return [Launch(source, arguments, (round_up(work_items, group_size),), (group_size,))]


def scatter(problem: Problem) -> list[Candidate]:
    """Each work-item (CPU shape) or work-group (GPU shape) owns some output rows, and takes their values in order.

    The inputs are the values, their indices and, to replace, the array that they are written into.
    """
    return of_any_group(problem, CPU, GPU, _scatter)


def _scatter(problem: Problem, tunables: Tunables) -> list[Launch]:
    outer, length, inner, replace = problem.attributes
    values, indices = problem.inputs[:2]
    base = problem.inputs[2] if replace else values
    rows = outer * length
    per_owner = divide_up(rows, tunables.owners_per_unit * problem.capabilities.compute_units)
    dtype = problem.output.dtype
    group_size = tunables.group_size
    index_type = _index_type(size_of(values.shape), rows * inner)
    source = _source(
        "scatter", TYPE=BITS[dtype.itemsize] if replace else STORAGE_NAME[dtype], SET=str(int(replace)),
        GROUP=str(group_size), index_t=index_type,
    )  # fmt: skip
    numbers: Iterator[Argument] = map(INDEX[index_type], (outer, length, inner, size_of(indices.shape), per_owner))
    arguments = (
        values.memory, values.offset, indices.memory, indices.offset, base.memory, base.offset, problem.output.memory,
        *numbers,
    )  # fmt: skip
    return [Launch(source, arguments, (divide_up(rows, per_owner) * group_size,), (group_size,))]


def put(problem: Problem) -> list[Candidate]:
    """Zeros, then the values at their positions."""
    return of_any_group(problem, CPU, GPU, _put)


def _put(problem: Problem, tunables: Tunables) -> list[Launch]:
    values, positions = problem.inputs
    out, group_size, per_item = problem.output.memory, tunables.group_size, tunables.put_per_item

    def launch(name: str, elements: int, *arguments: Argument) -> Launch:
        source = _source(name, TYPE=BITS[values.dtype.itemsize], PER_ITEM=str(per_item))
        work_items = round_up(divide_up(elements, per_item), group_size)
        return Launch(source, (*arguments, out, Long(elements)), (work_items,), (group_size,))

    given = values.memory, values.offset, positions.memory, positions.offset
    return [launch("put_nothing", problem.attributes), launch("put", size_of(values.shape), *given)]
