"""Reductions over any axes, indices of extremes, running sums and products, differences."""

from __future__ import annotations

import builtins
from typing import Any

from clgrad import dtypes
from clgrad.array import finish, ndarray
from clgrad.array.arguments import Axis, optional_dtype
from clgrad.array.conversion import as_operand, as_operands, as_value
from clgrad.errors import ArgumentError
from clgrad.ops import arithmetic, reduction, scan
from clgrad.ops.comparison import not_equal
from clgrad.ops.joining import concatenate
from clgrad.ops.movement import broadcast_to, part, reshape
from clgrad.ops.operation import Value, fill
from clgrad.shapes import normalize_axes, normalize_axis, size_of


def _array(a: Any, *others: Any) -> ndarray:
    """The input of a reduction as an array, whose method does the work. `others` are the op's other inputs."""
    return a if isinstance(a, ndarray) else ndarray(as_operand(a, *others))


def sum(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool | None = None,
    initial: Any = None, where: Any = None,
) -> ndarray:  # fmt: skip
    """The sum over `axis` of the elements where the mask `where` is true; integers give 64-bit integers.

    >>> from clgrad import np
    >>> np.sum(np.ones((2, 3)), axis=1)
    array([3., 3.])
    """
    return _array(a, initial, where).sum(axis, dtype, out, keepdims, initial, where)


def prod(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False,
    initial: Any = None, where: Any = None,
) -> ndarray:  # fmt: skip
    """The product over `axis` of the elements where the mask `where` is true. Its gradient is right for zeros too.

    >>> from clgrad import np
    >>> np.prod(np.array([2, 3]))
    array(6.)
    """
    return _array(a, initial, where).prod(axis, dtype, out, keepdims, initial, where)


product = prod


def mean(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
) -> ndarray:
    """The mean over `axis` of the elements where the mask `where` is true; integers give the default float.

    >>> from clgrad import np
    >>> np.mean(np.array([[1, 2], [3, 4]]), axis=0)
    array([2., 3.])
    """
    return _array(a, where).mean(axis, dtype, out, keepdims, where=where)


def var(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, correction: int | None = None,
    keepdims: bool = False, *, ddof: int | None = None, where: Any = None, mean: Any = None,
) -> ndarray:  # fmt: skip
    """The variance: the sum of squared distances from the mean, divided by the count less `correction` (or `ddof`).

    `mean` saves its computation if it is known already; its reduced axes have length one.

    >>> from clgrad import np
    >>> np.var(np.array([1, 3])), np.var(np.array([1, 3]), ddof=1)
    (array(1.), array(2.))
    """
    return _array(a, where, mean).var(axis, dtype, out, correction, keepdims, ddof=ddof, where=where, mean=mean)


def std(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, correction: int | None = None,
    keepdims: bool = False, *, ddof: int | None = None, where: Any = None, mean: Any = None,
) -> ndarray:  # fmt: skip
    """The standard deviation: the square root of the variance.

    >>> from clgrad import np
    >>> np.std(np.array([1, 3]))
    array(1.)
    """
    return _array(a, where, mean).std(axis, dtype, out, correction, keepdims, ddof=ddof, where=where, mean=mean)


