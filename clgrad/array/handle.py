"""The base class of arrays: a handle on an immutable value.

A write gives the handle a new value. A view holds the handle of its base and reads from the base's present value, so
it sees writes into the base. Handles refer to values and bases, and these do not refer back: there are no cycles.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol, TypeVar
from weakref import ref

import numpy

from clgrad.errors import DTypeError, ShapeError
from clgrad.graph.capture import current
from clgrad.graph.execute import register
from clgrad.ops.arithmetic import cast
from clgrad.ops.movement import broadcast_to, reshape
from clgrad.ops.operation import Value, alias
from clgrad.ops.transfer import to_device
from clgrad.shapes import Shape
from clgrad.tape import STATE, Entry, Leaf

# The class of an array, and of the arrays that its methods return.
Array = TypeVar("Array", bound="Handle")


class _WrittenVariables(threading.local):
    """Variables that this thread wrote under record. They become variables again when that history is freed."""

    def __init__(self) -> None:
        self.handles: list[ref[Handle]] = []


_written_variables = _WrittenVariables()


class Window(Protocol):
    """The relation between a view and its base: how the view reads from it and writes into it."""

    keeps_history: bool

    def read(self, base: Value) -> Value:
        """The part of `base` that the view shows."""

    def write(self, base: Value, value: Value) -> Value:
        """`base` with that part replaced by `value`, which has the view's shape and dtype."""


class Link:
    """The base and the window of a view, with the last value that was read through it."""

    __slots__ = ("base", "recorded", "seen", "window")

    def __init__(self, base: Handle, window: Window) -> None:
        self.base = base
        self.window = window
        self.recorded = STATE.recording and window.keeps_history
        # The serial number of the base's value, and the part that the window showed of it. A single tuple, so that
        # other threads never see one of them without the other.
        self.seen: tuple[int, Value | None] = (-1, None)

    def value(self, leaf: Leaf | None) -> Value:
        """The part of the base's present value that the window shows."""
        source = self.base._value
        if current() is not None:
            # What is seen here is not what the next call sees.
            return self._seen_through(source, leaf)
        serial, value = self.seen
        if value is None or serial != source.serial:
            value = self._seen_through(source, leaf)
            self.seen = (source.serial, value)
        return value

    def _seen_through(self, source: Value, leaf: Leaf | None) -> Value:
        value = self._look(source)
        return value if leaf is None else variable(value, leaf)

    def _look(self, source: Value) -> Value:
        before = STATE.recording
        written_under_record = self.window.keeps_history and type(source.entry) is Entry
        STATE.recording = self.recorded or written_under_record
        try:
            return self.window.read(source)
        finally:
            STATE.recording = before

    def replace(self, value: Value, leaf: Leaf | None) -> None:
        """Write through to the base."""
        before = STATE.recording
        STATE.recording = before and self.window.keeps_history
        try:
            self.base._replace(self.window.write(self.base._value, value))
        finally:
            STATE.recording = before
        # A variable that is written under record has the history of the value written.
        keeps = leaf is not None and STATE.recording
        self.seen = (self.base._value.serial, value) if keeps else (-1, None)


class Handle:
    """An array without methods: a value, or for a view a link to its base."""

    __slots__ = ("__weakref__", "_leaf", "_link", "_node")

    def __init__(self, value: Value) -> None:
        self._node: Value | None = value
        self._link: Link | None = None
        self._leaf: Leaf | None = None
        # Under capture the array tells whose value was read.
        value.handle = register(self) if value.storage is None else ref(self)

    def _view(self, window: Window) -> Any:
        """A view of this array through `window`."""
        view = object.__new__(type(self))
        view._node = None
        view._link = Link(self, window)
        view._leaf = None
        if view._value.storage is None:
            register(view)
        return view

    @property
    def _value(self) -> Value:
        """The value that this array has now."""
        link = self._link
        if link is not None:
            return link.value(self._leaf)
        node = self._node
        assert node is not None
        return node

    def _replace(self, value: Value) -> None:
        """Rebind to `value`, which has this array's shape and dtype and is held by no other handle."""
        leaf = self._leaf
        link = self._link
        capture = current()
        if link is not None:
            link.replace(value, leaf)
            if capture is not None:
                capture.views.append(self)
            if value.storage is None:
                register(self)
            return
        if capture is not None:
            capture.note_write(self)
        if leaf is not None:
            if STATE.recording:
                _written_variables.handles.append(ref(self))
            elif leaf.grad_req != "null":
                value.entry = leaf
        self._hold(value)

    def _hold(self, value: Value) -> None:
        """Stand for `value`; this array is no view."""
        self._node = value
        value.handle = register(self) if value.storage is None else ref(self)

    @classmethod
    def _finish(cls: type[Array], value: Value, out: Any = None, casting: str = "same_kind") -> Array:
        """The result of an op as a new array, or written into `out`."""
        if out is not None:
            if not isinstance(out, Handle):
                raise DTypeError(f"out must be a clgrad array, got {type(out).__name__}")
            target: Array = out  # type: ignore[assignment]  # it may be of another class of arrays
            target._assign("out", value, fresh=False, casting=casting)
            return target
        if value.entry is not None and not STATE.recording:
            # An op without work, such as a cast to the same dtype, returned its input: the result needs no history.
            value = alias(value)
        return cls(value)

    def _assign(self, name: str, value: Value, fresh: bool, casting: str = "same_kind") -> None:
        """Write `value`, converted to this array's shape, dtype and device. `fresh`: no other handle holds it."""
        mine = self._value
        fitted = _fitted(name, value, mine, casting)
        if fitted is value and not fresh:
            fitted = reshape(value, value.shape)
        self._replace(fitted)


def variable(value: Value, leaf: Leaf) -> Value:
    """`value` without history, as a variable: its gradient goes to `leaf`."""
    value = alias(value)
    if leaf.grad_req != "null":
        value.entry = leaf
    return value


def restore_variables() -> None:
    """Make variables that were written under record variables again, if that history was freed."""
    if not _written_variables.handles:
        return
    handles = {id(handle): handle for handle in (weak() for weak in _written_variables.handles) if handle is not None}
    _written_variables.handles.clear()
    for handle in handles.values():
        value, leaf = handle._node, handle._leaf
        if value is None or leaf is None or value.entry is leaf:
            continue
        if value.entry is None or value.entry.inputs is None:
            handle._hold(variable(value, leaf))
        else:
            _written_variables.handles.append(ref(handle))


def _fitted(name: str, value: Value, target: Value, casting: str) -> Value:
    if value.dtype != target.dtype:
        if not numpy.can_cast(value.dtype, target.dtype, casting):  # type: ignore[arg-type]
            raise DTypeError(
                f"{name}: the result is {value.dtype.name} and cannot be stored in an array of "
                f"{target.dtype.name} without loss. Make a new array (x = x + y rather than x += y), or convert one "
                f"with astype"
            )
        value = cast(value, dtype=target.dtype)
    if value.shape != target.shape:
        value = _broadcast(name, value, target.shape)
    if value.device is not target.device:
        value = to_device(value, device=target.device)
    return value


def _broadcast(name: str, value: Value, shape: Shape) -> Value:
    extra = len(value.shape) - len(shape)
    if extra > 0 and all(n == 1 for n in value.shape[:extra]):
        value = reshape(value, value.shape[extra:])
    try:
        return broadcast_to(value, shape)
    except ShapeError:
        raise ShapeError(f"{name}: shape {value.shape} cannot be written into shape {shape}") from None
