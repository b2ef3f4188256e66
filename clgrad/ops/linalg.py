"""Matrix products and ops made of them: dot, matmul, tensordot, inner, outer, batch_dot, dense layers; norms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import index
from typing import Any

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import ArgumentError, AxisError, ShapeError
from clgrad.graph.node import Scalar
from clgrad.kernels.matmul.call import MOST_BATCH_AXES, candidates
from clgrad.ops import reduction
from clgrad.ops.arithmetic import absolute, cast, multiply, square
from clgrad.ops.choice import where
from clgrad.ops.comparison import equal, not_equal
from clgrad.ops.movement import broadcast_to, diagonal, expand_dims, moveaxis, reshape, squeeze, swapaxes, transpose
from clgrad.ops.operation import Composite, Value, common, fill
from clgrad.ops.powers import power
from clgrad.primitives import Library
from clgrad.shapes import Shape, broadcast_shapes, normalize_axis, several, size_of

_MATMUL = Library(
    "matmul", candidates, strided=True, epilogue=True, prologue=True,
    operations=lambda inputs, shape: 2 * inputs[0][-1] * size_of(shape),
)  # fmt: skip


def _multiply_matrices(a: Value, b: Value) -> Value:
    """The products of matrices (..., m, k) and (..., k, n) with equal leading axes."""
    shape = (*a.shape[:-1], b.shape[-1])
    if 0 in shape or a.shape[-1] == 0:
        return fill(0, shape, a.dtype, a.device)
    if len(shape) > MOST_BATCH_AXES + 2:
        a, b = (reshape(one, (size_of(shape[:-2]), *one.shape[-2:])) for one in (a, b))
        return reshape(_multiply_matrices(a, b), shape)
    return Value(_MATMUL, (a, b), None, shape, a.dtype, a.device)


def _matrices_gradient(g: Value, out: Value, a: Value, b: Value) -> tuple[Value | None, Value | None]:
    left = None if a.entry is None else _matrices(g, swapaxes(b, -1, -2))
    return left, None if b.entry is None else _matrices(swapaxes(a, -1, -2), g)


_matrices = Composite("matmul", _multiply_matrices, _matrices_gradient)


def matmul(a: Value, b: Value, *, name: str = "matmul") -> Value:
    """The product of the matrices in the last two axes. The leading axes broadcast; vectors are treated as in NumPy.

    `name` is the calling op, which errors name.
    """
    (a, b), _ = common(name, (a, b))
    if isinstance(a, Scalar) or isinstance(b, Scalar) or not a.shape or not b.shape:
        raise ShapeError(f"{name}: an input is a single number; use multiply")
    return _product(name, a, b)


def _product(name: str, a: Value, b: Value) -> Value:
    """The same for arrays of one dtype with at least one axis."""
    if len(a.shape) == 1 and len(b.shape) == 1:
        return _inner_product(name, a, b)
    _check_lengths(name, a, b, b.shape[max(len(b.shape) - 2, 0)])
    if len(a.shape) == 2 and len(b.shape) == 2:
        return _matrices(a, b)
    if len(a.shape) == 1:
        return squeeze(_product(name, expand_dims(a, 0), b), -2)
    if len(b.shape) == 1:
        return squeeze(_product(name, a, expand_dims(b, 1)), -1)
    if size_of(b.shape[:-2]) == 1:
        return _fold_rows(a, b)
    batch = broadcast_shapes(name, a.shape[:-2], b.shape[:-2])
    return _matrices(broadcast_to(a, (*batch, *a.shape[-2:])), broadcast_to(b, (*batch, *b.shape[-2:])))


def _check_lengths(name: str, a: Value, b: Value, rows: int) -> None:
    if a.shape[-1] != rows:
        raise ShapeError(
            f"{name}: shapes {a.shape} and {b.shape} do not fit: a has {a.shape[-1]} columns and b has {rows} rows. "
            "Usual cause: a missing transpose"
        )


def _fold_rows(a: Value, b: Value) -> Value:
    """A batch of matrices times the same matrix b: the rows of the whole batch form one matrix."""
    batch = broadcast_shapes("matmul", a.shape[:-2], b.shape[:-2])
    rows = reshape(a, (size_of(a.shape[:-1]), a.shape[-1]))
    return reshape(_matrices(rows, reshape(b, b.shape[-2:])), (*batch, a.shape[-2], b.shape[-1]))


def _inner_product(name: str, a: Value, b: Value) -> Value:
    if a.shape != b.shape:
        raise ShapeError(f"{name}: vectors of lengths {a.shape[0]} and {b.shape[0]} do not fit")
    return _sum_of_products(a, b)


def _sum_of_products(a: Value, b: Value) -> Value:
    """Over the last axis."""
    terms = multiply(a, b)
    last = len(terms.shape) - 1
    return reduction.any(terms, last) if a.dtype == dtypes.bool_ else reduction.sum_over(terms, (last,))


def dot(a: Value, b: Value) -> Value:
    """NumPy's dot: over the last axis of a and the second to last of b, or multiply for an array of shape ()."""
    (a, b), _ = common("dot", (a, b))
    if not a.shape or not b.shape:
        return multiply(a, b)
    if len(a.shape) <= 2 and len(b.shape) <= 2:
        return _product("dot", a, b)
    return tensordot(a, b, ((-1,), (-1 if len(b.shape) == 1 else -2,)), name="dot")


