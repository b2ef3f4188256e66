"""Fusion: which items share a kernel. Each item joins the group of one of its producers if that is possible.

    y = x - x.sum(axis=1, keepdims=True)      x has shape (8, 100)
    sum       opens a group: kind rows, space (8, 100), axes (1,); the sum is a `reduced` member, 8 values
    x - sum   reads the sum, so it joins that group as an `element` member, 800 values: one kernel, two passes
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clgrad.capabilities import Capabilities
from clgrad.codegen.loop import ELEMENT, REDUCED
from clgrad.plan.group import Group, Member, canonical, new_group, reshaped, reshaped_reads
from clgrad.plan.items import Item, Items, Operand, Read, is_fixed
from clgrad.plan.order import Order
from clgrad.plan.structure import ROOT
from clgrad.primitives import IOTA, UPDATE, Library, Pointwise, Reduction
from clgrad.shapes import Shape, contiguous_strides, size_of
from clgrad.strides import without_units

# Larger kernels take long to compile and need too many registers.
MOST_MEMBERS = 48
MOST_OPERANDS = 20
# A few rows longer than this are cut into parts. A kernel of parts makes one pass, so it allows one phase only.
LONG_ROW = 16384
# A group is compared with so many earlier groups of its space, so that planning stays linear in the groups.
MOST_SIBLINGS = 32
# An op on indices that costs at most so many additions is computed again by every reader instead of stored.
CHEAP_INDEX = 2
# A chain of more ops than this is stored, although each is cheap: every reader would repeat the whole chain.
DEEPEST_INLINED = 12
# Kinds of groups that get a generated kernel; the others have hand-written ones or copies.
_GENERATED = ("pointwise", "rows", "columns")


# A possible join: the item as a member, and the group as it must be to take that member.
Joining = tuple[Member, Group]


class Fuser:
    """Puts every item that needs a kernel into a group, inputs before outputs."""

    def __init__(self, items: Items, capabilities: Capabilities) -> None:
        self.items = items
        self.capabilities = capabilities
        self.order = Order()
        self.groups: list[Group] = []
        self.group_of: dict[int, Group] = {}
        self.inlined: set[int] = set()  # items that each reader computes itself
        self._of_call: dict[int, Group] = {}  # groups of library kernels with several results
        self._constants: set[int] = set()
        self._depths: dict[int, int] = {}

    def run(self) -> list[Group]:
        for item in self.items.all:
            if item.is_leaf:
                continue
            if self._can_be_inlined(item) and not self._must_be_stored(item):
                self.inlined.add(item.index)
            else:
                self._place(item)
        self._merge_siblings()
        return [group for group in self.groups if group.members]

    def _must_be_stored(self, item: Item) -> bool:
        return item.fate == ROOT or any(isinstance(self.items[reader].primitive, Library) for reader in item.read_by)

    def _can_be_inlined(self, item: Item) -> bool:
        """Whether every reader can compute the item from numbers alone, or cheaply from indices, in a few ops."""
        if item.primitive is IOTA:
            return True
        reads = [read.item for read in item.operands]
        if not isinstance(item.primitive, Pointwise) or not all(read in self.inlined for read in reads):
            return False
        depth = 1 + max((self._depths.get(read, 0) for read in reads), default=0)
        constant = all(read in self._constants for read in reads)
        if depth > DEEPEST_INLINED or not (constant or item.primitive.cost <= CHEAP_INDEX):
            return False
        self._depths[item.index] = depth
        if constant:
            self._constants.add(item.index)
        return True

    def _place(self, item: Item) -> None:
        candidates = self._candidates(item)
        if not is_fixed(item) and item.size:
            if self._merge_pointwise(candidates):
                candidates = self._candidates(item)
            for group in candidates:
                joining = self._joining(item, group, candidates)
                if joining is not None:
                    member, shaped = joining
                    group.become(shaped)
                    group.admit(member)
                    self._depend(item, group, candidates)
                    return
        self._open(item, candidates)

    def _candidates(self, item: Item) -> list[Group]:
        """Groups that compute operands of the item, the latest first."""
        found = {self.group_of[read.item].number: self.group_of[read.item]
                 for read in item.operands if read.item in self.group_of}  # fmt: skip
        return [found[number] for number in sorted(found, reverse=True)]

    # -- new groups ---------------------------------------------------------------------------------------------

    def _open(self, item: Item, producers: Sequence[Group]) -> None:
        if isinstance(item.primitive, Reduction):
            group = self._reduction_group(item)
        elif isinstance(item.primitive, Library):
            group = self._library_group(item)
            group.admit(Member(item, ELEMENT, list(item.reads)))
        elif item.primitive is UPDATE:
            group = self._update_group(item)
        else:
            group = new_group(item)
        if group.number < 0:
            group.number = self.order.add()
            self.groups.append(group)
        self._depend(item, group, producers)

    def _library_group(self, item: Item) -> Group:
        """A new group, or the group of the other results of the same call."""
        group = Group("library", without_units(item.shape, item.shape)[0])
        return group if item.result is None else self._of_call.setdefault(item.result.call, group)

    def _reduction_group(self, item: Item) -> Group:
        (read,) = item.operands
        (shape,) = item.read_shapes
        space, strides = without_units(shape, read.strides)
        axes = _without_unit_axes(shape, item.attributes)
        group = Group(_kind(space, axes), space, axes)
        group.admit(Member(item, REDUCED, [Operand(read.item, strides, read.offset)]))
        return group

    def _update_group(self, item: Item) -> Group:
        _, value = item.operands
        shape, _, _ = item.attributes
        space, strides = without_units(shape, value.strides)
        group = Group("update", space)
        group.admit(Member(item, ELEMENT, [Operand(value.item, strides, value.offset)]))
        return group

    def _depend(self, item: Item, group: Group, producers: Sequence[Group]) -> None:
        self.group_of[item.index] = group
        for producer in producers:
            if producer is not group:
                self.order.wait(group.number, producer.number)

    # -- joining ------------------------------------------------------------------------------------------------

    def _joining(self, item: Item, group: Group, producers: Sequence[Group]) -> Joining | None:
        """How an item can join a group, or None. The group itself is not changed."""
        if len(group.members) >= MOST_MEMBERS or len(group.operands) >= MOST_OPERANDS:
            return None
        if not _takes_more(group) or not self._may_wait(group, producers):
            return None
        if isinstance(item.primitive, Reduction):
            return self._as_reduction(item, group)
        return self._as_reduced(item, group) or self._as_element(item, group)

    def _may_wait(self, group: Group, producers: Sequence[Group]) -> bool:
        """Whether a group can run after all other producers of a new member."""
        return all(self.order.may_wait(group.number, other.number) for other in producers if other is not group)

    def _as_reduction(self, item: Item, group: Group) -> Joining | None:
        (read,) = item.operands
        if group.kind == "library" or read.item not in group.members:
            return None
        (shape,) = item.read_shapes
        space, strides = without_units(shape, read.strides)
        axes = _without_unit_axes(shape, item.attributes)
        if group.kind == "pointwise":
            shaped = reshaped(group, space)
            if shaped is None:
                return None
            shaped = replace(shaped, kind=_kind(space, axes), axes=axes)
        elif group.space == space and group.axes == axes:
            shaped = group
        else:
            return None
        operand = Operand(read.item, strides, read.offset)
        if not self._aligned(operand, shaped, ELEMENT):
            return None
        if shaped.kind != "rows" and shaped.members[operand.item].level == REDUCED:
            return None
        return Member(item, REDUCED, [operand]), shaped

    def _as_reduced(self, item: Item, group: Group) -> Joining | None:
        """Join at the level of the kept axes."""
        if group.kind not in ("rows", "columns"):
            return None
        reads = self._expressed(item, group.kept)
        if reads is None or not self._fits(reads, group, REDUCED):
            return None
        return Member(item, REDUCED, reads), group

    def _as_element(self, item: Item, group: Group) -> Joining | None:
        shaped: Group | None = group
        reads = self._expressed(item, group.space)
        if reads is None and group.kind == "pointwise":
            space, _ = without_units(item.shape, item.shape)
            shaped = reshaped(group, space)
            reads = self._expressed(item, space)
        if reads is None or shaped is None or not self._fits(reads, shaped, ELEMENT):
            return None
        return Member(item, ELEMENT, reads), shaped

    def _expressed(self, item: Item, space: Shape) -> list[Read] | None:
        """The item's reads as strides over `space`, or None if its shape does not fit the space."""
        reads = canonical(item.shape, item.reads)
        shape, _ = without_units(item.shape, item.shape)
        return reads if shape == space else reshaped_reads(reads, shape, space)

    def _fits(self, reads: Sequence[Read], group: Group, level: str) -> bool:
        """Whether the item reads every member at its own index, and the group allows the phases that this needs."""
        for read in reads:
            if not isinstance(read, Operand) or read.item not in group.members:
                continue
            if not self._aligned(read, group, level):
                return False
            if level == ELEMENT and group.members[read.item].level == REDUCED and not self._allows_phases(group):
                return False
        return True

    def _aligned(self, read: Operand, group: Group, level: str) -> bool:
        source = group.members.get(read.item)
        if source is None:
            return True
        if read.offset:
            return False
        if level == ELEMENT:
            wanted = contiguous_strides(group.space) if source.level == ELEMENT else group.kept_strides
        else:
            if source.level == ELEMENT:
                return False
            wanted = contiguous_strides(group.kept)
        return read.strides == wanted

    def _allows_phases(self, group: Group) -> bool:
        """Whether values may depend on a finished reduction of their row.

        Then no row is cut into parts, so the rows must be short, or enough to keep the device busy.
        """
        if group.kind != "rows":
            return False
        rows = size_of(group.kept)
        length = size_of(group.space) // max(rows, 1)
        return length <= LONG_ROW or rows >= 4 * self.capabilities.compute_units

    # -- merging ------------------------------------------------------------------------------------------------

    def _merge_pointwise(self, candidates: list[Group]) -> bool:
        """Merge independent groups over one space that an item reads; returns whether any were merged."""
        if len(candidates) < 2:
            return False
        merged = False
        first = next((group for group in candidates if group.kind in ("rows", "columns")), candidates[0])
        for other in candidates:
            if other is not first and self._mergeable(first, other):
                self._merge(first, other)
                merged = True
        return merged

    def _merge_siblings(self) -> None:
        """Merge independent groups that read the same operand, so that it is read once."""
        walkers: dict[Shape, list[Group]] = {}
        for group in self.groups:
            if not group.members or group.kind not in _GENERATED:
                continue
            others = walkers.setdefault(group.space, [])
            recent = others[-MOST_SIBLINGS:]
            for other in recent:
                first, second = (group, other) if other.kind == "pointwise" else (other, group)
                if _share_a_walk(first, second) and self._mergeable(first, second):
                    self._merge(first, second)
                    if second is group:
                        break
            # A group that was merged into another has no members left.
            others[len(others) - len(recent) :] = [one for one in (*recent, group) if one.members]

    def _mergeable(self, first: Group, other: Group) -> bool:
        return (
            first.kind in _GENERATED
            and (other.kind == "pointwise" or (other.kind, other.axes) == (first.kind, first.axes))
            and first.space == other.space
            and len(first.members) + len(other.members) <= MOST_MEMBERS
            and len(first.operands | other.operands) <= MOST_OPERANDS
            and self.order.are_independent(first.number, other.number)
        )

    def _merge(self, first: Group, other: Group) -> None:
        members = first.members | other.members
        first.members = {index: members[index] for index in sorted(members)}
        first.operands |= other.operands
        for index in other.members:
            self.group_of[index] = first
        other.members = {}
        self.order.unite(first.number, other.number)


