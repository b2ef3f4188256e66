"""Indexing: reading and writing x[key] as NumPy does, and taking elements along an axis.

A key becomes a Selection (selection.py): slices cut a box, which is a view, and at most one gather picks from the axes
that are indexed by arrays. A write uses an update and a scatter in the same way. Everything is differentiable.
"""

from __future__ import annotations

import math
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import ArgumentError, ShapeError
from clgrad.graph.execute import looking_at
from clgrad.ops import reduction
from clgrad.ops.arithmetic import cast, remainder
from clgrad.ops.choice import clip, where
from clgrad.ops.comparison import equal
from clgrad.ops.creation import axis_index, position_along
from clgrad.ops.gathering import gather, normalize_index, scatter_add, scatter_set
from clgrad.ops.movement import (
    broadcast_to,
    expand_dims,
    inverse,
    reshape,
    slice_axes,
    slice_update,
    squeeze,
    transpose,
)
from clgrad.ops.operation import Composite, Value, check_one_device, fill
from clgrad.ops.selection import Selection, constant, is_mask, plain_key, select
from clgrad.runtime.device import Device
from clgrad.shapes import Shape, normalize_axis, reduced_shape, size_of


def getitem(x: Value, key: Any) -> Value:
    """x[key]. Slices give views. Masks are read, because the shape of the result depends on them."""
    chosen = select("getitem", x, key)
    box = slice_axes(x, start=chosen.start, count=chosen.count, step=chosen.step)
    if not chosen.taken:
        return reshape(box, chosen.middle)
    rows = gather(_blocks(box, chosen), chosen.flat("getitem", x.device))
    return reshape(rows, chosen.shape)


def setitem(x: Value, key: Any, value: Any) -> Value:
    """x with x[key] replaced by `value`, which is broadcast and converted to the dtype of x."""
    value = _as_value("setitem", value, x.dtype, x.device)
    items = plain_key("setitem", x, key)
    if len(items) == 1 and is_mask(items[0]) and isinstance(items[0], Value):
        chosen_by_mask = _where_mask(x, items[0], value)
        if chosen_by_mask is not None:
            return chosen_by_mask
    chosen = select("setitem", x, key)
    value = _fitted("setitem", value, chosen.shape)
    if not chosen.taken:
        return _put_box(x, reshape(value, chosen.count), chosen)
    outer, _length, inner = chosen.blocks
    indices = chosen.flat("setitem", x.device)
    box = slice_axes(x, start=chosen.start, count=chosen.count, step=chosen.step)
    rows = scatter_set(_blocks(box, chosen), reshape(value, (outer, size_of(chosen.spread), inner)), indices)
    return _put_box(x, _unblocked(rows, chosen), chosen)


def add_at(x: Value, key: Any, value: Any) -> Value:
    """x with `value` added at x[key]. An element that the key selects twice is increased twice."""
    chosen = select("add_at", x, key)
    value = _fitted("add_at", _as_value("add_at", value, x.dtype, x.device), chosen.shape)
    if not chosen.taken:
        return setitem(x, key, getitem(x, key) + value)
    outer, length, inner = chosen.blocks
    rows = reshape(value, (outer, size_of(chosen.spread), inner))
    sums = scatter_add(rows, chosen.flat("add_at", x.device), length=length)
    return x + _put_box(fill(0, x.shape, x.dtype, x.device), _unblocked(sums, chosen), chosen)


def _blocks(box: Value, chosen: Selection) -> Value:
    """The box as (outer, length, inner), where `length` is all axes that are indexed by arrays."""
    return reshape(transpose(reshape(box, chosen.middle), chosen.order), chosen.blocks)


def _unblocked(rows: Value, chosen: Selection) -> Value:
    ordered = reshape(rows, tuple(chosen.middle[axis] for axis in chosen.order))
    return reshape(transpose(ordered, inverse(chosen.order)), chosen.count)


def _put_box(x: Value, box: Value, chosen: Selection) -> Value:
    if chosen.count == x.shape and all(step == 1 for step in chosen.step):
        return box
    return slice_update(x, box, start=chosen.start, count=chosen.count, step=chosen.step)


