"""The planner's own picture of a pending graph: items that read operands. It holds no nodes and no memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clgrad.dtypes import DType
from clgrad.plan.structure import Call, Leaf, Structure
from clgrad.primitives import COPY, UPDATE, VIEW, Library, Pointwise, Primitive, Reduction
from clgrad.shapes import Shape, broadcast_strides, contiguous_strides, size_of


class Operand(NamedTuple):
    """How an item reads another: strides over the reader's own shape, and an offset, in elements."""

    item: int
    strides: Shape
    offset: int


@dataclass(frozen=True)
class Slot:
    """A Python number among an item's inputs: its place among the numbers of the plan."""

    index: int


@dataclass
class Item:
    """One leaf, or one pending node, as the planner sees it."""

    index: int
    primitive: Primitive | None
    attributes: Any
    shape: Shape
    dtype: DType
    reads: tuple[Operand | Slot, ...]
    read_shapes: tuple[Shape, ...] = ()  # of each read, as the node saw it; () for numbers
    read_dtypes: tuple[DType | None, ...] = ()
    fate: int = 0
    node: int = -1  # place among the calls of the structure; leaves: place among the leaves
    donatable: bool = False
    origin: str | None = None
    read_by: list[int] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What it computes, and for which line of the user where that is known."""
        name = self.primitive.name if self.primitive else "input"
        return f"{name} ({self.origin})" if self.origin else name

    @property
    def is_leaf(self) -> bool:
        return self.primitive is None

    @property
    def is_pointwise(self) -> bool:
        return isinstance(self.primitive, Pointwise)

    @property
    def operands(self) -> list[Operand]:
        return [read for read in self.reads if isinstance(read, Operand)]

    @property
    def size(self) -> int:
        return size_of(self.shape)


class Items:
    """All items of one structure. Views are gone: they became the strides of whoever reads through them."""

    def __init__(self, structure: Structure) -> None:
        self.all: list[Item] = []
        self.strides: dict[int, Shape] = {}  # of leaves
        # The trace gives plain tuples, which are equal to named ones and quicker to make.
        self._leaves = [Leaf(*leaf) for leaf in structure.leaves]
        self._calls = [Call(*call) for call in structure.calls]
        self._fates = structure.fates
        self._of_call: dict[int, int] = {}
        self._views: dict[int, Operand] = {}
        self._slots = 0
        for place, leaf in enumerate(self._leaves):
            item = Item(place, None, None, leaf.shape, leaf.dtype, ())
            item.node, item.donatable = place, structure.donatable[place]
            self.strides[place] = leaf.strides
            self.all.append(item)
        for place, call in enumerate(self._calls):
            self._add(place, call)

    def __getitem__(self, index: int) -> Item:
        return self.all[index]

    def of_call(self, number: int) -> Item:
        """The item of a call that is no view."""
        return self.all[self._of_call[number]]

    def _add(self, place: int, call: Call) -> None:
        primitive, attributes = call.primitive, call.attributes
        if primitive is VIEW:
            (base,) = call.inputs
            assert base is not None
            strides, offset = attributes
            self._views[place] = Operand(self._item_of(base), strides, offset)
            return
        arrays = [None if one is None else self._array(one) for one in call.inputs]
        reads = tuple(self._read(one, call) for one in call.inputs)
        if isinstance(primitive, Reduction):
            ((shape, _),) = filter(None, arrays)
            if size_of(shape) == size_of(call.shape) != 0:
                primitive, attributes, reads = COPY, call.dtype, (_squeezed(reads[0], shape, call.attributes),)
        item = Item(
            len(self.all), primitive, attributes, call.shape, call.dtype, reads,
            tuple(() if one is None else one[0] for one in arrays),
            tuple(None if one is None else one[1] for one in arrays),
        )  # fmt: skip
        item.node, item.fate, item.origin = place, self._fates[place], call.origin
        self.all.append(item)
        self._of_call[place] = item.index
        for operand in item.operands:
            self.all[operand.item].read_by.append(item.index)

    def _array(self, number: int) -> tuple[Shape, DType]:
        """Shape and dtype of an input as its reader sees it."""
        source = self._leaves[-1 - number] if number < 0 else self._calls[number]
        return source.shape, source.dtype

    def _item_of(self, number: int) -> int:
        return -1 - number if number < 0 else self._of_call[number]

    def _read(self, number: int | None, reader: Call) -> Operand | Slot:
        if number is None:
            self._slots += 1
            return Slot(self._slots - 1)
        shape, _ = self._array(number)
        source = self._views.get(number) or self._direct(number, shape)
        if not isinstance(reader.primitive, Pointwise):
            return source
        return Operand(source.item, broadcast_strides(shape, source.strides, reader.shape), source.offset)

    def _direct(self, number: int, shape: Shape) -> Operand:
        index = self._item_of(number)
        return Operand(index, self.strides.get(index) or contiguous_strides(shape), 0)


def _squeezed(read: Operand | Slot, shape: Shape, axes: tuple[int, ...]) -> Operand:
    """A reduction over axes of length one only is a copy."""
    assert isinstance(read, Operand)
    return Operand(read.item, tuple(step for axis, step in enumerate(read.strides) if axis not in axes), read.offset)


def is_fixed(item: Item) -> bool:
    """Whether an item's result always goes to memory: it is not computed inside its readers."""
    return isinstance(item.primitive, Library) or item.primitive is UPDATE
