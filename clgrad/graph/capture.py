"""Capture for `jit`: the ops of a function become one plan instead of running, so the function may read no value."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from clgrad.errors import CaptureError
from clgrad.graph.origin import user_line

if TYPE_CHECKING:
    from clgrad.graph.node import Node


class Run:
    """One call of a captured function: its number arguments, and a (seed, stream) pair for each random draw."""

    def __init__(self, arguments: Sequence[Any], draws: Sequence[tuple[int, int]]) -> None:
        self.arguments = arguments
        self.draws = draws


class Deferred:
    """A number that each call of a captured function computes anew: an argument, or the result of arithmetic on some.

    Arithmetic gives another deferred number. Any other use of the value, such as comparing or rounding, fixes the
    arguments behind it: they become part of the structure, and a call with other values captures the function again.
    """

    def __init__(self, capture: Capture, value: Any, arguments: frozenset[int], compute: Callable[[Run], Any]) -> None:
        self.capture = capture
        self.now = value
        self.arguments = arguments
        self.compute = compute

    @property
    def kind(self) -> type:
        """bool, int or float."""
        return type(self.now)

    def item(self) -> Deferred:
        """Itself, since it stands for a Python number already."""
        return self

    def fixed(self) -> Any:
        """The present value, which becomes part of the function's structure."""
        self.capture.fixed |= self.arguments
        return self.now

    def __repr__(self) -> str:
        return repr(self.fixed())

    def __str__(self) -> str:
        return str(self.fixed())

    def __format__(self, spec: str) -> str:
        return format(self.fixed(), spec)

    def __hash__(self) -> int:
        return hash(self.fixed())

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        return _combined(lambda *numbers: ufunc(*numbers).item(), self.capture, inputs)


def in_run(number: Any, run: Run) -> Any:
    """The value of a deferred number in one call, and any other number as it is."""
    return number.compute(run) if isinstance(number, Deferred) else number


def plain_number(value: Any) -> Any:
    """The value of a deferred number, and any other number as it is."""
    return value.fixed() if isinstance(value, Deferred) else value


def _combined(operation: Callable[..., Any], capture: Capture, operands: Sequence[Any]) -> Deferred:
    """The result of arithmetic on deferred and plain numbers."""
    deferred = [operand for operand in operands if isinstance(operand, Deferred)]
    now = operation(*(operand.now if isinstance(operand, Deferred) else operand for operand in operands))

    def compute(run: Run) -> Any:
        return operation(*(in_run(operand, run) for operand in operands))

    return Deferred(capture, now, frozenset().union(*(operand.arguments for operand in deferred)), compute)


def _arithmetic(name: str) -> Callable[..., Any]:
    def method(self: Deferred, *others: Any) -> Any:
        if any(not isinstance(other, (int, float, Deferred)) for other in others):
            return NotImplemented

        def operation(first: Any, *rest: Any) -> Any:
            result = getattr(first, name)(*rest)
            if result is NotImplemented:
                # int methods return NotImplemented for a float operand; float methods accept both.
                result = getattr(float(first), name)(*rest)
            return result

        return _combined(operation, self.capture, (self, *others))

    method.__name__ = name
    return method


def _fixing(name: str) -> Callable[..., Any]:
    def method(self: Deferred, *others: Any) -> Any:
        return getattr(self.fixed(), name)(*map(plain_number, others))

    method.__name__ = name
    return method


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    setattr(Deferred, f"__{_name}__", _arithmetic(f"__{_name}__"))
    setattr(Deferred, f"__r{_name}__", _arithmetic(f"__r{_name}__"))
for _name in ("neg", "pos", "abs"):
    setattr(Deferred, f"__{_name}__", _arithmetic(f"__{_name}__"))
for _name in ("eq", "ne", "lt", "le", "gt", "ge", "bool", "int", "float", "index", "round", "trunc", "floor", "ceil"):
    setattr(Deferred, f"__{_name}__", _fixing(f"__{_name}__"))


class Capture:
    """The state of one capture: fixed arguments, written arrays, and random draws so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fixed: frozenset[int] = frozenset()
        # Each written array with its value before the first write, by the array's id.
        self.written: dict[int, tuple[Any, Node | None]] = {}
        # Views through which arrays were written.
        self.views: list[Any] = []
        self.draws = 0

    def argument(self, number: int, value: Any) -> Deferred:
        """The number argument at place `number`, with its present value."""
        return Deferred(self, value, frozenset((number,)), lambda run: run.arguments[number])

    def draw(self) -> tuple[Deferred, Deferred]:
        """The seed and the stream of the next random draw; each call of the function computes them anew."""
        place = self.draws
        self.draws += 1
        return (
            Deferred(self, 0, frozenset(), lambda run: run.draws[place][0]),
            Deferred(self, 0, frozenset(), lambda run: run.draws[place][1]),
        )

    def note_write(self, array: Any) -> None:
        """Remember an array's value before its first write."""
        self.written.setdefault(id(array), (array, array._node))


class _Capturing(threading.local):
    capture: Capture | None = None


_CAPTURING = _Capturing()
# How many captures are active in all threads. Reading this costs less than reading a thread-local value.
_captures = 0


def current() -> Capture | None:
    """The capture of this thread, if there is one."""
    return _CAPTURING.capture if _captures else None


@contextmanager
def capturing(capture: Capture) -> Iterator[None]:
    """Capture the ops that this thread calls in the block."""
    global _captures
    _captures += 1
    _CAPTURING.capture = capture
    try:
        yield
    finally:
        _CAPTURING.capture = None
        _captures -= 1


def refuse_to_look() -> None:
    """Raise if a function is being captured."""
    capture = _CAPTURING.capture if _captures else None
    if capture is not None:
        raise CaptureError(
            f"jit: {capture.name} reads the value of an array, in {user_line() or 'code without a file'}. "
            "A function under jit runs without values: return the array and read it outside. "
            "Usual causes: print, float(x), "
            "x.item(), asnumpy(), a Python if on an array, indexing by a mask, copies between devices"
        )
