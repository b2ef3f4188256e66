"""Powers. Their gradients are also right at base 0, where the formula with `log` would give NaN."""

from __future__ import annotations

import math
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.errors import ArgumentError
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast, square
from clgrad.ops.checks import refuse
from clgrad.ops.choice import where
from clgrad.ops.comparison import less
from clgrad.ops.operation import Elementwise, Value, unary

divide_nonzero: Elementwise = Elementwise(
    "divide_nonzero", "(y == (@_v)(0)) ? (@_v)(0) : x / y",
    lambda g, out, x, y: (divide_nonzero(g, y), -g * divide_nonzero(out, y)), "float", cost=4,
)  # fmt: skip
_log_or_zero = unary(
    "log_or_zero", "log_@((x == (@_v)(0)) ? (@_v)(1) : x)", lambda g, out, x: divide_nonzero(g, x), cost=20
)
_is_zero = unary("equal_zero", "x == (@_v)(0)", accepts="any", result="bool")


def _gradient(g: Value, out: Value, x: Any, y: Any) -> tuple[Any, Any]:
    return (
        _base_gradient(g, x, y) if isinstance(x, Node) else None,
        _exponent_gradient(g, out, x) if isinstance(y, Node) else None,
    )


def _base_gradient(g: Value, x: Node, y: Any) -> Value:
    """g * y * x ** (y - 1), and 0 where y is 0, even if x is 0."""
    if isinstance(y, Node):
        less = where(_is_zero(y), 0, y - 1)  # type: ignore[operator]
        return g * y * power(x, less)
    return g * y * power(x, y - 1) if y else g * 0


def _exponent_gradient(g: Value, out: Value, x: Any) -> Value:
    """g * out * log(x), and 0 at x = 0, since 0 ** y is constant for y > 0."""
    if isinstance(x, Node):
        return g * out * _log_or_zero(x)
    if x > 0:
        return g * out * math.log(x)
    return g * out * (0.0 if x == 0 else math.nan)


class Power(Elementwise):
    """x ** y. If y is the number 2, it is x * x: exact to the last bit, and much faster.

    An integer to a negative integer power raises, as in NumPy: at the call if y is a number, when the result is read if
    y is an array.
    """

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        x, y = inputs
        if isinstance(y, Value):
            if y.dtype.kind == "i" and _is_whole(x):
                y = refuse(y, less(y, 0), f"{_REFUSED}. Convert one of them first: x.astype('float32') ** y")
            return super().__call__(x, y)
        whole = isinstance(y, (int, numpy.integer))
        if whole and y < 0 and _is_whole(x):
            raise ArgumentError(f"{_REFUSED} ({x.dtype.name} ** {y}). Convert first: x.astype('float32') ** {y}")
        if y == 2 and (dtypes.is_floating(x.dtype) or (dtypes.is_integer(x.dtype) and whole)):
            return square(x)
        return super().__call__(x, y)


_REFUSED = "power: integers to negative integer powers are not allowed"


def _is_whole(x: Any) -> bool:
    """Whether x, an array or a number, holds integers (or booleans)."""
    return not dtypes.is_floating(x.dtype) if isinstance(x, Node) else not isinstance(x, (float, numpy.floating))


power = Power("power", "power_@(x, y)", _gradient, "count", cost=40)


def float_power(x: Any, y: Any) -> Value:
    """x ** y in floating point, also for integers."""
    if isinstance(x, Node) and not dtypes.is_floating(x.dtype):
        x = cast(x, dtype=dtypes.to_floating(x.dtype))
    return power(x, y)
