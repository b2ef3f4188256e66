"""Kernels with addresses from data: gather, its gradient scatter_add, and scatter_set. See cl_kernels/indexing.cl.

An array is read as (outer, length, inner): one axis is indexed, those before and after it stay as they are.
"""

from __future__ import annotations

from typing import Any

from clgrad import dtypes
from clgrad.errors import DTypeError, IndexOutOfRangeError
from clgrad.launch import Argument, Fault, Launch, Lowered, Problem, round_up
from clgrad.ops.arithmetic import cast
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal
from clgrad.ops.operation import Composite, Value, fill, iota
from clgrad.primitives import Library
from clgrad.runtime.compiler import KernelSource
from clgrad.shapes import size_of

_GROUP = 128
# The type of elements that are only moved, by their size.
BITS = {1: "uchar", 2: "ushort", 4: "uint", 8: "ulong"}


def _source(name: str, **defines: str) -> KernelSource:
    return KernelSource("indexing.cl", name, tuple(sorted(defines.items())))


# -- normalize_index ---------------------------------------------------------------------------------------


def _lower_normalize(problem: Problem) -> Lowered:
    lowest, length, fault = problem.attributes
    layout = problem.inputs[0]
    assert layout is not None
    count, group = size_of(layout.shape), problem.group(_GROUP)
    per_item = 64 if problem.kernel_shape == "cpu" else 1
    wide = {"f": dtypes.COMPUTE_NAME[layout.dtype], "u": "ulong", "i": "long"}[layout.dtype.kind]
    given = dtypes.STORAGE_NAME[layout.dtype]
    source = _source("normalize_index", INDEX=given, WIDE_INDEX=wide, PER_ITEM=str(per_item))
    arguments: tuple[Argument, ...] = (
        ("input", 0), ("offset", 0), ("output",), ("long", count), ("long", lowest), ("long", length),
        ("fault", fault),
    )  # fmt: skip
    return Lowered((Launch(source, arguments, (round_up(-(-count // per_item), group),), (group,)),))


_NORMALIZE = Library("normalize_index", _lower_normalize)
_OUTSIDE = (
    "{}: {} is no whole number within {} .. {}, for an axis of length {}. "
    "Usual cause: counting from 1, or labels of more classes than the array has"
)


def normalize_index(name: str, indices: Value, length: int) -> Value:
    """Indices as int64 within 0 .. length - 1, negative ones counted from the end.

    An index outside, a fraction or NaN raises when a result is read: the message names op `name`.
    """
    return _normalized(name, indices, -length, length, "an index")


def class_label(name: str, labels: Value, classes: int) -> Value:
    """Labels as int64 within 0 .. classes - 1; what is no class raises when a result is read."""
    return _normalized(name, labels, 0, classes, "a label")


def _normalized(name: str, indices: Value, lowest: int, length: int, what: str) -> Value:
    if indices.dtype == dtypes.bool_:
        raise DTypeError(f"{name}: indices must be integers, got booleans; convert with astype('int64')")
    if length == 0 and size_of(indices.shape):
        raise IndexOutOfRangeError(f"{name}: the indexed axis has length 0, so every index is out of range")
    fault = Fault(IndexOutOfRangeError, _OUTSIDE, (name, what, lowest, length - 1, length))
    attributes = (lowest, length, fault)
    return Value(_NORMALIZE, (indices,), attributes, indices.shape, dtypes.int64, indices.device)


# -- gather ------------------------------------------------------------------------------------------------


def _lower_gather(problem: Problem) -> Lowered:
    """One item per output element on GPUs, per run of neighbouring output rows on CPUs."""
    outer, length, inner = problem.attributes
    layout = problem.inputs[1]
    assert layout is not None
    count = size_of(layout.shape)
    source = _source("gather", TYPE=BITS[problem.output.dtype.itemsize])
    arguments: tuple[Argument, ...] = (
        ("input", 0), ("offset", 0), ("input", 1), ("offset", 1), ("output",),
        ("long", outer), ("long", length), ("long", inner), ("long", count),
    )  # fmt: skip
    rows = outer * count
    if problem.kernel_shape == "cpu":
        per_item = max(1, 16384 // inner)
        return Lowered((Launch(source, (*arguments, ("long", per_item)), (-(-rows // per_item),), (1,)),))
    group = problem.group(_GROUP)
    return Lowered((Launch(source, (*arguments, ("long", 1)), (round_up(rows * inner, group),), (group,)),))


_GATHER = Library("gather", _lower_gather)


def _gather(x: Value, indices: Value) -> Value:
    outer, length, inner = x.shape
    shape = (outer, size_of(indices.shape), inner)
    if 0 in shape or length == 0:
        return fill(0, shape, x.dtype, x.device)
    return Value(_GATHER, (x, indices), x.shape, shape, x.dtype, x.device)


def _gather_gradient(g: Value, out: Value, x: Value, indices: Value) -> tuple[Value, None]:
    return scatter_add(g, indices, length=x.shape[1]), None


# x of shape (outer, length, inner) and n normalized indices of one dimension -> (outer, n, inner)
gather = Composite("gather", _gather, _gather_gradient)


# -- scatter -----------------------------------------------------------------------------------------------


def _lower_scatter(problem: Problem) -> Lowered:
    """Each item (CPU) or group (GPU) owns some rows of the output and takes, in order, what goes there."""
    outer, length, inner, replace = problem.attributes
    layout = problem.inputs[1]
    assert layout is not None
    rows, workers = outer * length, 4 * problem.capabilities.compute_units
    per_owner = -(-rows // workers)
    name = BITS[problem.output.dtype.itemsize] if replace else dtypes.STORAGE_NAME[problem.output.dtype]
    group = problem.group(_GROUP)
    source = _source("scatter", TYPE=name, SET=str(int(replace)), GROUP=str(group))
    base = 2 if replace else 0
    arguments: tuple[Argument, ...] = (
        ("input", 0), ("offset", 0), ("input", 1), ("offset", 1), ("input", base), ("offset", base), ("output",),
        ("long", outer), ("long", length), ("long", inner), ("long", size_of(layout.shape)), ("long", per_owner),
    )  # fmt: skip
    owners = -(-rows // per_owner)
    return Lowered((Launch(source, arguments, (owners * group,), (group,)),))


_SCATTER = Library("scatter", _lower_scatter)


def _scatter_add(values: Value, indices: Value, length: int) -> Value:
    outer, count, inner = values.shape
    shape = (outer, length, inner)
    if 0 in (*shape, count):
        return fill(0, shape, values.dtype, values.device)
    if values.dtype == dtypes.float16:
        # summed in float32 and rounded once
        return cast(_scatter_add(cast(values, dtype=dtypes.float32), indices, length), dtype=dtypes.float16)
    return Value(_SCATTER, (values, indices), (*shape, False), shape, values.dtype, values.device)


# values of shape (outer, n, inner) -> (outer, length, inner): at each index the sum of the values that go there
scatter_add = Composite("scatter_add", _scatter_add, lambda g, out, values, indices, length: (gather(g, indices), None))


def _scatter_set(x: Value, values: Value, indices: Value) -> Value:
    if 0 in x.shape or 0 in values.shape:
        return x
    return Value(_SCATTER, (values, indices, x), (*x.shape, True), x.shape, x.dtype, x.device)


def _scatter_set_gradient(g: Value, out: Value, x: Value, values: Value, indices: Value) -> tuple[Any, ...]:
    nothing = fill(0, values.shape, g.dtype, g.device)
    return scatter_set(g, nothing, indices), where(_last_writers(x.shape[1], indices), gather(g, indices), 0), None


def _last_writers(length: int, indices: Value) -> Value:
    """Which indices, as (1, n, 1), are the last of their kind: theirs are the values that stand."""
    order = iota((1, size_of(indices.shape), 1), indices.device)
    unwritten = fill(0, (1, length, 1), order.dtype, order.device)
    return equal(gather(scatter_set(unwritten, order, indices), indices), order)


# x of shape (outer, length, inner) with the rows at `indices` replaced by those of `values`; the last one stands
scatter_set = Composite("scatter_set", _scatter_set, _scatter_set_gradient)
