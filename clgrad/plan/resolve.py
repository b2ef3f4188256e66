"""From groups to loops: which items are stored, which are computed again instead, and the statements of each kernel.

    a, b = h.sum(axis=0), h.sum(axis=1)      two kernels, because they reduce different axes; h is fused with a
    h = x * 2      costs less than CHEAP: the kernel of b multiplies again, and h is never stored
    h = tanh(x)    costs more: the kernel of a stores h, and the kernel of b loads it

Groups are visited readers first, because a reader decides whether its operand is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clgrad.codegen.loop import ELEMENT, REDUCED, Compute, Given, Index, Load, Loop, Number, Statement, Store
from clgrad.dtypes import DType
from clgrad.plan.group import Group, Member, new_group
from clgrad.plan.items import Item, Items, Operand, PlanNumber, Read
from clgrad.plan.order import Order
from clgrad.plan.structure import DIES, ROOT
from clgrad.primitives import IOTA, UPDATE, Library, Pointwise, Reduction
from clgrad.shapes import Shape, contiguous_strides, size_of
from clgrad.strides import compose, without_units

# Up to about this many additions, computing a value again costs less than a store and a load.
CHEAP = 12
# The same limit for a value that is broadcast: it would be computed again for many indices.
CHEAP_BROADCAST = 2
# Up to so many additions are repeated for each array that need not be stored then, where a reader needs several.
CHEAP_PER_ARRAY = 32

# For each operand of a library kernel: how often it would compute each element; 0 if it only reads memory.
TimesOf = Callable[[Item], Sequence[int]]


class Resolver:
    """Decides for all groups together what is stored, then builds each group's loop."""

    def __init__(
        self, items: Items, groups: list[Group], inlined: set[int], order: Order, times_of: TimesOf
    ) -> None:
        self.items = items
        self.times_of = times_of
        self.groups = groups
        self.inlined = inlined
        self.order = order
        self.stored = {item.index for item in items.all if self._always_stored(item)}
        depths = order.depths()
        # Readers come before their producers.
        for group in sorted(groups, key=lambda group: -depths[group.number]):
            self._store_what_is_read(group)

    def _always_stored(self, item: Item) -> bool:
        if item.is_leaf or item.index in self.inlined:
            return False
        if item.fate == ROOT or item.primitive is UPDATE:
            return True
        if isinstance(item.primitive, Library) and not item.primitive.epilogue:
            return True
        if item.fate != DIES and isinstance(item.primitive, (Library, Reduction)):
            return True
        return any(isinstance(self.items[reader].primitive, Library) for reader in item.read_by) and not (
            self._may_be_loaded(item)
        )

    def _may_be_loaded(self, item: Item) -> bool:
        """Whether the item's only reader is a library kernel that may compute it where it would load it."""
        if item.fate != DIES or not item.is_pointwise or len(item.read_by) != 1:
            return False
        reader = self.items[item.read_by[0]].primitive
        return isinstance(reader, Library) and reader.prologue

    # -- storing ------------------------------------------------------------------------------------------------

    def live(self, group: Group) -> list[Member]:
        """Members that are stored or that a live member of the group reads, in order."""
        live: set[int] = set()
        for index in sorted(group.members, reverse=True):
            member = group.members[index]
            if index in self.stored or index in live:
                live.add(index)
                live.update(read.item for read in member.reads if isinstance(read, Operand))
        return [group.members[index] for index in sorted(live & group.members.keys())]

    def _store_what_is_read(self, group: Group) -> None:
        costly: list[tuple[Operand, Shape]] = []
        for member in self.live(group):
            if isinstance(member.item.primitive, Library):
                self._store_what_is_loaded(group, member.item)
                continue
            for read, shape in self._reads(group, member):
                if read.item in group.members or self._is_ready(read.item):
                    continue
                needed = self._needed_to_repeat(read, shape)
                if needed is None:
                    costly.append((read, shape))
                else:
                    self.stored |= needed
        sources = self._fewer_sources(costly)
        if sources is not None:
            self.stored |= sources
            return
        for read, _ in costly:
            if not self._is_ready(read.item):
                self._store(read.item, group)

    def _fewer_sources(self, reads: Sequence[tuple[Operand, Shape]]) -> set[int] | None:
        """Items that are fewer bytes than several reads of a group, and from which it can compute them; or None.

        The gradient of gelu(x) reads x, erf(x) and exp(-x * x), all computed by the kernel that computes x: storing x
        and repeating the functions takes a third of the memory.
        """
        wanted = {read.item for read, _ in reads}
        if len(wanted) < 2 or wanted & self.inlined:
            return None
        sources: set[int] = set()
        repeated: set[int] = set()
        cost = 0
        stack = [*wanted]
        while stack:
            item = self.items[stack.pop()]
            if item.index in repeated or self._is_ready(item.index) or item.primitive is IOTA:
                continue
            if not isinstance(item.primitive, Pointwise):
                sources.add(item.index)
                continue
            repeated.add(item.index)
            cost += 1 + item.primitive.cost
            if cost > CHEAP_PER_ARRAY * len(wanted):
                return None
            stack += [read.item for read in item.operands]
        affordable = cost <= CHEAP_PER_ARRAY * (len(wanted) - len(sources))
        fewer = affordable and self._bytes_of(sources) < self._bytes_of(wanted)
        return sources if fewer and all(self._composes(read, shape, sources) for read, shape in reads) else None

    def _bytes_of(self, indices: set[int]) -> int:
        return sum(self.items[index].nbytes for index in indices)

    def _store_what_is_loaded(self, group: Group, item: Item) -> None:
        """Store the operands of a library kernel, except those that its prologue computes."""
        for place, (read, shape) in enumerate(zip(item.operands, item.read_shapes)):
            if not self._is_ready(read.item) and not self._is_cheap_to_load(read, shape, self.times_of(item)[place]):
                self._store(read.item, group)

    def _is_cheap_to_load(self, read: Operand, shape: Shape, times: int) -> bool:
        """Whether computing each element `times` times from stored values costs less than a store and a load."""
        limit = CHEAP // times if times else 0
        cheap = 0 < self._cost(self.items[read.item], limit, 0, set()) <= limit
        return cheap and self._composes(read, shape, set())

    def _reads(self, group: Group, member: Member) -> list[tuple[Operand, Shape]]:
        """The reads of a member, each with the shape that its strides belong to."""
        shape = group.space if member.level == ELEMENT or isinstance(member.item.primitive, Reduction) else group.kept
        reads = [(read, shape) for read in member.reads if isinstance(read, Operand)]
        if member.item.primitive is UPDATE:
            reads.append((member.item.operands[0], member.item.shape))
        return reads

    def _store(self, index: int, reader: Group) -> None:
        self.stored.add(index)
        if index not in self.inlined:
            return
        # This reader's view cannot be composed with the producer's, so store the value instead of computing it again.
        self.inlined.discard(index)
        group = new_group(self.items[index])
        group.number = self.order.add_first()
        self.order.wait(reader.number, group.number)
        self.groups.append(group)
        self._store_what_is_read(group)

    def _is_ready(self, index: int) -> bool:
        return self.items[index].is_leaf or index in self.stored

    def _needed_to_repeat(self, read: Operand, shape: Shape) -> set[int] | None:
        """The items to store so that the reader can cheaply compute the operand itself; None if it cannot."""
        item = self.items[read.item]
        needed: set[int] = set()
        if item.index not in self.inlined:
            limit = CHEAP_BROADCAST if 1 < item.size < size_of(shape) // 16 else CHEAP
            if not item.is_pointwise or self._cost(item, limit, item.size // 16, needed) > limit:
                return None
        return needed if self._composes(read, shape, needed) else None

    def _cost(self, item: Item, limit: int, tiny: int, needed: set[int]) -> int:
        """Additions to compute `item` from memory; more than `limit` if it is too costly or cannot be repeated.

        An operand of at most `tiny` elements, such as a mean per row, is added to `needed`: it will be stored.
        """
        if self._is_ready(item.index) or item.primitive is IOTA or item.index in needed:
            return 0
        if item.index not in self.inlined and 0 < item.size <= tiny:
            needed.add(item.index)
            return 0
        if not isinstance(item.primitive, Pointwise):
            return limit + 1
        total = item.primitive.cost
        for read in item.operands:
            total += 1
            if total > limit:
                break
            total += self._cost(self.items[read.item], limit - total, tiny, needed)
        return total

    def _composes(self, read: Operand, shape: Shape, needed: set[int]) -> bool:
        """Whether the reader's view of the item can be composed with each view behind it, down to `needed` items."""
        item = self.items[read.item]
        if item.primitive is IOTA or self._is_ready(item.index) or item.index in needed or not item.operands:
            return True
        for inner in item.operands:
            composed = compose(shape, read.strides, read.offset, item.shape, inner.strides)
            if composed is None:
                return False
            if not self._composes(Operand(inner.item, composed[0], composed[1] + inner.offset), shape, needed):
                return False
        return True

    # -- loops --------------------------------------------------------------------------------------------------

    def loops(self, group: Group) -> list[Loop]:
        """The loop of a live group; for an update two: the copy of its base, and the write into the copy."""
        live = self.live(group)
        if group.kind == "update":
            return self._update_loops(group, live[0].item)
        loop = Loop(group.kind, group.space, group.axes)
        builder = _Builder(self, group, loop)
        for member in live:
            value = builder.member(member)
            if member.item.index in self.stored:
                strides = contiguous_strides(group.space) if member.level == ELEMENT else group.kept_strides
                last = all(reader in group.members for reader in member.item.read_by)
                loop.stores.append(Store(member.item.index, value, member.level, strides, last=last))
        return [loop]

    def _update_loops(self, group: Group, item: Item) -> list[Loop]:
        base, value = item.operands
        shape, strides, offset = item.attributes
        whole = self.copy_loop(item.index, base, item.shape)
        region = self.copy_loop(item.index, value, shape, strides, offset)
        return [whole, region]

    def prologues(self, item: Item) -> list[Loop | None]:
        """For each operand of a library kernel the loop with its value as the last; None if it lies in memory."""
        return [
            None if self._is_ready(read.item) else self._value_loop(read, shape)
            for read, shape in zip(item.operands, item.read_shapes)
        ]

    def _value_loop(self, read: Operand, shape: Shape) -> Loop:
        """The loop that computes an operand of `shape` and stores nothing yet; its last statement is the value."""
        space, strides = without_units(shape, read.strides)
        loop = Loop("pointwise", space, ())
        _Builder(self, Group("pointwise", space), loop).read(Operand(read.item, strides, read.offset))
        return loop

    def copy_loop(self, item: int, read: Operand, shape: Shape, strides: Shape | None = None, offset: int = 0) -> Loop:
        """The loop that copies an operand of `shape` into the memory of `item`: row-major, or by `strides`."""
        strides = contiguous_strides(shape) if strides is None else strides
        _, steps = without_units(shape, strides)
        loop = self._value_loop(read, shape)
        loop.stores.append(Store(item, len(loop.statements) - 1, ELEMENT, steps, offset))
        loop.labels.append("copy")
        return loop


class _Builder:
    """Builds the statements of one loop; equal statements are built once."""

    def __init__(self, resolver: Resolver, group: Group, loop: Loop) -> None:
        self.resolver = resolver
        self.items = resolver.items
        self.group = group
        self.loop = loop
        self._known: dict[Statement, int] = {}
        self._of_member: dict[int, int] = {}

    def member(self, member: Member) -> int:
        item = member.item
        arguments = [self._member_read(read, member) for read in member.reads]
        if isinstance(item.primitive, Library):
            value = self._add(Statement(Given(), item.dtype, ELEMENT))
            self.loop.labels.append(item.label)
        else:
            value = self._compute(item, arguments, member.level if isinstance(item.primitive, Reduction) else None)
        self._of_member[item.index] = value
        return value

    def _member_read(self, read: Read, member: Member) -> int | PlanNumber:
        if isinstance(read, PlanNumber) or isinstance(member.item.primitive, Library):
            return read if isinstance(read, PlanNumber) else -1
        if read.item in self._of_member:
            return self._of_member[read.item]
        if member.level == REDUCED and not isinstance(member.item.primitive, Reduction):
            read = Operand(read.item, self._over_space(read.strides), read.offset)
        return self.read(read)

    def _over_space(self, strides: Shape) -> Shape:
        steps = iter(strides)
        return tuple(0 if axis in self.group.axes else next(steps) for axis in range(len(self.group.space)))

    def read(self, read: Operand) -> int:
        """A statement with the value of `read.item` at the index that the strides over the space give."""
        item = self.items[read.item]
        if self.resolver._is_ready(item.index):
            load = Load(item.index, read.strides, read.offset)
            return self._add(Statement(load, item.dtype, self._level_of(read.strides)))
        if item.primitive is IOTA:
            index = Index(read.strides, read.offset)
            return self._add(Statement(index, item.dtype, self._level_of(read.strides)))
        arguments: list[int | PlanNumber] = []
        for inner in item.reads:
            if isinstance(inner, PlanNumber):
                arguments.append(inner)
                continue
            composed = compose(self.group.space, read.strides, read.offset, item.shape, inner.strides)
            assert composed is not None, "checked when it was decided to compute this again"
            strides, offset = composed
            arguments.append(self.read(Operand(inner.item, strides, offset + inner.offset)))
        return self._compute(item, arguments, None)

    def _level_of(self, strides: Shape) -> str:
        if not self.group.axes or any(strides[axis] for axis in self.group.axes):
            return ELEMENT
        return REDUCED

    def _compute(self, item: Item, arguments: list[int | PlanNumber], level: str | None) -> int:
        self.loop.labels.append(item.label)
        primitive = item.primitive
        if primitive is IOTA:
            index = Index(contiguous_strides(self.group.space), 0)
            return self._add(Statement(index, item.dtype, ELEMENT))
        assert isinstance(primitive, (Pointwise, Reduction))
        typed_by = self._typed_by(item, arguments)
        places = tuple(self._number(one, typed_by) if isinstance(one, PlanNumber) else one for one in arguments)
        if level is None:
            element = not self.group.axes or any(self.loop.statements[place].level == ELEMENT for place in places)
            level = ELEMENT if element else REDUCED
        return self._add(Statement(Compute(primitive, places, typed_by), item.dtype, level))

    def _number(self, given: PlanNumber, dtype: DType) -> int:
        return self._add(Statement(Number(given.number, dtype), dtype, REDUCED))

    def _typed_by(self, item: Item, arguments: list[int | PlanNumber]) -> DType:
        """The dtype in which an expression computes: that of an array argument, or of the result."""
        typed_by = getattr(item.primitive, "typed_by", 0)
        if typed_by is None:
            return item.dtype
        chosen = arguments[typed_by]
        if isinstance(chosen, PlanNumber):
            chosen = next((one for one in arguments if not isinstance(one, PlanNumber)), chosen)
        return item.dtype if isinstance(chosen, PlanNumber) else self.loop.statements[chosen].dtype

    def _add(self, statement: Statement) -> int:
        place = self._known.get(statement)
        if place is None:
            place = self._known[statement] = len(self.loop.statements)
            self.loop.statements.append(statement)
        return place
