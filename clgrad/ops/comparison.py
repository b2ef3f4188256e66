"""Comparisons, logic and tests of single elements; all give booleans and have no gradient."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad import dtypes
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast
from clgrad.ops.operation import Elementwise, Value, unary


class Comparison(Elementwise):
    """Like NumPy, integers of any size compare with arrays of any integer dtype."""

    def __init__(self, name: str, expression: str) -> None:
        super().__init__(name, expression, result="bool")

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        try:
            return super().__call__(*inputs)
        except OverflowError:
            return super().__call__(*_widened(*inputs))


def _widened(*inputs: Any) -> tuple[Any, ...]:
    """Arrays as int64 and Python integers within its bounds, where an integer does not fit the array's dtype."""
    limits = numpy.iinfo(numpy.int64)
    return tuple(
        cast(one, dtype=dtypes.int64) if isinstance(one, Node) else min(max(one, limits.min), limits.max)
        for one in inputs
    )


equal = Comparison("equal", "x == y")
not_equal = Comparison("not_equal", "x != y")
less = Comparison("less", "x < y")
less_equal = Comparison("less_equal", "x <= y")
greater = Comparison("greater", "x > y")
greater_equal = Comparison("greater_equal", "x >= y")

logical_and = Elementwise("logical_and", "(x != (@_v)(0)) && (y != (@_v)(0))", result="bool", cost=2)
logical_or = Elementwise("logical_or", "(x != (@_v)(0)) || (y != (@_v)(0))", result="bool", cost=2)
logical_xor = Elementwise("logical_xor", "(x != (@_v)(0)) ^ (y != (@_v)(0))", result="bool", cost=2)
logical_not = unary("logical_not", "x == (@_v)(0)", accepts="any", result="bool")

isnan = unary("isnan", "x != x", result="bool")
isinf = unary("isinf", "fabs(x) == (@_v)(INFINITY)", result="bool")
isfinite = unary("isfinite", "fabs(x) < (@_v)(INFINITY)", result="bool")
isposinf = unary("isposinf", "x == (@_v)(INFINITY)", result="bool")
isneginf = unary("isneginf", "x == -(@_v)(INFINITY)", result="bool")
signbit = unary("signbit", "copysign((@_v)(1), x) < (@_v)(0)", result="bool")
