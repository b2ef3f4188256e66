"""Rules of shapes, strides and axes. Strides are counted in elements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import prod
from operator import index
from typing import Any

from clgrad.errors import AxisError, DTypeError, ShapeError

Shape = tuple[int, ...]


def size_of(shape: Shape) -> int:
    """The number of elements."""
    return prod(shape)


@lru_cache(maxsize=4096)
def contiguous_strides(shape: Shape) -> Shape:
    """Row-major strides, in elements.

    >>> contiguous_strides((2, 3, 4))
    (12, 4, 1)
    """
    strides, step = [], 1
    for length in reversed(shape):
        strides.append(step)
        step *= length
    return tuple(reversed(strides))


@lru_cache(maxsize=4096)
def is_contiguous(shape: Shape, strides: Shape) -> bool:
    """Whether the elements are in row-major order without gaps. Strides of axes of length one do not matter."""
    if 0 in shape:
        return True
    expected = contiguous_strides(shape)
    return all(n == 1 or have == want for n, have, want in zip(shape, strides, expected))


@lru_cache(maxsize=4096)
def broadcast_shapes(name: str, *shapes: Shape) -> Shape:
    """The common shape by NumPy's rule. The error names the op `name`.

    >>> broadcast_shapes("add", (3, 1), (4,))
    (3, 4)
    """
    ndim = max(map(len, shapes))
    padded = [(1,) * (ndim - len(shape)) + shape for shape in shapes]
    result = []
    for lengths in zip(*padded):
        wanted = {n for n in lengths if n != 1}
        if len(wanted) > 1:
            listed = " and ".join(map(str, shapes))
            raise ShapeError(
                f"{name}: shapes {listed} do not broadcast together; aligned from the right, each pair of "
                "lengths must be equal or one of them 1. Usual cause: a missing reshape, keepdims or transpose"
            )
        result.append(wanted.pop() if wanted else 1)
    return tuple(result)


@lru_cache(maxsize=4096)
def broadcast_strides(shape: Shape, strides: Shape, target: Shape) -> Shape:
    """Strides that read an array as if it were broadcast to `target`: 0 along new and stretched axes."""
    new = len(target) - len(shape)
    return (0,) * new + tuple(
        0 if n == 1 and wanted != 1 else step for n, wanted, step in zip(shape, target[new:], strides)
    )


def normalize_axis(name: str, axis: int, ndim: int) -> int:
    """A non-negative axis.

    >>> normalize_axis("sum", -1, 3)
    2
    """
    try:
        axis = index(axis)
    except TypeError:
        raise AxisError(f"{name}: axis must be an integer, got {axis!r}") from None
    if not -ndim <= axis < ndim:
        raise AxisError(f"{name}: axis {axis} is out of range for an array of {ndim} dimensions")
    return axis % ndim


def normalize_axes(name: str, axis: int | Iterable[int] | None, ndim: int) -> tuple[int, ...]:
    """Sorted non-negative axes; None means all.

    >>> normalize_axes("sum", (-1, 0), 3)
    (0, 2)
    """
    if axis is None:
        return tuple(range(ndim))
    given = tuple(axis) if isinstance(axis, Iterable) else (axis,)
    axes = tuple(sorted(normalize_axis(name, one, ndim) for one in given))
    if len(set(axes)) != len(axes):
        raise AxisError(f"{name}: an axis appears twice in {given}")
    return axes


def reduction_axes(name: str, axis: int | Iterable[int] | None, ndim: int) -> tuple[int, ...]:
    """Like `normalize_axes`, but an array of shape () also accepts axis 0 and -1, as in NumPy's reductions.

    >>> reduction_axes("sum", -1, 0), reduction_axes("sum", -1, 2)
    ((), (1,))
    """
    return () if not ndim and axis in (0, -1) else normalize_axes(name, axis, ndim)


@lru_cache(maxsize=4096)
def reduced_shape(shape: Shape, axes: Shape, keepdims: bool) -> Shape:
    """The shape after a reduction over non-negative `axes`."""
    if keepdims:
        return tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    return tuple(n for axis, n in enumerate(shape) if axis not in axes)


def integers(name: str, given: Any) -> int | Shape:
    """An integer, or the integers of a sequence or an array, as Python integers. The error names the op `name`.

    >>> integers("tile", (2, 3)), integers("tile", 2)
    ((2, 3), 2)
    """
    plain = given.tolist() if hasattr(given, "tolist") else given
    try:
        return tuple(map(index, plain)) if isinstance(plain, Iterable) else index(plain)
    except TypeError:
        raise DTypeError(f"{name}: needs an integer, or several along one axis, got {given!r}") from None


def integer(name: str, given: Any) -> int:
    """An integer as a Python integer. The error begins with `name`, the op and the argument.

    >>> integer("linspace: num", True)
    1
    """
    try:
        return index(given)
    except TypeError:
        raise DTypeError(f"{name} must be an integer, got {given!r}") from None


def several(name: str, given: Any) -> Shape:
    """Like `integers`, but a single integer gives a tuple too.

    >>> several("tile", 2)
    (2,)
    """
    found = integers(name, given)
    return found if isinstance(found, tuple) else (found,)


def infer_reshape(name: str, shape: Shape, newshape: int | Sequence[int]) -> Shape:
    """The shape that `newshape`, with at most one -1, stands for.

    >>> infer_reshape("reshape", (4, 6), (3, -1))
    (3, 8)
    """
    if isinstance(newshape, (tuple, list)):
        return _inferred(name, shape, tuple([index(n) for n in newshape]))
    return _inferred(name, shape, several(name, newshape))


@lru_cache(maxsize=4096)
def _inferred(name: str, shape: Shape, newshape: Shape) -> Shape:
    wanted = list(newshape)
    size = size_of(shape)
    if wanted.count(-1) > 1 or any(n < -1 for n in wanted):
        raise ShapeError(f"{name}: {tuple(wanted)} is not a shape; one length may be -1, all others must be 0 or more")
    if -1 in wanted:
        known = prod(n for n in wanted if n != -1)
        if known == 0 or size % known:
            raise ShapeError(f"{name}: {size} elements of shape {shape} do not fit into {tuple(wanted)}")
        wanted[wanted.index(-1)] = size // known
    if prod(wanted) != size:
        raise ShapeError(f"{name}: {size} elements of shape {shape} do not fit into {tuple(wanted)}")
    return tuple(wanted)


@lru_cache(maxsize=4096)
def reshaped_strides(shape: Shape, strides: Shape, newshape: Shape) -> Shape | None:
    """Strides that read the same elements in shape `newshape`, or None if that is impossible without a copy.

    >>> reshaped_strides((2, 3), (3, 1), (6,))
    (1,)
    >>> reshaped_strides((3, 2), (1, 3), (6,)) is None
    True
    """
    if size_of(shape) == 0 or size_of(shape) == 1:
        return contiguous_strides(newshape)
    blocks = _merged(shape, strides)
    result: list[int] = []
    position = 0
    for length, step in blocks:
        covered, lengths = 1, []
        while covered < length and position < len(newshape):
            covered *= newshape[position]
            lengths.append(newshape[position])
            position += 1
        if covered != length:
            return None
        result.extend(step * inner for inner in contiguous_strides(tuple(lengths)))
    result.extend([0] * (len(newshape) - position))
    return tuple(result)


def _merged(shape: Shape, strides: Shape) -> list[tuple[int, int]]:
    """(length, stride) of the axes after merging neighbours that step like a single axis. Lengths of 1 are dropped.

    A row-major array of shape (2, 1, 3) has the strides (3, 3, 1), and gives [(6, 1)].
    """
    blocks: list[tuple[int, int]] = []
    for length, step in zip(shape, strides):
        if length == 1:
            continue
        if blocks and blocks[-1][1] == step * length:
            blocks[-1] = (blocks[-1][0] * length, step)
        else:
            blocks.append((length, step))
    return blocks
