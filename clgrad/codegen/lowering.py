"""Chooses the kernel file, the sizes and the launches of each loop."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from clgrad.codegen.columns import column_defines
from clgrad.codegen.loop import ELEMENT, REDUCED, Compute, Index, Load, Loop, Number, Statement, Store, is_reduction
from clgrad.codegen.rows import NewScratch, Phases
from clgrad.codegen.writer import Generated, Writer, block
from clgrad.dtypes import float16, float32
from clgrad.launch import Argument, Launch, round_up
from clgrad.primitives import Reduction
from clgrad.runtime.capabilities import Capabilities, KernelShape
from clgrad.runtime.compiler import KernelSource
from clgrad.shapes import Shape, contiguous_strides, size_of

GPU_GROUP = 128
# A CPU work-item gets at least about this many element-operations, so that tiny arrays run in one piece.
WORK_PER_ITEM = 8192
ITEMS_PER_UNIT = 4
# Rows and columns longer than this are cut, if there are few of them, into parts of about this length.
PART = 16384
MOST_PARTS = 64
# Terms that an accumulator takes before it is added with compensation. Short reductions, of at most MOST_PARTS terms,
# compensate every addition.
BLOCK_STEPS = 16


class LoopLowerer:
    """Turns loops into launches for one device. `new_scratch(size, dtype)` gives memory for partial results."""

    def __init__(self, capabilities: Capabilities, kernel_shape: KernelShape, new_scratch: NewScratch) -> None:
        self.capabilities = capabilities
        self.kernel_shape: KernelShape = kernel_shape
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
            return block(lines)

        generated = writer.generated([("FULL(i, u)", body(None)), ("PART(i, count)", body("count"))])
        space = generated.space
        rows = prod(space.outer)
        items = self._items(rows * space.inner, len(places))
        length = round_up(-(-rows * space.inner // items), self.capabilities.vector_width)
        length = min(length, max(space.inner, 1))
        per_row = -(-space.inner // length)
        index = space.index_type
        sizes = [(index, rows), (index, space.inner), (index, length), (index, per_row)]
        if self.gpu:
            launch = self._launch(generated, "pointwise", sizes, rows * space.inner, self._group())
        else:
            launch = self._launch(generated, "pointwise", sizes, min(items, rows * per_row), 1)
        declared = [f"const {index} {name}" for name in ("rows", "inner", "block", "blocks_per_row")]
        return replace(launch, parameters=(*writer.parameters, *declared))

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
        return Launch(source, arguments, (round_up(global_size, local_size),), (local_size,))

    # -- rows ---------------------------------------------------------------------------------------------------

    def _rows(self, loop: Loop, parts: int) -> Launch:
        writer = Writer(loop, self.capabilities.vector_width)
        space = writer.space
        length = prod(space.middle) * space.inner
        group = self._row_group(length // parts)
        rows, middle = prod(space.outer), prod(space.middle)
        items = max(1, min(rows * parts, self._items(rows * length, len(loop.statements))))
        phases = Phases(writer, group, parts > 1)
        if not self.gpu:
            phases.stash(middle * round_up(space.inner, self.capabilities.vector_width), items, self.new_scratch)
        split = 0 if parts == 1 else (2 if prod(space.middle) >= parts else 1)
        defines = [
            ("MID_SETUP", writer.middle_setup),
            ("GROUP_SIZE", str(group)),
            ("SPLIT", str(split)),
            _block_steps(length),
        ]
        generated = writer.generated(defines + phases.defines())
        part_length = -(-(middle if split == 2 else space.inner) // parts)
        index = space.index_type
        sizes = [(index, n) for n in (rows, middle, space.inner, parts, part_length)]
        if group:
            return self._launch(generated, "rows", sizes, rows * parts * group, group)
        if self.gpu:
            return self._launch(generated, "rows", sizes, rows * parts, self._group())
        return self._launch(generated, "rows", sizes, items, 1)

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
        defines = [
            ("MID_SETUP", writer.middle_setup),
            ("SPLIT", str(int(parts > 1))),
            _block_steps(prod(writer.space.middle)),
            *column_defines(writer, parts > 1),
        ]
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
        """Into how many parts to cut the reduced axes.

        Parts set the order of a sum, so this depends on the shape and on what the device can do - compute units, vector
        width, kernel shape - and never on what is fused, how operands lie, or who looks.
        """
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
        first = Loop(loop.kind, loop.space, loop.axes, list(loop.statements), list(loop.stores), loop.labels)
        first.stores = [store for store in loop.stores if store.level == ELEMENT]
        space = (parts, *kept)
        second = Loop("columns" if kept else "rows", space, (0,), labels=["combine parts"])
        moved: dict[int, int] = {}
        for place, statement in enumerate(loop.statements):
            if is_reduction(statement):
                # Parts are not rounded before they are combined.
                dtype = float32 if statement.dtype == float16 else statement.dtype
                first.statements[place] = replace(statement, dtype=dtype)
                scratch = self.new_scratch(parts * size_of(kept), dtype)
                strides = (0, *contiguous_strides(kept))
                first.stores.append(Store(scratch, place, REDUCED, _over(loop, strides[1:])))
                load = Statement(Load(scratch, contiguous_strides(space), 0), dtype, ELEMENT)
                second.statements.append(load)
                moved[place] = _append(
                    second,
                    Statement(
                        Compute(_primitive(statement), (len(second.statements) - 1,), dtype),
                        statement.dtype,
                        REDUCED,
                    ),
                )
            elif statement.level == REDUCED:
                moved[place] = _append(second, _moved(statement, moved, loop))
        for store in loop.stores:
            if store.level == REDUCED:
                second.stores.append(
                    Store(
                        store.item,
                        moved[store.value],
                        REDUCED,
                        (0, *_kept_of(loop, store.strides)),
                        store.offset,
                    )
                )
        return first, second


def _block_steps(length: int) -> tuple[str, str]:
    return "BLOCK_STEPS", str(BLOCK_STEPS if length > MOST_PARTS else 1)


def _append(loop: Loop, statement: Statement) -> int:
    loop.statements.append(statement)
    return len(loop.statements) - 1


def _primitive(statement: Statement) -> Reduction:
    assert isinstance(statement.what, Compute)
    assert isinstance(statement.what.primitive, Reduction)
    return statement.what.primitive


def _moved(statement: Statement, moved: dict[int, int], loop: Loop) -> Statement:
    what = statement.what
    if isinstance(what, Compute):
        return Statement(
            Compute(what.primitive, tuple(moved[place] for place in what.arguments), what.typed_by),
            statement.dtype,
            REDUCED,
        )
    if isinstance(what, Number):
        return statement
    assert isinstance(what, (Load, Index))
    strides = (0, *_kept_of(loop, what.strides))
    return Statement(replace(what, strides=strides), statement.dtype, REDUCED)


def _kept_of(loop: Loop, strides: Shape) -> Shape:
    return tuple(step for axis, step in enumerate(strides) if axis not in loop.axes)


def _over(loop: Loop, strides: Shape) -> Shape:
    """Strides over the kept axes as strides over the space."""
    steps = iter(strides)
    return tuple(0 if axis in loop.axes else next(steps) for axis in range(len(loop.space)))


def _has_phases(loop: Loop) -> bool:
    """Whether an element value depends on a reduced one that is not just loaded."""
    depends = [False] * len(loop.statements)
    for place, statement in enumerate(loop.statements):
        if is_reduction(statement):
            depends[place] = True
            assert isinstance(statement.what, Compute)
            if depends[statement.what.arguments[0]]:
                return True
        elif isinstance(statement.what, Compute):
            depends[place] = any(depends[argument] for argument in statement.what.arguments)
            if depends[place] and statement.level == ELEMENT:
                return True
    return False
