"""The parts of floating-point numbers, and their neighbours."""

from __future__ import annotations

from clgrad.numpy._elementwise import binary, unary, unary_pair
from clgrad.ops import floats

ldexp = binary("ldexp", floats.ldexp, "x1 * 2 ** x2.", "[1, 3], [2, 4] -> [ 4. 48.]")
nextafter = binary("nextafter", floats.nextafter, "The next number after x1 towards x2.", "[1], [2] -> [1.000...]")
spacing = unary(
    "spacing", floats.spacing, "The distance from |x| to the next larger number, with the sign of x.",
    "[1] -> [1.192...e-07]",
)  # fmt: skip
frexp = unary_pair(
    "frexp", floats.frexp, "Mantissas in [0.5, 1) with the sign of x, and exponents: x is mantissa * 2 ** exponent.",
    "np.array([1, 12]) -> (array([0.5 , 0.75]), array([1, 4], dtype=int32))",
)  # fmt: skip
modf = unary_pair(
    "modf", floats.modf, "Fractional and integer parts, both with the sign of x.",
    "np.array([1.5, -2.25]) -> (array([ 0.5 , -0.25]), array([ 1., -2.]))",
)  # fmt: skip
