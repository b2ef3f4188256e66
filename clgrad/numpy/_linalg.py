"""Products of arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.arguments import check_order, converted
from clgrad.array.conversion import as_operands, as_value
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError
from clgrad.ops import arithmetic, linalg, movement
from clgrad.ops.cross import cross as vector_product
from clgrad.ops.einsum import einsum as contract
from clgrad.ops.operation import Value


def dot(a: Any, b: Any, out: Any = None) -> ndarray:
    """The inner product of vectors, the product of matrices; in general the last axis of a times the last but one of b.

    >>> from clgrad import np
    >>> np.dot(np.arange(4), np.arange(4))
    array(14.)
    """
    return finish(linalg.dot(*as_operands((a, b))), out)


def matmul(
    a: Any, b: Any, out: Any = None, *, casting: str = "same_kind", order: str = "K", dtype: Any = None,
    subok: bool = True,
) -> ndarray:  # fmt: skip
    """The matrix product over the last two axes; the other axes broadcast. `dtype` is the dtype to compute in.

    >>> from clgrad import np
    >>> np.matmul(np.ones((2, 3)), np.ones(3))
    array([3., 3.])
    """
    return _product("matmul", linalg.matmul, a, b, out, casting, order, dtype)


def _product(
    name: str, operation: Callable[..., Value], a: Any, b: Any, out: Any, casting: str, order: str, dtype: Any
) -> ndarray:
    check_order(name, order)
    values = as_operands((a, b))
    if dtype is not None:
        values = [converted(name, value, as_dtype(dtype), casting) for value in values]
    return finish(operation(*values), out, casting)


def tensordot(a: Any, b: Any, axes: Any = 2) -> ndarray:
    """The sum of products over pairs of axes.

    >>> from clgrad import np
    >>> np.tensordot(np.ones((2, 3)), np.ones((3, 2)), axes=1).shape
    (2, 2)
    """
    x, y = as_operands((a, b))
    return finish(linalg.tensordot(x, y, axes))


def inner(a: Any, b: Any) -> ndarray:
    """The sum of products over the last axes.

    >>> from clgrad import np
    >>> np.inner(np.arange(3), np.arange(3))
    array(5.)
    """
    return finish(linalg.inner(*as_operands((a, b))))


def outer(a: Any, b: Any, out: Any = None) -> ndarray:
    """The product of each element of a with each element of b.

    >>> from clgrad import np
    >>> np.outer(np.array([1, 2]), np.array([3, 4]))
    array([[3., 4.],
           [6., 8.]])
    """
    return finish(linalg.outer(*as_operands((a, b))), out)


def vdot(a: Any, b: Any) -> ndarray:
    """The inner product of the flattened arrays.

    >>> from clgrad import np
    >>> np.vdot(np.ones((2, 2)), np.ones(4))
    array(4.)
    """
    return finish(linalg.vdot(*as_operands((a, b))))


def vecdot(
    x1: Any, x2: Any, out: Any = None, axis: int = -1, *, casting: str = "same_kind", order: str = "K",
    dtype: Any = None, subok: bool = True,
) -> ndarray:  # fmt: skip
    """The inner products of vectors along `axis`; the other axes broadcast.

    >>> from clgrad import np
    >>> np.vecdot(np.array([[1, 2], [3, 4]]), np.array([1, 10]))
    array([21., 43.])
    """
    return _product("vecdot", partial(linalg.vecdot, axis=axis), x1, x2, out, casting, order, dtype)


def matvec(
    x1: Any, x2: Any, out: Any = None, *, casting: str = "same_kind", order: str = "K", dtype: Any = None,
    subok: bool = True,
) -> ndarray:  # fmt: skip
    """The products of matrices and vectors; the leading axes broadcast.

    >>> from clgrad import np
    >>> np.matvec(np.array([[1, 2], [3, 4]]), np.array([1, 10]))
    array([21., 43.])
    """
    return _product("matvec", linalg.matvec, x1, x2, out, casting, order, dtype)


def vecmat(
    x1: Any, x2: Any, out: Any = None, *, casting: str = "same_kind", order: str = "K", dtype: Any = None,
    subok: bool = True,
) -> ndarray:  # fmt: skip
    """The products of vectors and matrices; the leading axes broadcast.

    >>> from clgrad import np
    >>> np.vecmat(np.array([1, 10]), np.array([[1, 2], [3, 4]]))
    array([31., 42.])
    """
    return _product("vecmat", linalg.vecmat, x1, x2, out, casting, order, dtype)


def einsum(
    *operands: Any, out: Any = None, optimize: Any = False, dtype: Any = None, order: str = "K",
    casting: str = "safe",
) -> ndarray:  # fmt: skip
    """Sums of products in Einstein's notation. `optimize` has no effect: the order of the products is always chosen.

    >>> from clgrad import np
    >>> np.einsum('ij,j->i', np.ones((2, 3)), np.arange(3))
    array([3., 3.])
    """
    subscripts, *arrays = operands if isinstance(operands[0], str) else _lettered(operands)
    check_order("einsum", order)
    values = as_operands(arrays)
    if dtype is not None:
        values = [converted("einsum", value, as_dtype(dtype), casting) for value in values]
    return finish(contract(subscripts, *values), out)


def _lettered(operands: tuple[Any, ...]) -> list[Any]:
    """Subscripts and arrays from the other form of a call, `einsum(array, axes, array, axes, ..., result axes)`."""
    arrays, axes = operands[: len(operands) // 2 * 2 : 2], operands[1::2]
    subscripts = ",".join(map(_letters, axes))
    return [f"{subscripts}->{_letters(operands[-1])}" if len(operands) % 2 else subscripts, *arrays]


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _letters(axes: Any) -> str:
    if not isinstance(axes, (list, tuple)) or not all(one is Ellipsis or one in range(52) for one in axes):
        raise ArgumentError(
            f"einsum: the axes of an operand must be a list of integers from 0 to 51, or ..., got {axes!r}. "
            "Usual cause: the subscripts, such as 'ij,jk->ik', come first"
        )
    return "".join("..." if one is Ellipsis else _LETTERS[one] for one in axes)


def kron(a: Any, b: Any) -> ndarray:
    """The Kronecker product: each element of a times the whole of b.

    >>> from clgrad import np
    >>> np.kron(np.array([1, 10]), np.array([1, 2]))
    array([ 1.,  2., 10., 20.])
    """
    x, y = as_operands((a, b))
    ndim = max(len(x.shape), len(y.shape))
    first = (1,) * (ndim - len(x.shape)) + x.shape
    second = (1,) * (ndim - len(y.shape)) + y.shape
    wide = movement.reshape(x, tuple(n for length in first for n in (length, 1)))
    narrow = movement.reshape(y, tuple(n for length in second for n in (1, length)))
    product = arithmetic.multiply(wide, narrow)
    return finish(movement.reshape(product, tuple(n * m for n, m in zip(first, second))))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> ndarray:
    """The vector product of vectors with three elements. A vector with two elements has zero as its third.

    Two vectors with two elements give only the third element of the product. The other axes broadcast.

    >>> from clgrad import np
    >>> np.cross(np.array([1, 0, 0]), np.array([0, 1, 0]))
    array([0., 0., 1.])
    >>> np.cross(np.array([1, 2]), np.array([3, 2]))
    array(-4.)
    """
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    x, y = as_operands((a, b))
    return finish(vector_product(x, y, axisa, axisb, axisc))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> ndarray:
    """The norm of vectors or matrices.

    >>> from clgrad import np
    >>> np.linalg.norm(np.array([3, 4]))
    array(5.)
    """
    return finish(linalg.norm(as_value(x), ord, axis, keepdims))
