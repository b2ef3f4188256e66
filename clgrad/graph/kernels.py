"""Chooses the kernel file, the sizes and the launches of each loop."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from clgrad.dtypes import COMPUTE_NAME, DType, float16, float32
from clgrad.graph.codegen import Accumulator, Generated, Writer, rounded
from clgrad.graph.fuse import ELEMENT, REDUCED
from clgrad.graph.lower import Argument, Launch
from clgrad.graph.node import Reduction
from clgrad.graph.resolve import Compute, Load, Loop, Number, Statement, Store
from clgrad.runtime.compiler import KernelSource
from clgrad.runtime.device import Capabilities
from clgrad.shapes import Shape, contiguous_strides, size_of

GPU_GROUP = 128
# A CPU work-item gets at least about this many element-operations, so that tiny arrays run in one piece.
WORK_PER_ITEM = 8192
ITEMS_PER_UNIT = 4
# Rows and columns longer than this are cut, if there are few of them, into parts of about this length.
PART = 16384
MOST_PARTS = 64
NewScratch = Callable[[int, DType], int]


class LoopLowerer:
    """Turns loops into launches for one device. `new_scratch(size, dtype)` gives memory for partial results."""

    def __init__(self, capabilities: Capabilities, kernel_shape: str, new_scratch: NewScratch) -> None:
        self.capabilities = capabilities
        self.gpu = kernel_shape == "gpu"
        self.new_scratch = new_scratch

    def lower(self, loop: Loop) -> list[Launch]:
        if loop.kind == "pointwise":
            return [self._pointwise(loop)]
        parts = self._parts(loop)
        if parts == 1:
            return [self._rows(loop, 1) if loop.kind == "rows" else self._columns(loop, 1)]
        first, second = self._cut(loop, parts)
        launch = self._rows(first, parts) if loop.kind == "rows" else self._columns(first, parts)
        return [launch, *self.lower(second)]

    # -- pointwise ----------------------------------------------------------------------------------------------

    def _pointwise(self, loop: Loop) -> Launch:
        writer = Writer(loop, self.capabilities.vector_width)
        places = writer.closure([store.value for store in loop.stores])

        def body(count: str | None) -> str:
            lines = [writer.statement(place, "at", count) for place in places]
            lines += [writer.store(index, "at", count) for index in range(len(loop.stores))]
            return _block(lines)

        generated = writer.generated([("FULL(i, u)", body(None)), ("PART(i, count)", body("count"))])
        space = generated.space
        rows = prod(space.outer)
        items = self._items(rows * space.inner, len(places))
        block = _round_up(-(-rows * space.inner // items), self.capabilities.vector_width)
        block = min(block, max(space.inner, 1))
        per_row = -(-space.inner // block)
        index = space.index_type
        sizes = [(index, rows), (index, space.inner), (index, block), (index, per_row)]
        if self.gpu:
            return self._launch(generated, "pointwise", sizes, rows * space.inner, self._group())
        return self._launch(generated, "pointwise", sizes, min(items, rows * per_row), 1)

    def _items(self, size: int, statements: int) -> int:
        most = self.capabilities.compute_units * ITEMS_PER_UNIT
        return max(1, min(most, size * max(statements, 1) // (2 * WORK_PER_ITEM)))

    def _group(self) -> int:
        return min(GPU_GROUP, self.capabilities.max_group_size)

    def _launch(
        self, generated: Generated, entry: str, sizes: list[Argument], global_size: int, local_size: int
    ) -> Launch:
        source = KernelSource(f"{entry}.cl", entry, tuple(generated.defines))
        arguments = (*generated.arguments, *sizes)
        return Launch(source, arguments, (_round_up(global_size, local_size),), (local_size,))

    # -- rows ---------------------------------------------------------------------------------------------------

    def _rows(self, loop: Loop, parts: int) -> Launch:
        writer = Writer(loop, self.capabilities.vector_width)
        space = writer.space
        length = prod(space.middle) * space.inner
        group = self._row_group(length // parts)
        phases = _Phases(writer, group, parts > 1)
        split = 0 if parts == 1 else (2 if prod(space.middle) >= parts else 1)
        defines = [("MID_SETUP", writer.middle_setup), ("GROUP_SIZE", str(group)), ("SPLIT", str(split))]
        generated = writer.generated(defines + phases.defines())
        rows, middle = prod(space.outer), prod(space.middle)
        part_length = -(-(middle if split == 2 else space.inner) // parts)
        index = space.index_type
        sizes = [(index, n) for n in (rows, middle, space.inner, parts, part_length)]
        if group:
            return self._launch(generated, "rows", sizes, rows * parts * group, group)
        if self.gpu:
            return self._launch(generated, "rows", sizes, rows * parts, self._group())
        items = min(rows * parts, self._items(rows * length, len(loop.statements)))
        return self._launch(generated, "rows", sizes, max(items, 1), 1)

    def _row_group(self, length: int) -> int:
        """Work-items that share a row in GPU shape, a power of two; 0 for one item per row."""
        if not self.gpu or length < 64:
            return 0
        group = 64
        while group < min(256, self.capabilities.max_group_size) and group * 4 < length:
            group *= 2
        return min(group, self.capabilities.max_group_size)

    # -- columns ------------------------------------------------------------------------------------------------

    def _columns(self, loop: Loop, parts: int) -> Launch:
        writer = Writer(loop, self.capabilities.vector_width)
        space = writer.space
        defines = [("MID_SETUP", writer.middle_setup), ("SPLIT", str(int(parts > 1))), *_column_defines(writer, parts > 1)]
        generated = writer.generated(defines)
        width = 1 if self.gpu else 4 * self.capabilities.vector_width
        rows, middle, per_row = prod(space.outer), prod(space.middle), -(-space.inner // width)
        places = rows * parts * per_row
        index = space.index_type
        sizes = [(index, n) for n in (rows, middle, space.inner, parts, -(-middle // parts), per_row)]
        if self.gpu:
            return self._launch(generated, "columns", sizes, places, self._group())
        items = min(places, self._items(rows * middle * space.inner, len(loop.statements)))
        return self._launch(generated, "columns", sizes, max(items, 1), 1)

    # -- cutting long reductions --------------------------------------------------------------------------------

    def _parts(self, loop: Loop) -> int:
        """Into how many parts to cut the reduced axes; depends on the shape and the device only."""
        kept = size_of(tuple(n for axis, n in enumerate(loop.space) if axis not in loop.axes))
        length = size_of(loop.space) // max(kept, 1)
        if kept == 0 or _has_phases(loop):
            return 1
        if loop.kind == "rows":
            enough = 4 * self.capabilities.compute_units
            return 1 if kept >= enough or length < 2 * PART else min(MOST_PARTS, length // PART)
        width = 1 if self.gpu else 4 * self.capabilities.vector_width
        last = next(n for axis, n in reversed(list(enumerate(loop.space))) if axis not in loop.axes)
        places = kept // last * -(-last // width)
        enough = (256 if self.gpu else 2) * self.capabilities.compute_units
        if places >= enough or length < 128 or length * kept < 2 * PART:
            return 1
        return min(MOST_PARTS, length // 64, -(-enough // places))

    def _cut(self, loop: Loop, parts: int) -> tuple[Loop, Loop]:
        """The loop up to its accumulators, which go to scratch, and the loop that combines them."""
        kept = tuple(n for axis, n in enumerate(loop.space) if axis not in loop.axes)
        first = Loop(loop.kind, loop.space, loop.axes, loop.statements, list(loop.stores), loop.labels)
        first.stores = [store for store in loop.stores if store.level == ELEMENT]
        space = (parts, *kept)
        second = Loop("columns" if kept else "rows", space, (0,), labels=["combine parts"])
        moved: dict[int, int] = {}
        for place, statement in enumerate(loop.statements):
            if _is_reduction(statement):
                dtype = float32 if statement.dtype == float16 else statement.dtype
                scratch = self.new_scratch(parts * size_of(kept), dtype)
                strides = (0, *contiguous_strides(kept))
                first.stores.append(Store(scratch, place, REDUCED, _over(loop, strides[1:])))
                load = Statement(Load(scratch, contiguous_strides(space), 0), dtype, ELEMENT)
                second.statements.append(load)
                moved[place] = _append(second, Statement(Compute(_primitive(statement), (len(second.statements) - 1,), dtype), statement.dtype, REDUCED))
            elif statement.level == REDUCED:
                moved[place] = _append(second, _moved(statement, moved, loop))
        for store in loop.stores:
            if store.level == REDUCED:
                second.stores.append(Store(store.item, moved[store.value], REDUCED, (0, *_kept_of(loop, store.strides)), store.offset))
        return first, second


def _append(loop: Loop, statement: Statement) -> int:
    loop.statements.append(statement)
    return len(loop.statements) - 1


def _primitive(statement: Statement) -> Reduction:
    assert isinstance(statement.what, Compute) and isinstance(statement.what.primitive, Reduction)
    return statement.what.primitive


def _moved(statement: Statement, moved: dict[int, int], loop: Loop) -> Statement:
    what = statement.what
    if isinstance(what, Compute):
        return Statement(Compute(what.primitive, tuple(moved[place] for place in what.arguments), what.typed_by), statement.dtype, REDUCED)
    if isinstance(what, Number):
        return statement
    return Statement(type(what)(*_rebased(what, loop)), statement.dtype, REDUCED)


def _rebased(what: object, loop: Loop) -> tuple[object, ...]:
    strides = (0, *_kept_of(loop, what.strides))  # type: ignore[attr-defined]
    if isinstance(what, Load):
        return what.item, strides, what.offset
    return strides, what.offset  # type: ignore[attr-defined]


def _kept_of(loop: Loop, strides: Shape) -> Shape:
    return tuple(step for axis, step in enumerate(strides) if axis not in loop.axes)


def _over(loop: Loop, strides: Shape) -> Shape:
    """Strides over the kept axes as strides over the space."""
    steps = iter(strides)
    return tuple(0 if axis in loop.axes else next(steps) for axis in range(len(loop.space)))


def _is_reduction(statement: Statement) -> bool:
    return isinstance(statement.what, Compute) and isinstance(statement.what.primitive, Reduction)


def _has_phases(loop: Loop) -> bool:
    """Whether an element value depends on a reduced one that is not just loaded."""
    depends = [False] * len(loop.statements)
    for place, statement in enumerate(loop.statements):
        if _is_reduction(statement):
            depends[place] = True
            assert isinstance(statement.what, Compute)
            if depends[statement.what.arguments[0]]:
                return True
        elif isinstance(statement.what, Compute):
            depends[place] = any(depends[argument] for argument in statement.what.arguments)
            if depends[place] and statement.level == ELEMENT:
                return True
    return False


def _round_up(value: int, step: int) -> int:
    return -(-value // step) * step


def _block(lines: list[str]) -> str:
    return "{\n" + "\n".join(line for line in lines if line) + "\n}"


class _Phases:
    """The text of a rows kernel: statements per row, and one pass over the columns per phase."""

    def __init__(self, writer: Writer, group: int, split: bool) -> None:
        self.writer = writer
        self.loop = writer.loop
        self.group = group
        self.split = split
        self.unrolls = not group and writer.wide > 1 and self._is_light()
        self.ready = self._ready()

    def _is_light(self) -> bool:
        cost = sum(s.what.primitive.cost for s in self.loop.statements
                   if isinstance(s.what, Compute) and not isinstance(s.what.primitive, Reduction))  # fmt: skip
        return cost <= 12

    def _ready(self) -> list[int]:
        """The first phase in which each statement can be computed."""
        ready = []
        for statement in self.loop.statements:
            if isinstance(statement.what, Compute):
                after = int(_is_reduction(statement))
                ready.append(max((ready[place] for place in statement.what.arguments), default=0) + after)
            else:
                ready.append(0)
        return ready

    def defines(self) -> list[tuple[str, str]]:
        result, text = [], [self._reduced_statements(0)]
        for phase in range(max(self.ready, default=0) + 1):
            accumulators = [Accumulator(place, s) for place, s in enumerate(self.loop.statements)
                            if _is_reduction(s) and self.ready[place] == phase + 1]  # fmt: skip
            stores = [index for index, store in enumerate(self.loop.stores)
                      if store.level == ELEMENT and self.ready[store.value] == phase]  # fmt: skip
            if accumulators or stores:
                result += self._pass(phase, accumulators, stores)
                text += [accumulator.declare_totals() for accumulator in accumulators]
                text.append(f"{'UNROLLED' if self.unrolls else 'SINGLE'}_PASS(P{phase})")
                text += [self._finish(accumulator) for accumulator in accumulators]
            if not self.split:
                text.append(self._reduced_statements(phase + 1))
        text.append(self._reduced_stores())
        return [*result, ("PHASES", "\n".join(line for line in text if line))]

    def _pass(self, phase: int, accumulators: list[Accumulator], stores: list[int]) -> list[tuple[str, str]]:
        writer = self.writer
        wanted = [accumulator.argument for accumulator in accumulators]
        wanted += [self.loop.stores[index].value for index in stores]
        places = writer.closure(wanted, ELEMENT)
        suffixes = ["0", "1", "2", "3"] if self.unrolls else ["0"]

        def body(count: str | None) -> str:
            lines = [writer.statement(place, "in", count) for place in places]
            lines += [accumulator.add("##u" if count is None else "0", count) for accumulator in accumulators]
            lines += [writer.store(index, "in", count) for index in stores]
            return _block(lines)

        name = f"P{phase}"
        return [
            (f"{name}_START", " ".join(accumulator.declare(suffixes) for accumulator in accumulators)),
            (f"{name}_FULL(i, u)", body(None)),
            (f"{name}_PART(i, count)", body("count")),
            (f"{name}_FOLD", " ".join(accumulator.fold(suffixes) for accumulator in accumulators)),
        ]

    def _finish(self, accumulator: Accumulator) -> str:
        kind, place = accumulator.kind, accumulator.place
        value = f"horizontal_{accumulator.combine}_{kind}({accumulator.total()})"
        if self.group:
            value = f"group_{accumulator.combine}_{kind}({value}, (__local {kind} *)shared)"
        value = f"({kind}_v)({value})"
        if not self.split:
            value = rounded(value, accumulator.dtype)
        return f"const {kind}_v v{place} = {value};"

    def _reduced_statements(self, phase: int) -> str:
        places = [place for place, s in enumerate(self.loop.statements)
                  if s.level == REDUCED and self.ready[place] == phase and not _is_reduction(s)]  # fmt: skip
        return "\n".join(self.writer.statement(place, "at", None, moves=False) for place in places)

    def _reduced_stores(self) -> str:
        lines = []
        for index, store in enumerate(self.loop.stores):
            if store.level == REDUCED:
                lines.append(self._partial_store(index) if self.split else self.writer.store(index, "at", None, moves=False))
        if not lines:
            return ""
        condition = "if (get_local_id(0) == 0) " if self.group else ""
        return condition + _block(lines)

    def _partial_store(self, index: int) -> str:
        place = self.loop.stores[index].value
        kind = COMPUTE_NAME[self.loop.statements[place].dtype]
        return f"store_strided_{kind}(v{place}, q{index} + (long)part * rows + row, 1, 1);"


def _column_defines(writer: Writer, split: bool) -> list[tuple[str, str]]:
    loop = writer.loop
    accumulators = [Accumulator(place, s) for place, s in enumerate(loop.statements) if _is_reduction(s)]
    element_stores = [index for index, store in enumerate(loop.stores) if store.level == ELEMENT]
    wanted = [accumulator.argument for accumulator in accumulators]
    wanted += [loop.stores[index].value for index in element_stores]
    places = writer.closure(wanted)

    def body(count: str | None) -> str:
        lines = [writer.statement(place, _base(loop, place), count) for place in places]
        lines += [accumulator.add("##u" if count is None else "0", None) for accumulator in accumulators]
        lines += [writer.store(index, "in", count) for index in element_stores]
        return _block(lines)

    def finish(count: str | None) -> str:
        suffix = "_##u" if count is None else "_0"
        lines = []
        for accumulator in accumulators:
            value = accumulator.total(suffix) if split else rounded(accumulator.total(suffix), accumulator.dtype)
            lines.append(f"const {accumulator.kind}_v v{accumulator.place} = {value};")
        stores = [index for index, store in enumerate(loop.stores) if store.level == REDUCED]
        if split:
            lines += [_column_partial_store(writer, index, count) for index in stores]
        else:
            wanted = writer.closure([loop.stores[index].value for index in stores], REDUCED)
            reduced = {accumulator.place for accumulator in accumulators}
            lines += [writer.statement(place, "at", count) for place in wanted if place not in reduced]
            lines += [writer.store(index, "at", count) for index in stores]
        return _block(lines)

    declare = " ".join(f"{a.declare_totals('_##u')} {a.declare(['##u'])}" for a in accumulators)
    fold = " ".join(a.fold(["##u"], "_##u") + f" acc{a.place}_##u = {a.start};" for a in accumulators)
    return [
        ("DECLARE(u)", declare), ("FULL(i, u)", body(None)), ("PART(i, count)", body("count")), ("FOLD(u)", fold),
        ("FINISH(i, u)", finish(None)), ("FINISH_PART(i, count)", finish("count")),
    ]  # fmt: skip


def _base(loop: Loop, place: int) -> str:
    return "in" if loop.statements[place].level == ELEMENT else "at"


def _column_partial_store(writer: Writer, index: int, count: str | None) -> str:
    place = writer.loop.stores[index].value
    kind = COMPUTE_NAME[writer.loop.statements[place].dtype]
    target = f"q{index} + ((long)part * rows + row) * inner + (i)"
    if count is None:
        return f"store_{kind}(v{place}, {target});"
    return f"store_strided_{kind}(v{place}, {target}, 1, {count});"
