"""Reductions over any axes, positions of extremes, running sums and products."""

from __future__ import annotations

import builtins
from typing import Any

from clgrad import dtypes
from clgrad.array import finish, ndarray
from clgrad.array.arguments import Axis, degrees_of_freedom, optional_dtype
from clgrad.array.conversion import as_value, operands_of, values_of
from clgrad.errors import ArgumentError
from clgrad.ops import arithmetic, choice, reduction, scan
from clgrad.ops.comparison import not_equal
from clgrad.ops.joining import concatenate
from clgrad.ops.movement import broadcast_to, part, reshape
from clgrad.ops.operation import Value, fill
from clgrad.shapes import normalize_axes, normalize_axis, size_of


def _selected(a: Any, where: Any, otherwise: float) -> Value:
    """The elements, with another one where the mask does not hold."""
    if where is None or where is True:
        return as_value(a)
    value, mask = values_of((a, where))
    return choice.where(mask, value, otherwise)


def sum(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool | None = None,
    initial: Any = None, where: Any = None,
) -> ndarray:  # fmt: skip
    """The sum over `axis`, of the elements where a mask holds; booleans and integers are summed as int64.

    >>> from clgrad import np
    >>> np.sum(np.ones((2, 3)), axis=1)
    array([3., 3.])
    """
    value = reduction.sum(_selected(a, where, 0), axis, bool(keepdims), optional_dtype(dtype))
    return finish(value if initial is None else arithmetic.add(value, *operands_of((initial,), a)), out)


def prod(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False,
    initial: Any = None, where: Any = None,
) -> ndarray:  # fmt: skip
    """The product over `axis`; its gradient is right where elements are zero, too.

    >>> from clgrad import np
    >>> np.prod(np.array([2, 3]))
    array(6.)
    """
    value = reduction.prod(_selected(a, where, 1), axis, keepdims, optional_dtype(dtype))
    return finish(value if initial is None else arithmetic.multiply(value, *operands_of((initial,), a)), out)


product = prod


