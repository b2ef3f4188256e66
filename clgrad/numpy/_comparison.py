"""Comparisons, logic, and questions about whole arrays."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.array import ndarray
from clgrad.array.conversion import NUMBERS, as_operands
from clgrad.numpy._elementwise import binary, unary
from clgrad.ops import comparison

equal = binary("equal", comparison.equal, "Whether x1 == x2.", "[1, 2, 3], 2 -> [False True False]")
not_equal = binary("not_equal", comparison.not_equal, "Whether x1 != x2.", "[1, 2, 3], 2 -> [ True False True]")
less = binary("less", comparison.less, "Whether x1 < x2.", "[1, 2, 3], 2 -> [ True False False]")
less_equal = binary("less_equal", comparison.less_equal, "Whether x1 <= x2.", "[1, 2, 3], 2 -> [ True True False]")
greater = binary("greater", comparison.greater, "Whether x1 > x2.", "[1, 2, 3], 2 -> [False False True]")
greater_equal = binary(
    "greater_equal", comparison.greater_equal, "Whether x1 >= x2.", "[1, 2, 3], 2 -> [False True True]"
)

logical_and = binary(
    "logical_and",
    comparison.logical_and,
    "Whether x1 and x2 are nonzero.",
    "[0, 1, 2], [1, 1, 0] -> [False True False]",
)
logical_or = binary(
    "logical_or",
    comparison.logical_or,
    "Whether x1 or x2 is nonzero.",
    "[0, 1, 0], [1, 1, 0] -> [ True True False]",
)
logical_xor = binary(
    "logical_xor",
    comparison.logical_xor,
    "Whether exactly one of x1 and x2 is nonzero.",
    "[0, 1, 2], [1, 1, 0] -> [ True False True]",
)
logical_not = unary("logical_not", comparison.logical_not, "Whether x is zero.", "[0, 1, 2] -> [ True False False]")

isnan = unary("isnan", comparison.isnan, "Whether x is not a number.", "[1, np.nan, np.inf] -> [False True False]")
isinf = unary("isinf", comparison.isinf, "Whether x is infinite.", "[1, np.nan, -np.inf] -> [False False True]")
isfinite = unary(
    "isfinite",
    comparison.isfinite,
    "Whether x is neither infinite nor NaN.",
    "[1, np.nan, np.inf] -> [ True False False]",
)
isposinf = unary(
    "isposinf", comparison.isposinf, "Whether x is plus infinity.", "[1, np.inf, -np.inf] -> [False True False]"
)
isneginf = unary(
    "isneginf", comparison.isneginf, "Whether x is minus infinity.", "[1, np.inf, -np.inf] -> [False False True]"
)
signbit = unary(
    "signbit", comparison.signbit, "Whether the sign bit is set; true for -0.0.", "[1, -1, -0.0] -> [False True True]"
)


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> ndarray:
    """Whether elements agree: |a - b| <= atol + rtol * |b|.

    >>> from clgrad import np
    >>> np.isclose(np.array([1, 2]), np.array([1.000001, 2.1]))
    array([ True, False])
    """
    x, y = map(ndarray, as_operands((a, b)))
    near: ndarray = (x == y) | (isfinite(y) & (abs(x - y) <= atol + rtol * abs(y)))
    return near | (isnan(x) & isnan(y)) if equal_nan else near


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all elements agree by the rule of `isclose`.

    >>> from clgrad import np
    >>> np.allclose(np.ones(2), np.ones(2) + 1e-7)
    True
    """
    return bool(isclose(a, b, rtol, atol, equal_nan).all())


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Whether shapes and elements agree.

    >>> from clgrad import np
    >>> np.array_equal(np.ones(2), np.ones(3))
    False
    """
    x, y = map(ndarray, as_operands((a1, a2)))
    if x.shape != y.shape:
        return False
    same = x == y
    return bool((same | (isnan(x) & isnan(y)) if equal_nan else same).all())


def array_equiv(a1: Any, a2: Any) -> bool:
    """Whether elements agree after broadcasting.

    >>> from clgrad import np
    >>> np.array_equiv(np.ones(2), np.ones((3, 2)))
    True
    """
    x, y = map(ndarray, as_operands((a1, a2)))
    try:
        numpy.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        return False
    return bool((x == y).all())


def iscomplexobj(x: Any) -> bool:
    """Whether the elements are complex numbers. They never are in clgrad's arrays.

    >>> from clgrad import np
    >>> np.iscomplexobj(np.ones(2))
    False
    """
    return not isinstance(x, ndarray) and numpy.iscomplexobj(x)


def isscalar(element: Any) -> bool:
    """Whether this is a number, not an array.

    >>> isscalar(3.0)
    True
    """
    return isinstance(element, NUMBERS)
