"""The arrays and numbers in nested lists, tuples and dicts: taken out, and put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from clgrad.array.handle import Handle
from clgrad.errors import ArgumentError, GradientError
from clgrad.graph.capture import Deferred, current
from clgrad.graph.execute import storage_of


class Flat:
    """Collects the arrays and numbers in nested lists, tuples and dicts; `add` returns the structure without them."""

    def __init__(self) -> None:
        self.arrays: list[Handle] = []
        self.numbers: list[Any] = []
        self._places: dict[int, int] = {}

    def place_of(self, array: Handle) -> int:
        """The number of an array among all."""
        return self._places[id(array)]

    def add(self, value: Any) -> Any:
        """The structure of a value: hashable, and equal for equal structures."""
        kind = type(value)
        if kind is float or kind is int:
            self.numbers.append(value)
            return kind
        if isinstance(value, Handle):
            place = self._places.setdefault(id(value), len(self.arrays))
            if place == len(self.arrays):
                self.arrays.append(value)
            return place, _description(value)
        if isinstance(value, (list, tuple)):
            return kind, tuple([self.add(one) for one in value])
        if isinstance(value, dict):
            return kind, tuple(value), tuple([self.add(one) for one in value.values()])
        if isinstance(value, Deferred):
            self.numbers.append(value)
            return Deferred
        try:
            hash(value)
        except TypeError:
            raise ArgumentError(
                f"jit: {kind.__name__} is neither an array, a number, a list, tuple or dict of these, nor hashable"
            ) from None
        return "constant", kind, value


def arrays_in(value: Any) -> list[Handle]:
    """The arrays in a nested structure, each once."""
    found = Flat()
    found.add(value)
    return found.arrays


def _description(array: Handle) -> Any:
    """The facts about an array that a capture depends on: layout of its value, gradient, and the base of a view."""
    if current() is not None:
        return ()
    node = array._value
    leaf, link = array._leaf, array._link
    if node.entry is not None and leaf is None:
        raise GradientError("jit: an argument has a history, and no gradient passes through the function; detach() it")
    strides = storage_of(node).strides
    base = None if link is None else _description(link.base)
    return node.shape, node.dtype, strides, node.device, None if leaf is None else leaf.grad_req, base


def with_numbers(value: Any, numbers: Iterator[Any]) -> Any:
    """The same structure with other numbers."""
    if type(value) in (int, float):
        return next(numbers)
    return value if isinstance(value, Handle) else _mapped(lambda part: with_numbers(part, numbers), value)


class _ArrayHole:
    """Where a result has an array."""

    def __init__(self, place: int) -> None:
        self.place = place


class _NumberHole:
    """Where a result has a number."""


def template_of(result: Any, found: Flat) -> Any:
    """The structure of a result with holes for its arrays and numbers, so that none of these is kept alive."""
    if isinstance(result, Handle):
        return _ArrayHole(found.place_of(result))
    if type(result) in (int, float) or isinstance(result, Deferred):
        return _NumberHole()
    return _mapped(lambda part: template_of(part, found), result)


def filled(template: Any, arrays: Sequence[Any], numbers: Iterator[Any]) -> Any:
    """A result with the arrays and numbers of this call in its holes."""
    if isinstance(template, _ArrayHole):
        return arrays[template.place]
    if isinstance(template, _NumberHole):
        return next(numbers)
    return _mapped(lambda part: filled(part, arrays, numbers), template)


def _mapped(change: Callable[[Any], Any], value: Any) -> Any:
    """A list, tuple or dict with changed parts; any other value as it is."""
    if isinstance(value, (list, tuple)):
        parts = [change(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    if isinstance(value, dict):
        return {key: change(part) for key, part in value.items()}
    return value
