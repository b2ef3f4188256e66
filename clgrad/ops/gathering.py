"""Indexing by an array along one axis: gather, its gradient scatter_add, and scatter_set.

See cl_kernels/kernels/indexing.cl. Arrays have the shape (outer, length, inner): `length` is the indexed axis, `outer`
the axes before it merged into one, `inner` the axes after it.
"""

from __future__ import annotations

from typing import Any

from clgrad import dtypes
from clgrad.errors import DTypeError, IndexOutOfRangeError
from clgrad.kernels import indexing
from clgrad.kernels.indexing import Range, Rows, Scatter
from clgrad.launch import Fault
from clgrad.ops.arithmetic import cast
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal, greater_equal
from clgrad.ops.movement import reshape
from clgrad.ops.operation import Composite, Value, fill, iota
from clgrad.primitives import Library
from clgrad.shapes import size_of

# -- normalize_index ---------------------------------------------------------------------------------------


_NORMALIZE = Library("normalize_index", indexing.normalize)
_OUTSIDE = (
    "{}: {} is not an integer from {} to {}, for an axis of length {}. "
    "Usual cause: counting from 1, or labels of more classes than the array has"
)


def normalize_index(name: str, indices: Value, length: int) -> Value:
    """Indices as int64 from 0 to length - 1; a negative index counts from the end.

    An index out of range, a fraction or NaN raises when a result is read. The error names the op `name`.
    """
    return _normalized(name, indices, -length, length, "an index")


def class_label(name: str, labels: Value, classes: int) -> Value:
    """Labels as int64 from 0 to classes - 1. A label that is not a class raises when a result is read."""
    return _normalized(name, labels, 0, classes, "a label")


def _normalized(name: str, indices: Value, lowest: int, length: int, what: str) -> Value:
    if indices.dtype == dtypes.bool_:
        raise DTypeError(f"{name}: indices must be integers, got booleans; convert with astype('int64')")
    if length == 0 and size_of(indices.shape):
        raise IndexOutOfRangeError(f"{name}: the indexed axis has length 0, so every index is out of range")
    fault = Fault(IndexOutOfRangeError, _OUTSIDE, (name, what, lowest, length - 1, length))
    return Value(_NORMALIZE, (indices,), Range(lowest, length, fault), indices.shape, dtypes.int64, indices.device)


# -- gather ------------------------------------------------------------------------------------------------


_GATHER = Library("gather", indexing.gather)


def _gather(x: Value, indices: Value) -> Value:
    outer, length, inner = x.shape
    shape = (outer, size_of(indices.shape), inner)
    if 0 in shape or length == 0:
        return fill(0, shape, x.dtype, x.device)
    return Value(_GATHER, (x, indices), Rows(*x.shape), shape, x.dtype, x.device)


def _gather_gradient(g: Value, out: Value, x: Value, indices: Value) -> tuple[Value, None]:
    return scatter_add(g, indices, length=x.shape[1]), None


# (outer, length, inner) and a vector of n indices from normalize_index -> (outer, n, inner)
gather = Composite("gather", _gather, _gather_gradient)


# -- scatter -----------------------------------------------------------------------------------------------


_SCATTER = Library("scatter", indexing.scatter)


def _scatter_add(values: Value, indices: Value, length: int) -> Value:
    outer, count, inner = values.shape
    shape = (outer, length, inner)
    if 0 in (*shape, count):
        return fill(0, shape, values.dtype, values.device)
    if values.dtype == dtypes.float16:
        # Summed in float32, rounded once.
        return cast(_scatter_add(cast(values, dtype=dtypes.float32), indices, length), dtype=dtypes.float16)
    attributes = Scatter(outer, length, inner, replace=False)
    return Value(_SCATTER, (values, indices), attributes, shape, values.dtype, values.device)


# values (outer, n, inner) and n indices -> (outer, length, inner): at each index the sum of its values, else 0
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
    """A mask (1, n, 1) of the last occurrence of each index: only its value remains after scatter_set.

    The indices [4, 7, 4] give [False, True, True].
    """
    order = iota((1, size_of(indices.shape), 1), indices.device)
    unwritten = fill(0, (1, length, 1), order.dtype, order.device)
    return equal(gather(scatter_set(unwritten, order, indices), indices), order)


# x (outer, length, inner) with the rows at `indices` replaced by `values` (outer, n, inner); the last one remains
scatter_set = Composite("scatter_set", _scatter_set, _scatter_set_gradient)


# -- put ---------------------------------------------------------------------------------------------------


_PUT = Library("put", indexing.put)


def _put(values: Value, positions: Value, length: int) -> Value:
    if 0 in values.shape or length == 0:
        return fill(0, (length,), values.dtype, values.device)
    return Value(_PUT, (values, positions), length, (length,), values.dtype, values.device)


# values and positions of shape (n,) -> (length,): zeros with the values at their positions, of which no two are equal.
# Values with negative positions are left out, and get no gradient.
put: Composite = Composite(
    "put",
    _put,
    lambda g, out, values, positions, length: (_taken(g, positions), None),
)


def _taken(x: Value, positions: Value) -> Value:
    """The elements of x at the positions, 0 where these are negative."""
    inside = greater_equal(positions, 0)
    found = gather(reshape(x, (1, -1, 1)), where(inside, positions, 0))
    return where(inside, reshape(found, -1), 0)
