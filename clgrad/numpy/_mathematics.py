"""Arithmetic, powers, logarithms, trigonometry, rounding: one array or two, element by element."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.array import finish, ndarray
from clgrad.array.arguments import rounded
from clgrad.array.conversion import NUMBERS, as_operand, as_value, operands_or_numbers
from clgrad.errors import ArgumentError
from clgrad.graph.capture import plain_number
from clgrad.numpy._elementwise import binary, binary_pair, unary, unary_pair
from clgrad.ops import arithmetic, bitwise, choice, floats, powers, quotient, special, transcendental

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
ldexp = binary("ldexp", floats.ldexp, "x1 * 2 ** x2.", "[1, 3], [2, 4] -> [ 4. 48.]")
copysign = binary("copysign", arithmetic.copysign, "x1 with the sign of x2.", "[1, -2], [-3, 4] -> [-1. 2.]")
heaviside = binary("heaviside", arithmetic.heaviside, "0 below 0, 1 above, x2 at 0.", "[-2, 0, 2], 0.5 -> [0. 0.5 1. ]")
gcd = binary(
    "gcd", bitwise.gcd, "The greatest common divisor of integers.", "np.array([12, 18], dtype=int), 8 -> [4 2]"
)
lcm = binary("lcm", bitwise.lcm, "The least common multiple of integers.", "np.array([4, 6], dtype=int), 10 -> [20 30]")
nextafter = binary("nextafter", floats.nextafter, "The next number after x1 towards x2.", "[1], [2] -> [1.000...]")
maximum = binary("maximum", choice.maximum, "The larger of x1 and x2; NaN if x1 or x2 is NaN.", "[1, 5], 3 -> [3. 5.]")
minimum = binary("minimum", choice.minimum, "The smaller of x1 and x2; NaN if x1 or x2 is NaN.", "[1, 5], 3 -> [1. 3.]")
fmax = binary(
    "fmax", choice.fmax, "The larger of x1 and x2; a NaN is ignored.", "[np.nan, 1], 0 -> [0. 1.]"
)
fmin = binary(
    "fmin", choice.fmin, "The smaller of x1 and x2; a NaN is ignored.", "[np.nan, 1], 0 -> [0. 0.]"
)

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
spacing = unary(
    "spacing", floats.spacing, "The distance from |x| to the next larger number, with the sign of x.",
    "[1] -> [1.192...e-07]",
)  # fmt: skip
rint = unary(
    "rint", arithmetic.rint, "The nearest integer; halves are rounded to even.", "[0.5, 1.5, 1.7] -> [0. 2. 2.]"
)

exp = unary("exp", transcendental.exp, "e ** x.", "[0, 1] -> [1. 2.718...]")
exp2 = unary("exp2", transcendental.exp2, "2 ** x.", "[0, 3] -> [1. 8.]")
expm1 = unary("expm1", transcendental.expm1, "e ** x - 1, exact near 0.", "[1e-6] -> [1.000...e-06]")
log = unary("log", transcendental.log, "The natural logarithm.", "[1, np.e] -> [0. 1.]")
log2 = unary("log2", transcendental.log2, "The logarithm to base 2.", "[1, 8] -> [0. 3.]")
log10 = unary("log10", transcendental.log10, "The logarithm to base 10.", "[1, 100] -> [0. 2.]")
log1p = unary("log1p", transcendental.log1p, "log(1 + x), exact near 0.", "[1e-6] -> [9.999...e-07]")
logaddexp = binary(
    "logaddexp", transcendental.logaddexp, "log(exp(x1) + exp(x2)), without overflow.", "[999], [999] -> [999.69...]"
)
logaddexp2 = binary(
    "logaddexp2", transcendental.logaddexp2, "log2(2 ** x1 + 2 ** x2), without overflow.", "[3, 5], [3, 5] -> [4. 6.]"
)

sin = unary("sin", transcendental.sin, "The sine.", "[0, np.pi / 2] -> [0. 1.]")
cos = unary("cos", transcendental.cos, "The cosine.", "[0, np.pi] -> [ 1. -1.]")
tan = unary("tan", transcendental.tan, "The tangent.", "[0, np.pi / 4] -> [0. 1.]")
arcsin = unary("arcsin", transcendental.arcsin, "The inverse of the sine.", "[0, 1] -> [0. 1.570...]")
arccos = unary("arccos", transcendental.arccos, "The inverse of the cosine.", "[1, -1] -> [0. 3.141...]")
arctan = unary("arctan", transcendental.arctan, "The inverse of the tangent.", "[0, 1] -> [0. 0.785...]")
arctan2 = binary(
    "arctan2", transcendental.arctan2, "The angle of the point (x2, x1).", "[0, 1], [1, 1] -> [0. 0.785...]"
)
sinc = unary("sinc", transcendental.sinc, "sin(pi x) / (pi x), 1 at 0.", "[0, 0.5] -> [1. 0.636...]")
hypot = binary(
    "hypot", transcendental.hypot, "sqrt(x1 ** 2 + x2 ** 2), without overflow.", "[3, 5], [4, 12] -> [ 5. 13.]"
)
i0 = unary("i0", special.i0, "The modified Bessel function of the first kind of order 0.", "[0, 1] -> [1. 1.266...]")
sinh = unary("sinh", transcendental.sinh, "The hyperbolic sine.", "[0, 1] -> [0. 1.175...]")
cosh = unary("cosh", transcendental.cosh, "The hyperbolic cosine.", "[0, 1] -> [1. 1.543...]")
tanh = unary("tanh", transcendental.tanh, "The hyperbolic tangent.", "[0, 100] -> [0. 1.]")
arcsinh = unary("arcsinh", transcendental.arcsinh, "The inverse of the hyperbolic sine.", "[0, 1] -> [0. 0.881...]")
arccosh = unary("arccosh", transcendental.arccosh, "The inverse of the hyperbolic cosine.", "[1, 2] -> [0. 1.316...]")
arctanh = unary(
    "arctanh", transcendental.arctanh, "The inverse of the hyperbolic tangent.", "[0, 0.5] -> [0. 0.549...]"
)
asin, acos, atan, atan2 = arcsin, arccos, arctan, arctan2
asinh, acosh, atanh = arcsinh, arccosh, arctanh
degrees = unary("degrees", transcendental.degrees, "Radians as degrees.", "[0, np.pi] -> [ 0. 180.]")
radians = unary("radians", transcendental.radians, "Degrees as radians.", "[0, 180] -> [0. 3.141...]")
rad2deg, deg2rad = degrees, radians

divmod = binary_pair(
    "divmod", quotient.divmod, "x1 // x2 and x1 % x2.", "np.array([5, 7]), 3 -> (array([1., 2.]), array([2., 1.]))",
)  # fmt: skip
frexp = unary_pair(
    "frexp", floats.frexp, "Mantissas in [0.5, 1) with the sign of x, and exponents: x is mantissa * 2 ** exponent.",
    "np.array([1, 12]) -> (array([0.5 , 0.75]), array([1, 4], dtype=int32))",
)  # fmt: skip
modf = unary_pair(
    "modf", floats.modf, "Fractional and integer parts, both with the sign of x.",
    "np.array([1.5, -2.25]) -> (array([ 0.5 , -0.25]), array([ 1., -2.]))",
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


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> ndarray:
    """a limited to the range from a_min to a_max. `min` and `max` are other names of these.

    The gradient is 1 inside the range and at its ends, and 0 outside.

    >>> from clgrad import np
    >>> np.clip(np.arange(5), 1, 3)
    array([1., 1., 2., 3., 3.])
    """
    if (a_min is not None and min is not None) or (a_max is not None and max is not None):
        raise ArgumentError("clip: a_min and min mean the same, and so do a_max and max; give only one of them")
    bounds = (min if a_min is None else a_min, max if a_max is None else a_max)
    return finish(choice.clip(as_operand(a, *bounds), *operands_or_numbers(bounds, a)), out)


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> ndarray:
    """x with NaN replaced by `nan`, and the infinities by `posinf` and `neginf`.

    The defaults of `posinf` and `neginf` are the largest and the smallest finite number.

    >>> from clgrad import np
    >>> np.nan_to_num(np.array([np.nan, 1.0]))
    array([0., 1.])
    """
    ends = operands_or_numbers((nan, posinf, neginf), x)
    result = finish(choice.nan_to_num(as_operand(x, nan, posinf, neginf), *ends))
    if copy or not isinstance(x, ndarray):
        return result
    x[...] = result
    return x
