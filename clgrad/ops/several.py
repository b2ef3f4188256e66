"""Ops with several results: one call, one kernel, one record on the tape. See `Several` in graph/node.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.graph.node import Several
from clgrad.ops.operation import Gradient, Operation, Value, alias
from clgrad.primitives import Joint, Library, Pointwise
from clgrad.shapes import Shape
from clgrad.tape import STATE, CallResults, Parts, record, select

# What the primitive gets as attributes, and the shape and dtype of each result.
Description = tuple[Any, Sequence[tuple[Shape, DType]]]


class SeveralResults(Operation):
    """An op whose results come from one kernel, or from expressions of the same inputs that share one.

    `describe(*inputs, **attributes)` gives the `Description` of a call. The gradient rule is
    `(gs, outs, *inputs, **attributes)`. `gs` has None for each result whose cotangent is zero, `outs` for each result
    that is not among the numbers in `needs`. Results that nobody wants cost nothing.
    """

    def __init__(
        self,
        name: str,
        parts: tuple[Pointwise, ...] | tuple[Library, ...],
        describe: Callable[..., Description],
        gradient: Gradient | None = None,
        needs: tuple[int, ...] = (),
    ) -> None:
        super().__init__(name, gradient)
        self.primitive = Joint(name, parts)
        self.describe = describe
        self.needs = needs

    def __call__(self, *inputs: Any, **attributes: Any) -> Any:
        """The results, a tuple of Values."""
        kernel_attributes, described = self.describe(*inputs, **attributes)
        device = next(one.device for one in inputs if isinstance(one, Value))
        call = Several(Value, self.primitive, inputs, kernel_attributes, described, device, self.needs)
        if STATE.recording and self.gradient is not None:
            record(call, self, inputs, attributes)
        return tuple(_result(call, which) for which in range(len(described)))

    def vjp(self, g: Any, out: Any, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """Cotangents of the inputs, given those of some of the results."""
        parts: Parts = g
        call: Several = out
        numbers = range(len(call.described))
        gs = tuple(parts.cotangents.get(which) for which in numbers)
        outs = tuple(_result(call, which) if which in self.needs else None for which in numbers)
        return super().vjp(gs, outs, inputs, attributes)  # type: ignore[arg-type]


def selected(value: Value, call: CallResults, which: int) -> Value:
    """An equal value, recorded as result number `which` of a call whose results were computed by other ops."""
    value = alias(value)
    select(value, call, which)
    return value


def _result(call: Several, which: int) -> Value:
    """A result of a call, with its history where it can have a gradient."""
    result: Value = call.result(which)
    if result.entry is None and dtypes.is_floating(result.dtype):
        select(result, call, which)
    return result
