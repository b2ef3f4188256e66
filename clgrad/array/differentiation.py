"""Gradients of arrays: the work behind `attach_grad()`, `backward()` and `autograd.grad`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clgrad import dtypes
from clgrad.array.handle import Handle, restore_variables, variable
from clgrad.errors import ArgumentError, DeviceError, DTypeError, GradientError, ShapeError
from clgrad.graph.execute import flush_live, noted_handles, register
from clgrad.ops.operation import Value, alias, fill
from clgrad.tape import NO_ATTRIBUTES, STATE, Cotangents, Entry, Leaf, record, scope, walk

GRADIENT_REQUESTS = ("write", "add", "null")


def check_gradient_request(name: str, grad_req: str) -> None:
    """Raise unless `grad_req` is 'write', 'add' or 'null'."""
    if grad_req not in GRADIENT_REQUESTS:
        listed = ", ".join(map(repr, GRADIENT_REQUESTS))
        raise ArgumentError(f"{name}: grad_req must be one of {listed}, got {grad_req!r}")


def check_differentiable(name: str, value: Value) -> None:
    """Raise unless gradients of this dtype exist."""
    if not dtypes.is_floating(value.dtype):
        raise DTypeError(
            f"{name}: the array is {value.dtype.name}, and only floats have gradients. "
            "Convert it first: x = x.astype('float32')"
        )


def attach(array: Handle, gradient: Handle, grad_req: str) -> None:
    """Make `array` a variable: `backward` writes its gradient into `gradient`. Its history is cut."""
    before = array._value
    leaf = Leaf(gradient, grad_req, computed=type(before.entry) is Entry)
    value = variable(before, leaf)
    array._leaf = leaf
    _stand_for(array, value)


def detach_variable(array: Handle) -> None:
    """Make a variable an ordinary array without history."""
    value = variable(array._value, Leaf(None, "null"))
    array._leaf = None
    _stand_for(array, value)


def _stand_for(array: Handle, value: Value) -> None:
    """Rebind the array to an equal value. This is not a write, so the base of a view is unaffected."""
    link = array._link
    if link is None:
        array._hold(value)
        return
    link.seen = (link.base._value.serial, value)
    if value.storage is None:
        register(array)


def run_backward(
    heads: Sequence[Handle],
    head_gradients: Sequence[Handle | None] | None,
    retain_graph: bool,
    train_mode: bool,
) -> None:
    """Compute the gradients of the heads, store them in the variables' `.grad`, and start the device's work."""
    values, cotangents = _starts("backward", heads, head_gradients)
    for position, value in enumerate(values):
        _check_history(position, value)
    # Not a `scope`, because the steps of a small model consist of such costs.
    before = STATE.recording, STATE.training
    STATE.recording, STATE.training = False, train_mode
    try:
        targets = _deliver(walk(values, cotangents, retain_graph=retain_graph))
    finally:
        STATE.recording, STATE.training = before
    # A value that Python still refers to would be stored instead of fused away.
    del values, cotangents
    restore_variables()
    free_dead_history(noted_handles())
    flush_live(target._value for target in targets)


def free_dead_history(handles: Sequence[Handle]) -> None:
    """Free the history of arrays that were computed from freed history, since no backward can pass through it.

    Example: under record each step does `mean = 0.9 * mean + 0.1 * x.mean()`, and no loss depends on `mean`. Without
    this its history would grow by a step at each step.
    """
    stack = []
    for handle in handles:
        entry = (handle._node or handle._value).entry
        if type(entry) is Entry and entry.inputs is not None:
            stack.append(entry)
    seen: set[int] = set()
    while stack:
        entry = stack[-1]
        behind = [one.entry for one in entry.inputs or () if type(one.entry) is Entry]
        if id(entry) not in seen:
            seen.add(id(entry))
            stack.extend(one for one in behind if id(one) not in seen)
            continue
        stack.pop()
        if any(one.inputs is None for one in behind):
            entry.inputs = None


def _deliver(found: Cotangents) -> list[Handle]:
    """Store the gradients in the variables' `.grad`, and return these arrays."""
    targets = []
    for leaf, gradient in found.leaves.items():
        target: Handle = leaf.grad
        targets.append(target)
        if leaf.grad_req == "add":
            if gradient is None:
                continue
            gradient = target._value + gradient
        elif gradient is None:
            gradient = _zeros_like(target._value)
        elif gradient.entry is not None:
            # This is the user's own head gradient: `.grad` must not get its history.
            gradient = alias(gradient)
        target._replace(gradient)
    return targets


