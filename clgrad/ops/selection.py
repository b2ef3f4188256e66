"""The selection of an index key, by NumPy's rules for integers, slices, ..., newaxis, integer arrays and masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.errors import IndexOutOfRangeError, IndexShapeError, IndexTypeError, ShapeError
from clgrad.graph.execute import read, upload
from clgrad.graph.node import Node
from clgrad.ops.gathering import normalize_index
from clgrad.ops.movement import broadcast_to, reshape
from clgrad.ops.operation import Value, check_one_device
from clgrad.runtime.device import Device
from clgrad.shapes import Shape, broadcast_shapes, contiguous_strides, size_of

Indices = Value | numpy.ndarray[Any, Any]


def constant(array: Any, device: Device) -> Value:
    """A NumPy array as a value on a device."""
    array = numpy.asarray(array)
    return Value(None, (), None, array.shape, dtypes.as_dtype(array.dtype), device, upload(array, device))


@dataclass(frozen=True)
class Selection:
    """A key applied to a shape, as three steps.

    1. `start`, `count` and `step` cut a box out of the array. An integer in the key gives a length of 1.
    2. The box is reshaped to `middle`, without the axes of integers and with the new axes of None.
    3. The axes `taken` of `middle` are indexed by `arrays`, which broadcast to `spread`. The axes of `spread` are put
       in front of the `position`-th of the remaining axes.

    Example: x[1:, None, 0, [2, 0]] for an x of shape (5, 6, 7). `count` is (4, 1, 7), `middle` is (4, 1, 7) with the
    axis of None in the middle, `taken` is (2,), `spread` is (2,) and `position` is 2. The result has shape (4, 1, 2).

    NumPy arrays in `arrays` are checked, and their indices are not negative, unless `spread` has no elements.
    """

    start: Shape
    count: Shape
    step: Shape
    middle: Shape
    taken: Shape
    arrays: tuple[Indices, ...]
    spread: Shape
    position: int

    @property
    def kept(self) -> Shape:
        """The axes of `middle` that are not indexed by arrays."""
        return tuple(axis for axis in range(len(self.middle)) if axis not in self.taken)

    @property
    def order(self) -> Shape:
        """The axes of `middle`, with the taken axes moved together to the place of their replacement."""
        return (*self.kept[: self.position], *self.taken, *self.kept[self.position :])

    @property
    def blocks(self) -> Shape:
        """(outer, length, inner) of the reordered box, with all taken axes merged into `length`."""
        lengths = [[self.middle[axis] for axis in axes] for axes in self._groups()]
        outer, length, inner = (size_of(tuple(group)) for group in lengths)
        return outer, length, inner

    @property
    def shape(self) -> Shape:
        """The shape of the result."""
        before, _, after = ([self.middle[axis] for axis in axes] for axes in self._groups())
        return (*before, *self.spread, *after)

    def _groups(self) -> tuple[Shape, Shape, Shape]:
        return self.kept[: self.position], self.taken, self.kept[self.position :]

    def flat(self, name: str, device: Device) -> Value:
        """A vector of indices into the merged taken axes. They are checked, except that nothing is wrong with none."""
        if not size_of(self.spread):
            return constant(numpy.zeros(0, "int64"), device)
        lengths = tuple(self.middle[axis] for axis in self.taken)
        steps = contiguous_strides(lengths)
        known = [one for one in self.arrays if isinstance(one, numpy.ndarray)]
        if len(known) == len(self.arrays):
            flat = sum(one * step for one, step in zip(known, steps))
            return constant(numpy.broadcast_to(flat, self.spread).reshape(-1), device)
        terms = [_on_device(name, one, n, device) * step for one, n, step in zip(self.arrays, lengths, steps)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return reshape(broadcast_to(total, self.spread), -1)


def _checked(name: str, indices: numpy.ndarray[Any, Any], length: int) -> numpy.ndarray[Any, Any]:
    outside = indices[(indices < -length) | (indices >= length)]
    if outside.size:
        raise IndexOutOfRangeError(f"{name}: index {outside[0]} is out of range for an axis of length {length}")
    whole = indices.astype("int64")
    return numpy.where(whole < 0, whole + length, whole)


def _on_device(name: str, indices: Indices, length: int, device: Device) -> Value:
    if isinstance(indices, numpy.ndarray):
        return constant(indices, device)
    return normalize_index(name, indices, length)


class _KeyReader:
    """Reads the items of a key from left to right, and builds the selection."""

    def __init__(self, name: str, shape: Shape) -> None:
        self.name = name
        self.shape = shape
        self.start: list[int] = []
        self.count: list[int] = []
        self.step: list[int] = []
        self.middle: list[int] = []
        self.taken: list[int] = []
        self.arrays: list[Indices] = []
        # For each item that counts as an array in NumPy: its number in the key, and the number of kept axes before it.
        self.advanced: list[tuple[int, int]] = []

    @property
    def axis(self) -> int:
        return len(self.start)

    def cut(self, start: int, count: int, step: int) -> None:
        self.start.append(start)
        self.count.append(count)
        self.step.append(step)

    def add(self, item: Any, number: int) -> None:
        """Read the `number`-th item of the key. An ellipsis is read as the slices that it stands for."""
        if item is None:
            self.middle.append(1)
        elif isinstance(item, slice):
            self.add_slice(item)
        elif is_mask(item):
            self.add_mask(item, number)
        elif isinstance(item, (Node, numpy.ndarray)):
            self.add_array(item, number)
        else:
            self.add_integer(item, number)

    def add_slice(self, item: slice) -> None:
        start, stop, step = item.indices(self.shape[self.axis])
        count = len(range(start, stop, step))
        self.cut(start if count else 0, count, step)
        self.middle.append(count)

    def add_integer(self, item: int, number: int) -> None:
        length = self.shape[self.axis]
        if not -length <= item < length:
            raise IndexOutOfRangeError(
                f"{self.name}: index {item} is out of range for axis {self.axis} of length {length}, shape {self.shape}"
            )
        self.note(number)
        self.cut(item % length, 1, 1)

    def add_array(self, item: Any, number: int) -> None:
        self.note(number)
        self.taken.append(len(self.middle))
        self.arrays.append(item)
        self.middle.append(self.shape[self.axis])
        self.cut(0, self.shape[self.axis], 1)

    def add_mask(self, item: Any, number: int) -> None:
        """A mask stands for the index arrays of its true elements."""
        mask = read(item) if isinstance(item, Node) else numpy.asarray(item)
        covered = self.shape[self.axis : self.axis + mask.ndim]
        if mask.shape != covered:
            raise IndexShapeError(
                f"{self.name}: a mask of shape {mask.shape} does not fit the axes it indexes, of lengths {covered}, "
                f"in an array of shape {self.shape}"
            )
        if mask.ndim:
            for positions in mask.nonzero():
                self.add_array(positions, number)
            return
        self.note(number)
        self.taken.append(len(self.middle))
        self.arrays.append(numpy.zeros(int(mask), "int64"))
        self.middle.append(1)

    def note(self, number: int) -> None:
        self.advanced.append((number, len(self.middle) - len(self.taken)))

    def build(self) -> Selection:
        spread = self.spread()
        return Selection(
            tuple(self.start), tuple(self.count), tuple(self.step), tuple(self.middle), tuple(self.taken),
            self.checked() if size_of(spread) else tuple(self.arrays), spread, self.position(),
        )  # fmt: skip

    def checked(self) -> tuple[Indices, ...]:
        """The arrays. The indices in NumPy arrays are checked, and negative indices counted from the end."""
        return tuple(
            _checked(self.name, one, self.middle[axis]) if isinstance(one, numpy.ndarray) else one
            for one, axis in zip(self.arrays, self.taken)
        )

    def spread(self) -> Shape:
        try:
            return broadcast_shapes(self.name, *(one.shape for one in self.arrays)) if self.arrays else ()
        except ShapeError as problem:
            raise IndexShapeError(f"{problem}, or masks with different numbers of true elements") from None

    def position(self) -> int:
        """The place of the axes of `spread`: that of the arrays if these are neighbours in the key, else the front."""
        if not self.arrays:
            return 0
        numbers = {number for number, _ in self.advanced}
        return self.advanced[0][1] if max(numbers) - min(numbers) < len(numbers) else 0


def is_mask(item: Any) -> bool:
    """Whether an item of a key is a boolean array or a boolean."""
    if isinstance(item, (Node, numpy.ndarray)):
        return item.dtype == dtypes.bool_
    return isinstance(item, (bool, numpy.bool_))


def plain_key(name: str, x: Value, key: Any) -> list[Any]:
    """The items of a key of x, with lists as NumPy arrays."""
    items = key if isinstance(key, tuple) else (key,)
    check_one_device(name, (x, *items))
    return [_plain_item(item) for item in items]


def _plain_item(item: Any) -> Any:
    if item is None or item is Ellipsis or isinstance(item, (slice, Node)) or is_mask(item):
        return item
    if isinstance(item, (Sequence, numpy.ndarray)):
        array = numpy.asarray(item)
        if array.size == 0 and not isinstance(item, numpy.ndarray):
            array = array.astype("int64")
        if array.dtype.kind in "iub":
            return array
    elif hasattr(item, "__index__"):
        return index(item)
    raise IndexTypeError(
        f"an index must be an integer, a slice, ..., None, or an array of integers or booleans, got {item!r}"
    )


def _axes_of(item: Any) -> int:
    """The number of axes of the array that an item of a key indexes."""
    if item is None or isinstance(item, (bool, numpy.bool_)):
        return 0
    return len(item.shape) if is_mask(item) else 1


def select(name: str, x: Value, key: Any) -> Selection:
    """The selection of a key of x. The key may hold values, NumPy arrays and lists. Masks are read."""
    shape, items = x.shape, plain_key(name, x, key)
    dots = sum(item is Ellipsis for item in items)
    if dots > 1:
        raise IndexShapeError(f"{name}: an index may have one ellipsis (...), got {dots}")
    rest = len(shape) - sum(_axes_of(item) for item in items if item is not Ellipsis)
    if rest < 0:
        raise IndexOutOfRangeError(
            f"{name}: too many indices: {len(shape) - rest} for an array of {len(shape)} dimensions, shape {shape}"
        )
    reader = _KeyReader(name, shape)
    for number, item in enumerate(items if dots else [*items, Ellipsis]):
        for one in [slice(None)] * rest if item is Ellipsis else [item]:
            reader.add(one, number)
    return reader.build()
