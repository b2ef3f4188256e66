"""Launches of library nodes: their own kernels, with the fused epilogue where they have one."""

from __future__ import annotations

from clgrad.codegen.epilogue import with_epilogue
from clgrad.codegen.loop import Loop
from clgrad.codegen.lowering import LoopLowerer
from clgrad.codegen.rows import NewScratch
from clgrad.dtypes import uint8
from clgrad.launch import Argument, Launch, Layout, Lowered, Problem
from clgrad.plan.items import Item, Operand, Slot
from clgrad.primitives import Library
from clgrad.shapes import contiguous_strides


def lower_library(
    item: Item,
    reads: list[Operand],
    loop: Loop,
    lowerer: LoopLowerer,
    new_scratch: NewScratch,
) -> list[Launch]:
    """The launches of `item`, its operands read as `reads` say, with arguments named by item."""
    assert isinstance(item.primitive, Library)
    operands = iter(reads)
    inputs: list[Operand | Slot] = [read if isinstance(read, Slot) else next(operands) for read in item.reads]
    lowered: Lowered = item.primitive.lower(_problem(item, inputs, lowerer))
    scratch = [new_scratch(nbytes, uint8) for nbytes in lowered.scratch]
    # A result that only the epilogue needs has no memory; the kernel's own parameter is not used then.
    output = next((store.item for store in loop.stores if store.item == item.index), loop.stores[0].item)
    launches = [
        Launch(
            launch.source,
            _named(launch.arguments, output, inputs, scratch),
            launch.global_size,
            launch.local_size,
        )
        for launch in lowered.launches
    ]
    if len(loop.statements) > 1:
        launches[-1] = with_epilogue(launches[-1], loop, item.shape, lowerer.capabilities.vector_width)
    return launches


def _problem(item: Item, inputs: list[Operand | Slot], lowerer: LoopLowerer) -> Problem:
    layouts = tuple(
        None if isinstance(read, Slot) else Layout(shape, dtype, read.strides)  # type: ignore[arg-type]
        for read, shape, dtype in zip(inputs, item.read_shapes, item.read_dtypes)
    )
    output = Layout(item.shape, item.dtype, contiguous_strides(item.shape))
    return Problem(item.attributes, layouts, output, lowerer.capabilities, lowerer.kernel_shape)


def _named(
    arguments: tuple[Argument, ...], output: int, inputs: list[Operand | Slot], scratch: list[int]
) -> tuple[Argument, ...]:
    """Arguments that speak of inputs and outputs, as arguments that speak of the plan's items."""

    def one(argument: Argument) -> Argument:
        kind, *rest = argument
        if kind == "input":
            return "item", inputs[rest[0]].item  # type: ignore[union-attr]
        if kind == "offset":
            read = inputs[rest[0]]
            assert isinstance(read, Operand)
            return "item_offset", read.item, read.offset
        if kind == "output":
            return "item", output
        if kind == "scratch":
            return "item", scratch[rest[0]]
        if kind == "scalar":
            slot = inputs[rest[0]]
            assert isinstance(slot, Slot)
            return "number", slot.index, rest[1]
        return argument

    return tuple(map(one, arguments))
