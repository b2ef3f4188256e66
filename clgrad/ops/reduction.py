"""Reductions over any axes: sum, prod, max, min, any, all, argmax, argmin, mean, var, std.

If several elements are the maximum (or minimum), they share its gradient equally.
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
    stretch,
)
from clgrad.ops.operation import Composite, Gradient, Operation, Value, fill, iota
from clgrad.primitives import Reduction
from clgrad.shapes import Shape, broadcast_shapes, normalize_axes, reduced_shape, reduction_axes, size_of

Axis = int | Iterable[int] | None

_PRODUCT = Reduction("prod")
_LARGEST = Reduction("max")
_SMALLEST = Reduction("min")


def _reduction(primitive: Reduction, gradient: Gradient | None) -> Composite:
    """An op with the attributes `axes` (sorted, not negative) and `keepdims`."""

    def forward(x: Value, axes: Shape, keepdims: bool) -> Value:
        if not axes:
            return x
        out = Value(primitive, (x,), axes, reduced_shape(x.shape, axes, False), x.dtype, x.device)
        return shaped(out, reduced_shape(x.shape, axes, True)) if keepdims else out

    return Composite(primitive.combine, forward, gradient)


def keep(reduced: Value, x: Value, axes: Shape) -> Value:
    """A reduction of x with the reduced axes restored, with length one."""
    shape = reduced_shape(x.shape, axes, True)
    return reduced if reduced.shape == shape else reshape(reduced, shape)


def _sum_gradient(g: Value, out: Value, x: Value, axes: Shape, keepdims: bool) -> tuple[Value]:
    # Broadcasting adds leading axes without a reshape.
    leading = axes == tuple(range(len(axes)))
    return (stretch(g if leading and not keepdims else keep(g, x, axes), x.shape),)


def _extreme_gradient(g: Value, out: Value, x: Value, axes: Shape, keepdims: bool) -> tuple[Value]:
    hit = cast(equal(x, keep(out, x, axes)), dtype=g.dtype)
    return (hit * (keep(g, x, axes) / _sum(hit, axes=axes, keepdims=True)),)


def _prod_gradient(g: Value, out: Value, x: Value, axes: Shape, keepdims: bool) -> tuple[Value]:
    return (keep(g, x, axes) * others_product(x, axes),)


def others_product(x: Value, axes: Shape) -> Value:
    """For each element the product of all other elements along `axes`. Right for zeros, where out / x is not.

    [2, 3, 0] gives [0, 0, 6].
    """
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
    """The same along the last axis, of length 2 ** k, in k steps.

    The product of the others of an element is its neighbour in its pair, times the product of all other pairs. The
    latter is the same problem for the pairs' products, which are half as many. Example: [2, 3, 5, 7] has the pairs'
    products [6, 35], for which the others are [35, 6]; so 2 gets 3 * 35, and 5 gets 7 * 6.
    """
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
    """x in the dtype that NumPy sums in: floats stay, unsigned integers give uint64, other integers and bool int64."""
    if dtype is None:
        dtype = x.dtype if x.dtype.kind == "f" else dtypes.uint64 if x.dtype.kind == "u" else dtypes.int64
    return x if x.dtype is dtype else cast(x, dtype=dtype)


def _selected(name: str, x: Value, mask: Value | None, otherwise: Any) -> Value:
    """The elements of x where the mask is true, and `otherwise` elsewhere."""
    if mask is None:
        return x
    if broadcast_shapes(name, mask.shape, x.shape) != x.shape:
        raise ShapeError(f"{name}: where of shape {mask.shape} does not fit an array of shape {x.shape}")
    return where(mask, x, otherwise)


def sum_over(x: Value, axes: Shape) -> Value:
    """The sum over `axes`, which are sorted and not negative, in the dtype of x."""
    return _sum(x, axes=axes, keepdims=False)


def sum(
    x: Value, axis: Axis = None, keepdims: bool = False, dtype: DType | None = None, initial: Any = None,
    mask: Value | None = None,
) -> Value:  # fmt: skip
    """The sum over `axis` of the elements where the mask is true; integers and booleans give 64-bit integers."""
    axes = reduction_axes("sum", axis, len(x.shape))
    total = _sum(accumulator(_selected("sum", x, mask, 0), dtype), axes=axes, keepdims=keepdims)
    return total if initial is None else add(total, initial)


def prod(
    x: Value, axis: Axis = None, keepdims: bool = False, dtype: DType | None = None, initial: Any = None,
    mask: Value | None = None,
) -> Value:  # fmt: skip
    """The product over `axis` of the elements where the mask is true; booleans and integers as 64-bit integers."""
    axes = reduction_axes("prod", axis, len(x.shape))
    product = _prod(accumulator(_selected("prod", x, mask, 1), dtype), axes=axes, keepdims=keepdims)
    return product if initial is None else multiply(product, initial)


def _check_not_empty(name: str, x: Value, axes: Shape) -> None:
    if _is_empty(x, axes):
        raise ShapeError(
            f"{name}: shape {x.shape} has no elements along axes {axes}, and their {name} is not defined. "
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
            raise ArgumentError(f"{name}: where needs initial, the result if no element is left")
        return reduce(x, axes=axes, keepdims=keepdims)
    if _is_empty(x, axes):
        nothing = fill(0, reduced_shape(x.shape, axes, keepdims), x.dtype, x.device)
        return where(fill(False, (), dtypes.bool_, x.device), nothing, initial)
    return of_two(reduce(_selected(name, x, mask, initial), axes=axes, keepdims=keepdims), initial)


def max(x: Value, axis: Axis = None, keepdims: bool = False, initial: Any = None, mask: Value | None = None) -> Value:
    """The largest element along `axis` where the mask is true, or `initial` if that is larger; NaN for NaN."""
    return _extreme("max", _max, maximum, x, axis, keepdims, initial, mask)


def min(x: Value, axis: Axis = None, keepdims: bool = False, initial: Any = None, mask: Value | None = None) -> Value:
    """The smallest element along `axis` where the mask is true, or `initial` if that is smaller; NaN for NaN."""
    return _extreme("min", _min, minimum, x, axis, keepdims, initial, mask)


def any(x: Value, axis: Axis = None, keepdims: bool = False, mask: Value | None = None) -> Value:
    """Whether any element along `axis` where the mask is true is nonzero."""
    truth = _selected("any", cast(x, dtype=dtypes.bool_), mask, False)
    return _max(truth, axes=reduction_axes("any", axis, len(x.shape)), keepdims=keepdims)


def all(x: Value, axis: Axis = None, keepdims: bool = False, mask: Value | None = None) -> Value:
    """Whether all elements along `axis` where the mask is true are nonzero."""
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
    """The index of the first largest element, or of the first NaN."""
    return _position("argmax", _max, x, axis, keepdims)


def argmin(x: Value, axis: int | None = None, keepdims: bool = False) -> Value:
    """The index of the first smallest element, or of the first NaN."""
    return _position("argmin", _min, x, axis, keepdims)


def _count(x: Value, axes: Shape, keepdims: bool, mask: Value | None) -> Any:
    """The number of elements that a mean over `axes` has: an integer, or with a mask an array, one for each mean."""
    if mask is None:
        return size_of(tuple(x.shape[axis] for axis in axes))
    hits = broadcast_to(cast(mask, dtype=dtypes.bool_), x.shape)
    return cast(_sum(cast(hits, dtype=dtypes.int64), axes=axes, keepdims=keepdims), dtype=x.dtype)


def _floating(x: Value, dtype: DType | None) -> tuple[Value, DType]:
    """x in the dtype that its mean is computed in (float32 for float16), and the dtype of the result."""
    result = dtypes.to_floating(x.dtype) if dtype is None else dtype
    return cast(x, dtype=dtypes.to_exact(result)), result


def mean(
    x: Value, axis: Axis = None, keepdims: bool = False, dtype: DType | None = None, mask: Value | None = None
) -> Value:
    """The mean over `axis` of the elements where the mask is true; of integers in the default float, NaN of nothing."""
    axes = normalize_axes("mean", axis, len(x.shape))
    terms, result = _floating(x, dtype)
    total = _sum(_selected("mean", terms, mask, 0), axes=axes, keepdims=keepdims)
    return cast(divide(total, _count(terms, axes, keepdims, mask)), dtype=result)


def var(
    x: Value, axis: Axis = None, keepdims: bool = False, ddof: int = 0, dtype: DType | None = None,
    mask: Value | None = None, center: Any = None,
) -> Value:  # fmt: skip
    """The sum of squared distances from the mean (or `center`) over `axis`, divided by the count less `ddof`."""
    axes = normalize_axes("var", axis, len(x.shape))
    terms, result = _floating(x, dtype)
    middle = mean(terms, axes, keepdims=True, mask=mask) if center is None else center
    squares = _selected("var", square(terms - middle), mask, 0)
    total = _sum(squares, axes=axes, keepdims=keepdims)
    count = _count(terms, axes, keepdims, mask)
    degrees = builtins.max(count - ddof, 0) if mask is None else maximum(count - ddof, 0)
    return cast(divide(total, degrees), dtype=result)


# sqrt, but with gradient 0 at 0: the standard deviation of equal elements must not give NaN.
distance = Composite("standard_deviation", sqrt, lambda g, out, x: (where(equal(out, 0), 0, 0.5 * g / out),))


def std(
    x: Value, axis: Axis = None, keepdims: bool = False, ddof: int = 0, dtype: DType | None = None,
    mask: Value | None = None, center: Any = None,
) -> Value:  # fmt: skip
    """The square root of `var`. Its gradient is 0 if all elements are equal."""
    return distance(var(x, axis, keepdims, ddof, dtype, mask, center))
