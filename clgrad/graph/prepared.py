"""A plan that is ready to run on a device: its kernels are built, and arguments that never change are set."""

from __future__ import annotations

import gc
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import numpy

from clgrad.dtypes import COMPUTE_NAME, DType, as_dtype, float16
from clgrad.graph.faults import WORDS, Watch
from clgrad.graph.node import Storage
from clgrad.graph.observers import observers, tell
from clgrad.graph.work_groups import smaller_group, too_large
from clgrad.launch import Argument, FaultWord, Int, Launch, Long, Memory, Offset, Parameter
from clgrad.plan.planner import Plan, make_plan
from clgrad.plan.structure import Structure
from clgrad.runtime.compiler import CompiledKernel
from clgrad.runtime.device import Device
from clgrad.runtime.numbers import int_bytes, long_bytes, set_number
from clgrad.shapes import contiguous_strides

_BYTES = {Int: int_bytes, Long: long_bytes}


class Step:
    """One prepared launch: a kernel object of its own, and the positions of arguments that change from run to run."""

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


class PreparedPlan:
    """A plan with its kernels. A run takes storages and numbers, and gives the storages of results."""

    def __init__(self, plan: Plan, kernels: Sequence[CompiledKernel], device: Device) -> None:
        self.plan = plan
        self.device = device
        self.last_use = 0  # the number of the flush
        self.started = False  # whether the last run got so far as to launch a kernel
        self._kernels = kernels
        self._steps: list[Step] = []
        self.renew()
        self._allocated = plan.result_bytes + plan.temporary_bytes
        # Per result: number of its call, memory slot, leaf that gives the offset (None: offset 0), strides.
        self._outputs = [
            (number, home.slot, home.leaf, contiguous_strides(plan.items.of_call(number).shape))
            for number, home in plan.outputs
        ]

    def renew(self) -> None:
        """Make the steps with new kernel objects: the old ones keep the buffers of their last launch alive."""
        check_numbers = count()
        self._steps = [
            _step(self.plan, kernel.instantiate(), launch, label, check_numbers)
            for kernel, (launch, label) in zip(self._kernels, self.plan.launches)
        ]

    def run(self, leaves: Sequence[Storage], numbers: Sequence[Any], watch: Watch) -> list[tuple[int, Storage]]:
        """Launch the plan; returns (number of the call, storage) of each result that outlives it, without waiting.

        `leaves` and `numbers` are in the order of the structure.
        """
        self.started = False
        allocate = self.device.memory.allocate
        buffers = [storage.buffer for storage in leaves]
        buffers += [allocate(nbytes) for nbytes in self._allocated]
        checks = bool(self.plan.checks)
        if checks:
            buffers.append(watch.words())
        launch = self.device.queue.launch
        events: list[Any] | None = [] if observers else None
        for step in self._steps:
            kernel, bound = step.kernel, step.bound
            for position, slot in step.buffers:
                memory = buffers[slot].cl
                if bound.get(position) is not memory:
                    kernel.set_arg(position, memory)
                    bound[position] = memory
            for position, leaf, within in step.offsets:
                offset = leaves[leaf].offset + within
                if bound.get(position) != offset:
                    set_number(kernel, position, long_bytes(offset))
                    bound[position] = offset
            for position, number, kind in step.numbers:
                value = numbers[number]
                if bound.get(position) is not value:
                    set_number(kernel, position, kind(value))
                    bound[position] = value
            event = launch(kernel, step.global_size, step.local_size, step.label)
            self.started = True
            if events is not None:
                events.append(event)
        if events is not None:
            tell(self.plan, self.device, events)
        if checks or watch.alert:
            watch.note(self.plan, buffers)
        return [
            (number, Storage(buffers[slot], 0 if leaf is None else leaves[leaf].offset, strides))
            for number, slot, leaf, strides in self._outputs
        ]


def prepare(structure: Structure, device: Device) -> PreparedPlan:
    """Plan a structure for a device and build missing kernels; plan again if a built kernel does not fit."""
    with _no_collections():
        return _prepared(structure, device)


def _prepared(structure: Structure, device: Device) -> PreparedPlan:
    capabilities = device.capabilities
    refused: set[Hashable] = set()
    while True:
        plan = make_plan(structure, capabilities, refused)
        launches = [launch for launch, _ in plan.launches]
        kernels = device.compiler.kernels([launch.source for launch in launches])
        unfit = too_large(kernels, launches)
        if not unfit:
            return PreparedPlan(plan, kernels, device)
        # Another candidate takes the place of a hand-written kernel. Other kernels get smaller work-groups.
        choices = {one.launch.choice for one in unfit} - {None}
        refused |= choices
        if not choices:
            most = smaller_group(unfit, capabilities.max_group_size, device)
            capabilities = capabilities._replace(max_group_size=most)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Pause Python's garbage collector.

    A plan consists of many objects that all stay alive: the collector would walk over them repeatedly and free none.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _step(plan: Plan, kernel: Any, launch: Launch, label: str, check_numbers: count[int]) -> Step:
    step = Step(kernel, launch, label)
    position = 0
    for argument in launch.arguments:
        position += _bind(plan, step, position, argument, check_numbers)
    return step


def _bind(plan: Plan, step: Step, position: int, argument: Argument, check_numbers: count[int]) -> int:
    """Set an argument that never changes, or note one that does. Returns how many kernel parameters it fills."""
    if isinstance(argument, Memory):
        step.buffers.append((position, plan.homes[argument.array].slot))
    elif isinstance(argument, Offset):
        leaf = plan.homes[argument.array].leaf
        if leaf is None:
            set_number(step.kernel, position, long_bytes(argument.within))
        else:
            step.offsets.append((position, leaf, argument.within))
    elif isinstance(argument, Parameter):
        step.numbers.append((position, argument.number, number_type(argument.dtype)))
    elif isinstance(argument, FaultWord):
        # `run` appends the buffer of error words last.
        step.buffers.append((position, -1))
        set_number(step.kernel, position + 1, int_bytes(min(next(check_numbers), WORDS - 1)))
        return 2
    else:
        set_number(step.kernel, position, _BYTES[type(argument)](argument.value))
    return 1


def number_type(dtype: DType) -> Any:
    """The function that turns a Python number into the kernel argument of an expression that computes in `dtype`."""
    if dtype == float16:
        return _half_as_float
    name = COMPUTE_NAME[dtype]
    return numpy.uint8 if name == "uchar" else as_dtype(dtype).type


def _half_as_float(value: float) -> Any:
    return numpy.float32(numpy.float16(value))
