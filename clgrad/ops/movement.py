"""Movement ops: reshape, transpose, broadcast, flip, slice, diagonal. They are views, without a copy, if possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import index

from clgrad.errors import ArgumentError, AxisError, ShapeError
from clgrad.ops.arithmetic import identity
from clgrad.ops.operation import Composite, Value, fill, filled_with
from clgrad.primitives import UPDATE, Reduction
from clgrad.shapes import (
    Shape,
    broadcast_strides,
    contiguous_strides,
    infer_reshape,
    normalize_axes,
    normalize_axis,
    reduction_axes,
    reshaped_strides,
    several,
    size_of,
)


def _view(x: Value, shape: Shape, strides: Shape, offset: int) -> Value:
    out = x.view(shape, strides, offset)
    assert isinstance(out, Value)
    return out


def shaped(x: Value, shape: Shape) -> Value:
    """x in another shape of the same size, without a record. Use it in the forward function of an op."""
    strides, offset = x.layout()
    steps = reshaped_strides(x.shape, strides, shape)
    if steps is None:
        return shaped(identity(x), shape)
    return _view(x, shape, steps, offset)


_reshaped = Composite("reshape", shaped, lambda g, out, x, shape: (reshape(g, x.shape),))


def reshape(x: Value, shape: int | Sequence[int]) -> Value:
    """The elements in row-major order with another shape; one length may be -1."""
    return _reshaped(x, shape=infer_reshape("reshape", x.shape, shape))


def _transpose(x: Value, axes: Shape) -> Value:
    strides, offset = x.layout()
    return _view(x, tuple(x.shape[a] for a in axes), tuple(strides[a] for a in axes), offset)


_transposed = Composite("transpose", _transpose, lambda g, out, x, axes: (transpose(g, inverse(axes)),))


def inverse(axes: Shape) -> Shape:
    """The permutation that undoes `axes`.

    >>> inverse((1, 2, 0))
    (2, 0, 1)
    """
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


def transpose(x: Value, axes: Sequence[int] | None = None) -> Value:
    """x with its axes in another order; reversed if `axes` is None."""
    ndim = len(x.shape)
    if axes is None:
        return _transposed(x, axes=tuple(range(ndim))[::-1])
    order = tuple(normalize_axis("transpose", axis, ndim) for axis in axes)
    if sorted(order) != list(range(ndim)):
        raise AxisError(f"transpose: axes {tuple(axes)} are not a permutation of the {ndim} axes of {x.shape}")
    return _transposed(x, axes=order)


def _broadcast(x: Value, shape: Shape) -> Value:
    number = filled_with(x)
    if number is not None:
        return fill(number, shape, x.dtype, x.device)
    strides, offset = x.layout()
    return _view(x, shape, broadcast_strides(x.shape, strides, shape), offset)


_broadcasted = Composite("broadcast_to", _broadcast, lambda g, out, x, shape: (sum_to(g, shape=x.shape),))


def broadcast_to(x: Value, shape: int | Sequence[int]) -> Value:
    """x repeated along new axes and axes of length one, without a copy. The length -2 stands for the length in x."""
    wanted = several("broadcast_to", shape)
    if wanted == x.shape:
        return x
    return _broadcasted(x, shape=_broadcast_shape(x.shape, wanted))


def stretch(x: Value, shape: Shape) -> Value:
    """x broadcast to a shape that it is known to fit."""
    return x if x.shape == shape else _broadcasted(x, shape=shape)


@lru_cache(maxsize=4096)
def _broadcast_shape(shape: Shape, wanted: Shape) -> Shape:
    new = len(wanted) - len(shape)
    lengths = (*wanted[: max(new, 0)], *(n if m == -2 else m for n, m in zip(shape, wanted[max(new, 0) :])))
    if new < 0 or any(n < 0 for n in lengths) or any(n not in (1, m) for n, m in zip(shape, lengths[new:])):
        raise ShapeError(
            f"broadcast_to: shape {shape} does not broadcast to {wanted}; aligned from the right, each length "
            "must be equal or 1, or -2 for the same length. Usual cause: a missing expand_dims"
        )
    return lengths


SUM = Reduction("sum")


def _sum_to(x: Value, shape: Shape) -> Value:
    new = len(x.shape) - len(shape)
    stretched = (new + axis for axis, n in enumerate(shape) if n == 1 and x.shape[new + axis] != 1)
    axes = (*range(new), *stretched)
    lengths = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
    return shaped(Value(SUM, (x,), axes, lengths, x.dtype, x.device) if axes else x, shape)


# x summed over the axes that broadcasting `shape` to x's shape would add or stretch: the gradient of broadcasting.
sum_to: Composite = Composite("sum_to", _sum_to, lambda g, out, x, shape: (stretch(g, x.shape),))


def expand_dims(x: Value, axis: int | Iterable[int]) -> Value:
    """New axes of length one at the positions `axis` of the result."""
    count = len(tuple(axis)) if isinstance(axis, Iterable) else 1
    axes = normalize_axes("expand_dims", axis, len(x.shape) + count)
    lengths = iter(x.shape)
    return reshape(x, tuple(1 if at in axes else next(lengths) for at in range(len(x.shape) + count)))


def squeeze(x: Value, axis: int | Iterable[int] | None = None) -> Value:
    """x without axes of length one: without all of them, or only without `axis`."""
    if axis is None:
        return reshape(x, tuple(n for n in x.shape if n != 1))
    axes = reduction_axes("squeeze", axis, len(x.shape))
    for at in axes:
        if x.shape[at] != 1:
            raise ShapeError(f"squeeze: axis {at} of shape {x.shape} has length {x.shape[at]}, not 1")
    return reshape(x, tuple(n for at, n in enumerate(x.shape) if at not in axes))


def swapaxes(x: Value, axis1: int, axis2: int) -> Value:
    """x with two axes exchanged."""
    first = normalize_axis("swapaxes", axis1, len(x.shape))
    second = normalize_axis("swapaxes", axis2, len(x.shape))
    order = list(range(len(x.shape)))
    order[first], order[second] = second, first
    return transpose(x, order)


def moveaxis(x: Value, source: int | Sequence[int], destination: int | Sequence[int]) -> Value:
    """x with the axes `source` moved to the positions `destination`; the other axes keep their order."""
    ndim = len(x.shape)
    sources = [normalize_axis("moveaxis", axis, ndim) for axis in several("moveaxis", source)]
    targets = [normalize_axis("moveaxis", axis, ndim) for axis in several("moveaxis", destination)]
    if len(sources) != len(targets) or len(set(sources)) < len(sources) or len(set(targets)) < len(targets):
        raise AxisError(f"moveaxis: source {source} and destination {destination} must pair distinct axes")
    order = [axis for axis in range(ndim) if axis not in sources]
    for target, axis in sorted(zip(targets, sources)):
        order.insert(target, axis)
    return transpose(x, order)


def rollaxis(x: Value, axis: int, start: int = 0) -> Value:
    """x with `axis` moved in front of the axis `start`."""
    ndim = len(x.shape)
    axis = normalize_axis("rollaxis", axis, ndim)
    start = normalize_axis("rollaxis", start, ndim + 1) if start >= 0 else start + ndim
    return moveaxis(x, axis, start - (axis < start))


def _flip(x: Value, axes: Shape) -> Value:
    if size_of(x.shape) == 0:
        return x
    strides, offset = x.layout()
    offset += sum(strides[axis] * (x.shape[axis] - 1) for axis in axes)
    return _view(x, x.shape, tuple(-s if a in axes else s for a, s in enumerate(strides)), offset)


_flipped: Composite = Composite("flip", _flip, lambda g, out, x, axes: (_flipped(g, axes=axes),))


def flip(x: Value, axis: int | Iterable[int] | None = None) -> Value:
    """x in reverse order along `axis`, or along all axes if it is None."""
    return _flipped(x, axes=normalize_axes("flip", axis, len(x.shape)))


def rot90(x: Value, k: int = 1, axes: Sequence[int] = (0, 1)) -> Value:
    """x rotated by k times 90 degrees, from the first of `axes` towards the second."""
    plane = [normalize_axis("rot90", axis, len(x.shape)) for axis in axes]
    if len(plane) != 2 or plane[0] == plane[1]:
        raise AxisError(f"rot90: axes must be two different axes, got {tuple(axes)}")
    turns = k % 4
    if turns == 0:
        return identity(x)
    if turns == 2:
        return flip(x, plane)
    if turns == 1:
        return swapaxes(flip(x, plane[1]), *plane)
    return flip(swapaxes(x, *plane), plane[1])


def _slice(x: Value, start: Shape, count: Shape, step: Shape) -> Value:
    strides, offset = x.layout()
    if size_of(count):
        offset += sum(first * stride for first, stride in zip(start, strides))
    return _view(x, count, tuple(s * stride for s, stride in zip(step, strides)), offset)


def _slice_gradient(g: Value, out: Value, x: Value, start: Shape, count: Shape, step: Shape) -> tuple[Value]:
    return (slice_update(fill(0, x.shape, g.dtype, g.device), g, start=start, count=count, step=step),)


# Along each axis `count` elements from index `start` on with distance `step`, which may be negative but not zero. The
# caller makes sure that they exist.
slice_axes = Composite("slice", _slice, _slice_gradient)


def _slice_update(x: Value, value: Value, start: Shape, count: Shape, step: Shape) -> Value:
    """x with the elements that `slice_axes` would read replaced by `value`, of the same dtype."""
    if not size_of(count):
        return x
    value = broadcast_to(value, count)
    backwards = tuple(axis for axis, s in enumerate(step) if s < 0)
    if backwards:
        value = _flip(value, backwards)
        start = tuple(a + (n - 1) * s if s < 0 else a for a, n, s in zip(start, count, step))
    rows = contiguous_strides(x.shape)
    offset = sum(first * row for first, row in zip(start, rows))
    region = (count, tuple(abs(s) * row for s, row in zip(step, rows)), offset)
    return Value(UPDATE, (x, value), region, x.shape, x.dtype, x.device)


def _slice_update_gradient(
    g: Value, out: Value, x: Value, value: Value, start: Shape, count: Shape, step: Shape
) -> tuple[Value, Value]:
    kept = slice_update(g, fill(0, (), g.dtype, g.device), start=start, count=count, step=step)
    return kept, slice_axes(g, start=start, count=count, step=step)


slice_update = Composite("slice_update", _slice_update, _slice_update_gradient)


def part(x: Value, axis: int, start: int, count: int, step: int = 1) -> Value:
    """Along one axis `count` elements from index `start` on, with distance `step`."""
    return slice_axes(x, **along(x.shape, axis, start, count, step))


def along(shape: Shape, axis: int, start: int, count: int, step: int = 1) -> dict[str, Shape]:
    """The attributes of `slice_axes` for a slice along one axis and all elements along the other axes."""
    starts, counts, steps = [0] * len(shape), list(shape), [1] * len(shape)
    starts[axis], counts[axis], steps[axis] = start, count, step
    return {"start": tuple(starts), "count": tuple(counts), "step": tuple(steps)}


def _diagonal_layout(shape: Shape, strides: Shape, offset: int) -> tuple[Shape, Shape, int]:
    """(shape, strides, offset of the first element) of the diagonal of the last two axes, `offset` columns right."""
    rows, columns = shape[-2:]
    first = offset * strides[-1] if offset >= 0 else -offset * strides[-2]
    length = min(rows, columns - offset) if offset >= 0 else min(rows + offset, columns)
    length = max(length, 0)
    return (*shape[:-2], length), (*strides[:-2], strides[-2] + strides[-1]), first if length else 0


def _diagonal(x: Value, offset: int) -> Value:
    strides, start = x.layout()
    shape, steps, first = _diagonal_layout(x.shape, strides, offset)
    return _view(x, shape, steps, start + first)


def _set_diagonal(x: Value, value: Value, offset: int) -> Value:
    """x with the diagonal of its last two axes replaced by `value`."""
    region = _diagonal_layout(x.shape, contiguous_strides(x.shape), offset)
    if not size_of(region[0]):
        return x
    value = broadcast_to(value, region[0])
    return Value(UPDATE, (x, value), region, x.shape, x.dtype, x.device)


_diagonals = Composite(
    "diagonal", _diagonal,
    lambda g, out, x, offset: (set_diagonal(fill(0, x.shape, g.dtype, g.device), g, offset=offset),),
)  # fmt: skip
set_diagonal: Composite = Composite(
    "set_diagonal", _set_diagonal,
    lambda g, out, x, value, offset: (
        set_diagonal(g, fill(0, (), g.dtype, g.device), offset=offset), _diagonals(g, offset=offset),
    ),
)  # fmt: skip


def diagonal(x: Value, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Value:
    """The diagonals of the matrices in two axes, along a new last axis."""
    ndim = len(x.shape)
    if ndim < 2:
        raise ArgumentError(f"diagonal: needs an array of two or more dimensions, got shape {x.shape}")
    first, second = normalize_axis("diagonal", axis1, ndim), normalize_axis("diagonal", axis2, ndim)
    if first == second:
        raise AxisError(f"diagonal: axis1 and axis2 are both {first}")
    return _diagonals(moveaxis(x, (first, second), (-2, -1)), offset=index(offset))
