"""Epilogues: pointwise work on the result of a library kernel, done where the kernel would store the result.

The kernel file stores through two macros, EPILOGUE_STORE(value, batch, row, column) for a vector of columns and
EPILOGUE_STORE_PART(value, batch, row, column, count) for the first `count` lanes, and ends its parameters with
EPILOGUE_ARGUMENTS. This module defines these macros to compute the statements of a loop and to store their results.
"""

from __future__ import annotations

from dataclasses import replace

from clgrad.codegen.loop import Given, Loop
from clgrad.codegen.space import Access, Space, index_type, walks
from clgrad.codegen.writer import Writer, rounded
from clgrad.dtypes import COMPUTE_NAME
from clgrad.launch import Launch
from clgrad.shapes import Shape
from clgrad.sources import KernelSource
from clgrad.strides import merge


def with_epilogue(launch: Launch, loop: Loop, shape: Shape, vector_width: int) -> Launch:
    """The last launch of a library node, extended by the work of `loop`. `shape` is (batch axes, rows, columns)."""
    assert isinstance(launch.source, KernelSource)
    writer = Writer(loop, vector_width, _space(loop, shape))
    defines = (
        ("index_t", writer.space.index_type),
        ("EPILOGUE_ARGUMENTS", "".join(f", {parameter}" for parameter in writer.parameters)),
        ("EPILOGUE_STORE(value_, batch_, row_, column_)", _body(writer, None)),
        ("EPILOGUE_STORE_PART(value_, batch_, row_, column_, count_)", _body(writer, "count_")),
    )
    source = replace(launch.source, defines=(*launch.source.defines, *defines))
    return replace(launch, source=source, arguments=(*launch.arguments, *writer.arguments))


def _space(loop: Loop, shape: Shape) -> Space:
    """The batch as outer axes, rows as middle, columns as inner. Kernels compute a single column as a row."""
    if shape[-1] == 1:
        shape = (*shape[:-2], 1, shape[-2])
    all_walks = [(_expanded(strides, shape), offset) for strides, offset in walks(loop)]
    *batch, rows, columns = shape
    outer, outer_strides = merge(batch, [strides[:-2] for strides, _ in all_walks])
    accesses = [
        Access(steps, [strides[-2]], [strides[-1]], offset)
        for steps, (strides, offset) in zip(outer_strides, all_walks)
    ]
    return Space(outer, [rows], columns, [columns], accesses, index_type(shape, all_walks))


def _expanded(strides: Shape, shape: Shape) -> Shape:
    """Strides over `shape` from strides over the same shape without its axes of length one."""
    steps = iter(strides)
    return tuple(0 if n == 1 else next(steps) for n in shape)


def _body(writer: Writer, count: str | None) -> str:
    loop = writer.loop
    given = next(place for place, statement in enumerate(loop.statements) if isinstance(statement.what, Given))
    dtype = loop.statements[given].dtype
    places = writer.closure([store.value for store in loop.stores])
    # The macro's arguments may use the names that are declared here, so each is read before its name is hidden.
    lines = [
        f"const {COMPUTE_NAME[dtype]}_v v{given} = {rounded('value_', dtype)};",
        "const index_t epilogue_row = (row_), epilogue_column = (column_), row = (batch_);",
        "const index_t j = epilogue_row, i = epilogue_column;",
        writer.setup,
        writer.row_setup,
        writer.middle_setup,
        *(writer.statement(place, "in", count) for place in places),
        *(writer.store(index, "in", count) for index in range(len(loop.stores))),
    ]
    return "{\n" + "\n".join(line for line in lines if line) + "\n}"
