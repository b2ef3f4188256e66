"""The tape: which operation computed each value from which inputs, and the backward pass. Knows no op and no OpenCL.

A value that needs gradients has an `entry`: a `Leaf` if the user attached a gradient, an `Entry` if an operation
computed it. Entries refer only to earlier values, so there are no cycles: reference counts free the history together
with the last array that was computed from it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import ContextDecorator
from itertools import count, repeat
from operator import attrgetter
from typing import Any, Protocol

from clgrad.errors import GradientError


class State(threading.local):
    """The flags of a thread: whether ops are recorded, and whether ops such as dropout are in training mode."""

    recording: bool = False
    training: bool = False


STATE = State()


class Differentiable(Protocol):
    """The interface of operations that can be recorded."""

    name: str

    def vjp(self, g: Any, out: Any, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """The cotangents of the inputs, given the cotangent `g` of the result; None stands for zero."""


_numbers = count()


class Entry:
    """How a value was computed: operation, inputs (values with their own entries) and static attributes.

    `number` is higher than the numbers of the inputs' entries. `inputs` is None after the history was freed.
    """

    __slots__ = ("attributes", "inputs", "number", "operation")

    def __init__(self, operation: Differentiable, inputs: Sequence[Any], attributes: dict[str, Any]) -> None:
        self.operation = operation
        self.inputs: Sequence[Any] | None = inputs
        self.attributes = attributes
        self.number = next(_numbers)


class Leaf:
    """The entry of a variable. `grad` is the array that receives its gradient.

    `computed`: the variable had been computed from other arrays, and attaching the gradient cut that history.
    """

    __slots__ = ("computed", "grad", "grad_req")

    def __init__(self, grad: Any, grad_req: str, computed: bool = False) -> None:
        self.grad = grad
        self.grad_req = grad_req
        self.computed = computed


NO_ATTRIBUTES: dict[str, Any] = {}


def record(out: Any, operation: Differentiable, inputs: tuple[Any, ...], attributes: dict[str, Any]) -> None:
    """Give `out` an entry if an input needs gradients. Call only while recording."""
    for one in inputs:
        if one.entry is not None:
            out.entry = Entry(operation, inputs, attributes)
            return


class CallResults:
    """All results of a call as a single value on the tape, from which each of them is selected."""

    __slots__ = ("entry",)

    def __init__(self) -> None:
        self.entry: Any = None


class Parts:
    """The cotangent of all results of a call together: those of some of the results, by number."""

    def __init__(self, cotangents: dict[int, Any]) -> None:
        self.cotangents = cotangents

    def __add__(self, other: Parts) -> Parts:
        total = dict(self.cotangents)
        for which, cotangent in other.cotangents.items():
            total[which] = total[which] + cotangent if which in total else cotangent
        return Parts(total)


class Select:
    """The op that selects one result from all results of a call."""

    def __init__(self, name: str, which: int) -> None:
        self.name = name
        self.which = which

    def vjp(self, g: Any, out: Any, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """The result's cotangent as a part of that of all results."""
        return (Parts({self.which: g}),)


def select(result: Any, call: Any, which: int) -> None:
    """Record `result` as selected from the results of a call, if that is recorded."""
    entry = call.entry
    if entry is not None:
        result.entry = Entry(Select(entry.operation.name, which), [call], NO_ATTRIBUTES)


class scope(ContextDecorator):  # noqa: N801 - used like a function
    """Set flags in a `with` block and restore them afterwards; None leaves a flag as it is."""

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


# Stands for the cotangent of a value that the backward pass did not reach; None would mean zero.
_UNREACHED = object()
_by_entry = attrgetter("entry.number")


def _computed(heads: Sequence[Any]) -> list[Any]:
    """All values with an Entry that the heads were computed from, inputs before results.

    A loop, since recursion would overflow Python's stack for long histories.
    """
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
    """The result of a walk: the summed cotangent of each leaf and of each wanted value; None stands for zero."""

    def __init__(self) -> None:
        self.leaves: dict[Leaf, Any] = {}
        self.values: dict[int, Any] = {}


def walk(
    heads: Sequence[Any],
    head_gradients: Sequence[Any],
    wanted: Sequence[Any] = (),
    retain_graph: bool = False,
) -> Cotangents:
    """The backward pass: the cotangents of all leaves and of the values in `wanted`, given those of the heads.

    It visits values from last to first. When it reaches a value, all values computed from it were visited, so the
    value's own cotangent is complete. Without `retain_graph` the visited entries are freed.
    """
    order = _computed(heads)
    pending: dict[int, Any] = {}
    result = Cotangents()

    leaves = result.leaves

    def deliver(values: Iterable[Any], cotangents: Iterable[Any]) -> None:
        for value, cotangent in zip(values, cotangents):
            entry = value.entry
            if entry is None:
                continue
            sums: dict[Any, Any] = pending
            key: Any = id(value)
            if type(entry) is Leaf:
                sums, key = leaves, entry
            before = sums.get(key)
            if before is None:
                sums[key] = cotangent
            elif cotangent is not None:
                sums[key] = before + cotangent

    deliver(heads, head_gradients)
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
        # A zero cotangent gives zeros, even where a derivative is infinite: 0 * inf would be NaN.
        deliver(inputs, repeat(None) if g is None else entry.operation.vjp(g, value, inputs, entry.attributes))
    if not retain_graph:
        for entry in passed:
            entry.inputs = None
    return result
