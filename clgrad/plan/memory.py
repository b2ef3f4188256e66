"""Memory of a plan: leaves stay in place, results get new memory or overwrite a leaf that is needed no more, and
temporaries share few slots, each free again after its last reader."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from clgrad.codegen.loop import ELEMENT, Loop, Store
from clgrad.plan.items import Item, Items
from clgrad.plan.structure import DIES
from clgrad.shapes import contiguous_strides

# The items that one Work of the plan loads, the items that it stores, and its scratch memory.
Uses = tuple[list[int], list[int], list[int]]


class Home(NamedTuple):
    """A memory slot of the plan. `leaf` is the leaf that lies there, which gives the offset too; None in new memory."""

    slot: int
    leaf: int | None = None


@dataclass
class Homes:
    """Slots: leaf i is slot i; then come results, then temporaries."""

    items: Items
    of: dict[int, Home] = field(default_factory=dict)
    result_bytes: list[int] = field(default_factory=list)
    temporary_bytes: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._taken: dict[int, int] = {}  # item -> the first owner of its memory
        self._given: set[int] = set()  # items that gave their memory to another
        self._offers: list[tuple[int, int]] = []
        for item in self.items.all:
            if item.is_leaf:
                self.of[item.index] = Home(item.node, item.node)

    # -- taking over --------------------------------------------------------------------------------------------

    def may_take_over(self, base: Item, item: Item) -> bool:
        """Whether `item`, an update, may be written into the memory of `base`."""
        if base.read_by != [item.index] or base.index in self._given:
            return False
        if base.is_leaf:
            return base.donatable and _row_major(self.items, base)
        return base.fate == DIES and base.primitive is not None and item.primitive is base.primitive

    def take_over(self, base: int, item: int) -> None:
        """Give the memory of `base`, which is written earlier, to `item`."""
        self._taken[item] = self._root(base)
        self._given.add(base)

    def offer(self, loop: Loop, store: Store, candidates: set[int]) -> None:
        """Let a stored item overwrite a candidate leaf, if the loop reads the leaf at the index that it writes."""
        item = self.items[store.item]
        for statement in loop.statements:
            index = getattr(statement.what, "item", -1)
            if index not in candidates or index < 0 or not self.items[index].is_leaf or index in self._given:
                continue
            leaf = self.items[index]
            reads = [s.what for s in loop.statements if getattr(s.what, "item", -1) == index]
            aligned = all(read.strides == contiguous_strides(loop.space) and not read.offset for read in reads)  # type: ignore[union-attr]
            if (
                leaf.donatable and aligned and store.level == ELEMENT and store.offset == 0
                and leaf.dtype == item.dtype and leaf.size == item.size and _row_major(self.items, leaf)
                and item.index not in self._taken
            ):  # fmt: skip
                self._offers.append((item.index, index))

    # -- assignment ---------------------------------------------------------------------------------------------

    def assign(self, works: list[Uses], scratch: dict[int, int]) -> None:
        """Give every stored item a home. `works` are in launch order; `scratch` has the bytes of scratch memory."""
        last_read = {index: place for place, (loads, _, _) in enumerate(works) for index in loads}
        first_written = {i: place for place, (_, stores, _) in reversed(list(enumerate(works))) for i in stores}
        self._accept_offers(last_read, first_written)
        base = sum(item.is_leaf for item in self.items.all)
        lasting = {self._root(index) for index in first_written if self.items[index].fate != DIES} - self.of.keys()
        for index in sorted(lasting - self._inherit(lasting, last_read, first_written)):
            self.of[index] = Home(base + len(self.result_bytes))
            self.result_bytes.append(self.items[index].nbytes)
        self._assign_temporaries(works, self._ends(last_read, first_written), scratch, base + len(self.result_bytes))
        for index in first_written:
            self.of[index] = self.of[self._root(index)]

    def _accept_offers(self, last_read: dict[int, int], first_written: dict[int, int]) -> None:
        for item, leaf in self._offers:
            free = leaf not in self._given and item not in self._taken
            if free and last_read[leaf] == first_written[item]:
                self.take_over(leaf, item)

    def _inherit(self, heirs: set[int], last_read: dict[int, int], first_written: dict[int, int]) -> set[int]:
        """Give results the memory of leaves that earlier works were the last to read; returns these results.

        Example: a step begins with the update by the old gradients. The new gradients come to lie in their memory.
        """
        free: dict[tuple[int, int], deque[int]] = {}
        items = self.items
        leaves = [
            item for item in items.all
            if item.is_leaf and item.donatable and item.index not in self._given and _row_major(items, item)
        ]  # fmt: skip
        events = [(last_read.get(leaf.index, -1), 1, leaf.index) for leaf in leaves]
        events += [(first_written[index], 0, index) for index in heirs]
        inherited = set()
        # A result that is written by the last reader of a leaf comes before the leaf: they would overlap.
        for _, is_leaf, index in sorted(events):
            same = free.setdefault((items[index].size, items[index].dtype.itemsize), deque())
            if is_leaf:
                same.append(index)
            elif same:
                self.take_over(same.popleft(), index)
                inherited.add(index)
        return inherited

    def _root(self, index: int) -> int:
        first = self._taken.get(index, index)
        # That item may have inherited the memory of a leaf.
        return self._taken.get(first, first)

    def _ends(self, last_read: dict[int, int], first_written: dict[int, int]) -> dict[int, int]:
        """The last work that uses each temporary."""
        ends: dict[int, int] = {}
        for index, place in first_written.items():
            root = self._root(index)
            if root not in self.of:
                ends[root] = max(ends.get(root, 0), last_read.get(index, place), place)
        return ends

    def _assign_temporaries(self, works: list[Uses], ends: dict[int, int], scratch: dict[int, int], base: int) -> None:
        """Slots for temporaries and scratch memory; a slot is free again after its last reader."""
        free = FreeSlots()
        over: list[list[int]] = [[*numbers] for _, _, numbers in works]
        for index, end in ends.items():
            over[end].append(index)
        for place, (_, stores, numbers) in enumerate(works):
            wanted = {root: self.items[root].nbytes for root in map(self._root, stores) if root not in self.of}
            wanted |= {number: scratch[number] for number in numbers}
            for index, nbytes in wanted.items():
                self.of[index] = Home(base + self._take_slot(free, nbytes))
            for index in over[place]:
                slot = self.of[index].slot - base
                free.put(slot, self.temporary_bytes[slot])

    def _take_slot(self, free: FreeSlots, nbytes: int) -> int:
        slot = free.take(nbytes)
        if slot is None:
            slot = len(self.temporary_bytes)
            self.temporary_bytes.append(nbytes)
        return slot


class FreeSlots:
    """Slots for temporaries that nobody uses at the moment, by size."""

    def __init__(self) -> None:
        self._sizes: list[int] = []
        self._of: dict[int, deque[int]] = {}

    def put(self, slot: int, nbytes: int) -> None:
        """Note a slot that is free."""
        if nbytes not in self._of:
            insort(self._sizes, nbytes)
            self._of[nbytes] = deque()
        self._of[nbytes].append(slot)

    def take(self, nbytes: int) -> int | None:
        """The smallest slot of `nbytes` to twice as many, of several the one that is free longest; or None.

        A larger slot would be wasted on a small temporary.
        """
        place = bisect_left(self._sizes, nbytes)
        if place == len(self._sizes) or self._sizes[place] > 2 * nbytes:
            return None
        slots = self._of[self._sizes[place]]
        slot = slots.popleft()
        if not slots:
            del self._of[self._sizes.pop(place)]
        return slot


def _row_major(items: Items, leaf: Item) -> bool:
    return items.strides[leaf.index] == contiguous_strides(leaf.shape)
