"""The mutable handle: which value an array stands for now, how views follow their base, how writes rebind.

Values never change. Writing gives the handle another value; a view holds its base's handle and looks into
whatever value that has now. Handles own values and bases, never the other way round, so there is no cycle.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol, TypeVar
from weakref import ref

import numpy

from clgrad.errors import DTypeError, ShapeError
from clgrad.graph.execute import register
from clgrad.ops.arithmetic import cast
from clgrad.ops.movement import broadcast_to, reshape
from clgrad.ops.operation import Value, alias
from clgrad.ops.transfer import to_device
from clgrad.shapes import Shape
from clgrad.tape import STATE, Entry, Leaf

# The class of an array and of what its methods give.
Array = TypeVar("Array", bound="Handle")


class _WrittenVariables(threading.local):
    """Variables that this thread wrote under record. They are variables again once that history is gone."""

    def __init__(self) -> None:
        self.handles: list[ref[Handle]] = []


_written = _WrittenVariables()


class Window(Protocol):
    """How a view looks into its base, both ways."""

    keeps_history: bool

    def read(self, base: Value) -> Value:
        """What the view shows of `base`."""

    def write(self, base: Value, value: Value) -> Value:
        """`base` with what the view shows replaced by `value`, of the view's shape and dtype."""


class Link:
    """A view's tie to its base, with the last value seen through the window."""

    __slots__ = ("base", "recorded", "seen", "window")

    def __init__(self, base: Handle, window: Window) -> None:
        self.base = base
        self.window = window
        self.recorded = STATE.recording and window.keeps_history
        # The serial number of the base's value and what the window showed of it; one tuple, for threads.
        self.seen: tuple[int, Value | None] = (-1, None)

    def value(self, leaf: Leaf | None) -> Value:
        """What the window shows now."""
        source = self.base._value
        serial, value = self.seen
        if value is None or serial != source.serial:
            value = self._look(source)
            if leaf is not None:
                value = variable(value, leaf)
            self.seen = (source.serial, value)
        return value

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
        # A variable that is written under record keeps the history of what it was given.
        keeps = leaf is not None and STATE.recording
        self.seen = (self.base._value.serial, value) if keeps else (-1, None)


class Handle:
    """What arrays are beneath their methods: a value, or a link to the array they look into."""

    __slots__ = ("__weakref__", "_leaf", "_link", "_node")

    def __init__(self, value: Value) -> None:
        self._node: Value | None = value
        self._link: Link | None = None
        self._leaf: Leaf | None = None
        if value.storage is None:
            value.handle = register(self)

    def _view(self, window: Window) -> Any:
        """An array that sees this one through `window`."""
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
        """Stand for `value` from now on: of this array's shape and dtype, and held by no other handle."""
        leaf = self._leaf
        link = self._link
        if link is not None:
            link.replace(value, leaf)
        else:
            if leaf is not None:
                if STATE.recording:
                    _written.handles.append(ref(self))
                elif leaf.grad_req != "null":
                    value.entry = leaf
            self._node = value
        if value.storage is None:
            reference = register(self)
            if link is None:
                value.handle = reference

    @classmethod
    def _finish(cls: type[Array], value: Value, out: Any = None, casting: str = "same_kind") -> Array:
        """A result as an array of its own, or written into `out`."""
        if out is not None:
            if not isinstance(out, Handle):
                raise DTypeError(f"out must be a clgrad array, got {type(out).__name__}")
            target: Array = out  # type: ignore[assignment]  # it may be of another class of arrays
            target._assign("out", value, fresh=False, casting=casting)
            return target
        if value.entry is not None and not STATE.recording:
            # An op that had nothing to do gave its input back.
            value = alias(value)
        return cls(value)

    def _assign(self, name: str, value: Value, fresh: bool, casting: str = "same_kind") -> None:
        """Write `value` as far as it fits this array's shape and dtype; `fresh`: no other handle holds it."""
        mine = self._value
        fitted = _fitted(name, value, mine, casting)
        if fitted is value and not fresh:
            fitted = reshape(value, value.shape)
        self._replace(fitted)


def variable(value: Value, leaf: Leaf) -> Value:
    """`value` without its history, as the variable whose gradients `leaf` receives."""
    value = alias(value)
    if leaf.grad_req != "null":
        value.entry = leaf
    return value


def restore_variables() -> None:
    """Make variables that were written under record variables again, where that history is gone."""
    if not _written.handles:
        return
    handles = {id(handle): handle for handle in (weak() for weak in _written.handles) if handle is not None}
    _written.handles.clear()
    for handle in handles.values():
        value, leaf = handle._node, handle._leaf
        if value is None or leaf is None or value.entry is leaf:
            continue
        if value.entry is None or value.entry.inputs is None:
            handle._node = value = variable(value, leaf)
            value.handle = register(handle)
        else:
            _written.handles.append(ref(handle))


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
