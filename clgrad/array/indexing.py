"""Reading and writing parts of arrays. As in NumPy, basic indexing gives views and advanced indexing copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from clgrad.array.conversion import operands_or_numbers, value_to_write
from clgrad.array.handle import Handle
from clgrad.dtypes import is_floating
from clgrad.errors import DTypeError
from clgrad.ops import comparison, indexing, movement, reduction
from clgrad.ops.operation import Value
from clgrad.shapes import Shape

_BASIC = (int, slice, type(None), type(Ellipsis))


class Region:
    """The window of `x[key]` for a basic index."""

    keeps_history = True
    __slots__ = ("key",)

    def __init__(self, key: tuple[Any, ...]) -> None:
        self.key = key

    def read(self, base: Value) -> Value:
        """The part of `base`."""
        return indexing.getitem(base, self.key)

    def write(self, base: Value, value: Value) -> Value:
        """`base` with that part replaced."""
        return indexing.setitem(base, self.key, value)


class Reshaped:
    """The window of `x.reshape_view(...)`: all elements in another shape."""

    keeps_history = True
    __slots__ = ("shape",)

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def read(self, base: Value) -> Value:
        """`base` in the window's shape."""
        return movement.reshape(base, self.shape)

    def write(self, base: Value, value: Value) -> Value:
        """`value` in the shape of `base`."""
        return movement.reshape(value, base.shape)


class Indexing(Handle):
    """`x[key]`, `x[key] = value`, iteration and `in`."""

    __slots__ = ()

    def __getitem__(self, key: Any) -> Any:
        parts = key if type(key) is tuple else (key,)
        if is_basic(parts):
            return self._view(Region(parts))
        return self._finish(indexing.getitem(self._value, _prepared(parts)))

    def __setitem__(self, key: Any, value: Any) -> None:
        parts = key if type(key) is tuple else (key,)
        basic = is_basic(parts)
        if basic and self._shows(parts, value):
            # Python runs `x[key] += y` as `view = x[key]; view += y; x[key] = view`. The second step has already
            # written into x.
            return
        mine = self._value
        given = value_to_write("setitem", value, mine)
        if basic and _is_everything(parts, mine.shape):
            self._assign("x[...] = value", given, fresh=False, casting="unsafe")
        else:
            self._replace(indexing.setitem(mine, parts if basic else _prepared(parts), given))

    def _add_at(self, key: Any, given: Value) -> None:
        """Add `given` at `key` in place. An element that the key selects twice is increased twice."""
        mine = self._value
        if is_floating(given.dtype) and not is_floating(mine.dtype):
            raise DTypeError(f"add.at: {given.dtype.name} cannot be added to an array of {mine.dtype.name} in place")
        parts = key if type(key) is tuple else (key,)
        self._assign("add.at", indexing.add_at(mine, _prepared(parts), given), fresh=True)

    def _shows(self, parts: tuple[Any, ...], value: Any) -> bool:
        """Whether `value` is the view of exactly this part of this array."""
        link = value._link if isinstance(value, Handle) else None
        return link is not None and link.base is self and type(link.window) is Region and link.window.key == parts

    def __iter__(self) -> Iterator[Any]:
        shape = self._value.shape
        if not shape:
            raise TypeError("iteration over an array of shape (): it is a single number")
        return (self[position] for position in range(shape[0]))

    def __contains__(self, wanted: Any) -> bool:
        return bool(self._finish(reduction.any(comparison.equal(*operands_or_numbers((self, wanted))))))

    def reshape_view(self, *shape: Any) -> Any:
        """A view of the elements in another shape: a write into either array shows in both."""
        lengths = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        return self._view(Reshaped(movement.reshape(self._value, lengths).shape))


def is_basic(parts: tuple[Any, ...]) -> bool:
    """Whether an index is basic: only integers, slices, None and the ellipsis."""
    return all(type(part) in _BASIC for part in parts)


def _is_everything(parts: tuple[Any, ...], shape: Shape) -> bool:
    return len(parts) == 1 and (parts[0] is Ellipsis or (parts[0] == slice(None) and len(shape) > 0))


def _prepared(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """An advanced index with its arrays replaced by their values."""
    return tuple(part._value if isinstance(part, Handle) else part for part in parts)
