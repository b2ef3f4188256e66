"""Bitwise operations on integers and booleans. Shifts by more than the number of bits give NumPy's results."""

from __future__ import annotations

from typing import Any

from clgrad import dtypes
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast
from clgrad.ops.operation import Elementwise, Value, unary


class Shift(Elementwise):
    """A shift. Booleans shifted by booleans are computed as int8, as in NumPy."""

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        if all(isinstance(one, Node) and one.dtype == dtypes.bool_ for one in inputs):
            inputs = tuple(cast(one, dtype=dtypes.int8) for one in inputs)
        return super().__call__(*inputs)


bitwise_and = Elementwise("bitwise_and", "x & y", accepts="integer")
bitwise_or = Elementwise("bitwise_or", "x | y", accepts="integer")
bitwise_xor = Elementwise("bitwise_xor", "x ^ y", accepts="integer")
invert = unary("invert", "~x", accepts="integer")
left_shift = Shift("left_shift", "left_shift_@(x, y)", accepts="integer", cost=2)
right_shift = Shift("right_shift", "right_shift_@(x, y)", accepts="integer", cost=2)
gcd = Elementwise("gcd", "gcd_@(x, y)", accepts="integer", cost=60)
lcm = Elementwise("lcm", "lcm_@(x, y)", accepts="integer", cost=60)
_count_ones = unary("bitwise_count", "popcount(abs_@(x))", accepts="integer", cost=4)


def bitwise_count(x: Value) -> Value:
    """The number of set bits in the absolute value, as uint8."""
    return cast(_count_ones(x), dtype=dtypes.uint8)
