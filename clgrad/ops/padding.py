"""pad in all of NumPy's modes. It is made of slices and concatenations, so every mode is differentiable."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.errors import ArgumentError, DTypeError, ShapeError
from clgrad.ops import reduction
from clgrad.ops.arithmetic import cast, floor, rint
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal, isnan, less, logical_and, logical_or
from clgrad.ops.creation import axis_index
from clgrad.ops.joining import concatenate, pick_static
from clgrad.ops.movement import along, broadcast_to, expand_dims, flip, part, reshape, slice_update
from clgrad.ops.operation import Value, fill
from clgrad.shapes import Shape, normalize_axis


def pad(x: Value, pad_width: Any, mode: str = "constant", **options: Any) -> Value:
    """x with margins of `pad_width` around it, in any of NumPy's modes."""
    widths = _widths(pad_width, len(x.shape))
    if mode not in _MODES:
        raise ArgumentError(f"pad: mode must be one of {', '.join(_MODES)}, got {mode!r}")
    rule, accepted = _MODES[mode]
    if not set(options) <= set(accepted):
        raise ArgumentError(f"pad: mode {mode!r} takes the options {accepted or 'none'}, got {sorted(options)}")
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = rule(x, axis, before, after, **options)
    return x


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """(before, after) for each axis, from a number, a pair, a pair per axis, or a dictionary of these by axis."""
    if isinstance(pad_width, dict):
        widths = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            (widths[normalize_axis("pad", axis, ndim)],) = _widths(width, 1)
        return widths
    given = numpy.asarray(pad_width)
    if given.dtype.kind not in "iu":
        raise DTypeError(f"pad: widths must be integers, got {pad_width!r}")
    if (given < 0).any():
        raise ArgumentError(f"pad: widths must not be negative, got {pad_width}")
    try:
        return [(before, after) for before, after in numpy.broadcast_to(given, (ndim, 2)).tolist()]
    except ValueError:
        raise ArgumentError(
            f"pad: widths must be one number, one pair or one pair for each of {ndim} axes, got {pad_width}"
        ) from None


def _per_axis(value: Any, x: Value, axis: int) -> tuple[Any, Any]:
    """The (before, after) of an option for one axis; the option is a number, a pair, a pair per axis or an array."""
    if isinstance(value, Value):
        pair = part(broadcast_to(value, (len(x.shape), 2)), 0, axis, 1)
        return reshape(part(pair, 1, 0, 1), ()), reshape(part(pair, 1, 1, 1), ())
    low, high = numpy.broadcast_to(numpy.asarray(value), (len(x.shape), 2))[axis].tolist()
    return low, high


def _margin(x: Value, axis: int, width: int) -> Shape:
    return (*x.shape[:axis], width, *x.shape[axis + 1 :])


def _pad_constant(x: Value, axis: int, before: int, after: int, constant_values: Any = 0) -> Value:
    low, high = _per_axis(constant_values, x, axis)
    if isinstance(low, Value) or low != high:
        head, tail = _constant(low, x, _margin(x, axis, before)), _constant(high, x, _margin(x, axis, after))
        return concatenate([head, x, tail], axis)
    shape = _margin(x, axis, before + x.shape[axis] + after)
    return slice_update(_constant(low, x, shape), x, **along(shape, axis, before, x.shape[axis]))


def _constant(value: Any, x: Value, shape: Shape) -> Value:
    if isinstance(value, Value):
        return broadcast_to(cast(value, dtype=x.dtype), shape)
    return fill(value, shape, x.dtype, x.device, "pad")


def _pad_by_position(mode: str) -> Callable[..., Value]:
    def rule(x: Value, axis: int, before: int, after: int, reflect_type: str = "even") -> Value:
        length = x.shape[axis]
        if length == 0:
            raise ShapeError(f"pad: mode {mode!r} needs elements along axis {axis} of shape {x.shape}")
        if reflect_type not in ("even", "odd"):
            raise ArgumentError(f"pad: reflect_type must be 'even' or 'odd', got {reflect_type!r}")
        edge = 1 if mode == "reflect" else 0
        if reflect_type == "odd" and length > edge:
            head = _turned_before(x, axis, before, edge)
            tail = flip(_turned_before(flip(x, axis), axis, after, edge), axis)
            return concatenate([head, part(tail, axis, length, after)], axis)
        positions = numpy.pad(numpy.arange(x.shape[axis]), (before, after), mode=mode)  # type: ignore[call-overload]
        return pick_static(x, axis, positions.tolist())

    return rule