def gradients_of(
    heads: Sequence[Handle],
    variables: Sequence[Handle],
    head_gradients: Sequence[Handle | None] | None,
    retain_graph: bool,
    create_graph: bool,
    train_mode: bool,
) -> list[Value | None]:
    """The gradient of the sum of the heads with respect to each variable; None if no path leads to it."""
    values, cotangents = _starts("grad", heads, head_gradients)
    wanted = [recorded_value(array) for array in variables]
    for value in wanted:
        check_differentiable("grad", value)
    with scope(recording=create_graph, training=train_mode):
        found = walk(values, cotangents, wanted, retain_graph)
    if not retain_graph:
        restore_variables()
    return [_reached(found, value) for value in wanted]


def _reached(found: Cotangents, value: Value) -> Value | None:
    """The gradient that a walk found for a value; None if the walk did not reach it."""
    cotangents: dict[Any, Any] = found.leaves
    key: Any = value.entry
    if not isinstance(key, Leaf):
        cotangents, key = found.values, id(value)
    if key not in cotangents:
        return None
    gradient: Value | None = cotangents[key]
    return _zeros_like(value) if gradient is None else gradient


def _zeros_like(value: Value) -> Value:
    return fill(0, value.shape, value.dtype, value.device)


def recorded_value(array: Handle) -> Value:
    """The value to differentiate by. For a variable that was written under record, its value before the write."""
    value, leaf = array._value, array._leaf
    return value if leaf is None or value.entry is leaf else variable(value, leaf)


class _Constant:
    """The op that gives a constant gradient: its own gradient with respect to every variable is zero."""

    name = "constant gradient"

    def vjp(self, g: Value, out: Value, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """Zeros."""
        return [None] * len(inputs)


_CONSTANT = _Constant()


def differentiable(gradient: Value, variables: Sequence[Handle]) -> Value:
    """A gradient that can be differentiated again. If nothing in it was recorded, its gradients are zeros."""
    if gradient.entry is None:
        gradient = alias(gradient)
        record(gradient, _CONSTANT, tuple([recorded_value(array) for array in variables]), NO_ATTRIBUTES)
    return gradient


def _starts(
    name: str, heads: Sequence[Handle], head_gradients: Sequence[Handle | None] | None
) -> tuple[list[Value], list[Value]]:
    if head_gradients is None:
        head_gradients = [None] * len(heads)
    if len(head_gradients) != len(heads):
        raise ArgumentError(
            f"{name}: {len(heads)} heads and {len(head_gradients)} head gradients; give an array or None for each head"
        )
    values, cotangents = [], []
    for position, (head, gradient) in enumerate(zip(heads, head_gradients)):
        value = head._node or head._value
        _check_head(name, position, value)
        values.append(value)
        cotangents.append(_head_gradient(name, position, value, gradient))
    return values, cotangents


def _check_head(name: str, position: int, value: Value) -> None:
    if not dtypes.is_floating(value.dtype):
        raise DTypeError(
            f"{name}: head {position} is {value.dtype.name}; only floats have gradients. Usual cause: a "
            "result of argmax, a comparison or astype(int)"
        )
    if value.entry is None:
        raise GradientError(
            f"{name}: nothing was recorded for head {position} (shape {value.shape}). Usual causes: it was "
            "computed outside `with autograd.record():`; no array in it had attach_grad() called before; every path "
            "to such an array goes through detach(), attach_grad(), asnumpy() or an op without a gradient, such as "
            "argmax or a comparison"
        )


def _check_history(position: int, head: Value) -> None:
    if isinstance(head.entry, Leaf) and head.entry.computed:
        raise GradientError(
            f"backward: head {position} (shape {head.shape}) became a variable after it was computed. Its "
            "attach_grad() cut its history, so the arrays that it was computed from would get no gradient. Remove "
            "that attach_grad(); autograd.grad(loss, x) also gives gradients with respect to computed arrays"
        )


def _head_gradient(name: str, position: int, value: Value, gradient: Handle | None) -> Value:
    if gradient is None:
        return fill(1, value.shape, value.dtype, value.device)
    if not isinstance(gradient, Handle):
        raise ArgumentError(f"{name}: head gradient {position} must be an array or None, got {gradient!r}")
    given = gradient._value
    if given.shape != value.shape:
        raise ShapeError(
            f"{name}: head gradient {position} has shape {given.shape} and its head {value.shape}; they must agree"
        )
    if given.dtype != value.dtype:
        raise DTypeError(
            f"{name}: head gradient {position} is {given.dtype.name} and its head {value.dtype.name}; "
            f"convert with astype({value.dtype.name!r})"
        )
    if given.device is not value.device:
        raise DeviceError(
            f"{name}: head gradient {position} is on {given.device} and its head on {value.device}; "
            f"copy it with to_device({str(value.device)!r})"
        )
    return given
