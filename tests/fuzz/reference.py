"""Arrays in NumPy with exact derivatives, independent of clgrad: what a random program must compute.

Each element carries its derivatives with respect to all elements of all variables (forward mode), so there is no
tape: a write or a view is the same write or view of numbers and slopes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import Any

import numpy

Numbers = Any  # numpy.ndarray of any dtype

LARGEST = 1e3
"""Beyond it rounding errors say more about the program than about clgrad."""


class Unsuitable(Exception):  # noqa: N818 - no error of anybody
    """A program whose results cannot be compared: too near to a kink, or too large."""


class Machine:
    """One run of a program: whether it records, and which columns of the slopes belong to which variable.

    `wide` computes floats in float64, to be compared within a tolerance; else dtypes are kept and results are exact.
    """

    array_type: type[Array]

    def __init__(self, columns: int = 0, wide: bool = False) -> None:
        self.columns = columns
        self.wide = wide
        self.recording = False
        self.used = 0
        self.largest = 1.0
        self.variables: list[Variable] = []

    @contextmanager
    def flags(self, recording: bool) -> Any:
        before, self.recording = self.recording, recording
        try:
            yield
        finally:
            self.recording = before

    def array(self, numbers: Numbers) -> Array:
        """An array without history."""
        numbers = numpy.array(numbers)
        if self.wide and numbers.dtype.kind == "f":
            numbers = numbers.astype("float64")
        return self.array_type(self, numbers, numpy.zeros((*numbers.shape, self.columns)), set())

    def result(self, numbers: Numbers, slopes: Callable[[], Numbers], *inputs: Any) -> Array:
        """The result of an op: with slopes while recording."""
        out = self.array(numbers)
        arrays = [one for one in inputs if isinstance(one, Array)]
        if self.recording:
            out.reach = set().union(*(one.reach for one in arrays))
            if out.reach and self.columns:
                out.slopes[...] = slopes()
        self.note(out)
        return out

    def note(self, out: Array) -> None:
        """Refuse what grows beyond bounds."""
        if self.wide:
            for part in (out.numbers, out.slopes):
                if part.size and part.dtype.kind == "f":
                    self.largest = max(self.largest, float(numpy.abs(part).max()))
            if not self.largest < LARGEST:
                raise Unsuitable("too large")

    def backward(self, heads: Iterable[Array], weights: Iterable[Array | None], retain_graph: bool) -> None:
        """Deliver the gradients of the summed heads."""
        total: Numbers = numpy.zeros(self.columns)
        reach: set[Variable] = set()
        for head, weight in zip(heads, weights):
            if not head.reach:
                raise ValueError("nothing was recorded")
            scaled = head.slopes if weight is None else head.slopes * weight.numbers[..., None]
            total = total + scaled.sum(tuple(range(head.numbers.ndim)))
            reach |= head.reach
        for variable in reach if self.columns else ():
            gradient = total[variable.first : variable.first + variable.size]
            variable.receive(gradient.reshape(variable.array.shape))
        if not retain_graph:
            for variable in self.variables:
                if variable.array.variable is variable:
                    variable.restore()


class Variable:
    """An array whose gradients are wanted: its columns of the slopes, and its gradient."""

    def __init__(self, array: Array, request: str) -> None:
        machine = array.machine
        self.array = array
        self.request = request
        self.first, self.size = machine.used, array.numbers.size
        self.gradient = machine.array(numpy.zeros_like(array.numbers))
        machine.used += self.size
        machine.variables.append(self)

    def restore(self) -> None:
        """The array depends on itself alone."""
        array = self.array
        array.slopes[...] = 0
        array.reach.clear()
        if self.request != "null":
            array.reach.add(self)
            if array.machine.columns:
                own = numpy.eye(self.size, array.machine.columns, self.first)
                array.slopes[...] = own.reshape(array.slopes.shape)

    def receive(self, gradient: Numbers) -> None:
        """What a backward delivers."""
        if self.request == "add":
            gradient = self.gradient.numbers + gradient
        self.gradient.numbers[...] = gradient


class Array:
    """Numbers, their slopes (one more axis), and the variables that they depend on, which views share."""

    __array_ufunc__ = None
    __hash__ = object.__hash__

    def __init__(self, machine: Machine, numbers: Numbers, slopes: Numbers, reach: set[Variable]) -> None:
        self.machine = machine
        self.numbers = numbers
        self.slopes = slopes
        self.reach = reach
        self.is_view = False
        # The elements of the array that owns the memory.
        self.whole = numbers.size
        self.variable: Variable | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.numbers.shape)

    @property
    def size(self) -> int:
        return int(self.numbers.size)

    @property
    def dtype(self) -> Any:
        return self.numbers.dtype

    def view(self, numbers: Numbers, slopes: Numbers) -> Array:
        out = type(self)(self.machine, numbers, slopes, self.reach)
        out.is_view = True
        out.whole = self.whole
        return out

    # -- variables -----------------------------------------------------------------------------------------

    def attach_grad(self, grad_req: str = "write") -> None:
        self.variable = Variable(self, grad_req)
        self.variable.restore()

    @property
    def grad(self) -> Array | None:
        return None if self.variable is None else self.variable.gradient

    def detach(self) -> Array:
        out = self.view(self.numbers[...], numpy.zeros_like(self.slopes))
        out.reach = set()
        return out

    def backward(self, out_grad: Array | None = None, retain_graph: bool = False) -> None:
        self.machine.backward([self], [out_grad], retain_graph)

    # -- indexing ------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Array:
        key = plain_key(key)
        if is_basic(key):
            key = key if Ellipsis in key else (*key, Ellipsis)
            return self.view(self.numbers[key], self.slopes[with_columns(key)])
        return self.machine.result(self.numbers[key], lambda: self.slopes[with_columns(key)], self)

    def __setitem__(self, key: Any, value: Any) -> None:
        key = plain_key(key)
        machine = self.machine
        numbers, slopes, shared = parts_of(value)
        reach = set(shared)
        self.numbers[key] = numbers
        if not machine.recording:
            return
        if is_basic(key) and self.numbers[key].size == self.whole and not any(map(steps, key)):
            self.reach.clear()
        self.reach |= reach
        if slopes is None:
            self.slopes[with_columns(key)] = 0
        elif machine.columns:
            self.slopes[with_columns(key)] = slopes
        machine.note(self)

    def reshape_view(self, *shape: int) -> Array:
        numbers = self.numbers.reshape(shape)
        if not numpy.shares_memory(numbers, self.numbers) and numbers.size:
            raise Unsuitable("NumPy cannot view it in this shape")
        return self.view(numbers, self.slopes.reshape(*numbers.shape, self.machine.columns))

    def assign(self, value: Array) -> Array:
        """The second half of an operator such as +=."""
        if value.dtype != self.dtype:
            raise Unsuitable("another dtype")
        self[...] = value
        return self


def parts_of(value: Any) -> tuple[Numbers, Numbers | None, set[Variable]]:
    """Numbers, slopes and reach of anything that is written or computed with."""
    if isinstance(value, Array):
        return value.numbers, value.slopes, value.reach
    return value, None, set()


def plain_key(key: Any) -> tuple[Any, ...]:
    """The items of a key, arrays as NumPy's."""
    items = key if isinstance(key, tuple) else (key,)
    return tuple(item.numbers if isinstance(item, Array) else item for item in items)


def is_basic(key: tuple[Any, ...]) -> bool:
    """Whether the key names a region, which is a view."""
    return all(item is None or item is Ellipsis or type(item) in (int, slice) for item in key)


def steps(item: Any) -> bool:
    """Whether an item of a key takes other than neighbours in order."""
    return isinstance(item, slice) and item.step not in (None, 1)


def with_columns(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key for slopes: their last axis stays whole."""
    has_dots = any(item is Ellipsis for item in key)
    return (*key, slice(None)) if has_dots else (*key, Ellipsis, slice(None))
