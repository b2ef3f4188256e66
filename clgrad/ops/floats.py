"""How floating-point numbers are made up: mantissa and exponent, whole part and fraction, neighbours, sign."""

from __future__ import annotations

import math
from typing import Any

from clgrad import dtypes
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast, trunc
from clgrad.ops.operation import Elementwise, Gradient, Value, common, unary

# x * 2 ** y, rounded once where y is whole.
ldexp: Elementwise = Elementwise(
    "ldexp", "ldexp_@(x, y)", lambda g, out, x, y: (ldexp(g, y), g * out * math.log(2)), "float", cost=20
)
_exponent = unary("exponent", "convert_@_v(frexp_exponent_@(x))", cost=8)
_mantissa = unary("mantissa", "mantissa_@(x)", lambda g, out, x: ldexp(g, -_exponent(x)), cost=12)
_fraction = unary("modf_fraction", "modf_fraction_@(x)", lambda g, out, x: g, cost=4)


def frexp(x: Value) -> tuple[Value, Value]:
    """The mantissas, of sizes from 1/2 to 1, and the exponents, int32, whose powers of two they are multiplied by."""
    return _mantissa(x), cast(_exponent(x), dtype=dtypes.int32)


def modf(x: Value) -> tuple[Value, Value]:
    """The fractions and the whole parts, both with the sign of x."""
    return _fraction(x), trunc(cast(x, dtype=dtypes.to_floating(x.dtype)))


class Neighbour(Elementwise):
    """An op on neighbouring numbers; those of float16, which computes in float32, are others than that has."""

    def __init__(self, name: str, arguments: str, gradient: Gradient) -> None:
        super().__init__(name, f"{name}_@({arguments})", gradient, "float", cost=8)
        self.half = Elementwise(f"{name}_half", f"{name}_half_@({arguments})", gradient, "float", cost=12)

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        values, _ = common(self.name, inputs, "float")
        halves = any(isinstance(one, Node) and one.dtype == dtypes.float16 for one in values)
        return self.half(*inputs) if halves else super().__call__(*inputs)


nextafter = Neighbour("nextafter", "x, y", (lambda g, out, x, y: g, None))
spacing = Neighbour("spacing", "x", (None,))
