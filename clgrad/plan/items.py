"""The planner's own picture of a pending graph: items that read operands. It holds no nodes and no memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count
from typing import Any, NamedTuple

from clgrad.dtypes import DType
from clgrad.plan.structure import Call, Leaf, Structure
from clgrad.primitives import COPY, RESULT, UPDATE, VIEW, Joint, Library, Pointwise, Primitive, Reduction
from clgrad.shapes import Shape, broadcast_strides, contiguous_strides, size_of


class Operand(NamedTuple):
    """How an item reads another: strides over the reader's own shape, and an offset, in elements."""

    item: int
    strides: Shape
    offset: int


class PlanNumber(NamedTuple):
    """One of the plan's Python numbers, as an input of an item."""

    number: int


# An input of an item.
Read = Operand | PlanNumber


class Result(NamedTuple):
    """One result of a call with several: number `which` of `of`; `call` is the call's place in the structure."""

    call: int
    which: int
    of: int


@dataclass(eq=False)
class Item:
    """One leaf, or one pending node, as the planner sees it."""

    index: int
    primitive: Primitive | None
    attributes: Any
    shape: Shape
    dtype: DType
    reads: tuple[Read, ...]
    read_shapes: tuple[Shape, ...] = ()  # of each read, as the node saw it; () for numbers
    read_dtypes: tuple[DType | None, ...] = ()
    fate: int = 0
    node: int = -1  # place among the calls of the structure; leaves: place among the leaves
    donatable: bool = False
    origin: str | None = None
    result: Result | None = None  # of a call that has several
    read_by: list[int] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The name of its op, and the user's line that called the op if that is known."""
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

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize


class Items:
    """All items of one structure. Views are gone: they became strides of the items that read through them.

    Of a call with several results only the results become items, each with the primitive and the inputs of the call.
    """

    def __init__(self, structure: Structure) -> None:
        self.all: list[Item] = []
        self.strides: dict[int, Shape] = {}  # of leaves
        # The trace gives plain tuples, which are equal to named ones and quicker to make.
        self._leaves = [Leaf(*leaf) for leaf in structure.leaves]
        self._calls = [Call(*call) for call in structure.calls]
        self._fates = structure.fates
        self._of_call: dict[int, int] = {}
        self._views: dict[int, Operand] = {}
        self._numbers = _first_numbers(self._calls)
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
        """The item of a call, which must not be a view."""
        return self.all[self._of_call[number]]

    def _add(self, place: int, call: Call) -> None:
        primitive, attributes = call.primitive, call.attributes
        if primitive is VIEW:
            (base,) = call.inputs
            assert base is not None
            strides, offset = attributes
            self._views[place] = Operand(self._item_of(base), strides, offset)
        elif primitive is RESULT:
            (joint,) = call.inputs
            assert joint is not None
            whole = self._calls[joint]
            assert isinstance(whole.primitive, Joint)
            parts = whole.primitive.parts
            own = call._replace(primitive=parts[attributes], attributes=whole.attributes, inputs=whole.inputs)
            self._add_item(place, own, self._numbers[joint], Result(joint, attributes, len(parts)))
        elif not isinstance(primitive, Joint):
            self._add_item(place, call, self._numbers[place])

    def _add_item(self, place: int, call: Call, number: int, result: Result | None = None) -> None:
        """Add the item of a call; `number` is the place of its first Python number among the numbers of the plan."""
        primitive, attributes = call.primitive, call.attributes
        arrays = [None if one is None else self._array(one) for one in call.inputs]
        numbers = map(PlanNumber, count(number))
        reads = tuple(next(numbers) if one is None else self._read(one, call) for one in call.inputs)
        if isinstance(primitive, Reduction):
            ((shape, _),) = filter(None, arrays)
            if size_of(shape) == size_of(call.shape) != 0:
                primitive, attributes, reads = COPY, call.dtype, (_squeezed(reads[0], shape, call.attributes),)
        item = Item(
            len(self.all), primitive, attributes, call.shape, call.dtype, reads,
            tuple(() if one is None else one[0] for one in arrays),
            tuple(None if one is None else one[1] for one in arrays),
        )  # fmt: skip
        item.node, item.fate, item.origin, item.result = place, self._fates[place], call.origin, result
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

    def _read(self, number: int, reader: Call) -> Operand:
        shape, _ = self._array(number)
        source = self._views.get(number) or self._direct(number, shape)
        if not isinstance(reader.primitive, Pointwise):
            return source
        return Operand(source.item, broadcast_strides(shape, source.strides, reader.shape), source.offset)

    def _direct(self, number: int, shape: Shape) -> Operand:
        index = self._item_of(number)
        return Operand(index, self.strides.get(index) or contiguous_strides(shape), 0)


def _first_numbers(calls: list[Call]) -> list[int]:
    """For each call the place of its first Python number among the numbers of the plan."""
    return list(accumulate((call.inputs.count(None) for call in calls), initial=0))


def _squeezed(read: Read, shape: Shape, axes: tuple[int, ...]) -> Operand:
    """The read of a copy that replaces a reduction over axes of length one."""
    assert isinstance(read, Operand)
    return Operand(read.item, tuple(step for axis, step in enumerate(read.strides) if axis not in axes), read.offset)


def is_fixed(item: Item) -> bool:
    """Whether an item's result always goes to memory: it is not computed inside its readers."""
    return isinstance(item.primitive, Library) or item.primitive is UPDATE


def results_in_order(items: Sequence[Item]) -> list[Item | None]:
    """The items of one call in the order of its results, None for each result that nobody wants."""
    result = items[0].result
    if result is None:
        return [*items]
    found: list[Item | None] = [None] * result.of
    for item in items:
        assert item.result is not None
        found[item.result.which] = item
    return found
