"""Selecting elements: where, maximum and minimum, clip, nan_to_num."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad import dtypes
from clgrad.dtypes import is_floating
from clgrad.graph.node import Node
from clgrad.ops.arithmetic import cast, identity
from clgrad.ops.comparison import isfinite, isnan, isneginf, isposinf
from clgrad.ops.operation import Elementwise, Operation, Value, common, fill, joint_shape, scalar_kind
from clgrad.primitives import Pointwise
from clgrad.tape import NO_ATTRIBUTES, STATE, record

# For NaN, maximum and minimum give NaN; fmax and fmin ignore it. Equal elements share the gradient.
_SHARE = "(x == y) ? (@_v)(0.5f) : (({}) ? (@_v)(1) : (@_v)(0))"
_larger = Elementwise("larger_share", _SHARE.format("x > y"), cost=2)
_present_larger = Elementwise("present_larger_share", _SHARE.format("(x > y) || (y != y)"), cost=3)
_present_smaller = Elementwise("present_smaller_share", _SHARE.format("(x < y) || (y != y)"), cost=3)

maximum = Elementwise(
    "maximum", "maximum_@(x, y)",
    lambda g, out, x, y: (g * _larger(x, y), g * _larger(y, x)), cost=2, boolean="x | y",
)  # fmt: skip
minimum = Elementwise(
    "minimum", "minimum_@(x, y)",
    lambda g, out, x, y: (g * _larger(y, x), g * _larger(x, y)), cost=2, boolean="x & y",
)  # fmt: skip


class PresentExtreme(Elementwise):
    """fmax and fmin. Integers and booleans have no NaN, so they use `plain`: maximum or minimum."""

    def __init__(self, name: str, share: Elementwise, plain: Elementwise) -> None:
        super().__init__(
            name, f"{name}_@(x, y)", lambda g, out, x, y: (g * share(x, y), g * share(y, x)), "float", cost=2
        )
        self.plain = plain

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        if any(isinstance(one, float) or (isinstance(one, Node) and is_floating(one.dtype)) for one in inputs):
            return super().__call__(*inputs)
        return self.plain(*inputs)


fmax = PresentExtreme("fmax", _present_larger, maximum)
fmin = PresentExtreme("fmin", _present_smaller, minimum)


class Where(Operation):
    """Elements of x where the condition is true, else of y; all three broadcast."""

    primitive = Pointwise("where", "(convert_mask_@(x) != (mask_@)(0)) ? y : z", typed_by=None)

    def __init__(self) -> None:
        super().__init__("where", lambda g, out, c, x, y: (None, where(c, g, 0), where(c, 0, g)))

    def __call__(self, *inputs: Any, **attributes: Any) -> Value:
        condition, x, y = inputs
        if not isinstance(condition, Node):
            raise TypeError(f"where: the condition must be an array, got {type(condition).__name__}")
        if not isinstance(x, Node) and not isinstance(y, Node):
            y = fill(y, (), _number_dtype(x, y), condition.device, "where")
        (x, y), device = common("where", (x, y))
        if condition.device is not device:
            common("where", (condition, x if isinstance(x, Node) else y))
        dtype = x.dtype if isinstance(x, Node) else y.dtype
        values = (cast(condition, dtype=dtypes.bool_), x, y)
        out = Value(self.primitive, values, dtype, joint_shape("where", values), dtype, device)
        if STATE.recording:
            record(out, self, values, NO_ATTRIBUTES)
        return out


def _number_dtype(x: Any, y: Any) -> dtypes.DType:
    dtype = dtypes.bool_
    for number in (x, y):
        dtype = dtypes.promote_scalar(dtype, scalar_kind("where", number), dtypes.DEFAULTS.floating)
    return dtype


where = Where()

# 1 inside the range and at its ends: a parameter that was clipped to an end still gets a gradient and can leave it.
_inside = Elementwise("inside", "((x >= y) && (x <= z)) ? (@_v)(1) : (@_v)(0)", cost=3)
_below = Elementwise("below", "((x < y) && (y <= z)) ? (@_v)(1) : (@_v)(0)", cost=3)
_above = Elementwise("above", "((x > z) || (y > z)) ? (@_v)(1) : (@_v)(0)", cost=3)
_clip = Elementwise(
    "clip", "minimum_@(maximum_@(x, y), z)",
    lambda g, out, x, low, high: (
        g * _inside(x, low, high), g * _below(x, low, high), g * _above(x, low, high),
    ), cost=3, boolean="(x | y) & z",
)  # fmt: skip
_clip_below = Elementwise(
    "clip_below", "maximum_@(x, y)", lambda g, out, x, low: (g * _inside(x, low, x), g * _below(x, low, low)), cost=2,
    boolean="x | y",
)  # fmt: skip
_clip_above = Elementwise(
    "clip_above", "minimum_@(x, y)", lambda g, out, x, high: (g * _inside(x, x, high), g * _above(x, x, high)), cost=2,
    boolean="x & y",
)  # fmt: skip


_INTEGERS = (int, numpy.integer)


def clip(x: Value, a_min: Any = None, a_max: Any = None) -> Value:
    """x limited to the range from a_min to a_max, where None means no limit. Its gradient is 1 at the ends too."""
    if dtypes.is_integer(x.dtype):
        # A Python integer beyond the range of the dtype limits nothing.
        low, high = dtypes.bounds(x.dtype)
        a_min = None if isinstance(a_min, _INTEGERS) and a_min <= low else a_min
        a_max = None if isinstance(a_max, _INTEGERS) and a_max >= high else a_max
    if a_min is None and a_max is None:
        return identity(x)
    if a_max is None:
        return _clip_below(x, a_min)
    return _clip_above(x, a_max) if a_min is None else _clip(x, a_min, a_max)


_nan_to_num = Elementwise(
    "nan_to_num",
    "(x != x) ? y : ((x == (@_v)(INFINITY)) ? z : ((x == -(@_v)(INFINITY)) ? w : x))",
    (
        lambda g, out, x, nan, posinf, neginf: where(isfinite(x), g, 0),
        lambda g, out, x, nan, posinf, neginf: where(isnan(x), g, 0),
        lambda g, out, x, nan, posinf, neginf: where(isposinf(x), g, 0),
        lambda g, out, x, nan, posinf, neginf: where(isneginf(x), g, 0),
    ), "float", cost=3,
)  # fmt: skip


def nan_to_num(x: Value, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Value:
    """x with NaN and the infinities replaced; the infinities by default by the largest and smallest finite number."""
    if not dtypes.is_floating(x.dtype):
        return x
    limits = numpy.finfo(x.dtype)
    return _nan_to_num(
        x, nan, float(limits.max) if posinf is None else posinf, float(limits.min) if neginf is None else neginf
    )
