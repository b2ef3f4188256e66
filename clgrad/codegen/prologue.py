"""Prologues: pointwise work on an input of a library kernel, done where the kernel would load an element.

The kernel file names an input NAME. It loads through two macros, NAME_LOAD(target, batch, channel, position) for a
vector of positions and NAME_LOAD_PART(target, batch, channel, position, count) for the first `count` lanes; other lanes
may hold anything. Its parameters contain NAME_PARAMETERS, and it passes them on to its functions by NAME_ARGUMENTS.
This module defines these macros to compute the statements of a loop.
"""

from __future__ import annotations

import re
from dataclasses import replace

from clgrad.codegen.coordinates import COUNT, block_at
from clgrad.codegen.loop import Loop
from clgrad.codegen.space import coordinate_space
from clgrad.codegen.writer import Writer
from clgrad.launch import Launch, Loading
from clgrad.shapes import Shape
from clgrad.sources import KernelSource


def with_prologue(launch: Launch, loading: Loading, loop: Loop, shape: Shape, vector_width: int) -> Launch:
    """The launch with an input of `shape` that is the last value of `loop`, instead of an array in memory."""
    assert isinstance(launch.source, KernelSource)
    name = loading.name
    writer = Writer(loop, vector_width, coordinate_space(loop, shape, loading.axes))
    declared = [re.split(r"[ *]+", parameter)[-1] for parameter in writer.parameters]
    # A kernel may have several prologues and an epilogue: the names of parameters must differ.
    own = {one: f"{name}_{one}" for one in declared} | {"index_t": writer.space.index_type}
    named = re.compile(rf"\b({'|'.join(own)})\b")

    def renamed(text: str) -> str:
        return named.sub(lambda found: own[found[0]], text)

    defines = (
        (f"{name}_PARAMETERS", "".join(f", {renamed(parameter)}" for parameter in writer.parameters)),
        (f"{name}_ARGUMENTS", "".join(f", {own[one]}" for one in declared)),
        (f"{name}_LOAD(target_, batch_, channel_, position_)", renamed(_body(writer, None))),
        (f"{name}_LOAD_PART(target_, batch_, channel_, position_, count_)", renamed(_body(writer, COUNT))),
    )
    source = replace(launch.source, defines=(*launch.source.defines, *defines))
    return launch._replace(source=source, arguments=(*launch.arguments, *writer.arguments))


def _body(writer: Writer, count: str | None) -> str:
    value = len(writer.loop.statements) - 1
    return block_at(writer, [], writer.closure([value]), [f"target_ = v{value};"], count)