def mean(a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The mean over `axis`; of integers in float32.

    >>> from clgrad import np
    >>> np.mean(np.array([[1, 2], [3, 4]]), axis=0)
    array([2., 3.])
    """
    return finish(reduction.mean(as_value(a), axis, keepdims, optional_dtype(dtype)), out)


def var(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, correction: int | None = None,
    keepdims: bool = False, *, ddof: int | None = None,
) -> ndarray:  # fmt: skip
    """The mean square distance from the mean, dividing by the count less `correction` (or `ddof`).

    >>> from clgrad import np
    >>> np.var(np.array([1, 3])), np.var(np.array([1, 3]), ddof=1)
    (array(1.), array(2.))
    """
    less = degrees_of_freedom(ddof, correction)
    return finish(reduction.var(as_value(a), axis, keepdims, less, optional_dtype(dtype)), out)


def std(
    a: Any, axis: Axis = None, dtype: Any = None, out: Any = None, correction: int | None = None,
    keepdims: bool = False, *, ddof: int | None = None,
) -> ndarray:  # fmt: skip
    """The square root of the variance.

    >>> from clgrad import np
    >>> np.std(np.array([1, 3]))
    array(1.)
    """
    less = degrees_of_freedom(ddof, correction)
    return finish(reduction.std(as_value(a), axis, keepdims, less, optional_dtype(dtype)), out)


def max(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The largest element along `axis`; NaN if there is one. Equal ones share the gradient.

    >>> from clgrad import np
    >>> np.max(np.array([[1, 5], [3, 4]]), axis=1)
    array([5., 4.])
    """
    return finish(reduction.max(as_value(a), axis, keepdims), out)


def min(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The smallest element along `axis`; NaN if there is one. Equal ones share the gradient.

    >>> from clgrad import np
    >>> np.min(np.array([[1, 5], [3, 4]]))
    array(1.)
    """
    return finish(reduction.min(as_value(a), axis, keepdims), out)


amax, amin = max, min


def ptp(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The distance between the largest and the smallest element.

    >>> from clgrad import np
    >>> np.ptp(np.array([2, 7, 3]))
    array(5.)
    """
    value = as_value(a)
    return finish(arithmetic.subtract(reduction.max(value, axis, keepdims), reduction.min(value, axis, keepdims)), out)


def any(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """Whether an element along `axis` is not zero.

    >>> from clgrad import np
    >>> np.any(np.array([0, 2]))
    array(True)
    """
    return finish(reduction.any(as_value(a), axis, keepdims), out)


def all(a: Any, axis: Axis = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """Whether no element along `axis` is zero.

    >>> from clgrad import np
    >>> np.all(np.array([0, 2]))
    array(False)
    """
    return finish(reduction.all(as_value(a), axis, keepdims), out)


sometrue, alltrue = any, all


def argmax(a: Any, axis: int | None = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The position of the first largest element, or of the first NaN.

    >>> from clgrad import np
    >>> np.argmax(np.array([1, 5, 5]))
    array(1, dtype=int64)
    """
    return finish(reduction.argmax(as_value(a), axis, keepdims), out)


def argmin(a: Any, axis: int | None = None, out: Any = None, keepdims: bool = False) -> ndarray:
    """The position of the first smallest element, or of the first NaN.

    >>> from clgrad import np
    >>> np.argmin(np.array([[1, 5], [3, 2]]), axis=1)
    array([0, 1], dtype=int64)
    """
    return finish(reduction.argmin(as_value(a), axis, keepdims), out)


def count_nonzero(a: Any, axis: Axis = None, *, keepdims: bool = False) -> ndarray:
    """How many elements along `axis` are not zero.

    >>> from clgrad import np
    >>> np.count_nonzero(np.array([0, 2, 3]))
    array(2, dtype=int64)
    """
    return finish(reduction.sum(not_equal(as_value(a), 0), axis, keepdims))


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> ndarray:
    """The running sum along `axis`, of the flattened array where that is None.

    >>> from clgrad import np
    >>> np.cumsum(np.arange(4))
    array([0., 1., 3., 6.])
    """
    return finish(scan.cumsum(as_value(a), axis, optional_dtype(dtype)), out)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> ndarray:
    """The running product along `axis`, of the flattened array where that is None.

    >>> from clgrad import np
    >>> np.cumprod(np.array([2, 3, 4]))
    array([ 2.,  6., 24.])
    """
    return finish(scan.cumprod(as_value(a), axis, optional_dtype(dtype)), out)


def average(a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, out: Any = None) -> Any:
    """The mean, each element counted by its weight.

    >>> from clgrad import np
    >>> np.average(np.array([1, 2]), weights=np.array([3, 1]))
    array(1.25)
    """
    if weights is None:
        value = as_value(a)
        result = reduction.mean(value, axis)
        axes = normalize_axes("average", axis, len(value.shape))
        count = size_of(tuple(value.shape[one] for one in axes))
        total = fill(count, result.shape, result.dtype, result.device)
    else:
        value, scale = values_of((a, weights))
        scale = _weights(scale, value, axis)
        total = reduction.sum(arithmetic.cast(scale, dtype=dtypes.to_floating(scale.dtype)), axis)
        result = reduction.sum(value * scale, axis) / total
        total = broadcast_to(total, result.shape)
    return (finish(result, out), finish(total)) if returned else finish(result, out)


def _weights(weights: Value, value: Value, axis: Axis) -> Value:
    if weights.shape == value.shape:
        return weights
    if not isinstance(axis, int) or weights.shape != (value.shape[axis],):
        raise ArgumentError(
            f"average: weights of shape {weights.shape} fit neither shape {value.shape} nor its axis {axis}"
        )
    lengths = [1] * len(value.shape)
    lengths[axis] = -1
    return reshape(weights, lengths)


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> ndarray:
    """The differences of neighbours along `axis`, n times.

    >>> from clgrad import np
    >>> np.diff(np.array([1, 4, 9]))
    array([3., 5.])
    """
    value = as_value(a)
    if n < 0:
        raise ArgumentError(f"diff: n must not be negative, got {n}")
    axis = normalize_axis("diff", axis, len(value.shape))
    given = values_of(one for one in (prepend, a, append) if one is not None)
    pieces = [_with_rows(piece, value, axis) for piece in given]
    value = concatenate(pieces, axis) if len(pieces) > 1 else value
    difference = not_equal if value.dtype == dtypes.bool_ else arithmetic.subtract
    for _ in range(n):
        count = builtins.max(0, value.shape[axis] - 1)
        value = difference(part(value, axis, value.shape[axis] - count, count), part(value, axis, 0, count))
    return finish(value)


def _with_rows(piece: Value, value: Value, axis: int) -> Value:
    """A number before or after an array as one row along `axis`."""
    return piece if piece.shape else broadcast_to(piece, (*value.shape[:axis], 1, *value.shape[axis + 1 :]))
