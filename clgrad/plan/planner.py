"""A plan: the launches of one graph structure in order, with their memory. Built once, replayed ever after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy

from clgrad.codegen.loop import Load, Loop
from clgrad.codegen.lowering import LoopLowerer
from clgrad.dtypes import COMPUTE_NAME, DType, as_dtype, float16
from clgrad.graph.faults import WORDS
from clgrad.graph.groups import smaller_groups
from clgrad.graph.trace import Trace
from clgrad.launch import Argument, Fault, FaultWord, Int, Launch, Long, Memory, Offset, Parameter
from clgrad.plan.bundle import Bundle, bundles, joined
from clgrad.plan.fates import DIES
from clgrad.plan.fuse import Fuser, Group
from clgrad.plan.items import Item, Items, Operand
from clgrad.plan.library import lower_library
from clgrad.plan.memory import Home, Homes
from clgrad.plan.resolve import Resolver
from clgrad.primitives import Library
from clgrad.runtime.device import Device
from clgrad.shapes import contiguous_strides, is_contiguous, size_of

_INDEX_TYPES = {Int: numpy.int32, Long: numpy.int64}


@dataclass
class Work:
    """What one group does: its launches in order, the items that they read and write, their scratch memory."""

    launches: list[Launch]
    labels: list[str]
    loads: list[int]
    stores: list[int]
    scratch: list[int]
    origin: str | None = None  # the user's line that asked for a library kernel, where it is known


class Step:
    """One prepared launch: a kernel object of its own, and which of its arguments change from run to run."""

    __slots__ = ("bound", "buffers", "global_size", "kernel", "label", "local_size", "numbers", "offsets")

    def __init__(self, kernel: Any, launch: Launch, label: str) -> None:
        self.kernel = kernel
        self.global_size = launch.global_size
        self.local_size = launch.local_size
        self.label = label
        self.buffers: list[tuple[int, int]] = []  # (argument, memory slot)
        self.offsets: list[tuple[int, int, int]] = []  # (argument, leaf, offset within it)
        self.numbers: list[tuple[int, int, Any]] = []  # (argument, number, NumPy type)
        self.bound: dict[int, Any] = {}


@dataclass
class Plan:
    """Steps, and memory slots: first the leaves, then what is allocated for results, then temporaries."""

    steps: list[Step]
    works: list[Work]
    items: Items
    outputs: list[tuple[int, Home]]  # (place in the trace's order, home)
    result_bytes: list[int]
    temporary_bytes: list[int]
    checks: list[tuple[Fault, list[int]]]  # (what bad data raises, items that are computed from the data checked)
    last_use: int = 0  # the number of the flush


class Planner:
    """Builds the plan of one trace for one device, whose work-groups may be limited further than it says itself."""

    def __init__(self, trace: Trace, device: Device, most_in_group: int | None = None) -> None:
        self.device = device
        can = device.capabilities
        self.capabilities = can if most_in_group is None else replace(can, max_group_size=most_in_group)
        self.items = Items(trace)
        fuser = Fuser(self.items, self.capabilities)
        groups = fuser.run()
        self.resolver = Resolver(self.items, groups, fuser.generated)
        self.scratch: dict[int, int] = {}
        self.lowerer = LoopLowerer(self.capabilities, self._new_scratch)
        self.homes = Homes(self.items)
        self._check_numbers = count()
        live = [group for group in groups if self.resolver.live(group)]
        self.works = [self._work(bundle) for bundle in _in_order(bundles(live))]

    def smaller_groups(self) -> int | None:
        """The work-items of the groups in which the kernels run; None if all run as they are planned. Builds them."""
        launches = [launch for work in self.works for launch in work.launches]
        kernels = self.device.compiler.kernels([launch.source for launch in launches])
        return smaller_groups(kernels, launches, self.capabilities.max_group_size, self.device)

    def build(self) -> Plan:
        self.homes.assign([(work.loads, work.stores, work.scratch) for work in self.works], self.scratch)
        launches = [(launch, label) for work in self.works for launch, label in zip(work.launches, work.labels)]
        kernels = self.device.compiler.kernels([launch.source for launch, _ in launches])
        steps = [self._step(kernel.instantiate(), launch, label) for kernel, (launch, label) in zip(kernels, launches)]
        outputs = [
            (item.node, self.homes.of[item.index])
            for item in self.items.all
            if item.index in self.homes.of and not item.is_leaf and item.fate != DIES
        ]
        return Plan(
            steps, self.works, self.items, outputs, self.homes.result_bytes, self.homes.temporary_bytes, self._checks(),
        )  # fmt: skip

    def _checks(self) -> list[tuple[Fault, list[int]]]:
        """The checks of data, in the order of the launches."""
        return [
            (argument.fault._replace(origin=work.origin), work.stores)
            for work in self.works
            for launch in work.launches
            for argument in launch.arguments
            if isinstance(argument, FaultWord)
        ]

    def _new_scratch(self, size: int, dtype: DType) -> int:
        """Memory for the duration of one group; numbered below all items."""
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
            launches, labels = joined(launches, labels, self.device.capabilities.max_parameter_bytes)
        loads = [load for loop in loops for load in _loaded(loop)]
        stores = [store.item for loop in loops for store in loop.stores]
        return self._finished(launches, labels, loads, stores, before)

    def _finished(
        self, launches: list[Launch], labels: list[str], loads: list[int], stores: list[int], before: int
    ) -> Work:
        """The work of a group; `before`: how much scratch memory there was before it."""
        scratch = list(self.scratch)[before:]
        return Work(launches, labels, list(dict.fromkeys(loads)), list(dict.fromkeys(stores)), scratch)

    def _without_copy(self, group: Group, loops: list[Loop]) -> list[Loop]:
        """An update writes into its base, without a copy, where nobody else needs the old value."""
        (item,) = (member.item for member in group.members.values())
        base = self.items[item.operands[0].item]
        read = item.operands[0]
        whole = read.offset == 0 and base.shape == item.shape and is_contiguous(base.shape, read.strides)
        if whole and self.homes.may_take_over(base, item):
            self.homes.take_over(base.index, item.index)
            return loops[1:]
        return loops

    def _offer_leaves(self, loops: list[Loop]) -> None:
        """A pointwise result may overwrite a leaf that nobody needs afterwards, nor another loop meanwhile."""
        readers = Counter(item for loop in loops for item in set(_loaded(loop)))
        for loop in loops:
            for store in loop.stores:
                self.homes.offer(loop, store, {item for item, count in readers.items() if count == 1})

    def _library_work(self, group: Group, loops: list[Loop]) -> Work:
        item = next(member.item for member in group.members.values() if isinstance(member.item.primitive, Library))
        before = len(self.scratch)
        copies: list[Launch] = []
        reads: list[Operand] = []
        for read, shape in zip(item.reads, item.read_shapes):
            if isinstance(read, Operand):
                reads.append(self._readable(item, read, shape, copies))
        result = lower_library(item, reads, loops[0], self.lowerer)
        launches = copies + result if item.size or not item.shape else []
        label = " + ".join(dict.fromkeys(loops[0].labels))
        stores = [store.item for store in loops[0].stores]
        loads = [*(read.item for read in item.operands), *_loaded(loops[0])]
        work = self._finished(launches, [label] * len(launches), loads, stores, before)
        work.origin = item.origin
        return work

    def _readable(self, item: Item, read: Operand, shape: tuple[int, ...], copies: list[Launch]) -> Operand:
        """The operand as the library kernel can read it: as it is, or copied row-major to scratch."""
        assert isinstance(item.primitive, Library)
        if item.primitive.strided or is_contiguous(shape, read.strides):
            return read
        dtype = self.items[read.item].dtype
        scratch = self._new_scratch(size_of(shape), dtype)
        loop = self.resolver.copy_loop(scratch, read, shape)
        if size_of(shape):
            copies += self.lowerer.lower(loop)
        return Operand(scratch, contiguous_strides(shape), 0)

    # -- arguments ----------------------------------------------------------------------------------------------

    def _step(self, kernel: Any, launch: Launch, label: str) -> Step:
        step = Step(kernel, launch, label)
        position = 0
        for argument in launch.arguments:
            position += self._bind(step, position, argument)
        return step

    def _bind(self, step: Step, position: int, argument: Argument) -> int:
        """Set an argument that never changes, or note one that does; the number of positions it takes."""
        if isinstance(argument, Memory):
            step.buffers.append((position, self.homes.slot(argument.array)))
        elif isinstance(argument, Offset):
            leaf = self.homes.leaf_of(argument.array)
            if leaf is None:
                step.kernel.set_arg(position, numpy.int64(argument.within))
            else:
                step.offsets.append((position, leaf, argument.within))
        elif isinstance(argument, Parameter):
            step.numbers.append((position, argument.number, number_type(argument.dtype)))
        elif isinstance(argument, FaultWord):
            step.buffers.append((position, -1))
            step.kernel.set_arg(position + 1, numpy.int32(min(next(self._check_numbers), WORDS - 1)))
            return 2
        else:
            step.kernel.set_arg(position, _INDEX_TYPES[type(argument)](argument.value))
        return 1


def make_plan(trace: Trace, device: Device) -> Plan:
    """The plan of a trace for a device, in work-groups in which its kernels run."""
    planner = Planner(trace, device)
    while (most := planner.smaller_groups()) is not None:
        planner = Planner(trace, device, most)
    return planner.build()


def _loaded(loop: Loop) -> list[int]:
    return [statement.what.item for statement in loop.statements if isinstance(statement.what, Load)]


def number_type(dtype: DType) -> Any:
    """What turns a Python number into the kernel argument of an expression that computes in `dtype`."""
    if dtype == float16:
        return _half_as_float
    name = COMPUTE_NAME[dtype]
    return numpy.uint8 if name == "uchar" else as_dtype(dtype).type


def _half_as_float(value: float) -> Any:
    return numpy.float32(numpy.float16(value))


def _in_order(found: Sequence[Bundle]) -> Iterator[Bundle]:
    """Bundles such that each comes after all that it depends on, otherwise in the order of the program."""
    waiting = sorted(found, key=lambda bundle: max(max(group.members) for group in bundle))
    numbers = {group.number for bundle in found for group in bundle}
    done: set[int] = set()
    while waiting:
        ready = next(bundle for bundle in waiting if bundle[0].before & numbers <= done)
        waiting.remove(ready)
        done.update(group.number for group in ready)
        yield ready