def _as_value(name: str, value: Any, dtype: DType, device: Device) -> Value:
    return cast(value, dtype=dtype) if isinstance(value, Value) else fill(value, (), dtype, device, name)


def _fitted(name: str, value: Value, shape: Shape) -> Value:
    """The value broadcast to the selection; surplus leading axes of length one are dropped."""
    surplus = len(value.shape) - len(shape)
    if surplus > 0 and set(value.shape[:surplus]) == {1}:
        value = reshape(value, value.shape[surplus:])
    tail = shape[len(shape) - len(value.shape) :]
    if len(value.shape) > len(shape) or any(n not in (1, m) for n, m in zip(value.shape, tail)):
        raise ShapeError(
            f"{name}: a value of shape {value.shape} does not broadcast to the selected elements, of shape {shape}"
        )
    return broadcast_to(value, shape)


def _where_mask(x: Value, mask: Value, value: Value) -> Value | None:
    """x[mask] = value as a `where`, which need not read the mask. None if `value` has one row per selected element."""
    inner = x.shape[len(mask.shape) :]
    fits = len(value.shape) <= len(inner) and all(n in (1, m) for n, m in zip(value.shape[::-1], inner[::-1]))
    if mask.shape != x.shape[: len(mask.shape)] or not fits:
        return None
    return where(reshape(mask, mask.shape + (1,) * len(inner)), value, x)


def nonzero(x: Value) -> tuple[Value, ...]:
    """The indices of the nonzero elements, one array per axis; reads x."""
    if not x.shape:
        raise ShapeError("nonzero: an array of shape () has no indices; use bool(x), or atleast_1d(x) first")
    with looking_at(x) as numbers:
        found = numpy.nonzero(numbers)
    return tuple(constant(positions, x.device) for positions in found)


def wrapped_index(name: str, indices: Value, x: Value, axis: int, mode: str) -> Value:
    """Indices within an axis of x. Indices out of range raise, are clipped, or wrap around, by `mode`."""
    check_one_device(name, (x, indices))
    length = x.shape[axis]
    if mode == "raise":
        return normalize_index(name, indices, length)
    if length == 0:
        raise ShapeError(f"{name}: there is nothing to index along an axis of length 0")
    indices = cast(indices, dtype=dtypes.int64)
    if mode == "clip":
        return clip(indices, 0, length - 1)
    if mode == "wrap":
        return remainder(indices, length)
    raise ArgumentError(f"{name}: mode must be 'raise', 'clip' or 'wrap', got {mode!r}")


def take(x: Value, indices: Value, axis: int | None = None, mode: str = "raise") -> Value:
    """The elements (or rows) at `indices` along `axis`, or of the flattened array if it is None."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = normalize_axis("take", axis, len(x.shape))
    before, length, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    flat = reshape(wrapped_index("take", indices, x, axis, mode), -1)
    rows = gather(reshape(x, (size_of(before), length, size_of(after))), flat)
    return reshape(rows, (*before, *indices.shape, *after))


def take_along_axis(x: Value, indices: Value, axis: int | None, mode: str = "raise") -> Value:
    """For each element of `indices` the element of x at the same place, but with that index along `axis`."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = normalize_axis("take_along_axis", axis, len(x.shape))
    if len(indices.shape) != len(x.shape):
        raise ShapeError(f"take_along_axis: shapes {x.shape} and {indices.shape} differ in dimensions")
    shape = tuple(max(n, m) if at != axis else m for at, (n, m) in enumerate(zip(x.shape, indices.shape)))
    x = broadcast_to(x, tuple(x.shape[axis] if at == axis else n for at, n in enumerate(shape)))
    position = wrapped_index("take_along_axis", indices, x, axis, mode)
    flat = position_along(position, axis, x.shape, shape)
    found = gather(reshape(x, (1, size_of(x.shape), 1)), reshape(broadcast_to(flat, shape), -1))
    return reshape(found, shape)