def inner(a: Value, b: Value) -> Value:
    """Sums of products over the last axes of both."""
    return tensordot(a, b, ((-1,), (-1,)), name="inner") if a.shape and b.shape else multiply(a, b)


def outer(a: Value, b: Value) -> Value:
    """The product of each element of a with each element of b; both are flattened."""
    return multiply(reshape(a, (-1, 1)), reshape(b, (1, -1)))


def vdot(a: Value, b: Value) -> Value:
    """The inner product of the flattened arrays."""
    (a, b), _ = common("vdot", (a, b))
    return _inner_product("vdot", reshape(a, -1), reshape(b, -1))


def tensordot(a: Value, b: Value, axes: int | Sequence[Any] = 2, *, name: str = "tensordot") -> Value:
    """Sums of products over the last `axes` axes of a and the first of b, or over pairs of axes."""
    (a, b), _ = common(name, (a, b))
    left, right = _axis_pairs(a.shape, b.shape, axes)
    if [a.shape[axis] for axis in left] != [b.shape[axis] for axis in right]:
        raise ShapeError(f"{name}: shapes {a.shape} and {b.shape} differ along axes {left} and {right}")
    rows = tuple(axis for axis in range(len(a.shape)) if axis not in left)
    columns = tuple(axis for axis in range(len(b.shape)) if axis not in right)
    shape = tuple(a.shape[axis] for axis in rows) + tuple(b.shape[axis] for axis in columns)
    summed = size_of(tuple(a.shape[axis] for axis in left))
    a = reshape(transpose(a, (*rows, *left)), (size_of(tuple(a.shape[axis] for axis in rows)), summed))
    b = reshape(transpose(b, (*right, *columns)), (summed, size_of(tuple(b.shape[axis] for axis in columns))))
    return reshape(matmul(a, b), shape)


def _axis_pairs(a: Shape, b: Shape, axes: int | Sequence[Any]) -> tuple[Shape, Shape]:
    if not isinstance(axes, Sequence):
        count = index(axes)
        if not 0 <= count <= min(len(a), len(b)):
            raise AxisError(f"tensordot: axes={count} is not from 0 to the number of axes of shapes {a} and {b}")
        return tuple(range(len(a) - count, len(a))), tuple(range(count))
    left, right = ((one,) if isinstance(one, int) else tuple(one) for one in axes)
    if len(left) != len(right):
        raise AxisError(f"tensordot: axes {left} and {right} must come in pairs")
    return (
        tuple(normalize_axis("tensordot", axis, len(a)) for axis in left),
        tuple(normalize_axis("tensordot", axis, len(b)) for axis in right),
    )


def vecdot(a: Value, b: Value, axis: int = -1) -> Value:
    """Sums of products along one axis; the other axes broadcast."""
    (a, b), _ = common("vecdot", (a, b))
    a, b = (moveaxis(one, normalize_axis("vecdot", axis, len(one.shape)), -1) for one in (a, b))
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"vecdot: vectors of lengths {a.shape[-1]} and {b.shape[-1]} do not fit")
    return _sum_of_products(a, b)


def matvec(a: Value, b: Value) -> Value:
    """The products of matrices and vectors; the leading axes broadcast."""
    _check_axes("matvec", a, 2, b, 1)
    _check_lengths("matvec", a, b, b.shape[-1])
    return squeeze(matmul(a, expand_dims(b, -1), name="matvec"), -1)


def vecmat(a: Value, b: Value) -> Value:
    """The products of vectors and matrices; the leading axes broadcast."""
    _check_axes("vecmat", a, 1, b, 2)
    _check_lengths("vecmat", a, b, b.shape[-2])
    return squeeze(matmul(expand_dims(a, -2), b, name="vecmat"), -2)


def _check_axes(name: str, a: Value, fewest_of_a: int, b: Value, fewest_of_b: int) -> None:
    if len(a.shape) < fewest_of_a or len(b.shape) < fewest_of_b:
        raise ShapeError(
            f"{name}: shapes {a.shape} and {b.shape} must have at least {fewest_of_a} and {fewest_of_b} axes"
        )


