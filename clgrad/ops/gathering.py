"""Kernels with addresses from data: gather, its gradient scatter_add, and scatter_set. See cl_kernels/indexing.cl.

An array is read as (outer, length, inner): one axis is indexed, those before and after it stay as they are.
"""

from __future__ import annotations

from typing import Any

from clgrad import dtypes
from clgrad.errors import DTypeError, IndexOutOfRangeError
from clgrad.kernels.indexing import Range, Rows, Scatter, lower_gather, lower_normalize, lower_scatter
from clgrad.launch import Fault
from clgrad.ops.arithmetic import cast
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal
from clgrad.ops.operation import Composite, Value, fill, iota
from clgrad.primitives import Library
from clgrad.shapes import size_of

# -- normalize_index ---------------------------------------------------------------------------------------


_NORMALIZE = Library("normalize_index", lower_normalize)
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
    return Value(_NORMALIZE, (indices,), Range(lowest, length, fault), indices.shape, dtypes.int64, indices.device)


# -- gather ------------------------------------------------------------------------------------------------


_GATHER = Library("gather", lower_gather)


def _gather(x: Value, indices: Value) -> Value:
    outer, length, inner = x.shape
    shape = (outer, size_of(indices.shape), inner)
    if 0 in shape or length == 0:
        return fill(0, shape, x.dtype, x.device)
    return Value(_GATHER, (x, indices), Rows(*x.shape), shape, x.dtype, x.device)


def _gather_gradient(g: Value, out: Value, x: Value, indices: Value) -> tuple[Value, None]:
    return scatter_add(g, indices, length=x.shape[1]), None


# x of shape (outer, length, inner) and n normalized indices of one dimension -> (outer, n, inner)
gather = Composite("gather", _gather, _gather_gradient)


# -- scatter -----------------------------------------------------------------------------------------------


_SCATTER = Library("scatter", lower_scatter)


def _scatter_add(values: Value, indices: Value, length: int) -> Value:
    outer, count, inner = values.shape
    shape = (outer, length, inner)
    if 0 in (*shape, count):
        return fill(0, shape, values.dtype, values.device)
    if values.dtype == dtypes.float16:
        # summed in float32 and rounded once
        return cast(_scatter_add(cast(values, dtype=dtypes.float32), indices, length), dtype=dtypes.float16)
    attributes = Scatter(outer, length, inner, replace=False)
    return Value(_SCATTER, (values, indices), attributes, shape, values.dtype, values.device)


# values of shape (outer, n, inner) -> (outer, length, inner): at each index the sum of the values that go there
scatter_add = Composite("scatter_add", _scatter_add, lambda g, out, values, indices, length: (gather(g, indices), None))


def _scatter_set(x: Value, values: Value, indices: Value) -> Value:
    if 0 in x.shape or 0 in values.shape:
        return x
    outer, length, inner = x.shape
    attributes = Scatter(outer, length, inner, replace=True)
    return Value(_SCATTER, (values, indices, x), attributes, x.shape, x.dtype, x.device)


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
