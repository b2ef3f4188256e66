"""Quotient and remainder together."""

from __future__ import annotations

from typing import Any

from clgrad.ops.arithmetic import floor_divide, remainder
from clgrad.ops.operation import Value, common, joint_shape
from clgrad.ops.several import Description, SeveralResults


def _describe(*inputs: Any) -> Description:
    dtype = next(one.dtype for one in inputs if isinstance(one, Value))
    return dtype, ((joint_shape("divmod", inputs), dtype),) * 2


_divmod = SeveralResults(
    "divmod",
    (floor_divide.primitive, remainder.primitive),
    _describe,
    lambda gs, outs, x, y: (None, None) if gs[1] is None else (gs[1], -gs[1] * floor_divide(x, y)),
)


def divmod(x: Any, y: Any) -> tuple[Value, Value]:
    """x // y, rounded down, and x % y, with the sign of y."""
    inputs, _ = common("divmod", (x, y), "count")
    quotients, remainders = _divmod(*inputs)
    return quotients, remainders
