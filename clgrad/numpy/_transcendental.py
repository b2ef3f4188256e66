"""Exponentials, logarithms, trigonometry, the Bessel function: one array or two, element by element."""

from __future__ import annotations

from clgrad.numpy._elementwise import binary, unary
from clgrad.ops import special, transcendental

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