def _hit(x: Value, position: Value, axis: int) -> Value:
    """A mask of the elements of x whose index along `axis` is `position`, which has length one there."""
    return equal(axis_index(x.shape, axis, x.device), position)


def _pick(x: Value, position: Value, axis: int) -> Value:
    if x.storage is not None:
        return take_along_axis(x, position, axis)
    # A gather would have to store pending rows. A maximum over the row fuses with their computation: all elements but
    # the picked one are replaced by the lowest number. (A sum over zeros would turn -0.0 into 0.0.)
    return reduction.max(where(_hit(x, position, axis), x, _lowest(x.dtype)), axis, keepdims=True)


def _lowest(dtype: DType) -> Any:
    """The lowest number of the dtype."""
    if dtype == dtypes.bool_:
        return False
    return -math.inf if dtypes.is_floating(dtype) else dtypes.bounds(dtype)[0]


_picked = Composite("pick", _pick, lambda g, out, x, position, axis: (where(_hit(x, position, axis), g, 0), None))


_max_at = Composite(
    "max_at", lambda x, position, axis: reduction.max(x, axis, keepdims=True),
    lambda g, out, x, position, axis: (where(_hit(x, position, axis), g, 0), None),
)  # fmt: skip


def max_with_positions(x: Value, axis: int = -1, keepdims: bool = False) -> tuple[Value, Value]:
    """The largest element along `axis` and the position, int64, of the first equal to it; of the first NaN, if any.

    One plan computes both. The gradient goes to that position alone.
    """
    axis = normalize_axis("max_with_positions", axis, len(x.shape))
    position = reduction.argmax(x, axis, keepdims=True)
    largest = _max_at(x, position, axis=axis)
    return (largest, position) if keepdims else (squeeze(largest, axis), squeeze(position, axis))


def pick(x: Value, indices: Value, axis: int = -1, keepdims: bool = False, mode: str = "clip") -> Value:
    """One element per row along `axis`; `indices` has the shape of x without that axis, or with length 1 there."""
    axis = normalize_axis("pick", axis, len(x.shape))
    if len(indices.shape) == len(x.shape) - 1:
        indices = expand_dims(indices, axis)
    if indices.shape != reduced_shape(x.shape, (axis,), keepdims=True):
        raise ShapeError(f"pick: indices of shape {indices.shape} do not fit shape {x.shape} with axis {axis} left out")
    found = _picked(x, wrapped_index("pick", indices, x, axis, mode), axis=axis)
    return found if keepdims else squeeze(found, axis)


def one_hot(
    indices: Value, depth: int, on_value: Any = 1.0, off_value: Any = 0.0, dtype: DType = dtypes.float32
) -> Value:
    """One-hot vectors along a new last axis: `on_value` at the index, `off_value` elsewhere.

    An index out of range gives `off_value` everywhere.
    """
    on, off = (_as_value("one_hot", one, dtype, indices.device) for one in (on_value, off_value))
    return _one_hot(indices, on, off, depth=depth)


def _is_hot(indices: Value, depth: int) -> Value:
    labels = expand_dims(cast(indices, dtype=dtypes.int64), len(indices.shape))
    return equal(labels, axis_index((*indices.shape, depth), len(indices.shape), indices.device))


_one_hot = Composite(
    "one_hot", lambda indices, on, off, depth: where(_is_hot(indices, depth), on, off), (
        None,
        lambda g, out, indices, on, off, depth: where(_is_hot(indices, depth), g, 0),
        lambda g, out, indices, on, off, depth: where(_is_hot(indices, depth), 0, g),
    ),
)  # fmt: skip


def embedding(indices: Value, weight: Value) -> Value:
    """The rows of `weight` (rows, width) at `indices`."""
    if len(weight.shape) != 2:
        raise ShapeError(f"embedding: the weight must have shape (rows, width), got {weight.shape}")
    check_one_device("embedding", (indices, weight))
    flat = reshape(normalize_index("embedding", indices, weight.shape[0]), -1)
    rows = gather(reshape(weight, (1, *weight.shape)), flat)
    return reshape(rows, (*indices.shape, weight.shape[1]))
