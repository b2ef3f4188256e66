"""The tape: who was computed from whom, and the walk backwards. Knows no op and no OpenCL.

A value that needs gradients carries an `entry`: a `Leaf` where the user attached a gradient, an `Entry` where an
operation computed it. Values own their history and history owns only earlier values, so there are no cycles and
everything goes when the last handle goes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ContextDecorator
from itertools import count, repeat
from operator import attrgetter
from typing import Any, Protocol

from clgrad.errors import GradientError


class State(threading.local):
    """Thread-local flags."""

    recording: bool = False
    training: bool = False


STATE = State()


class Differentiable(Protocol):
    """What the tape asks of an operation."""

    name: str

    def vjp(self, g: Any, out: Any, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """One cotangent per input; None where that is zero."""


_numbers = count()


class Entry:
    """How a value was computed: operation, inputs (values with *their* entries) and static attributes.

    `number` counts up: the entries of inputs have lower ones.
    """

    __slots__ = ("attributes", "inputs", "number", "operation")

    def __init__(self, operation: Differentiable, inputs: Sequence[Any], attributes: dict[str, Any]) -> None:
        self.operation = operation
        self.inputs: Sequence[Any] | None = inputs
        self.attributes = attributes
        self.number = next(_numbers)


class Leaf:
    """A variable: where gradients end. `grad` is the array that receives them.

    `computed`: the array was computed from others when it became a variable, and that history was cut.
    """

    __slots__ = ("computed", "grad", "grad_req")

    def __init__(self, grad: Any, grad_req: str, computed: bool = False) -> None:
        self.grad = grad
        self.grad_req = grad_req
        self.computed = computed


NO_ATTRIBUTES: dict[str, Any] = {}


def record(out: Any, operation: Differentiable, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> None:
    """Leave an entry on `out` if an input needs gradients. Call only while recording.

    The entry gets a list of its own: the planner tells by reference counts who still holds a value, and counts each
    node's tuple of inputs once.
    """
    for one in inputs:
        if one.entry is not None:
            out.entry = Entry(operation, [*inputs], attributes)
            return


class scope(ContextDecorator):  # noqa: N801 - a function to those who use it
    """Set flags and restore them afterwards; None leaves a flag as it is."""

    def __init__(self, recording: bool | None = None, training: bool | None = None) -> None:
        self._flags = recording, training
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        recording, training = self._flags
        self._before.append((STATE.recording, STATE.training))
        if recording is not None:
            STATE.recording = recording
        if training is not None:
            STATE.training = training

    def __exit__(self, *problem: object) -> None:
        STATE.recording, STATE.training = self._before.pop()


# What came to a value that no gradient has come to.
_UNREACHED = object()
_by_entry = attrgetter("entry.number")


def _computed(heads: Sequence[Any]) -> list[Any]:
    """Every value with an entry that the heads were computed from, inputs before outputs. No recursion."""
    found: dict[int, Any] = {}
    stack = list(heads)
    while stack:
        value = stack.pop()
        entry = value.entry
        if type(entry) is not Entry or id(value) in found:
            continue
        found[id(value)] = value
        if entry.inputs is None:
            raise GradientError(
                f"backward: the graph behind {entry.operation.name!r} was freed by an earlier backward. "
                "Pass retain_graph=True to the earlier one, or record again"
            )
        stack += entry.inputs
    return sorted(found.values(), key=_by_entry)


class Cotangents:
    """The result of a walk: the sum that reached each leaf and each wanted value; None where that is zero."""

    def __init__(self) -> None:
        self.leaves: dict[Leaf, Any] = {}
        self.values: dict[int, Any] = {}


def walk(
    heads: Sequence[Any],
    head_gradients: Sequence[Any],
    wanted: Sequence[Any] = (),
    retain_graph: bool = False,
) -> Cotangents:
    """Carry `head_gradients` back through the tape; summed cotangents per leaf, and per value in `wanted`.

    Without `retain_graph` the entries passed are freed.
    """
    order = _computed(heads)
    pending: dict[int, Any] = {}
    result = Cotangents()

    def deliver(value: Any, cotangent: Any) -> None:
        sums: dict[Any, Any] = pending
        key: Any = id(value)
        if type(value.entry) is Leaf:
            sums, key = result.leaves, value.entry
        before = sums.get(key)
        if before is None:
            sums[key] = cotangent
        elif cotangent is not None:
            sums[key] = before + cotangent

    for head, gradient in zip(heads, head_gradients):
        deliver(head, gradient)
    wanted_ids = set(map(id, wanted))
    passed: list[Entry] = []
    while order:
        value = order.pop()
        g = pending.pop(id(value), _UNREACHED)
        if g is _UNREACHED:
            continue
        if id(value) in wanted_ids:
            result.values[id(value)] = g
        entry = value.entry
        passed.append(entry)
        inputs = entry.inputs
        # Zero stays zero, however steep the ops behind it are.
        cotangents = repeat(None) if g is None else entry.operation.vjp(g, value, inputs, entry.attributes)
        for one, cotangent in zip(inputs, cotangents):
            if one.entry is not None:
                deliver(one, cotangent)
    if not retain_graph:
        for entry in passed:
            entry.inputs = None
    return result
