"""Comparisons, logical operations and tests of elements. All give booleans and have no gradient."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import cache
from typing import Any

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.ops.arithmetic import cast
from clgrad.ops.operation import Elementwise, Value, fill, unary


class Comparison(Elementwise):
    """A comparison. It is exact for integers of different dtypes and for Python integers of any size, as in NumPy.

    `rule` is the same comparison for Python numbers.
    """

    def __init__(self, rule: Callable[[Any, Any], Any], name: str, expression: str) -> None:
        super().__init__(name, expression, result="bool")
        self.rule = rule

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        x, y = inputs
        if type(x) is Value and type(y) is Value:
            if x.dtype is not y.dtype and _signs_differ(x.dtype, y.dtype):
                return self._beside_negative(x, y)
            return super().__call__(x, y)
        try:
            return super().__call__(x, y)
        except OverflowError:
            # A number out of the dtype's range is above all elements, or below all: comparing it with 0 tells which.
            known = self.rule(0, y) if type(x) is Value else self.rule(x, 0)
            array = x if type(x) is Value else y
            return fill(bool(known), array.shape, dtypes.bool_, array.device)

    def _beside_negative(self, x: Value, y: Value) -> Value:
        """uint64 with signed integers: compared as uint64, except that a negative number is below every uint64."""
        signed_first = x.dtype.kind == "i"
        negative = less(x if signed_first else y, 0)
        known = self.rule(-1, 0) if signed_first else self.rule(0, -1)
        same = self(cast(x, dtype=dtypes.uint64), cast(y, dtype=dtypes.uint64))
        return logical_or(negative, same) if known else logical_and(logical_not(negative), same)


@cache
def _signs_differ(first: DType, second: DType) -> bool:
    """Whether one dtype is uint64 and the other a signed integer. No integer dtype holds both."""
    return dtypes.uint64 in (first, second) and "i" in (first.kind, second.kind)


equal = Comparison(operator.eq, "equal", "x == y")
not_equal = Comparison(operator.ne, "not_equal", "x != y")
less: Comparison = Comparison(operator.lt, "less", "x < y")
less_equal = Comparison(operator.le, "less_equal", "x <= y")
greater = Comparison(operator.gt, "greater", "x > y")
greater_equal = Comparison(operator.ge, "greater_equal", "x >= y")

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