def max(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> ndarray:
    """The largest element along `axis` where the mask `where` is true, or `initial` if that is larger; NaN for NaN.

    If several elements are the largest, they share the gradient equally.

    >>> from clgrad import np
    >>> np.max(np.array([[1, 5], [3, 4]]), axis=1)
    array([5., 4.])
    """
    return _array(a, initial, where).max(axis, out, keepdims, initial, where)


def min(
    a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> ndarray:
    """The smallest element along `axis` where the mask `where` is true, or `initial` if that is smaller; NaN for NaN.

    If several elements are the smallest, they share the gradient equally.

    >>> from clgrad import np
    >>> np.min(np.array([[1, 5], [3, 4]]))
    array(1.)
    """
    return _array(a, initial, where).min(axis, out, keepdims, initial, where)


amax, amin = max, min


def ptp(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The largest element less the smallest, along `axis`.

    >>> from clgrad import np
    >>> np.ptp(np.array([2, 7, 3]))
    array(5.)
    """
    value = as_value(a)
    return finish(arithmetic.subtract(reduction.max(value, axis, keepdims), reduction.min(value, axis, keepdims)), out)


def any(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> ndarray:
    """Whether any element along `axis` where the mask `where` is true is nonzero.

    >>> from clgrad import np
    >>> np.any(np.array([0, 2]))
    array(True)
    """
    return _array(a, where).any(axis, out, keepdims, where=where)


def all(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> ndarray:
    """Whether all elements along `axis` where the mask `where` is true are nonzero.

    >>> from clgrad import np
    >>> np.all(np.array([0, 2]))
    array(False)
    """
    return _array(a, where).all(axis, out, keepdims, where=where)


sometrue, alltrue = any, all


def argmax(a: Any, axis: int | None = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The index of the first largest element, or of the first NaN.

    >>> from clgrad import np
    >>> np.argmax(np.array([1, 5, 5]))
    array(1, dtype=int64)
    """
    return finish(reduction.argmax(as_value(a), axis, keepdims), out)


def argmin(a: Any, axis: int | None = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The index of the first smallest element, or of the first NaN.

    >>> from clgrad import np
    >>> np.argmin(np.array([[1, 5], [3, 2]]), axis=1)
    array([0, 1], dtype=int64)
    """
    return finish(reduction.argmin(as_value(a), axis, keepdims), out)


def count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> ndarray:
    """The number of nonzero elements along `axis`.

    >>> from clgrad import np
    >>> np.count_nonzero(np.array([0, 2, 3]))
    array(2, dtype=int64)
    """
    return finish(reduction.sum(not_equal(as_value(a), 0), axis, keepdims))


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> ndarray:
    """The running sum along `axis`, or of the flattened array if it is None.

    >>> from clgrad import np
    >>> np.cumsum(np.arange(4))
    array([0., 1., 3., 6.])
    """
    return finish(scan.cumsum(as_value(a), axis, optional_dtype(dtype)), out)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> ndarray:
    """The running product along `axis`, or of the flattened array if it is None.

    >>> from clgrad import np
    >>> np.cumprod(np.array([2, 3, 4]))
    array([ 2.,  6., 24.])
    """
    return finish(scan.cumprod(as_value(a), axis, optional_dtype(dtype)), out)


def average(
    a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, out: Any = None, *, keepdims: bool = False
) -> Any:
    """The weighted mean: the sum of weight times element, divided by the sum of the weights.

    >>> from clgrad import np
    >>> np.average(np.array([1, 2]), weights=np.array([3, 1]))
    array(1.25)
    """
    if weights is None:
        value = as_value(a)
        result = reduction.mean(value, axis, keepdims)
        axes = normalize_axes("average", axis, len(value.shape))
        count = size_of(tuple(value.shape[one] for one in axes))
        total = fill(count, result.shape, result.dtype, result.device)
    else:
        value, scale = as_operands((a, weights))
        scale = _weights(scale, value, axis)
        total = reduction.sum(arithmetic.cast(scale, dtype=dtypes.to_floating(scale.dtype)), axis, keepdims)
        result = reduction.sum(value * scale, axis, keepdims) / total
        total = broadcast_to(total, result.shape)
    return (finish(result, out), finish(total)) if returned else finish(result, out)


def _weights(weights: Value, value: Value, axis: Axis) -> Value:
    if weights.shape == value.shape:
        return weights
    if not isinstance(axis, int) or weights.shape != (value.shape[axis],):
        raise ArgumentError(
            f"average: weights of shape {weights.shape} do not fit shape {value.shape} or its axis {axis}"
        )
    lengths = [1] * len(value.shape)
    lengths[axis] = -1
    return reshape(weights, lengths)


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> ndarray:
    """The differences of neighbours along `axis`, taken n times.

    >>> from clgrad import np
    >>> np.diff(np.array([1, 4, 9]))
    array([3., 5.])
    """
    value = as_value(a)
    if n < 0:
        raise ArgumentError(f"diff: n must not be negative, got {n}")
    axis = normalize_axis("diff", axis, len(value.shape))
    given = as_operands(one for one in (prepend, a, append) if one is not None)
    pieces = [_with_rows(piece, value, axis) for piece in given]
    value = concatenate(pieces, axis) if len(pieces) > 1 else value
    difference = not_equal if value.dtype == dtypes.bool_ else arithmetic.subtract
    for _ in range(n):
        count = builtins.max(0, value.shape[axis] - 1)
        value = difference(part(value, axis, value.shape[axis] - count, count), part(value, axis, 0, count))
    return finish(value)


def _with_rows(piece: Value, value: Value, axis: int) -> Value:
    """A number that is prepended or appended, broadcast to one row along `axis`."""
    return piece if piece.shape else broadcast_to(piece, (*value.shape[:axis], 1, *value.shape[axis + 1 :]))
