"""A plan: the launches of one structure in order, and their memory. Pure: it needs no device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from clgrad.capabilities import Capabilities
from clgrad.codegen.loop import Load, Loop, operations_of
from clgrad.codegen.lowering import LoopLowerer
from clgrad.dtypes import DType
from clgrad.launch import Fault, FaultWord, Launch
from clgrad.plan.bundle import Bundle, bundles, joined
from clgrad.plan.fuse import Fuser
from clgrad.plan.group import Group
from clgrad.plan.items import Item, Items, Operand, results_in_order
from clgrad.plan.library import LibraryCalls
from clgrad.plan.memory import Home, Homes
from clgrad.plan.order import Order
from clgrad.plan.resolve import Resolver
from clgrad.plan.structure import DIES, Structure
from clgrad.primitives import Library
from clgrad.shapes import contiguous_strides, is_contiguous, size_of


@dataclass
class Work:
    """The launches of one group, or of a bundle of groups, in order; the items they read and write; scratch memory."""

    launches: list[Launch]
    labels: list[str]
    loads: list[int]
    stores: list[int]
    scratch: list[int]
    operations: int = 0
    origin: str | None = None  # the user's line that asked for a library kernel, where it is known


class Check(NamedTuple):
    """A check of data in a kernel: the error that bad data raises, and the items that are computed from the data."""

    fault: Fault
    items: list[int]


class Plan(NamedTuple):
    """Launches in order, and the memory of arrays: slots of the leaves, then of results, then of temporaries.

    `outputs` has the number and the home of each call with a result that outlives the plan.
    """

    works: list[Work]
    items: Items
    homes: dict[int, Home]
    outputs: list[tuple[int, Home]]
    result_bytes: list[int]
    temporary_bytes: list[int]
    checks: list[Check]

    @property
    def launches(self) -> list[tuple[Launch, str]]:
        """Each launch with the names of the ops in it."""
        return [(launch, label) for work in self.works for launch, label in zip(work.launches, work.labels)]


def make_plan(structure: Structure, capabilities: Capabilities, refused: Collection[Hashable] = ()) -> Plan:
    """The plan of a pending graph for devices with these capabilities.

    `refused` are choices of launches that did not fit the device when they were built: others take their place.
    """
    return _Planner(structure, capabilities, refused).plan()


class _Planner:
    """The stages of planning in order: items, groups, loops, launches, memory."""

    def __init__(self, structure: Structure, capabilities: Capabilities, refused: Collection[Hashable]) -> None:
        self.capabilities = capabilities
        self.items = Items(structure)
        fuser = Fuser(self.items, capabilities)
        self.groups = fuser.run()
        self.order = fuser.order
        self.scratch: dict[int, int] = {}
        self.lowerer = LoopLowerer(capabilities, self._new_scratch)
        self.library = LibraryCalls(self.lowerer, refused)
        self.resolver = Resolver(self.items, self.groups, fuser.inlined, self.order, self.library.times_of)
        self.homes = Homes(self.items)

    def plan(self) -> Plan:
        """Lower every group that something needs."""
        live = [group for group in self.groups if self.resolver.live(group)]
        works = [self._work(bundle) for bundle in _in_order(bundles(live, self.order), self.order)]
        homes = self.homes
        homes.assign([(work.loads, work.stores, work.scratch) for work in works], self.scratch)
        outputs = [
            (item.node, homes.of[item.index])
            for item in self.items.all
            if item.index in homes.of and not item.is_leaf and item.fate != DIES
        ]
        return Plan(
            works, self.items, homes.of, outputs, homes.result_bytes, homes.temporary_bytes, _checks(works)
        )  # fmt: skip

    def _new_scratch(self, size: int, dtype: DType) -> int:
        """Memory for the duration of one Work. Its number is negative, so that it differs from every item's."""
        number = -1 - len(self.scratch)
        self.scratch[number] = size * dtype.itemsize
        return number

    # -- launches of a group ------------------------------------------------------------------------------------

    def _work(self, bundle: Bundle) -> Work:
        loops = [loop for group in bundle for loop in self.resolver.loops(group)]
        group = bundle[0]
        if group.kind == "library":
            return self._library_work(group, loops)
        if group.kind == "update":
            loops = self._without_copy(group, loops)
        if group.kind == "pointwise":
            self._offer_leaves(loops)
        before = len(self.scratch)
        launches, labels = [], []
        for loop in loops:
            if size_of(loop.space) or any(self.items[store.item].size for store in loop.stores):
                lowered = self.lowerer.lower(loop)
                launches += lowered
                labels += [" + ".join(dict.fromkeys(loop.labels))] * len(lowered)
        if len(bundle) > 1:
            launches, labels = joined(launches, labels, self.capabilities.max_parameter_bytes)
        loads = [load for loop in loops for load in _loaded(loop)]
        stores = [store.item for loop in loops for store in loop.stores]
        work = self._finished(launches, labels, loads, stores, before)
        work.operations = sum(map(operations_of, loops))
        return work

    def _finished(
        self, launches: list[Launch], labels: list[str], loads: list[int], stores: list[int], before: int
    ) -> Work:
        """The Work of a group; `before` is how many pieces of scratch memory there were before it."""
        scratch = [-1 - number for number in range(before, len(self.scratch))]
        return Work(launches, labels, list(dict.fromkeys(loads)), list(dict.fromkeys(stores)), scratch)

    def _without_copy(self, group: Group, loops: list[Loop]) -> list[Loop]:
        """The loops of an update, without the copy of its base if the update may overwrite the base."""
        (item,) = (member.item for member in group.members.values())
        base = self.items[item.operands[0].item]
        read = item.operands[0]
        whole = read.offset == 0 and base.shape == item.shape and is_contiguous(base.shape, read.strides)
        if whole and self.homes.may_take_over(base, item):
            self.homes.take_over(base.index, item.index)
            return loops[1:]
        return loops

    def _offer_leaves(self, loops: list[Loop]) -> None:
        """Let each pointwise result overwrite a leaf that only its own loop reads, if the leaf is needed no more."""
        readers = Counter(item for loop in loops for item in set(_loaded(loop)))
        for loop in loops:
            for store in loop.stores:
                self.homes.offer(loop, store, {item for item, count in readers.items() if count == 1})

    def _library_work(self, group: Group, loops: list[Loop]) -> Work:
        items = [member.item for member in group.members.values() if isinstance(member.item.primitive, Library)]
        item, (epilogue,) = items[0], loops
        before = len(self.scratch)
        copies: list[Launch] = []
        prologues = self.resolver.prologues(item)
        reads = [
            read if prologue else self._readable(item, read, shape, copies)
            for read, shape, prologue in zip(item.operands, item.read_shapes, prologues)
        ]
        result = self.library.launches(results_in_order(items), reads, prologues, epilogue)
        launches = copies + result if any(one.size for one in items) else []
        attached = [loop for loop in (*prologues, epilogue) if loop]
        label = " + ".join(dict.fromkeys(name for loop in attached for name in loop.labels))
        stores = [store.item for store in epilogue.stores]
        loads = [
            load
            for read, prologue in zip(item.operands, prologues)
            for load in (_loaded(prologue) if prologue else [read.item])
        ]
        loads += _loaded(epilogue)
        work = self._finished(launches, [label] * len(launches), loads, stores, before)
        assert isinstance(item.primitive, Library)
        work.operations = item.primitive.operations(item.read_shapes, item.shape) + sum(map(operations_of, attached))
        work.origin = item.origin
        return work

    def _readable(self, item: Item, read: Operand, shape: tuple[int, ...], copies: list[Launch]) -> Operand:
        """The operand itself if the library kernel can read its strides, else a row-major copy in scratch memory."""
        assert isinstance(item.primitive, Library)
        if item.primitive.strided or is_contiguous(shape, read.strides):
            return read
        dtype = self.items[read.item].dtype
        scratch = self._new_scratch(size_of(shape), dtype)
        loop = self.resolver.copy_loop(scratch, read, shape)
        if size_of(shape):
            copies += self.lowerer.lower(loop)
        return Operand(scratch, contiguous_strides(shape), 0)


def _checks(works: Sequence[Work]) -> list[Check]:
    """The checks of data, in the order of the launches."""
    return [
        Check(argument.fault._replace(origin=work.origin), work.stores)
        for work in works
        for launch in work.launches
        for argument in launch.arguments
        if isinstance(argument, FaultWord)
    ]


def _loaded(loop: Loop) -> list[int]:
    return [statement.what.item for statement in loop.statements if isinstance(statement.what, Load)]


def _in_order(found: Sequence[Bundle], order: Order) -> Iterator[Bundle]:
    """The bundles, each after all bundles that it depends on, and otherwise in the order of the program."""
    bundle_of = {bundle[0].number: bundle for bundle in found}
    # A group that nobody needs does not run, but passes its dependencies on to the groups that wait for it.
    last = {number: max(max(group.members) for group in bundle) for number, bundle in bundle_of.items()}
    missing = [len(before) for before in order.before]
    ready = [(last.get(number, -1), number) for number, count in enumerate(missing) if not count]
    heapify(ready)
    while ready:
        _, number = heappop(ready)
        for later in order.after[number]:
            missing[later] -= 1
            if not missing[later]:
                heappush(ready, (last.get(later, -1), later))
        if number in bundle_of:
            yield bundle_of[number]
