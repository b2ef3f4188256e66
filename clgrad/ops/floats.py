"""The parts of floats: mantissa and exponent, integer and fractional part, and the neighbouring floats."""

from __future__ import annotations

import math
from typing import Any

from clgrad import dtypes
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast
from clgrad.ops.operation import Elementwise, Gradient, Value, common, unary
from clgrad.ops.several import SeveralResults
from clgrad.primitives import Pointwise

# x * 2 ** y, rounded only once if y is an integer.
ldexp: Elementwise = Elementwise(
    "ldexp", "ldexp_@(x, y)", lambda g, out, x, y: (ldexp(g, y), g * out * math.log(2)), "float", cost=20
)
_exponent = unary("exponent", "convert_@_v(frexp_exponent_@(x))", cost=8)
_frexp = SeveralResults(
    "frexp",
    (
        Pointwise("mantissa", "mantissa_@(x)", cost=12),
        Pointwise("exponent", "convert_int_v(frexp_exponent_@(x))", cost=8),
    ),
    lambda x: (x.dtype, ((x.shape, x.dtype), (x.shape, dtypes.int32))),
    lambda gs, outs, x: (ldexp(gs[0], -_exponent(x)),),
)
_modf = SeveralResults(
    "modf",
    (Pointwise("modf_fraction", "modf_fraction_@(x)", cost=4), Pointwise("trunc", "trunc(x)", cost=2)),
    lambda x: (x.dtype, ((x.shape, x.dtype),) * 2),
    lambda gs, outs, x: (gs[0],),
)


def frexp(x: Value) -> tuple[Value, Value]:
    """The mantissas, of sizes from 1/2 to 1, and the exponents, int32, whose powers of two they are multiplied by."""
    mantissas, exponents = _frexp(cast(x, dtype=dtypes.to_floating(x.dtype)))
    return mantissas, exponents


def modf(x: Value) -> tuple[Value, Value]:
    """The fractions and the whole parts, both with the sign of x."""
    fractions, wholes = _modf(cast(x, dtype=dtypes.to_floating(x.dtype)))
    return fractions, wholes


class Neighbour(Elementwise):
    """An op on neighbouring floats. float16 is computed in float32 but has other neighbours, so it has its own text."""

    def __init__(self, name: str, arguments: str, gradient: Gradient) -> None:
        super().__init__(name, f"{name}_@({arguments})", gradient, "float", cost=8)
        self.half = Elementwise(f"{name}_half", f"{name}_half_@({arguments})", gradient, "float", cost=12)

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        values, _ = common(self.name, inputs, "float")
        halves = any(isinstance(one, Node) and one.dtype == dtypes.float16 for one in values)
        return self.half(*inputs) if halves else super().__call__(*inputs)


nextafter = Neighbour("nextafter", "x, y", (lambda g, out, x, y: g, None))
spacing = Neighbour("spacing", "x", (None,))
