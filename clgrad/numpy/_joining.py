"""Joining arrays, splitting, repeating and padding them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.arguments import converted
from clgrad.array.conversion import as_operand, as_operands, as_value, device_of
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError
from clgrad.numpy._movement import with_two_axes
from clgrad.ops import joining, movement, padding
from clgrad.ops.operation import Value


def concatenate(
    seq: Any, axis: int | None = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind"
) -> ndarray:
    """Arrays joined along an axis, or flattened and joined if `axis` is None. `dtype` is the dtype of the result.

    >>> from clgrad import np
    >>> np.concatenate([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])
    """
    return finish(joining.concatenate(_pieces("concatenate", seq, dtype, casting), axis), out, casting)


concat = concatenate


def _pieces(name: str, arrays: Any, dtype: Any, casting: str) -> list[Value]:
    """The arrays to join, converted to `dtype` unless it is None."""
    values = as_operands(arrays)
    return values if dtype is None else [converted(name, value, as_dtype(dtype), casting) for value in values]


def append(arr: Any, values: Any, axis: int | None = None) -> ndarray:
    """`arr` followed by `values`; both are flattened if `axis` is None.

    >>> from clgrad import np
    >>> np.append(np.zeros(2), 1)
    array([0., 0., 1.])
    """
    return finish(joining.concatenate(as_operands((arr, values)), axis))


def stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> ndarray:
    """Arrays of the same shape joined along a new axis.

    >>> from clgrad import np
    >>> np.stack([np.zeros(2), np.ones(2)])
    array([[0., 0.],
           [1., 1.]])
    """
    return finish(joining.stack(_pieces("stack", arrays, dtype, casting), axis), out, casting)


def vstack(arrays: Any, out: Any = None, *, dtype: Any = None, casting: str = "same_kind") -> ndarray:
    """Arrays joined along the first axis; a vector is a row.

    >>> from clgrad import np
    >>> np.vstack([np.zeros(2), np.ones(2)]).shape
    (2, 2)
    """
    rows = [with_two_axes(value) for value in _pieces("vstack", arrays, dtype, casting)]
    return finish(joining.concatenate(rows, 0), out, casting)


row_stack = vstack


def hstack(arrays: Any, *, dtype: Any = None, casting: str = "same_kind") -> ndarray:
    """Arrays joined along the second axis; vectors along the first.

    >>> from clgrad import np
    >>> np.hstack([np.zeros(2), np.ones(1)])
    array([0., 0., 1.])
    """
    pieces = _pieces("hstack", arrays, dtype, casting)
    values = [movement.reshape(value, 1) if not value.shape else value for value in pieces]
    return finish(joining.concatenate(values, 0 if len(values[0].shape) == 1 else 1))


def dstack(arrays: Any) -> ndarray:
    """Arrays joined along the third axis.

    >>> from clgrad import np
    >>> np.dstack([np.zeros(2), np.ones(2)]).shape
    (1, 2, 2)
    """
    values = [v if len(v.shape) > 2 else movement.expand_dims(with_two_axes(v), -1) for v in as_operands(arrays)]
    return finish(joining.concatenate(values, 2))


def column_stack(tup: Any) -> ndarray:
    """Vectors as the columns of a matrix.

    >>> from clgrad import np
    >>> np.column_stack([np.zeros(3), np.ones(3)]).shape
    (3, 2)
    """
    values = [value if len(value.shape) > 1 else movement.reshape(value, (-1, 1)) for value in as_operands(tup)]
    return finish(joining.concatenate(values, 1))


def split(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[ndarray]:
    """Equal pieces along an axis, or pieces cut before the given indices.

    >>> from clgrad import np
    >>> np.split(np.arange(4), 2)
    [array([0., 1.]), array([2., 3.])]
    """
    return [finish(part) for part in joining.split(as_value(ary), indices_or_sections, axis)]


def array_split(ary: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[ndarray]:
    """Like `split`, but the lengths may differ: the first pieces may be longer by one element.

    >>> from clgrad import np
    >>> np.array_split(np.arange(3), 2)
    [array([0., 1.]), array([2.])]
    """
    return [finish(part) for part in joining.split(as_value(ary), indices_or_sections, axis, equal=False)]


def hsplit(ary: Any, indices_or_sections: int | Sequence[int]) -> list[ndarray]:
    """`split` along the columns.

    >>> from clgrad import np
    >>> [x.shape for x in np.hsplit(np.zeros((2, 4)), 2)]
    [(2, 2), (2, 2)]
    """
    return split(ary, indices_or_sections, 0 if len(as_value(ary).shape) == 1 else 1)


def vsplit(ary: Any, indices_or_sections: int | Sequence[int]) -> list[ndarray]:
    """`split` along the rows.

    >>> from clgrad import np
    >>> [x.shape for x in np.vsplit(np.zeros((2, 4)), 2)]
    [(1, 4), (1, 4)]
    """
    return split(ary, indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: int | Sequence[int]) -> list[ndarray]:
    """`split` along the third axis.

    >>> from clgrad import np
    >>> [x.shape for x in np.dsplit(np.zeros((2, 2, 2)), 2)]
    [(2, 2, 1), (2, 2, 1)]
    """
    return split(ary, indices_or_sections, 2)


def tile(A: Any, reps: int | Sequence[int]) -> ndarray:  # noqa: N803 - NumPy's name
    """The whole array repeated `reps` times along each axis.

    >>> from clgrad import np
    >>> np.tile(np.arange(2), 2)
    array([0., 1., 0., 1.])
    """
    return finish(joining.tile(as_value(A), reps))


def repeat(a: Any, repeats: int | Sequence[int], axis: int | None = None) -> ndarray:
    """Each element repeated.

    >>> from clgrad import np
    >>> np.repeat(np.arange(2), 2)
    array([0., 0., 1., 1.])
    """
    return finish(joining.repeat(as_value(a), repeats, axis))


def pad(x: Any, pad_width: Any = None, mode: str = "constant", **options: Any) -> ndarray:
    """The array with margins of `pad_width` elements, filled by any of NumPy's modes.

    >>> from clgrad import np
    >>> np.pad(np.arange(3), 1, mode="edge")
    array([0., 0., 1., 2., 2.])
    """
    if pad_width is None:
        raise ArgumentError("pad: give pad_width, the margins before and after each axis")
    value = as_operand(x, *options.values())
    ends = {name: one if device_of((one,)) is None else as_operand(one, value) for name, one in options.items()}
    return finish(padding.pad(value, pad_width, mode, **ends))
