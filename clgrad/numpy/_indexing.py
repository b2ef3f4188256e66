"""Selecting elements by condition, index or position: where, take, nonzero, diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy

from clgrad.array import finish, ndarray
from clgrad.array.arguments import as_shape, optional_dtype
from clgrad.array.conversion import as_operand, as_value, chosen_device, device_of, from_host, operands_or_numbers
from clgrad.array.device import Place, current_device
from clgrad.errors import ArgumentError, ShapeError
from clgrad.ops import choice, indexing, linalg, movement
from clgrad.ops.operation import fill


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Elements of x where the condition is true, else of y. `where(condition)` is `nonzero(condition)`.

    >>> from clgrad import np
    >>> np.where(np.array([True, False], dtype=bool), np.ones(2), -1)
    array([ 1., -1.])
    """
    if x is None and y is None:
        return nonzero(condition)
    if x is None or y is None:
        raise ArgumentError("where: give both x and y, or neither")
    return finish(choice.where(as_operand(condition, x, y), *operands_or_numbers((x, y), condition)))


def nonzero(a: Any) -> tuple[ndarray, ...]:
    """The indices of the nonzero elements: one array per axis. Waits for the elements.

    >>> from clgrad import np
    >>> np.nonzero(np.array([0, 5, 6]))
    (array([1, 2], dtype=int64),)
    """
    return tuple(finish(found) for found in indexing.nonzero(as_value(a)))


def argwhere(a: Any) -> ndarray:
    """The indices of the nonzero elements: one row per element. Waits for the elements.

    >>> from clgrad import np
    >>> np.argwhere(np.array([0, 5, 6])).tolist()
    [[1], [2]]
    """
    value = as_value(a)
    return finish(from_host(numpy.argwhere(ndarray(value).asnumpy()), value.device))


def flatnonzero(a: Any) -> ndarray:
    """The indices of the nonzero elements in the flattened array.

    >>> from clgrad import np
    >>> np.flatnonzero(np.array([[0, 5], [6, 0]]))
    array([1, 2], dtype=int64)
    """
    return nonzero(flat(a))[0]


def flat(a: Any) -> ndarray:
    """The elements along one axis."""
    return finish(movement.reshape(as_value(a), -1))


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise", out: Any = None) -> ndarray:
    """The elements at `indices` along an axis, or of the flattened array if `axis` is None.

    `mode` is for indices out of range: 'raise' raises when the result is read, 'clip' takes the nearest element,
    'wrap' counts on from the other end.

    >>> from clgrad import np
    >>> np.take(np.array([10, 20, 30]), np.array([2, 0]))
    array([30., 10.])
    """
    value = as_value(a, device_of((a, indices)))
    return finish(indexing.take(value, as_operand(indices, value), axis, mode), out)


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> ndarray:
    """The elements at indices along an axis that differ from row to row, such as those of argmax.

    >>> from clgrad import np
    >>> x = np.array([[1, 5], [3, 2]])
    >>> np.take_along_axis(x, np.argmax(x, axis=1, keepdims=True), axis=1)
    array([[5.],
           [3.]])
    """
    value = as_value(arr, device_of((arr, indices)))
    return finish(indexing.take_along_axis(value, as_operand(indices, value), axis))


def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> ndarray:
    """The slices along an axis where a condition is true.

    >>> from clgrad import np
    >>> np.compress([False, True], np.array([1, 2]))
    array([2.])
    """
    mask = condition.asnumpy() if isinstance(condition, ndarray) else numpy.asarray(condition)
    return take(a, numpy.flatnonzero(mask), axis, out=out)


def extract(condition: Any, arr: Any) -> ndarray:
    """The elements where a condition is true, as a vector.

    >>> from clgrad import np
    >>> np.extract(np.array([0, 1]), np.array([5, 6]))
    array([6.])
    """
    return compress(flat(condition), flat(arr))


def diag(array: Any, k: int = 0) -> ndarray:
    """The k-th diagonal of a matrix, or the matrix that has a vector as its k-th diagonal.

    >>> from clgrad import np
    >>> np.diag(np.array([1, 2]))
    array([[1., 0.],
           [0., 2.]])
    """
    value = as_value(array)
    if len(value.shape) == 1:
        n = value.shape[0] + abs(k)
        blank = fill(0, (n, n), value.dtype, value.device)
        return finish(movement.set_diagonal(blank, value, offset=k))
    if len(value.shape) == 2:
        return finish(movement.diagonal(value, k))
    raise ShapeError(f"diag: needs a vector or a matrix, got shape {value.shape}")


def diagflat(array: Any, k: int = 0) -> ndarray:
    """The matrix that has the flattened array as its k-th diagonal.

    >>> from clgrad import np
    >>> np.diagflat(np.array([[1, 2]])).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    """
    return diag(flat(array), k)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, out: Any = None, *, dtype: Any = None) -> ndarray:
    """The sum of a diagonal.

    >>> from clgrad import np
    >>> np.trace(np.array([[1, 2], [3, 4]]))
    array(5.)
    """
    return finish(linalg.trace(as_value(a), offset, axis1, axis2, optional_dtype(dtype)), out)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> ndarray:
    """For each element the choice that belongs to the first true condition.

    >>> from clgrad import np
    >>> x = np.arange(4)
    >>> np.select([x < 1, x > 2], [x - 10, x + 10])
    array([-10.,   0.,   0.,  13.])
    """
    if len(condlist) != len(choicelist):
        raise ArgumentError(f"select: {len(condlist)} conditions and {len(choicelist)} choices; give one for each")
    result = default
    for condition, chosen in zip(reversed(condlist), reversed(choicelist)):
        result = where(condition, chosen, result)
    return finish(as_value(result))


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[ndarray, ndarray]:
    """The indices of the elements on and below the k-th diagonal.

    >>> [x.tolist() for x in tril_indices(2)]
    [[0, 1, 1], [0, 0, 1]]
    """
    rows, columns = numpy.tril_indices(n, k, m)
    return finish(from_host(rows, current_device())), finish(from_host(columns, current_device()))


def triu_indices(n: int, k: int = 0, m: int | None = None, device: Place = None) -> tuple[ndarray, ndarray]:
    """The indices of the elements on and above the k-th diagonal.

    >>> [x.tolist() for x in triu_indices(2)]
    [[0, 0, 1], [0, 1, 1]]
    """
    rows, columns = numpy.triu_indices(n, k, m)
    place = chosen_device(device)
    return finish(from_host(rows, place)), finish(from_host(columns, place))


def unravel_index(indices: Any, shape: int | Sequence[int], order: str = "C") -> tuple[ndarray, ...]:
    """Indices into the flattened array as one index array per axis.

    >>> from clgrad import np
    >>> [x.tolist() for x in np.unravel_index(np.array([3]), (2, 2))]
    [[1], [1]]
    """
    positions = indices.asnumpy() if isinstance(indices, ndarray) else numpy.asarray(indices)
    lengths = as_shape("unravel_index", shape)
    found = numpy.unravel_index(positions.astype("int64"), lengths, order)  # type: ignore[call-overload]
    place = device_of((indices,)) or current_device()
    return tuple(finish(from_host(numpy.asarray(one), place)) for one in found)
