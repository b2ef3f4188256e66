"""The tape: who was computed from whom, and the walk backwards. Knows no op and no OpenCL.

A value that needs gradients carries an `entry`: a `Leaf` where the user attached a gradient, an `Entry` where an
operation computed it. Values own their history and history owns only earlier values, so there are no cycles and
everything goes when the last handle goes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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

    def vjp(self, g: Any, out: Any, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> Sequence[Any]:
        """One cotangent, or None, per input."""


class Entry:
    """How a value was computed: operation, inputs (values with *their* entries) and static attributes."""

    __slots__ = ("attributes", "inputs", "operation")

    def __init__(self, operation: Differentiable, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> None:
        self.operation = operation
        self.inputs: tuple[Any, ...] | None = inputs
        self.attributes = attributes


class Leaf:
    """A variable: where gradients end. `grad` is the array that receives them."""

    __slots__ = ("grad", "grad_req")

    def __init__(self, grad: Any, grad_req: str) -> None:
        self.grad = grad
        self.grad_req = grad_req


NO_ATTRIBUTES: dict[str, Any] = {}


def record(out: Any, operation: Differentiable, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> None:
    """Leave an entry on `out` if an input needs gradients. Call only while recording.

    The entry gets a tuple of its own: the planner tells by reference counts who still holds a value.
    """
    for one in inputs:
        if one.entry is not None:
            out.entry = Entry(operation, (*inputs,), attributes)
            return


@contextmanager
def scope(recording: bool | None = None, training: bool | None = None) -> Iterator[None]:
    """Set flags and restore them afterwards; None leaves a flag as it is."""
    before = STATE.recording, STATE.training
    STATE.recording = before[0] if recording is None else recording
    STATE.training = before[1] if training is None else training
    try:
        yield
    finally:
        STATE.recording, STATE.training = before


def _ordered(heads: Sequence[Any]) -> list[Any]:
    """Every value with history that the heads were computed from, inputs before outputs. No recursion."""
    order: list[Any] = []
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(head, False) for head in heads]
    while stack:
        value, finished = stack.pop()
        if finished:
            order.append(value)
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        stack.append((value, True))
        if isinstance(value.entry, Entry):
            if value.entry.inputs is None:
                raise GradientError(
                    f"backward: the graph behind {value.entry.operation.name!r} was freed by an earlier backward. "
                    "Pass retain_graph=True to the earlier one, or record again"
                )
            stack.extend((one, False) for one in value.entry.inputs if one.entry is not None)
    return order


class Cotangents:
    """The result of a walk: what reached each leaf and each wanted value."""

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
    order = _ordered(heads)
    pending: dict[int, Any] = {}
    for head, gradient in zip(heads, head_gradients):
        _accumulate(pending, id(head), gradient)
    result = Cotangents()
    wanted_ids = {id(value) for value in wanted}
    passed: list[Entry] = []
    while order:
        value = order.pop()
        g = pending.pop(id(value), None)
        if g is None:
            continue
        if id(value) in wanted_ids:
            result.values[id(value)] = g
        entry = value.entry
        if isinstance(entry, Leaf):
            _accumulate(result.leaves, entry, g)
            continue
        passed.append(entry)
        cotangents = entry.operation.vjp(g, value, entry.inputs, entry.attributes)
        for one, cotangent in zip(entry.inputs, cotangents):
            if one.entry is not None and cotangent is not None:
                _accumulate(pending, id(one), cotangent)
    if not retain_graph:
        for entry in passed:
            entry.inputs = None
    return result


def _accumulate(sums: dict[Any, Any], key: Any, term: Any) -> None:
    before = sums.get(key)
    sums[key] = term if before is None else before + term
