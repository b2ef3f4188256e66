"""Arithmetic, powers, logarithms, trigonometry, rounding: one array or two, element by element."""

from __future__ import annotations

from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.arguments import rounded
from clgrad.array.conversion import NUMBERS, as_value, device_of
from clgrad.numpy.elementwise import binary, unary
from clgrad.ops import arithmetic, bitwise, choice, floats, powers, special, transcendental

add = binary("add", arithmetic.add, "x1 + x2.")
subtract = binary("subtract", arithmetic.subtract, "x1 - x2.")
multiply = binary("multiply", arithmetic.multiply, "x1 * x2.")
divide = binary("divide", arithmetic.divide, "x1 / x2, in floating point.")
true_divide = divide
floor_divide = binary("floor_divide", arithmetic.floor_divide, "x1 // x2, rounded down.")
remainder = binary("remainder", arithmetic.remainder, "x1 % x2, with the sign of x2.")
mod = remainder
fmod = binary("fmod", arithmetic.fmod, "The remainder of x1 / x2 with the sign of x1.")
power = binary("power", powers.power, "x1 ** x2.")
pow = power
float_power = binary("float_power", powers.float_power, "x1 ** x2 in floating point, also of integers.")
ldexp = binary("ldexp", floats.ldexp, "x1 * 2 ** x2.")
copysign = binary("copysign", arithmetic.copysign, "x1 with the sign of x2.")
heaviside = binary("heaviside", arithmetic.heaviside, "0 where x1 < 0, 1 where x1 > 0, x2 where x1 is 0.")
gcd = binary("gcd", bitwise.gcd, "The greatest common divisor of integers.")
lcm = binary("lcm", bitwise.lcm, "The least common multiple of integers.")
nextafter = binary("nextafter", floats.nextafter, "The next number after x1 towards x2.")
maximum = binary("maximum", choice.maximum, "The larger of x1 and x2; NaN if one of them is.")
minimum = binary("minimum", choice.minimum, "The smaller of x1 and x2; NaN if one of them is.")
fmax = binary("fmax", choice.fmax, "The larger of x1 and x2; the other one if one of them is NaN.")
fmin = binary("fmin", choice.fmin, "The smaller of x1 and x2; the other one if one of them is NaN.")

negative = unary("negative", arithmetic.negative, "-x.")
positive = unary("positive", arithmetic.positive, "+x, a copy.")
conjugate = unary("conjugate", arithmetic.identity, "x, a copy: all numbers here are real.")
conj = conjugate
absolute = unary("absolute", arithmetic.absolute, "The absolute value.")
abs = absolute
fabs = unary("fabs", arithmetic.fabs, "The absolute value, in floating point also of integers.")
sign = unary("sign", arithmetic.sign, "-1, 0 or 1: the sign.")
reciprocal = unary("reciprocal", arithmetic.reciprocal, "1 / x.")
square = unary("square", arithmetic.square, "x * x.")
sqrt = unary("sqrt", arithmetic.sqrt, "The square root.")
cbrt = unary("cbrt", arithmetic.cbrt, "The cube root.")
floor = unary("floor", arithmetic.floor, "The largest whole number not above x.")
ceil = unary("ceil", arithmetic.ceil, "The smallest whole number not below x.")
trunc = unary("trunc", arithmetic.trunc, "x without its fraction.")
fix = unary("fix", arithmetic.trunc, "x without its fraction.")
spacing = unary("spacing", floats.spacing, "From |x| to the next larger number, with the sign of x.")
rint = unary("rint", arithmetic.rint, "The nearest whole number; halves go to the even one.")

exp = unary("exp", transcendental.exp, "e ** x.")
exp2 = unary("exp2", transcendental.exp2, "2 ** x.")
expm1 = unary("expm1", transcendental.expm1, "e ** x - 1, exact near 0.")
log = unary("log", transcendental.log, "The natural logarithm.")
log2 = unary("log2", transcendental.log2, "The logarithm to base 2.")
log10 = unary("log10", transcendental.log10, "The logarithm to base 10.")
log1p = unary("log1p", transcendental.log1p, "log(1 + x), exact near 0.")
logaddexp = binary("logaddexp", transcendental.logaddexp, "log(exp(x1) + exp(x2)), without overflow.")
logaddexp2 = binary("logaddexp2", transcendental.logaddexp2, "log2(2 ** x1 + 2 ** x2), without overflow.")

