"""The parts of floats: mantissa and exponent, integer and fractional part, and the neighbouring floats."""

from __future__ import annotations

import math
from typing import Any

from clgrad import dtypes
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast, trunc
from clgrad.ops.operation import Elementwise, Gradient, Value, common, unary

# x * 2 ** y, rounded only once if y is an integer.
ldexp: Elementwise = Elementwise(
    "ldexp", "ldexp_@(x, y)", lambda g, out, x, y: (ldexp(g, y), g * out * math.log(2)), "float", cost=20
)
_exponent = unary("exponent", "convert_@_v(frexp_exponent_@(x))", cost=8)
_mantissa = unary("mantissa", "mantissa_@(x)", lambda g, out, x: ldexp(g, -_exponent(x)), cost=12)
_fraction = unary("modf_fraction", "modf_fraction_@(x)", lambda g, out, x: g, cost=4)


def frexp(x: Value) -> tuple[Value, Value]:
    """Mantissas in [0.5, 1) with the sign of x, and exponents as int32: x is mantissa * 2 ** exponent."""
    return _mantissa(x), cast(_exponent(x), dtype=dtypes.int32)


def modf(x: Value) -> tuple[Value, Value]:
    """The fractional and the integer parts, both with the sign of x."""
    return _fraction(x), trunc(cast(x, dtype=dtypes.to_floating(x.dtype)))


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
