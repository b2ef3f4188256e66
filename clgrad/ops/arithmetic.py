"""Elementwise arithmetic: sums, products, quotients, roots, rounding and casts. Powers are in powers.py."""

from __future__ import annotations

from typing import Any

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import DTypeError
from clgrad.ops.operation import Elementwise, Operation, Value, fill, filled_with, unary
from clgrad.primitives import Pointwise
from clgrad.tape import STATE, record

add = Elementwise("add", "x + y", (lambda g, out, x, y: g, lambda g, out, x, y: g), boolean="x | y")
subtract = Elementwise("subtract", "x - y", (lambda g, out, x, y: g, lambda g, out, x, y: -g), "number")
multiply = Elementwise("multiply", "x * y", (lambda g, out, x, y: _times(g, y), lambda g, out, x, y: _times(g, x)))
divide = Elementwise(
    "divide", "x / y", (lambda g, out, x, y: g / y, lambda g, out, x, y: -g * out / y), "float", cost=4
)
floor_divide = Elementwise("floor_divide", "floor_divide_@(x, y)", (None, None), "count", cost=8)
remainder = Elementwise(
    "remainder", "remainder_@(x, y)", lambda g, out, x, y: (g, -g * floor_divide(x, y)), "count", cost=8
)
fmod = Elementwise("fmod", "fmod_@(x, y)", lambda g, out, x, y: (g, -g * trunc(divide(x, y))), "count", cost=8)

negative = unary("negative", "-x", lambda g, out, x: -g, "number")
positive = unary("positive", "x", lambda g, out, x: g, "number", cost=0)
identity = unary("identity", "x", lambda g, out, x: g, "any", cost=0)
absolute = unary("absolute", "abs_@(x)", lambda g, out, x: g * sign(x), "any", boolean="x")
fabs = unary("fabs", "fabs(x)", lambda g, out, x: g * sign(x))
sign: Elementwise = Elementwise("sign", "sign_@(x)", (None,), "number")
reciprocal = unary("reciprocal", "(@_v)(1) / x", lambda g, out, x: -g * square(out), cost=4)
square: Elementwise = unary("square", "x * x", lambda g, out, x: g * (2 * x), "any")
sqrt = unary("sqrt", "sqrt(x)", lambda g, out, x: 0.5 * g / out, cost=4)
rsqrt = unary("rsqrt", "(@_v)(1) / sqrt(x)", lambda g, out, x: -0.5 * g * out * square(out), cost=8)
cbrt = unary("cbrt", "cbrt_@(x)", lambda g, out, x: g / (3 * square(out)), cost=20)
rcbrt = unary("rcbrt", "(@_v)(1) / cbrt_@(x)", lambda g, out, x: g * square(square(out)) * (-1 / 3), cost=24)


def _times(g: Value, factor: Any) -> Value:
    """g * factor. If g is all ones and factor a number, as often at the start of a backward pass, it is a fill."""
    if type(factor) is not Value and filled_with(g) == 1:
        return fill(factor, g.shape, g.dtype, g.device)
    return multiply(g, factor)


class Rounding(Elementwise):
    """Rounding to integers. Inputs of integer dtype are returned unchanged."""

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        (x,) = inputs
        return super().__call__(x) if dtypes.is_floating(x.dtype) else x


floor = Rounding("floor", "floor(x)", (None,), cost=2)
ceil = Rounding("ceil", "ceil(x)", (None,), cost=2)
trunc: Rounding = Rounding("trunc", "trunc(x)", (None,), cost=2)
rint = Rounding("rint", "rint(x)", (None,), cost=2)

copysign = Elementwise(
    "copysign", "copysign(x, y)", (lambda g, out, x, y: g * _sign_agreement(x, y), None), "float", cost=2
)
_sign_agreement: Elementwise = Elementwise(
    "sign_agreement", "copysign((@_v)(1), x) * copysign((@_v)(1), y)", None, "float", cost=3
)
heaviside = Elementwise("heaviside", "heaviside_@(x, y)", (None, lambda g, out, x, y: g * _is_zero(x)), "float", cost=2)
_is_zero: Elementwise = unary("is_zero", "(x == (@_v)(0)) ? (@_v)(1) : (@_v)(0)", cost=2)


class Cast(Operation):
    """Conversion to another dtype. Floats are truncated to integers; those out of range saturate, NaN gives 0.

    Conversion to bool is `x != 0`.
    """

    def __init__(self) -> None:
        super().__init__("cast", lambda g, out, x, dtype: (cast(g, dtype=x.dtype),))
        self.primitives = {
            (source, target): Pointwise(f"cast to {target.name}", _cast_expression(source, target))
            for source in dtypes.ALL
            for target in dtypes.ALL
        }

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        x: Value = inputs[0]
        dtype: DType = attributes["dtype"]
        if x.dtype == dtype:
            return x
        if dtype == dtypes.float64 and not x.device.capabilities.fp64:
            raise DTypeError(f"cast: {x.device} ({x.device.name}) does not support float64; use float32")
        out = Value(self.primitives[x.dtype, dtype], (x,), x.dtype, x.shape, dtype, x.device)
        if STATE.recording and dtypes.is_floating(dtype) and dtypes.is_floating(x.dtype):
            record(out, self, (x,), {"dtype": dtype})
        return out


def _cast_expression(source: DType, target: DType) -> str:
    if target == dtypes.bool_:
        return "x != (@_v)(0)"
    name = dtypes.COMPUTE_NAME[target]
    if dtypes.COMPUTE_NAME[source] == name:
        return "x"
    if dtypes.is_floating(source) and not dtypes.is_floating(target):
        return f"saturate_{name}_@(x)"
    return f"convert_{name}_v(x)"


cast = Cast()
