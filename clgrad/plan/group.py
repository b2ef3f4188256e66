"""Groups: items that share a kernel.

A group has a space, the index space that its kernel walks, and members at two levels: `element` members have one
value per index, `reduced` members one value per index of the kept axes. Kinds: `pointwise` (nothing reduced),
`rows` (the last axis is reduced), `columns` (the last axis is kept), `library` (a kernel with an epilogue), `update`
(a write into part of an array).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from clgrad.codegen.loop import ELEMENT
from clgrad.plan.items import Item, Operand, PlanNumber, Read
from clgrad.shapes import Shape, contiguous_strides, reshaped_strides, size_of
from clgrad.strides import without_units


class Member(NamedTuple):
    """An item in a group, with its reads expressed over the group's space (ELEMENT) or kept axes (REDUCED)."""

    item: Item
    level: str
    reads: list[Read]


@dataclass(eq=False)
class Group:
    """Items that one kernel computes."""

    kind: str
    space: Shape
    axes: tuple[int, ...] = ()
    members: dict[int, Member] = field(default_factory=dict)
    operands: set[Operand] = field(default_factory=set)  # what the members read from outside
    number: int = -1  # its vertex in the order of the groups

    @property
    def kept(self) -> Shape:
        return tuple(n for axis, n in enumerate(self.space) if axis not in self.axes)

    @property
    def kept_strides(self) -> Shape:
        """Strides over the space that read a row-major array of the kept axes."""
        steps = iter(contiguous_strides(self.kept))
        return tuple(0 if axis in self.axes else next(steps) for axis in range(len(self.space)))

    def admit(self, member: Member) -> None:
        """Add a member. Its producers must be members before, or never."""
        self.members[member.item.index] = member
        self.operands.update(
            read for read in member.reads if isinstance(read, Operand) and read.item not in self.members
        )

    def become(self, other: Group) -> None:
        """Take over everything but the number."""
        self.kind, self.space, self.axes = other.kind, other.space, other.axes
        self.members, self.operands = other.members, other.operands


def new_group(item: Item) -> Group:
    """A pointwise group of one item."""
    space, _ = without_units(item.shape, item.shape)
    group = Group("pointwise", space)
    group.admit(Member(item, ELEMENT, canonical(item.shape, item.reads)))
    return group


def reshaped(group: Group, space: Shape) -> Group | None:
    """A pointwise group over its space in another shape, or None if strides cannot express one of its reads there."""
    if group.space == space:
        return group
    shaped = replace(group, space=space, members={}, operands=set())
    for member in group.members.values():
        reads = reshaped_reads(member.reads, group.space, space)
        if reads is None:
            return None
        shaped.admit(member._replace(reads=reads))
    return shaped


def canonical(shape: Shape, reads: Sequence[Read]) -> list[Read]:
    """Reads over a shape, without its axes of length one."""
    return [
        Operand(read.item, without_units(shape, read.strides)[1], read.offset) if isinstance(read, Operand) else read
        for read in reads
    ]


def reshaped_reads(reads: Sequence[Read], shape: Shape, space: Shape) -> list[Read] | None:
    """Reads over a shape as reads over another shape of the same elements; None if no strides express one of them."""
    if size_of(shape) != size_of(space):
        return None
    result: list[Read] = []
    for read in reads:
        if isinstance(read, PlanNumber):
            result.append(read)
            continue
        strides = reshaped_strides(shape, read.strides, space)
        if strides is None:
            return None
        result.append(Operand(read.item, strides, read.offset))
    return result