def _share_a_walk(first: Group, other: Group) -> bool:
    """Whether both read one array at every index. A kernel for two unrelated loops would serve no other plan."""
    return any(all(read.strides) for read in first.operands & other.operands)


def _takes_more(group: Group) -> bool:
    if group.kind != "library":
        return group.kind != "update"
    first = next(iter(group.members.values())).item.primitive
    return isinstance(first, Library) and first.epilogue


def _kind(space: Shape, axes: tuple[int, ...]) -> str:
    if len(space) - 1 in axes and not _is_thin(space, axes):
        return "rows"
    return "columns" if len(axes) < len(space) else "rows"


def _is_thin(space: Shape, axes: tuple[int, ...]) -> bool:
    """Whether there are many very short rows: then vector lanes along the kept axes are better filled."""
    reduced = size_of(tuple(space[axis] for axis in axes))
    return reduced < 8 and size_of(space) // max(reduced, 1) >= 256


def _without_unit_axes(shape: Shape, axes: Sequence[int]) -> tuple[int, ...]:
    """Axes renumbered for `shape` without its axes of length one."""
    renumbered = {axis: place for place, axis in enumerate(a for a, n in enumerate(shape) if n != 1)}
    return tuple(renumbered[axis] for axis in axes if axis in renumbered)
