"""Exponentials, logarithms, trigonometric, hyperbolic and error functions. Integers are converted to floats."""

from __future__ import annotations

import math

from clgrad.ops.arithmetic import rsqrt, square
from clgrad.ops.choice import where
from clgrad.ops.comparison import less
from clgrad.ops.operation import Elementwise, Value, unary
from clgrad.ops.powers import divide_nonzero

exp = unary("exp", "exp_@(x)", lambda g, out, x: g * out, cost=15)
exp2 = unary("exp2", "exp2_@(x)", lambda g, out, x: g * out * math.log(2), cost=15)
expm1 = unary("expm1", "expm1_@(x)", lambda g, out, x: g * (out + 1), cost=18)
log = unary("log", "log_@(x)", lambda g, out, x: g / x, cost=18)
log2 = unary("log2", "log2_@(x)", lambda g, out, x: g / (x * math.log(2)), cost=18)
log10 = unary("log10", "log10_@(x)", lambda g, out, x: g / (x * math.log(10)), cost=18)
log1p = unary("log1p", "log1p_@(x)", lambda g, out, x: g / (x + 1), cost=20)

sin = unary("sin", "sin_@(x)", lambda g, out, x: g * cos(x), cost=20)
cos: Elementwise = unary("cos", "cos_@(x)", lambda g, out, x: -g * sin(x), cost=20)
tan = unary("tan", "tan_@(x)", lambda g, out, x: g * (square(out) + 1), cost=25)
arcsin = unary("arcsin", "asin_@(x)", lambda g, out, x: g * rsqrt((1 - x) * (1 + x)), cost=20)
arccos = unary("arccos", "acos_@(x)", lambda g, out, x: -g * rsqrt((1 - x) * (1 + x)), cost=20)
arctan = unary("arctan", "atan_@(x)", lambda g, out, x: g / (square(x) + 1), cost=20)
arctan2 = Elementwise(
    "arctan2", "atan2_@(x, y)",
    lambda g, out, x, y: (g * y / (square(x) + square(y)), -g * x / (square(x) + square(y))), "float", cost=25,
)  # fmt: skip

sinh = unary("sinh", "sinh_@(x)", lambda g, out, x: g * cosh(x), cost=20)
cosh: Elementwise = unary("cosh", "cosh_@(x)", lambda g, out, x: g * sinh(x), cost=20)
tanh = unary("tanh", "tanh_@(x)", lambda g, out, x: g * (1 - square(out)), cost=18)
arcsinh = unary("arcsinh", "asinh_@(x)", lambda g, out, x: g * rsqrt(square(x) + 1), cost=25)
arccosh = unary("arccosh", "acosh_@(x)", lambda g, out, x: g * rsqrt((x - 1) * (x + 1)), cost=25)
arctanh = unary("arctanh", "atanh_@(x)", lambda g, out, x: g / ((1 - x) * (1 + x)), cost=25)

hypot = Elementwise(
    "hypot", "hypot_@(x, y)",
    lambda g, out, x, y: (g * divide_nonzero(x, out), g * divide_nonzero(y, out)), "float", cost=10,
)  # fmt: skip
logaddexp = Elementwise(
    "logaddexp", "logaddexp_@(x, y)",
    lambda g, out, x, y: (g * sigmoid(x - y), g * sigmoid(y - x)), "float", cost=30,
)  # fmt: skip
logaddexp2 = Elementwise(
    "logaddexp2", "logaddexp2_@(x, y)",
    lambda g, out, x, y: (g * sigmoid((x - y) * math.log(2)), g * sigmoid((y - x) * math.log(2))), "float", cost=30,
)  # fmt: skip

sigmoid: Elementwise = unary("sigmoid", "sigmoid_@(x)", lambda g, out, x: g * (out * (1 - out)), cost=18)
erf = unary("erf", "erf_@(x)", lambda g, out, x: g * (exp(-square(x)) * (2 / math.sqrt(math.pi))), cost=20)
erfc = unary("erfc", "erfc_@(x)", lambda g, out, x: -g * (exp(-square(x)) * (2 / math.sqrt(math.pi))), cost=20)
erfinv = unary("erfinv", "erfinv_@(x)", lambda g, out, x: g * (exp(square(out)) * (math.sqrt(math.pi) / 2)), cost=40)


def degrees(x: Value) -> Value:
    """Radians as degrees."""
    return x * (180 / math.pi)


def radians(x: Value) -> Value:
    """Degrees as radians."""
    return x * (math.pi / 180)


def sinc(x: Value) -> Value:
    """sin(pi x) / (pi x), and 1 at 0. Near 0 it is a power series, so that derivatives are right there too."""
    angle = x * math.pi
    near = less(square(angle), 1.0)
    u = where(near, square(angle), 0)
    series = u * 0 + _SINC_SERIES[-1]
    for coefficient in reversed(_SINC_SERIES[:-1]):
        series = series * u + coefficient
    far = where(near, 1.0, angle)
    return where(near, series, sin(far) / far)


_SINC_SERIES = [(-1) ** k / math.factorial(2 * k + 1) for k in range(10)]