def batch_dot(a: Value, b: Value, transpose_a: bool = False, transpose_b: bool = False) -> Value:
    """The matrix products of two batches of equal length."""
    if len(a.shape) < 3 or len(a.shape) != len(b.shape) or a.shape[:-2] != b.shape[:-2]:
        raise ShapeError(f"batch_dot: needs two batches of matrices of equal length, got {a.shape} and {b.shape}")
    left, right = swapaxes(a, -1, -2) if transpose_a else a, swapaxes(b, -1, -2) if transpose_b else b
    return matmul(left, right, name="batch_dot")


def fully_connected(x: Value, weight: Value, bias: Value | None = None, flatten: bool = True) -> Value:
    """x times the transposed weight (units, features), plus the bias. `flatten` merges x's axes after the first."""
    if flatten and len(x.shape) != 2:
        x = reshape(x, (x.shape[0], -1) if 0 not in x.shape else (x.shape[0], size_of(x.shape[1:])))
    if len(weight.shape) != 2 or x.shape[-1] != weight.shape[1]:
        raise ShapeError(
            f"fully_connected: an input with {x.shape[-1]} features does not fit a weight of shape {weight.shape}, "
            "which must be (units, features)"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise ShapeError(f"fully_connected: the bias must have shape {weight.shape[:1]}, got {bias.shape}")
    out = matmul(x, transpose(weight))
    return out if bias is None else out + bias


def trace(x: Value, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: DType | None = None) -> Value:
    """The sum along the diagonal."""
    return reduction.sum(diagonal(x, offset, axis1, axis2), -1, dtype=dtype)


def norm(x: Value, ord: Any = None, axis: int | Sequence[int] | None = None, keepdims: bool = False) -> Value:
    """NumPy's linalg.norm except for the orders that need singular values. Its gradient at 0 is 0."""
    x = cast(x, dtype=dtypes.to_floating(x.dtype))
    if axis is None and ord is None:
        return _root_of_squares(x, tuple(range(len(x.shape))), keepdims)
    axes = _norm_axes(x, axis)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    return _matrix_norm(x, ord, axes, keepdims)


def _norm_axes(x: Value, axis: int | Sequence[int] | None) -> Shape:
    if axis is None:
        axes = tuple(range(len(x.shape)))
    else:
        axes = tuple(normalize_axis("norm", one, len(x.shape)) for one in several("norm", axis))
    if len(axes) not in (1, 2) or len(set(axes)) != len(axes):
        raise AxisError(f"norm: needs one or two different axes, got {axes} for shape {x.shape}")
    return axes


def _root_of_squares(x: Value, axes: Shape, keepdims: bool) -> Value:
    return reduction.distance(reduction.sum(square(x), axes, keepdims))


def _vector_norm(x: Value, ord: Any, axis: int, keepdims: bool) -> Value:
    if ord is None or ord == 2:
        return _root_of_squares(x, (axis,), keepdims)
    if ord == math.inf:
        return reduction.max(absolute(x), axis, keepdims)
    if ord == -math.inf:
        return reduction.min(absolute(x), axis, keepdims)
    if ord == 0:
        return reduction.sum(cast(not_equal(x, 0), dtype=x.dtype), axis, keepdims)
    if ord == 1:
        return reduction.sum(absolute(x), axis, keepdims)
    if not isinstance(ord, (int, float)):
        raise ArgumentError(f"norm: {ord!r} is not an order of vector norms; use a number, inf or -inf")
    total = reduction.sum(power(absolute(x), ord), axis, keepdims)
    if ord < 0:
        return power(total, 1 / ord)
    zero = equal(total, 0)
    return where(zero, 0, power(where(zero, 1, total), 1 / ord))


def _matrix_norm(x: Value, ord: Any, axes: Shape, keepdims: bool) -> Value:
    if ord is None or ord == "fro":
        return _root_of_squares(x, axes, keepdims)
    if ord not in (1, -1, math.inf, -math.inf):
        reason = "needs singular values, which do not exist here yet" if ord in (2, -2, "nuc") else "is not defined"
        raise ArgumentError(f"norm: the matrix norm of order {ord!r} {reason}; use 'fro', 1, -1, inf or -inf")
    summed, compared = axes if ord in (1, -1) else axes[::-1]
    sums = reduction.sum(absolute(x), summed, keepdims=True)
    extreme = reduction.max if ord > 0 else reduction.min
    result = extreme(sums, compared, keepdims=True)
    return result if keepdims else squeeze(result, axes)
