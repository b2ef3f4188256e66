"""Shapes: reshaping, reordering axes, broadcasting, and reordering elements along axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.arguments import Axis, check_copy, reshaped
from clgrad.array.conversion import as_operands, as_value
from clgrad.errors import ArgumentError
from clgrad.ops import joining, movement
from clgrad.ops.operation import Value
from clgrad.shapes import Shape, broadcast_shapes, normalize_axis, size_of


def shape(a: Any) -> Shape:
    """The lengths of the axes.

    >>> shape([[1, 2, 3]])
    (1, 3)
    """
    return as_value(a).shape


def ndim(a: Any) -> int:
    """The number of axes.

    >>> ndim([[1, 2, 3]])
    2
    """
    return len(as_value(a).shape)


def size(a: Any, axis: int | None = None) -> int:
    """The number of elements, or the length of an axis.

    >>> size([[1, 2, 3]]), size([[1, 2, 3]], 0)
    (3, 1)
    """
    lengths = as_value(a).shape
    return size_of(lengths) if axis is None else lengths[normalize_axis("size", axis, len(lengths))]


def reshape(
    a: Any, newshape: Any = None, order: str = "C", out: Any = None, *, shape: Any = None, copy: bool | None = None
) -> ndarray:
    """The elements in another shape; one length may be -1.

    >>> from clgrad import np
    >>> np.reshape(np.arange(4), (2, -1))
    array([[0., 1.],
           [2., 3.]])
    """
    wanted = shape if newshape is None else newshape
    if wanted is None:
        raise ArgumentError("reshape: give the new shape")
    check_copy("reshape", copy)
    return finish(reshaped(as_value(a), wanted, order), out)


def ravel(x: Any, order: str = "C") -> ndarray:
    """The elements along one axis.

    >>> from clgrad import np
    >>> np.ravel(np.ones((2, 2)))
    array([1., 1., 1., 1.])
    """
    return finish(reshaped(as_value(x), -1, order))


def transpose(a: Any, axes: Sequence[int] | None = None) -> ndarray:
    """The array with its axes in another order; reversed by default.

    >>> from clgrad import np
    >>> np.transpose(np.zeros((2, 3, 4)), (1, 0, 2)).shape
    (3, 2, 4)
    """
    return finish(movement.transpose(as_value(a), axes))


permute_dims = transpose


def matrix_transpose(a: Any) -> ndarray:
    """The array with its last two axes exchanged.

    >>> from clgrad import np
    >>> matrix_transpose(np.zeros((2, 3, 4))).shape
    (2, 4, 3)
    """
    return finish(movement.swapaxes(as_value(a), -1, -2))


def swapaxes(a: Any, axis1: int, axis2: int) -> ndarray:
    """The array with two axes exchanged.

    >>> from clgrad import np
    >>> np.swapaxes(np.zeros((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    return finish(movement.swapaxes(as_value(a), axis1, axis2))


def moveaxis(a: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> ndarray:
    """The array with the axes `source` moved to the positions `destination`; the other axes keep their order.

    >>> from clgrad import np
    >>> np.moveaxis(np.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    return finish(movement.moveaxis(as_value(a), source, destination))


def rollaxis(a: Any, axis: int, start: int = 0) -> ndarray:
    """The array with `axis` moved in front of the axis `start`.

    >>> from clgrad import np
    >>> np.rollaxis(np.zeros((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    return finish(movement.rollaxis(as_value(a), axis, start))


def expand_dims(a: Any, axis: int | Sequence[int]) -> ndarray:
    """The array with new axes of length one at the positions `axis` of the result.

    >>> from clgrad import np
    >>> np.expand_dims(np.zeros(3), 0).shape
    (1, 3)
    """
    return finish(movement.expand_dims(as_value(a), axis))


def squeeze(a: Any, axis: Axis = None, out: Any = None) -> ndarray:
    """The array without axes of length one: all of them, or only `axis`.

    >>> from clgrad import np
    >>> np.squeeze(np.zeros((1, 3, 1))).shape
    (3,)
    """
    return finish(movement.squeeze(as_value(a), axis), out)


def broadcast_to(array: Any, shape: int | Sequence[int]) -> ndarray:
    """The array repeated along new axes and axes of length one. The repeated elements take no memory.

    >>> from clgrad import np
    >>> np.broadcast_to(np.arange(2), (2, 2))
    array([[0., 1.],
           [0., 1.]])
    """
    return finish(movement.broadcast_to(as_value(array), shape))


def broadcast_arrays(*args: Any) -> list[ndarray]:
    """Arrays repeated to their common shape.

    >>> from clgrad import np
    >>> [x.shape for x in np.broadcast_arrays(np.zeros((2, 1)), np.zeros(3))]
    [(2, 3), (2, 3)]
    """
    values = as_operands(args)
    common = broadcast_shapes("broadcast_arrays", *(value.shape for value in values))
    return [finish(movement.broadcast_to(value, common)) for value in values]


def atleast_1d(*arys: Any) -> Any:
    """The arrays; those of shape () get one axis.

    >>> from clgrad import np
    >>> np.atleast_1d(3.0)
    array([3.])
    """
    return _each(arys, lambda value: movement.reshape(value, 1) if not value.shape else value)


def atleast_2d(*arys: Any) -> Any:
    """The arrays; those with fewer than two axes get new axes in front.

    >>> from clgrad import np
    >>> np.atleast_2d(np.zeros(3)).shape
    (1, 3)
    """
    return _each(arys, with_two_axes)


def atleast_3d(*arys: Any) -> Any:
    """The arrays; those with fewer than three axes get new axes. A vector becomes (1, n, 1), a matrix (m, n, 1).

    >>> from clgrad import np
    >>> np.atleast_3d(np.zeros(3)).shape
    (1, 3, 1)
    """
    return _each(arys, lambda v: v if len(v.shape) > 2 else movement.expand_dims(with_two_axes(v), -1))


def with_two_axes(value: Value) -> Value:
    """A vector as a matrix of one row, a number as a matrix of one element."""
    return value if len(value.shape) > 1 else movement.reshape(value, (1, -1))


def _each(arrays: tuple[Any, ...], change: Any) -> Any:
    results = [finish(change(value)) for value in as_operands(arrays)]
    return results[0] if len(results) == 1 else results


def flip(m: Any, axis: Axis = None, out: Any = None) -> ndarray:
    """The array in reverse order along `axis`, or along all axes if it is None.

    >>> from clgrad import np
    >>> np.flip(np.arange(3))
    array([2., 1., 0.])
    """
    return finish(movement.flip(as_value(m), axis), out)


def fliplr(m: Any) -> ndarray:
    """The array with its columns in reverse order.

    >>> from clgrad import np
    >>> np.fliplr(np.array([[1, 2]]))
    array([[2., 1.]])
    """
    return finish(movement.flip(as_value(m), 1))


def flipud(m: Any) -> ndarray:
    """The array with its rows in reverse order.

    >>> from clgrad import np
    >>> np.flipud(np.array([[1], [2]])).tolist()
    [[2.0], [1.0]]
    """
    return finish(movement.flip(as_value(m), 0))


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> ndarray:
    """The array rotated by k times 90 degrees in the plane of two axes.

    >>> from clgrad import np
    >>> np.rot90(np.array([[1, 2], [3, 4]]))
    array([[2., 4.],
           [1., 3.]])
    """
    return finish(movement.rot90(as_value(m), k, axes))


def roll(a: Any, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> ndarray:
    """The elements shifted by `shift` along an axis; those that leave at the end enter at the start.

    >>> from clgrad import np
    >>> np.roll(np.arange(4), 1)
    array([3., 0., 1., 2.])
    """
    return finish(joining.roll(as_value(a), shift, axis))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> ndarray:
    """The diagonals of the planes of two axes.

    >>> from clgrad import np
    >>> np.diagonal(np.arange(4).reshape(2, 2))
    array([0., 3.])
    """
    return finish(movement.diagonal(as_value(a), offset, axis1, axis2))
