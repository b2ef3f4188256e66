"""Turns loops into launches: kernel file, defines, arguments, and global and local sizes."""

from __future__ import annotations

from math import prod

from clgrad.capabilities import Capabilities
from clgrad.codegen.columns import column_defines
from clgrad.codegen.geometry import Sizes, geometry_of
from clgrad.codegen.loop import Loop
from clgrad.codegen.parts import NewScratch, cut, parts_of
from clgrad.codegen.rows import Phases
from clgrad.codegen.writer import Generated, Writer, block
from clgrad.launch import INDEX, Launch, divide_up, round_up
from clgrad.sources import KernelSource

# Terms per accumulator between two compensated additions: few, for accuracy, but enough to hide the cost of one.
BLOCK_STEPS = 16
# Reductions of at most so many terms compensate every addition.
SHORT = 64


class LoopLowerer:
    """Turns loops into launches for one device. `new_scratch(size, dtype)` gives memory for partial results."""

    def __init__(self, capabilities: Capabilities, new_scratch: NewScratch) -> None:
        self.capabilities = capabilities
        self.geometry = geometry_of(capabilities)
        self.new_scratch = new_scratch

    def lower(self, loop: Loop) -> list[Launch]:
        """The launches of a loop, in order."""
        if loop.kind == "pointwise":
            return [self._pointwise(loop)]
        reduce = self._rows if loop.kind == "rows" else self._columns
        parts = parts_of(loop, self.geometry)
        if parts == 1:
            return [reduce(loop, 1)]
        first, second = cut(loop, parts, self.new_scratch)
        return [reduce(first, parts), *self.lower(second)]

    def _pointwise(self, loop: Loop) -> Launch:
        writer = Writer(loop, self.capabilities.vector_width)
        places = writer.closure([store.value for store in loop.stores])

        def body(count: str | None) -> str:
            lines = [writer.statement(place, "at", count) for place in places]
            lines += [writer.store(index, "at", count) for index in range(len(loop.stores))]
            return block(lines)

        generated = writer.generated([("FULL(i, u)", body(None)), ("PART(i, count)", body("count"))])
        rows, inner = prod(writer.space.outer), writer.space.inner
        work_items = self.geometry.work_items(rows * inner, len(places))
        length = min(round_up(divide_up(rows * inner, work_items), self.capabilities.vector_width), max(inner, 1))
        per_row = divide_up(inner, length)
        sizes = self.geometry.pointwise(rows * inner, rows * per_row, work_items)
        launch = _launch(generated, "pointwise", [rows, inner, length, per_row], sizes)
        declared = [f"const {writer.space.index_type} {name}" for name in ("rows", "inner", "block", "blocks_per_row")]
        return launch._replace(parameters=(*writer.parameters, *declared))

    def _rows(self, loop: Loop, parts: int) -> Launch:
        writer = Writer(loop, self.capabilities.vector_width)
        rows, middle, inner = prod(writer.space.outer), prod(writer.space.middle), writer.space.inner
        length = middle * inner
        group_size = self.geometry.row_group(length // parts)
        work_items = max(1, min(rows * parts, self.geometry.work_items(rows * length, len(loop.statements))))
        phases = Phases(writer, group_size, parts > 1)
        if self.geometry.stashes:
            phases.stash(middle * round_up(inner, self.capabilities.vector_width), work_items, self.new_scratch)
        # SPLIT 2: a part is a range of middle indices, if there are enough of these. SPLIT 1: a part of each row.
        split = 0 if parts == 1 else (2 if middle >= parts else 1)
        part_length = divide_up(middle if split == 2 else inner, parts)
        defines = [
            ("GROUP_SIZE", str(group_size)), ("GROUP_ROWS", str(self.geometry.group_rows(group_size))),
            *_reduction_defines(writer, split, length),
        ]  # fmt: skip
        generated = writer.generated(defines + phases.defines())
        sizes = self.geometry.rows(rows * parts, group_size, work_items)
        return _launch(generated, "rows", [rows, middle, inner, parts, part_length], sizes)

    def _columns(self, loop: Loop, parts: int) -> Launch:
        writer = Writer(loop, self.capabilities.vector_width)
        rows, middle, inner = prod(writer.space.outer), prod(writer.space.middle), writer.space.inner
        per_row = divide_up(inner, self.geometry.column_lanes)
        defines = _reduction_defines(writer, int(parts > 1), middle) + column_defines(writer, parts > 1)
        work_items = self.geometry.work_items(rows * middle * inner, len(loop.statements))
        sizes = self.geometry.columns(rows * parts * per_row, work_items)
        lengths = [rows, middle, inner, parts, divide_up(middle, parts), per_row]
        return _launch(writer.generated(defines), "columns", lengths, sizes)


def _reduction_defines(writer: Writer, split: int, length: int) -> list[tuple[str, str]]:
    steps = BLOCK_STEPS if length > SHORT else 1
    return [("MID_SETUP", writer.middle_setup), ("SPLIT", str(split)), ("BLOCK_STEPS", str(steps))]


def _launch(generated: Generated, entry: str, lengths: list[int], sizes: Sizes) -> Launch:
    source = KernelSource(f"{entry}.cl", entry, tuple(generated.defines))
    index = INDEX[generated.space.index_type]
    work_items, group_size = sizes
    return Launch(source, (*generated.arguments, *[index(length) for length in lengths]), (work_items,), (group_size,))
