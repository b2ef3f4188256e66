"""Selecting and replacing elements, masks of sequences, reshaping."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

from clgrad import dtypes
from clgrad.array import finish, ndarray
from clgrad.array.arguments import as_shape, reshaped
from clgrad.array.conversion import as_operand, as_operands, as_value, device_of, operands_or_numbers, value_to_write
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError, ShapeError
from clgrad.ops import arithmetic, choice, creation, indexing, movement
from clgrad.ops.comparison import less
from clgrad.ops.operation import Value, alias
from clgrad.ops.selection import constant
from clgrad.shapes import Shape, normalize_axis, several


def one_hot(data: Any, depth: int, on_value: float = 1.0, off_value: float = 0.0, dtype: Any = "float32") -> ndarray:
    """One-hot vectors of length `depth` along a new last axis: `on_value` at each index, `off_value` elsewhere.

    >>> from clgrad import np, npx
    >>> npx.one_hot(np.array([0, 2]), 3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    on, off = operands_or_numbers((on_value, off_value), data)
    labels = as_operand(data, on_value, off_value)
    (length,) = as_shape("one_hot", depth)
    return finish(indexing.one_hot(labels, length, on, off, as_dtype(dtype)))


def pick(data: Any, index: Any, axis: int = -1, mode: str = "clip", keepdims: bool = False) -> ndarray:
    """One element per row along `axis`. Indices out of range are clipped, or wrap around with mode='wrap'.

    >>> from clgrad import np, npx
    >>> npx.pick(np.array([[1, 2], [3, 4]]), np.array([0, 1]))
    array([1., 4.])
    """
    value = as_value(data, device_of((data, index)))
    return finish(indexing.pick(value, as_operand(index, value), axis, keepdims, mode))


def gather_nd(data: Any, indices: Any, out: Any = None) -> ndarray:
    """The elements at `indices`, whose rows are the indices along the first axis, the second axis and so on.

    >>> from clgrad import np, npx
    >>> npx.gather_nd(np.array([[1, 2], [3, 4]]), np.array([[0, 1], [1, 1]]))
    array([2., 4.])
    """
    value = as_value(data, device_of((data, indices)))
    return finish(indexing.getitem(value, _rows_of(indices, value)), out)


def index_update(a: Any, ind: Any, val: Any) -> ndarray:
    """A copy of `a` with `val` written at `ind`, whose rows are the indices along the first axis and so on.

    >>> from clgrad import np, npx
    >>> npx.index_update(np.zeros(3), np.array([[1]]), np.array([5]))
    array([0., 5., 0.])
    """
    value = as_operand(a, ind, val)
    return finish(indexing.setitem(value, _rows_of(ind, value), value_to_write("index_update", val, value)))


def index_add(a: Any, ind: Any, val: Any) -> ndarray:
    """A copy of `a` with `val` added at `ind`, as in `index_update`; an index that comes twice is added to twice.

    >>> from clgrad import np, npx
    >>> npx.index_add(np.zeros(3), np.array([[1, 1]]), np.array([5, 6]))
    array([ 0., 11.,  0.])
    """
    value = as_operand(a, ind, val)
    return finish(indexing.add_at(value, _rows_of(ind, value), value_to_write("index_add", val, value)))


def _rows_of(indices: Any, array: Value) -> tuple[Value, ...]:
    rows = as_operand(indices, array)
    if not rows.shape:
        return (rows,)
    if rows.shape[0] > len(array.shape):
        raise ShapeError(f"indices of shape {rows.shape} need one row per axis, at most {len(array.shape)}")
    return tuple(indexing.getitem(rows, (row,)) for row in range(rows.shape[0]))


def sequence_mask(
    data: Any,
    sequence_length: Any = None,
    use_sequence_length: bool = False,
    value: Any = 0.0,
    axis: int = 0,
    out: Any = None,
) -> ndarray:
    """data with `value` at the elements beyond each sequence's length. Sequences run along `axis`, which is 0 or 1.

    >>> from clgrad import np, npx
    >>> npx.sequence_mask(np.ones((2, 3)), np.array([1, 2]), True, axis=1)
    array([[1., 0., 0.],
           [1., 1., 0.]])
    """
    x = as_value(data)
    if not use_sequence_length or sequence_length is None:
        return finish(arithmetic.identity(x), out)
    if axis not in (0, 1):
        raise ArgumentError(f"sequence_mask: axis must be 0 or 1, got {axis}")
    lengths = as_operand(sequence_length, x)
    if lengths.shape != (x.shape[1 - axis],):
        raise ShapeError(
            f"sequence_mask: lengths of shape {lengths.shape} do not fit {x.shape} with sequences along axis {axis}"
        )
    spread = tuple(n if at == 1 - axis else 1 for at, n in enumerate(x.shape))
    position = creation.axis_index(x.shape, axis, x.device)
    inside = less(position, movement.reshape(arithmetic.cast(lengths, dtype=dtypes.int64), spread))
    return finish(choice.where(inside, x, *operands_or_numbers((value,), data)), out)


def stop_gradient(data: Any, out: Any = None) -> ndarray:
    """The same elements without history: no gradient passes.

    >>> from clgrad import np, npx
    >>> npx.stop_gradient(np.ones(2))
    array([1., 1.])
    """
    return finish(alias(as_value(data)), out)


def batch_flatten(data: Any, out: Any = None) -> ndarray:
    """The array with all axes after the first merged into one.

    >>> from clgrad import np, npx
    >>> npx.batch_flatten(np.ones((2, 3, 4))).shape
    (2, 12)
    """
    value = as_value(data)
    return finish(movement.reshape(value, (value.shape[0], -1)), out)


def reshape_like(
    lhs: Any, rhs: Any, lhs_begin: int | None = None, lhs_end: int | None = None,
    rhs_begin: int | None = None, rhs_end: int | None = None, out: Any = None,
) -> ndarray:  # fmt: skip
    """The elements in the shape of `rhs`; or only the axes lhs_begin .. lhs_end in the shape rhs_begin .. rhs_end.

    >>> from clgrad import np, npx
    >>> npx.reshape_like(np.ones(4), np.ones((2, 2))).shape
    (2, 2)
    """
    value = as_value(lhs)
    first, last, _ = slice(lhs_begin, lhs_end).indices(len(value.shape))
    middle = as_value(rhs).shape[slice(rhs_begin, rhs_end)]
    return finish(movement.reshape(value, (*value.shape[:first], *middle, *value.shape[last:])), out)


def broadcast_like(lhs: Any, rhs: Any, lhs_axes: Any = None, rhs_axes: Any = None) -> ndarray:
    """The array repeated to the shape of another array, or along `lhs_axes` to the lengths of its `rhs_axes`.

    >>> from clgrad import np, npx
    >>> npx.broadcast_like(np.ones((1, 2)), np.ones((3, 2))).shape
    (3, 2)
    """
    value, model = as_value(lhs), as_value(rhs)
    if lhs_axes is None and rhs_axes is None:
        return finish(movement.broadcast_to(value, model.shape))
    if lhs_axes is None or rhs_axes is None:
        raise ArgumentError("broadcast_like: give both lhs_axes and rhs_axes, or neither")
    mine, theirs = several("broadcast_like", lhs_axes), several("broadcast_like", rhs_axes)
    if len(mine) != len(theirs):
        raise ArgumentError(f"broadcast_like: lhs_axes {mine} and rhs_axes {theirs} must come in pairs")
    shape = list(value.shape)
    for axis, other in zip(mine, theirs):
        length = model.shape[normalize_axis("broadcast_like", other, len(model.shape))]
        shape[normalize_axis("broadcast_like", axis, len(shape))] = length
    return finish(movement.broadcast_to(value, shape))


def arange_like(
    data: Any,
    start: float = 0.0,
    step: float = 1.0,
    repeat: int = 1,
    ctx: Any = None,
    axis: int | None = None,
) -> ndarray:
    """start, start + step, ... in the shape of an array, or along one of its axes.

    >>> from clgrad import np, npx
    >>> npx.arange_like(np.ones((2, 3)), axis=1)
    array([0., 1., 2.])
    """
    value = as_value(data)
    shape: Shape = (
        value.shape if axis is None else (value.shape[normalize_axis("arange_like", axis, len(value.shape))],)
    )
    count = 1
    for length in shape:
        count *= length
    dtype = dtypes.to_floating(value.dtype)
    if repeat == 1:
        numbers = creation.ramp(count, start, step, dtype, value.device)
    else:
        place = arithmetic.floor_divide(creation.ramp(count, 0, 1, dtypes.int64, value.device), repeat)
        numbers = arithmetic.cast(place, dtype=dtype) * step + start
    return finish(movement.reshape(numbers, shape))


def shape_array(data: Any, out: Any = None) -> ndarray:
    """The shape as an array.

    >>> from clgrad import np, npx
    >>> npx.shape_array(np.ones((2, 3)))
    array([2, 3], dtype=int64)
    """
    value = as_value(data)
    return finish(constant(value.shape, value.device), out)


def cast(data: Any, dtype: Any, out: Any = None) -> ndarray:
    """The elements in another dtype.

    >>> from clgrad import np, npx
    >>> npx.cast(np.array([1.7]), 'int32')
    array([1], dtype=int32)
    """
    return finish(arithmetic.cast(as_value(data), dtype=as_dtype(dtype)), out)


def add_n(*args: Any) -> ndarray:
    """The sum of arrays of one shape.

    >>> from clgrad import np, npx
    >>> npx.add_n(np.ones(2), np.ones(2), np.ones(2))
    array([3., 3.])
    """
    if not args:
        raise ArgumentError("add_n: needs at least one array")
    return finish(reduce(add, as_operands(args)))


def reshape(a: Any, newshape: int | Sequence[int], reverse: bool = False, order: str = "C") -> ndarray:
    """The elements in another shape, which may contain MXNet's codes.

    -1: the length that the number of elements leaves. -2: copy the length of the axis. -3: drop an axis of length one.
    -4: copy all remaining axes. -5: merge two axes. -6: split an axis into the two lengths that follow, of which one
    may be -1. `reverse` matches shape and codes from the right.

    >>> from clgrad import np, npx
    >>> npx.reshape(np.ones((2, 3, 4)), (-2, -5)).shape, npx.reshape(np.ones((6, 4)), (-6, 2, -1, -4)).shape
    ((2, 12), (2, 3, 4))
    """
    value = as_value(a)
    codes = [newshape] if isinstance(newshape, int) else list(newshape)
    shape = coded_shape(value.shape[::-1], _reversed_codes(codes))[::-1] if reverse else coded_shape(value.shape, codes)
    return finish(reshaped(value, shape, order))


def _reversed_codes(codes: list[int]) -> list[int]:
    """The codes in reverse order, but with -6 in front of its two lengths."""
    result: list[int] = []
    position = 0
    while position < len(codes):
        width = 3 if codes[position] == -6 else 1
        group = codes[position : position + width]
        result[:0] = group if width == 1 else [-6, *group[:0:-1]]
        position += width
    return result


def coded_shape(shape: Shape, codes: Sequence[int]) -> Shape:
    """The shape that the codes of `reshape` stand for; a -1 stays in it."""
    result: list[int] = []
    here = 0
    given = iter(codes)
    for code in given:
        if code == -4:
            result.extend(shape[here:])
            here = len(shape)
        elif code == -6:
            result.extend(_split_length(_length(shape, here), next(given, 0), next(given, 0)))
            here += 1
        elif code == -5:
            result.append(_length(shape, here) * _length(shape, here + 1))
            here += 2
        elif code == -3:
            if _length(shape, here) != 1:
                raise ShapeError(f"reshape: -3 drops an axis of length 1, and axis {here} of {shape} is not one")
            here += 1
        else:
            result.append(_length(shape, here) if code == -2 else code)
            here += 1
    return tuple(result)


def _length(shape: Shape, axis: int) -> int:
    if axis >= len(shape):
        raise ShapeError(f"reshape: the codes need axis {axis}, which shape {shape} does not have")
    return shape[axis]


def _split_length(length: int, first: int, second: int) -> tuple[int, int]:
    if first == -1 and second > 0:
        first = length // second
    elif second == -1 and first > 0:
        second = length // first
    if first * second != length:
        raise ShapeError(f"reshape: -6 cannot split length {length} into {first} and {second}")
    return first, second
