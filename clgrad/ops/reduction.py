"""Reductions over any axes: sums, extremes, products, truth, positions of extremes and moments.

The gradient of max and min is shared equally among equal extremes.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import ArgumentError, ShapeError
from clgrad.ops.arithmetic import add, cast, divide, multiply, sqrt, square
from clgrad.ops.choice import maximum, minimum, where
from clgrad.ops.comparison import equal, logical_or, not_equal
from clgrad.ops.creation import axis_index
from clgrad.ops.movement import (
    SUM,
    along,
    broadcast_to,
    flip,
    moveaxis,
    part,
    reshape,
    shaped,
    slice_axes,
    slice_update,
)
from clgrad.ops.operation import Composite, Gradient, Operation, Value, fill, iota
from clgrad.primitives import Reduction
from clgrad.shapes import Shape, broadcast_shapes, normalize_axes, reduced_shape, reduction_axes, size_of

Axis = int | Iterable[int] | None

_PRODUCT = Reduction("prod")
_LARGEST = Reduction("max")
_SMALLEST = Reduction("min")


def _reduction(primitive: Reduction, gradient: Gradient | None) -> Composite:
    """An op with attributes `axes` (sorted, not negative) and `keepdims`."""

    def forward(x: Value, axes: Shape, keepdims: bool) -> Value:
        if not axes:
            return x
        out = Value(primitive, (x,), axes, reduced_shape(x.shape, axes, False), x.dtype, x.device)
        return shaped(out, reduced_shape(x.shape, axes, True)) if keepdims else out

    return Composite(primitive.combine, forward, gradient)


def keep(reduced: Value, x: Value, axes: Shape) -> Value:
    """A reduction of x with its axes back, as length one."""
    shape = reduced_shape(x.shape, axes, True)
    return reduced if reduced.shape == shape else reshape(reduced, shape)


def _sum_gradient(g: Value, out: Value, x: Value, axes: Shape, keepdims: bool) -> tuple[Value]:
    # Leading axes come back by broadcasting alone.
    leading = axes == tuple(range(len(axes)))
    return (broadcast_to(g if leading and not keepdims else keep(g, x, axes), x.shape),)


def _extreme_gradient(g: Value, out: Value, x: Value, axes: Shape, keepdims: bool) -> tuple[Value]:
    hit = cast(equal(x, keep(out, x, axes)), dtype=g.dtype)
    return (hit * (keep(g, x, axes) / _sum(hit, axes=axes, keepdims=True)),)


def _prod_gradient(g: Value, out: Value, x: Value, axes: Shape, keepdims: bool) -> tuple[Value]:
    return (keep(g, x, axes) * others_product(x, axes),)


def others_product(x: Value, axes: Shape) -> Value:
    """At each element the product of all the other ones along `axes`: right also where some are zero."""
    first = len(x.shape) - len(axes)
    last = tuple(range(first, len(x.shape)))
    moved = moveaxis(x, axes, last)
    length = size_of(moved.shape[first:])
    rows = reshape(moved, (*moved.shape[:first], length))
    padded_shape = (*moved.shape[:first], 1 << (length - 1).bit_length())
    region = along(padded_shape, first, 0, length)
    padded = slice_update(fill(1, padded_shape, x.dtype, x.device), rows, **region)
    result = slice_axes(_others_of_row(padded), **region)
    return moveaxis(reshape(result, moved.shape), last, axes)


def _others_of_row(x: Value) -> Value:
    """Along the last axis, 2 ** k long: what the others of a pair's product are, times the pair's other one."""
    *outer, length = x.shape
    if length == 1:
        return fill(1, x.shape, x.dtype, x.device)
    pairs = reshape(x, (*outer, length // 2, 2))
    products = reshape(part(pairs, -1, 0, 1) * part(pairs, -1, 1, 1), (*outer, length // 2))
    others = reshape(_others_of_row(products), (*outer, length // 2, 1))
    return reshape(others * flip(pairs, -1), x.shape)


_sum = _reduction(SUM, _sum_gradient)
_prod = _reduction(_PRODUCT, _prod_gradient)
_max = _reduction(_LARGEST, _extreme_gradient)
_min = _reduction(_SMALLEST, _extreme_gradient)


def accumulator(x: Value, dtype: DType | None) -> Value:
    """x in the dtype in which NumPy sums it: floats stay, unsigned integers give uint64, all else int64."""
    if dtype is None:
        dtype = x.dtype if x.dtype.kind == "f" else dtypes.uint64 if x.dtype.kind == "u" else dtypes.int64
    return cast(x, dtype=dtype)


def _selected(name: str, x: Value, mask: Value | None, otherwise: Any) -> Value:
    """The elements of x where a mask holds, and `otherwise` elsewhere."""
    if mask is None:
        return x
    if broadcast_shapes(name, mask.shape, x.shape) != x.shape:
        raise ShapeError(f"{name}: where of shape {mask.shape} does not fit an array of shape {x.shape}")
    return where(mask, x, otherwise)


def sum(
    x: Value, axis: Axis = None, keepdims: bool = False, dtype: DType | None = None, initial: Any = None,
    mask: Value | None = None,
) -> Value:  # fmt: skip
    """The sum over `axis` of the elements where a mask holds; booleans and integers are summed as 64-bit integers."""
    axes = reduction_axes("sum", axis, len(x.shape))
    total = _sum(accumulator(_selected("sum", x, mask, 0), dtype), axes=axes, keepdims=keepdims)
    return total if initial is None else add(total, initial)


def prod(
    x: Value, axis: Axis = None, keepdims: bool = False, dtype: DType | None = None, initial: Any = None,
    mask: Value | None = None,
) -> Value:  # fmt: skip
    """The product over `axis` of the elements where a mask holds; booleans and integers as 64-bit integers."""
    axes = reduction_axes("prod", axis, len(x.shape))
    product = _prod(accumulator(_selected("prod", x, mask, 1), dtype), axes=axes, keepdims=keepdims)
    return product if initial is None else multiply(product, initial)


def _check_not_empty(name: str, x: Value, axes: Shape) -> None:
    if _is_empty(x, axes):
        raise ShapeError(
            f"{name}: shape {x.shape} has no element along axes {axes}, and {name} of nothing is not defined. "
            "Usual cause: an empty slice or mask"
        )


def _is_empty(x: Value, axes: Shape) -> bool:
    return size_of(x.shape) == 0 and 0 in [x.shape[axis] for axis in axes]


def _extreme(
    name: str, reduce: Composite, of_two: Operation, x: Value, axis: Axis, keepdims: bool, initial: Any,
    mask: Value | None,
) -> Value:  # fmt: skip
    axes = reduction_axes(name, axis, len(x.shape))
    if initial is None:
        _check_not_empty(name, x, axes)
        if mask is not None:
            raise ArgumentError(f"{name}: where needs initial, the result where no element is left")
        return reduce(x, axes=axes, keepdims=keepdims)
    if _is_empty(x, axes):
        nothing = fill(0, reduced_shape(x.shape, axes, keepdims), x.dtype, x.device)
        return where(fill(False, (), dtypes.bool_, x.device), nothing, initial)
    return of_two(reduce(_selected(name, x, mask, initial), axes=axes, keepdims=keepdims), initial)


def max(x: Value, axis: Axis = None, keepdims: bool = False, initial: Any = None, mask: Value | None = None) -> Value:
    """The largest of `initial` and the elements along `axis` where a mask holds; NaN if there is one."""
    return _extreme("max", _max, maximum, x, axis, keepdims, initial, mask)


def min(x: Value, axis: Axis = None, keepdims: bool = False, initial: Any = None, mask: Value | None = None) -> Value:
    """The smallest of `initial` and the elements along `axis` where a mask holds; NaN if there is one."""
    return _extreme("min", _min, minimum, x, axis, keepdims, initial, mask)


def any(x: Value, axis: Axis = None, keepdims: bool = False, mask: Value | None = None) -> Value:
    """Whether an element along `axis`, where a mask holds, is not zero."""
    truth = _selected("any", cast(x, dtype=dtypes.bool_), mask, False)
    return _max(truth, axes=reduction_axes("any", axis, len(x.shape)), keepdims=keepdims)


def all(x: Value, axis: Axis = None, keepdims: bool = False, mask: Value | None = None) -> Value:
    """Whether no element along `axis`, where a mask holds, is zero."""
    truth = _selected("all", cast(x, dtype=dtypes.bool_), mask, True)
    return _min(truth, axes=reduction_axes("all", axis, len(x.shape)), keepdims=keepdims)


def _position(name: str, extreme: Composite, x: Value, axis: int | None, keepdims: bool) -> Value:
    axes = reduction_axes(name, axis, len(x.shape))
    _check_not_empty(name, x, axes)
    if not axes:
        return fill(0, x.shape, dtypes.int64, x.device)
    best = extreme(x, axes=axes, keepdims=True)
    hit = logical_or(equal(x, best), not_equal(x, x)) if dtypes.is_floating(x.dtype) else equal(x, best)
    position = iota(x.shape, x.device) if axis is None else axis_index(x.shape, axes[0], x.device)
    return _min(where(hit, position, size_of(x.shape)), axes=axes, keepdims=keepdims)


def argmax(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    """The position of the first largest element, or of the first NaN."""
    return _position("argmax", _max, x, axis, keepdims)


def argmin(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    """The position of the first smallest element, or of the first NaN."""
    return _position("argmin", _min, x, axis, keepdims)


def _count(x: Value, axes: Shape, keepdims: bool, mask: Value | None) -> Any:
    """How many elements a moment over `axes` has; a mask may leave another number of them in each place."""
    if mask is None:
        return size_of(tuple(x.shape[axis] for axis in axes))
    hits = broadcast_to(cast(mask, dtype=dtypes.bool_), x.shape)
    return cast(_sum(cast(hits, dtype=dtypes.int64), axes=axes, keepdims=keepdims), dtype=x.dtype)


def _floating(x: Value, dtype: DType | None) -> tuple[Value, DType]:
    """x in the dtype in which its moments are computed, and the dtype of the result: float16 computes in float32."""
    result = dtypes.to_floating(x.dtype) if dtype is None else dtype
    return cast(x, dtype=dtypes.to_exact(result)), result


def mean(
    x: Value, axis: Axis = None, keepdims: bool = False, dtype: DType | None = None, mask: Value | None = None
) -> Value:
    """The mean over `axis` of the elements where a mask holds; of integers in the default float, NaN of nothing."""
    axes = normalize_axes("mean", axis, len(x.shape))
    terms, result = _floating(x, dtype)
    total = _sum(_selected("mean", terms, mask, 0), axes=axes, keepdims=keepdims)
    return cast(divide(total, _count(terms, axes, keepdims, mask)), dtype=result)


def var(
    x: Value, axis: Axis = None, keepdims: bool = False, ddof: int = 0, dtype: DType | None = None,
    mask: Value | None = None, center: Any = None,
) -> Value:  # fmt: skip
    """The mean square distance from the mean (or `center`) over `axis`, dividing by the count less `ddof`."""
    axes = normalize_axes("var", axis, len(x.shape))
    terms, result = _floating(x, dtype)
    middle = mean(terms, axes, keepdims=True, mask=mask) if center is None else center
    squares = _selected("var", square(terms - middle), mask, 0)
    total = _sum(squares, axes=axes, keepdims=keepdims)
    count = _count(terms, axes, keepdims, mask)
    degrees = builtins.max(count - ddof, 0) if mask is None else maximum(count - ddof, 0)
    return cast(divide(total, degrees), dtype=result)


# 0 where the distance is 0, so that equal elements give no NaN.
distance = Composite("standard_deviation", sqrt, lambda g, out, x: (where(equal(out, 0), 0, 0.5 * g / out),))


def std(
    x: Value, axis: Axis = None, keepdims: bool = False, ddof: int = 0, dtype: DType | None = None,
    mask: Value | None = None, center: Any = None,
) -> Value:  # fmt: skip
    """The square root of `var`; its gradient is 0 where all elements are equal."""
    return distance(var(x, axis, keepdims, ddof, dtype, mask, center))
