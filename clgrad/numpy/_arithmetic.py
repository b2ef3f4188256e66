"""Arithmetic, powers, rounding: one array or two, element by element."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.array import finish, ndarray
from clgrad.array.arguments import rounded
from clgrad.array.conversion import NUMBERS, as_value
from clgrad.graph.capture import plain_number
from clgrad.numpy._elementwise import binary, binary_pair, unary
from clgrad.ops import arithmetic, powers, quotient

add = binary("add", arithmetic.add, "x1 + x2.", "[1, 2], 3 -> [4. 5.]")
subtract = binary("subtract", arithmetic.subtract, "x1 - x2.", "[1, 2], 3 -> [-2. -1.]")
multiply = binary("multiply", arithmetic.multiply, "x1 * x2.", "[1, 2], 3 -> [3. 6.]")
divide = binary("divide", arithmetic.divide, "x1 / x2, in floating point.", "[1, 2], 4 -> [0.25 0.5 ]")
true_divide = divide
floor_divide = binary("floor_divide", arithmetic.floor_divide, "x1 // x2, rounded down.", "[7, -7], 2 -> [ 3. -4.]")
remainder = binary("remainder", arithmetic.remainder, "x1 % x2, with the sign of x2.", "[7, -7], 3 -> [1. 2.]")
mod = remainder
fmod = binary("fmod", arithmetic.fmod, "The remainder of x1 / x2 with the sign of x1.", "[7, -7], 3 -> [ 1. -1.]")
power = binary("power", powers.power, "x1 ** x2.", "[1, 2, 3], 2 -> [1. 4. 9.]")
pow = power
float_power = binary(
    "float_power", powers.float_power, "x1 ** x2 in floating point.", "np.array([2], dtype=int), -1 -> [0.5]"
)
copysign = binary("copysign", arithmetic.copysign, "x1 with the sign of x2.", "[1, -2], [-3, 4] -> [-1. 2.]")
heaviside = binary("heaviside", arithmetic.heaviside, "0 below 0, 1 above, x2 at 0.", "[-2, 0, 2], 0.5 -> [0. 0.5 1. ]")

negative = unary("negative", arithmetic.negative, "-x.", "[1, -2] -> [-1. 2.]")
positive = unary("positive", arithmetic.positive, "+x, a copy.", "[1, -2] -> [ 1. -2.]")
conjugate = unary("conjugate", arithmetic.identity, "x, a copy: all numbers here are real.", "[1, -2] -> [ 1. -2.]")
conj = conjugate
absolute = unary("absolute", arithmetic.absolute, "The absolute value.", "[1, -2] -> [1. 2.]")
abs = absolute
fabs = unary("fabs", arithmetic.fabs, "The absolute value in floating point.", "np.array([-2], dtype=int) -> [2.]")
sign = unary("sign", arithmetic.sign, "-1, 0 or 1: the sign.", "[-3, 0, 5] -> [-1. 0. 1.]")
reciprocal = unary("reciprocal", arithmetic.reciprocal, "1 / x.", "[2, -4] -> [ 0.5 -0.25]")
square = unary("square", arithmetic.square, "x * x.", "[3, -4] -> [ 9. 16.]")
sqrt = unary("sqrt", arithmetic.sqrt, "The square root.", "[4, 9] -> [2. 3.]")
cbrt = unary("cbrt", arithmetic.cbrt, "The cube root.", "[8, -27] -> [ 2. -3.]")
floor = unary("floor", arithmetic.floor, "The largest integer not above x.", "[1.7, -1.7] -> [ 1. -2.]")
ceil = unary("ceil", arithmetic.ceil, "The smallest integer not below x.", "[1.2, -1.2] -> [ 2. -1.]")
trunc = unary("trunc", arithmetic.trunc, "x without its fraction.", "[1.7, -1.7] -> [ 1. -1.]")
fix = unary("fix", arithmetic.trunc, "x without its fraction.", "[1.7, -1.7] -> [ 1. -1.]")
rint = unary(
    "rint", arithmetic.rint, "The nearest integer; halves are rounded to even.", "[0.5, 1.5, 1.7] -> [0. 2. 2.]"
)

divmod = binary_pair(
    "divmod", quotient.divmod, "x1 // x2 and x1 % x2.", "np.array([5, 7]), 3 -> (array([1., 2.]), array([2., 1.]))",
)  # fmt: skip


def around(x: Any, decimals: int = 0, out: Any = None) -> Any:
    """x rounded to `decimals` digits after the point; halves are rounded to the even digit.

    >>> from clgrad import np
    >>> np.around(np.array([1.25, 2.5]), 1), np.round(np.array([0.5, 1.5]))
    (array([1.2, 2.5]), array([0., 2.]))
    """
    if isinstance(x, NUMBERS) and out is None:
        return numpy.around(plain_number(x), decimals).item()
    return finish(rounded(as_value(x), decimals), out)


round = around
round_ = around


def real(val: Any) -> ndarray:
    """The real part: the array itself, since all numbers here are real.

    >>> from clgrad import np
    >>> np.real(np.array([1, -2]))
    array([ 1., -2.])
    """
    return val if isinstance(val, ndarray) else finish(as_value(val))
