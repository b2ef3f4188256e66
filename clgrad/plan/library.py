"""Launches of library nodes: their own kernels, with the fused epilogue where they have one."""

from __future__ import annotations

from clgrad.codegen.epilogue import with_epilogue
from clgrad.codegen.loop import Loop
from clgrad.codegen.lowering import LoopLowerer
from clgrad.dtypes import DType
from clgrad.launch import Launch, Layout, Memory, Offset, Problem
from clgrad.plan.items import Item, Operand
from clgrad.primitives import Library
from clgrad.shapes import Shape, contiguous_strides


def lower_library(item: Item, reads: list[Operand], loop: Loop, lowerer: LoopLowerer) -> list[Launch]:
    """The launches of `item`, its operands read as `reads` say."""
    assert isinstance(item.primitive, Library)
    # A result that only the epilogue needs has no memory; the kernel's own parameter is not used then.
    output = next((store.item for store in loop.stores if store.item == item.index), loop.stores[0].item)
    problem = Problem(
        item.attributes,
        tuple(_layout(*one) for one in zip(item.read_shapes, item.read_dtypes, reads)),
        (_layout(item.shape, item.dtype, Operand(output, contiguous_strides(item.shape), 0)),),
        lowerer.capabilities,
        lambda size, dtype: Memory(lowerer.new_scratch(size, dtype)),
    )
    launches: list[Launch] = item.primitive.lower(problem)
    if len(loop.statements) > 1:
        launches[-1] = with_epilogue(launches[-1], loop, item.shape, lowerer.capabilities.vector_width)
    return launches


def _layout(shape: Shape, dtype: DType | None, read: Operand) -> Layout:
    assert dtype is not None
    return Layout(shape, dtype, read.strides, Memory(read.item), Offset(read.item, read.offset))
