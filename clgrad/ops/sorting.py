"""Sorting, the largest and smallest elements, and distinct elements; see cl_kernels/kernels/sorting.cl."""

from __future__ import annotations

from typing import NamedTuple

from clgrad import dtypes
from clgrad.errors import ArgumentError
from clgrad.graph.execute import read
from clgrad.kernels.sorting import Sorting, candidates
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal, logical_and, not_equal
from clgrad.ops.creation import position_along
from clgrad.ops.gathering import gather, put
from clgrad.ops.indexing import take
from clgrad.ops.joining import concatenate
from clgrad.ops.movement import moveaxis, part, reshape
from clgrad.ops.operation import Value, alias, fill, iota
from clgrad.ops.scan import cumsum
from clgrad.ops.several import Description, SeveralResults
from clgrad.primitives import Library
from clgrad.shapes import Shape, normalize_axis, several, size_of


def _described(x: Value, axis: int, kept: int, descending: bool) -> Description:
    shape = (*x.shape[:axis], kept, *x.shape[axis + 1 :])
    sizes = Sorting(size_of(x.shape[:axis]), x.shape[axis], size_of(x.shape[axis + 1 :]), kept, descending)
    return sizes, ((shape, x.dtype), (shape, dtypes.int64))


_KERNEL = Library("sort", candidates)

# The first `kept` elements in their order along an axis, and their indices.
_sort = SeveralResults(
    "sort", (_KERNEL, _KERNEL), _described,
    lambda gs, outs, x, axis, kept, descending: (_put_along(gs[0], outs[1], x.shape, axis),), needs=(1,),
)  # fmt: skip


def _put_along(values: Value, indices: Value, shape: Shape, axis: int) -> Value:
    """Zeros of a shape with the values at these indices along an axis; in a row no index comes twice."""
    position = position_along(indices, axis, shape, indices.shape)
    return reshape(put(reshape(values, -1), reshape(position, -1), length=size_of(shape)), shape)


def sorted_along(x: Value, axis: int, kept: int, descending: bool) -> tuple[Value, Value]:
    """The first `kept` elements in their order along an axis, and their indices, int64. NaN comes last in both orders.

    Equal elements keep their order.
    """
    if size_of(x.shape) == 0 or kept == 0:
        nothing = part(x, axis, 0, kept)
        return nothing, fill(0, nothing.shape, dtypes.int64, x.device)
    values, indices = _sort(x, axis=axis, kept=kept, descending=descending)
    return values, indices


def _of_axis(name: str, x: Value, axis: int | None) -> tuple[Value, int]:
    if axis is None:
        return reshape(x, -1), 0
    return x, normalize_axis(name, axis, len(x.shape))


def sort(x: Value, axis: int | None = -1, descending: bool = False) -> Value:
    """The elements in their order along `axis`; of the flattened array where that is None."""
    x, axis = _of_axis("sort", x, axis)
    return sorted_along(x, axis, x.shape[axis], descending)[0]


def argsort(x: Value, axis: int | None = -1, descending: bool = False) -> Value:
    """The indices along `axis` of the elements in their order; of the flattened array where that is None."""
    x, axis = _of_axis("argsort", x, axis)
    return sorted_along(x, axis, x.shape[axis], descending)[1]


def topk(x: Value, k: int, axis: int | None = -1, ascending: bool = False) -> tuple[Value, Value]:
    """The k largest (or smallest) elements along `axis` in their order, and their indices, int64; all where k < 1."""
    x, axis = _of_axis("topk", x, axis)
    return sorted_along(x, axis, _checked_count(k, x.shape[axis]), not ascending)


def topk_mask(x: Value, k: int, axis: int | None = -1, ascending: bool = False) -> Value:
    """1 where an element is among the k largest (or smallest) along `axis`, else 0; of the dtype of x."""
    rows, along = _of_axis("topk", x, axis)
    _, indices = topk(rows, k, along, ascending)
    ones = fill(1, indices.shape, x.dtype, x.device)
    return reshape(_put_along(ones, indices, rows.shape, along), x.shape)


def _checked_count(k: int, length: int) -> int:
    (k,) = several("topk", k)
    if k > length:
        raise ArgumentError(f"topk: k is {k}, and the axis has {length} elements")
    return length if k < 1 else k


class Unique(NamedTuple):
    """The distinct elements in their order; the index of the first of each; which one each element is; how many."""

    values: Value
    indices: Value
    inverse: Value
    counts: Value


def unique(x: Value, axis: int | None = None, equal_nan: bool = True) -> Unique:
    """The distinct elements of the flattened array, or its distinct rows along `axis`. Reads how many there are.

    All NaN are one element if `equal_nan`. The gradient goes to the first of those that are equal.
    """
    rows, axis = _of_axis("unique", x, axis)
    length = rows.shape[axis]
    nothing = fill(0, (0,), dtypes.int64, x.device)
    if length == 0:
        return Unique(rows, nothing, nothing, nothing)
    keys = reshape(moveaxis(alias(rows), axis, 0), (length, -1))
    first, number, order = _numbered(_row_numbers(keys, equal_nan), equal_nan)
    found = int(read(part(number, 0, length - 1, 1))[0]) + 1
    starts = put(iota((length,), x.device), where(first, number, -1), length=found)
    ends = concatenate([part(starts, 0, 1, found - 1), fill(length, (1,), starts.dtype, x.device)], 0)
    indices = reshape(gather(reshape(order, (1, -1, 1)), starts), -1)
    return Unique(take(rows, indices, axis), indices, put(number, order, length=length), ends - starts)


def _row_numbers(rows: Value, equal_nan: bool) -> Value:
    """A vector that orders as the rows of a matrix do: by the first elements, then by the second, and so on."""
    length, width = rows.shape
    if width == 0:
        return fill(0, (length,), dtypes.int64, rows.device)
    columns = [reshape(part(rows, 1, at, 1), -1) for at in range(width)]
    if width == 1:
        return columns[0]
    total = _ranks(columns[0], equal_nan)
    for column in columns[1:]:
        total = _ranks(total * length + _ranks(column, equal_nan), equal_nan)
    return total


def _ranks(x: Value, equal_nan: bool) -> Value:
    """How many distinct elements of a vector are smaller than each."""
    _, number, order = _numbered(x, equal_nan)
    return put(number, order, length=x.shape[0])


def _numbered(x: Value, equal_nan: bool) -> tuple[Value, Value, Value]:
    """Of a sorted vector: whether each is the first of its kind, the number of its kind, and where it comes from."""
    values, order = sorted_along(x, 0, x.shape[0], descending=False)
    first = _differs_from_the_one_before(values, equal_nan)
    return first, cumsum(first, 0) - 1, order


def _differs_from_the_one_before(values: Value, equal_nan: bool) -> Value:
    """Along a sorted vector, whether an element begins a run of equal ones."""
    length = values.shape[0]
    before, after = part(values, 0, 0, length - 1), part(values, 0, 1, length - 1)
    differs = not_equal(before, after)
    if equal_nan and dtypes.is_floating(values.dtype):
        differs = logical_and(differs, equal(before, before))
    return concatenate([fill(True, (1,), dtypes.bool_, values.device), differs], 0)