def _turned_before(x: Value, axis: int, width: int, edge: int) -> Value:
    """x with `width` elements in front, by odd reflection: 2 * first - (the elements that follow it, reversed).

    [1, 2, 5] with width 2 and edge 1 gives [-3, 0, 1, 2, 5]. `edge` is 0 if the first element is repeated.
    """
    while width:
        count = min(width, x.shape[axis] - edge)
        margin = 2 * part(x, axis, 0, 1) - flip(part(x, axis, edge, count), axis)
        x = concatenate([margin, x], axis)
        width -= count
    return x


def _pad_by_statistic(statistic: Callable[..., Value]) -> Callable[..., Value]:
    def rule(x: Value, axis: int, before: int, after: int, stat_length: Any = None) -> Value:
        length = x.shape[axis]
        head, tail = (length, length) if stat_length is None else _per_axis(stat_length, x, axis)
        head, tail = min(head, length), min(tail, length)
        low = _in_dtype(statistic(part(x, axis, 0, head), axis, keepdims=True), x)
        high = _in_dtype(statistic(part(x, axis, length - tail, tail), axis, keepdims=True), x)
        margins = broadcast_to(low, _margin(x, axis, before)), broadcast_to(high, _margin(x, axis, after))
        return concatenate([margins[0], x, margins[1]], axis)

    return rule


def _pad_ramp(x: Value, axis: int, before: int, after: int, end_values: Any = 0) -> Value:
    low, high = _per_axis(end_values, x, axis)
    head = _slope(part(x, axis, 0, 1), axis, before, low)
    tail = _slope(part(x, axis, x.shape[axis] - 1, 1), axis, after, high)
    return concatenate([head, x, flip(tail, axis)], axis)


def _slope(edge: Value, axis: int, width: int, end: Any) -> Value:
    """`width` evenly spaced numbers from `end` (included) to `edge` (excluded)."""
    floating = dtypes.to_floating(edge.dtype)
    at = cast(axis_index(_margin(edge, axis, width), axis, edge.device), dtype=floating)
    end = cast(end, dtype=floating) if isinstance(end, Value) else end
    values = end + (edge - end) * (at / max(width, 1))
    return values if dtypes.is_floating(edge.dtype) else cast(floor(values), dtype=edge.dtype)


def _in_dtype(statistic: Value, x: Value) -> Value:
    return statistic if dtypes.is_floating(x.dtype) else cast(rint(statistic), dtype=x.dtype)


def _median(x: Value, axis: int, keepdims: bool) -> Value:
    """The median along an axis. An element's rank is the number of smaller elements, so the cost is quadratic."""
    length = x.shape[axis]
    x = cast(x, dtype=dtypes.to_floating(x.dtype))
    mine, theirs = expand_dims(x, axis + 1), expand_dims(x, axis)
    here, there = axis_index(mine.shape, axis, x.device), axis_index(theirs.shape, axis + 1, x.device)
    before = logical_or(less(theirs, mine), logical_and(equal(theirs, mine), less(there, here)))
    rank = reduction.sum(before, axis + 1)
    middle = [reduction.sum(where(equal(rank, at), x, 0), axis, keepdims) for at in ((length - 1) // 2, length // 2)]
    return where(reduction.any(isnan(x), axis, keepdims), math.nan, 0.5 * (middle[0] + middle[1]))


_MODES: dict[str, tuple[Callable[..., Value], tuple[str, ...]]] = {
    "constant": (_pad_constant, ("constant_values",)),
    "empty": (_pad_constant, ()),
    "edge": (_pad_by_position("edge"), ()),
    "reflect": (_pad_by_position("reflect"), ("reflect_type",)),
    "symmetric": (_pad_by_position("symmetric"), ("reflect_type",)),
    "wrap": (_pad_by_position("wrap"), ()),
    "linear_ramp": (_pad_ramp, ("end_values",)),
    "maximum": (_pad_by_statistic(reduction.max), ("stat_length",)),
    "minimum": (_pad_by_statistic(reduction.min), ("stat_length",)),
    "mean": (_pad_by_statistic(reduction.mean), ("stat_length",)),
    "median": (_pad_by_statistic(_median), ("stat_length",)),
}
