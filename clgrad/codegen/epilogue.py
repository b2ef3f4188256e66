"""Epilogues: pointwise work on the result of a library kernel, done where the kernel would store the result.

The kernel file stores through two macros, EPILOGUE_STORE(value, batch, channel, position) for a vector of positions and
EPILOGUE_STORE_PART(value, batch, channel, position, count) for the first `count` lanes, and ends its parameters with
EPILOGUE_PARAMETERS. This module defines these macros to compute the statements of a loop and to store their results.
"""

from __future__ import annotations

from dataclasses import replace

from clgrad.codegen.coordinates import COUNT, block_at
from clgrad.codegen.loop import Given, Loop
from clgrad.codegen.space import coordinate_space
from clgrad.codegen.writer import Writer, rounded
from clgrad.dtypes import COMPUTE_NAME
from clgrad.launch import Launch
from clgrad.shapes import Shape
from clgrad.sources import KernelSource


def with_epilogue(launch: Launch, loop: Loop, shape: Shape, vector_width: int) -> Launch:
    """The launch that stores a result of `shape`, extended by the work of `loop`."""
    assert isinstance(launch.source, KernelSource)
    assert launch.stores, "a kernel that takes an epilogue names the coordinates in which it stores"
    writer = Writer(loop, vector_width, coordinate_space(loop, shape, launch.stores))
    defines = (
        ("index_t", writer.space.index_type),
        ("EPILOGUE_PARAMETERS", "".join(f", {parameter}" for parameter in writer.parameters)),
        ("EPILOGUE_STORE(value_, batch_, channel_, position_)", _body(writer, None)),
        ("EPILOGUE_STORE_PART(value_, batch_, channel_, position_, count_)", _body(writer, COUNT)),
    )
    source = replace(launch.source, defines=(*launch.source.defines, *defines))
    return launch._replace(source=source, arguments=(*launch.arguments, *writer.arguments))


def _body(writer: Writer, count: str | None) -> str:
    loop = writer.loop
    given = next(place for place, statement in enumerate(loop.statements) if isinstance(statement.what, Given))
    dtype = loop.statements[given].dtype
    first = f"const {COMPUTE_NAME[dtype]}_v v{given} = {rounded('value_', dtype)};"
    places = writer.closure([store.value for store in loop.stores])
    stores = [writer.store(index, "in", count) for index in range(len(loop.stores))]
    return block_at(writer, [first], places, stores, count)