sin = unary("sin", transcendental.sin, "The sine.")
cos = unary("cos", transcendental.cos, "The cosine.")
tan = unary("tan", transcendental.tan, "The tangent.")
arcsin = unary("arcsin", transcendental.arcsin, "The inverse of the sine.")
arccos = unary("arccos", transcendental.arccos, "The inverse of the cosine.")
arctan = unary("arctan", transcendental.arctan, "The inverse of the tangent.")
arctan2 = binary("arctan2", transcendental.arctan2, "The angle of the point (x2, x1).")
sinc = unary("sinc", transcendental.sinc, "sin(pi x) / (pi x), 1 at 0.")
hypot = binary("hypot", transcendental.hypot, "sqrt(x1 ** 2 + x2 ** 2), without overflow.")
i0 = unary("i0", special.i0, "The modified Bessel function of the first kind of order 0.")
sinh = unary("sinh", transcendental.sinh, "The hyperbolic sine.")
cosh = unary("cosh", transcendental.cosh, "The hyperbolic cosine.")
tanh = unary("tanh", transcendental.tanh, "The hyperbolic tangent.")
arcsinh = unary("arcsinh", transcendental.arcsinh, "The inverse of the hyperbolic sine.")
arccosh = unary("arccosh", transcendental.arccosh, "The inverse of the hyperbolic cosine.")
arctanh = unary("arctanh", transcendental.arctanh, "The inverse of the hyperbolic tangent.")
asin, acos, atan, atan2 = arcsin, arccos, arctan, arctan2
asinh, acosh, atanh = arcsinh, arccosh, arctanh
degrees = unary("degrees", transcendental.degrees, "Radians as degrees.")
radians = unary("radians", transcendental.radians, "Degrees as radians.")
rad2deg, deg2rad = degrees, radians


def around(x: Any, decimals: int = 0, out: Any = None) -> ndarray:
    """x rounded to `decimals` digits after the point; halves go to the even digit.

    >>> from clgrad import np
    >>> np.around(np.array([1.25, 2.5]), 1), np.round(np.array([0.5, 1.5]))
    (array([1.2, 2.5]), array([0., 2.]))
    """
    return finish(rounded(as_value(x), decimals), out)


round = around
round_ = around


def divmod(x1: Any, x2: Any, out: tuple[Any, Any] = (None, None)) -> tuple[ndarray, ndarray]:
    """x1 // x2 and x1 % x2.

    >>> from clgrad import np
    >>> np.divmod(np.array([5, 7]), 3)
    (array([1., 2.]), array([2., 1.]))
    """
    return floor_divide(x1, x2, out[0]), remainder(x1, x2, out[1])


def frexp(x: Any, out: tuple[Any, Any] = (None, None)) -> tuple[ndarray, ndarray]:
    """Mantissas, of sizes from 1/2 to 1, and exponents: x is mantissa * 2 ** exponent.

    >>> from clgrad import np
    >>> np.frexp(np.array([1, 12]))
    (array([0.5 , 0.75]), array([1, 4], dtype=int32))
    """
    mantissas, exponents = floats.frexp(as_value(x))
    return finish(mantissas, out[0]), finish(exponents, out[1])


def modf(x: Any, out: tuple[Any, Any] = (None, None)) -> tuple[ndarray, ndarray]:
    """Fractions and whole parts, both with the sign of x.

    >>> from clgrad import np
    >>> np.modf(np.array([1.5, -2.25]))
    (array([ 0.5 , -0.25]), array([ 1., -2.]))
    """
    fractions, wholes = floats.modf(as_value(x))
    return finish(fractions, out[0]), finish(wholes, out[1])


def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None) -> ndarray:
    """a limited to a_min .. a_max; the gradient passes inside and at the bounds.

    >>> from clgrad import np
    >>> np.clip(np.arange(5), 1, 3)
    array([1., 1., 2., 3., 3.])
    """
    device = device_of((a, a_min, a_max))
    low, high = (one if one is None or isinstance(one, NUMBERS) else as_value(one, device) for one in (a_min, a_max))
    return finish(choice.clip(as_value(a, device), low, high), out)


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> ndarray:
    """x with NaN and the infinities replaced, the latter by the largest and smallest finite numbers.

    >>> from clgrad import np
    >>> np.nan_to_num(np.array([np.nan, 1.0]))
    array([0., 1.])
    """
    result = finish(choice.nan_to_num(as_value(x), nan, posinf, neginf))
    if copy or not isinstance(x, ndarray):
        return result
    x[...] = result
    return x
