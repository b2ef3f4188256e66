"""The planner's own picture of a pending graph: items that read operands. It holds no nodes and no memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clgrad.dtypes import DType
from clgrad.graph.node import Node, Scalar
from clgrad.graph.trace import Trace
from clgrad.primitives import COPY, UPDATE, VIEW, Library, Pointwise, Primitive, Reduction
from clgrad.shapes import Shape, broadcast_strides, contiguous_strides, size_of


@dataclass(frozen=True)
class Operand:
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
    node: int = -1  # place in the trace's order; leaves: place among the leaves
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
    """All items of one trace. Views are gone: they became the strides of whoever reads through them."""

    def __init__(self, trace: Trace) -> None:
        self.all: list[Item] = []
        self._of_node: dict[int, int] = {}
        self._views: dict[int, Operand] = {}
        self._slots = 0
        self.strides: dict[int, Shape] = {}  # of leaves
        for place, leaf in enumerate(trace.leaves):
            item = self._append(None, None, leaf, ())
            item.node, item.donatable = place, trace.donatable[place]
            self.strides[item.index] = leaf.storage.strides  # type: ignore[union-attr]
        for place, node in enumerate(trace.order):
            self._add(place, node, trace.fates[place])

    def __getitem__(self, index: int) -> Item:
        return self.all[index]

    def _append(
        self, primitive: Primitive | None, attributes: Any, node: Node, reads: tuple[Operand | Slot, ...]
    ) -> Item:
        shapes = tuple(() if type(one) is Scalar else one.shape for one in node.inputs)
        kinds = tuple(None if type(one) is Scalar else one.dtype for one in node.inputs)
        item = Item(len(self.all), primitive, attributes, node.shape, node.dtype, reads, shapes, kinds)
        self.all.append(item)
        self._of_node[id(node)] = item.index
        for operand in item.operands:
            self.all[operand.item].read_by.append(item.index)
        return item

    def _add(self, place: int, node: Node, fate: int) -> None:
        primitive, attributes = node.primitive, node.attributes
        if primitive is VIEW:
            self._views[id(node)] = self._through_view(node)
            return
        reads = self._reads(node)
        if isinstance(primitive, Reduction) and size_of(node.inputs[0].shape) == size_of(node.shape) != 0:
            primitive, attributes, reads = COPY, node.dtype, (self._squeezed(node),)
        item = self._append(primitive, attributes, node, reads)
        item.node, item.fate, item.origin = place, fate, node.origin

    def _reads(self, node: Node) -> tuple[Operand | Slot, ...]:
        return tuple(self._read(one, node) for one in node.inputs)

    def _read(self, one: Any, reader: Node) -> Operand | Slot:
        if type(one) is Scalar:
            self._slots += 1
            return Slot(self._slots - 1)
        source = self._views.get(id(one)) or self._direct(one)
        if not isinstance(reader.primitive, Pointwise):
            return source
        return Operand(source.item, broadcast_strides(one.shape, source.strides, reader.shape), source.offset)

    def _direct(self, node: Node) -> Operand:
        index = self._of_node[id(node)]
        return Operand(index, self.strides.get(index) or contiguous_strides(node.shape), 0)

    def _through_view(self, node: Node) -> Operand:
        strides, offset = node.attributes
        return Operand(self._of_node[id(node.inputs[0])], strides, offset)

    def _squeezed(self, node: Node) -> Operand:
        """A reduction over axes of length one only is a copy."""
        source = self._read(node.inputs[0], node)
        assert isinstance(source, Operand)
        kept = [axis for axis in range(len(node.inputs[0].shape)) if axis not in node.attributes]
        return Operand(source.item, tuple(source.strides[axis] for axis in kept), source.offset)


def is_fixed(item: Item) -> bool:
    """Whether an item's result always goes to memory: it is not computed inside its readers."""
    return isinstance(item.primitive, Library) or item.primitive is UPDATE
