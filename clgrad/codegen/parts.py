"""Long reductions of few rows or columns are cut into parts, so that every compute unit has work.

    x.sum() of 1,000,000 elements on a CPU, in parts of 16,384      61 parts
    first loop     kind rows, space (1000000,): sums each part, and stores 61 partial sums in scratch memory
    second loop    space (61,): sums the partial sums

The number of parts never depends on the ops that are fused, so the bits of a sum do not either.
"""

from __future__ import annotations

from collections.abc import Callable

from clgrad.codegen.geometry import Geometry
from clgrad.codegen.loop import ELEMENT, REDUCED, Compute, Index, Load, Loop, Number, Statement, Store, is_reduction
from clgrad.dtypes import DType, float16, float32
from clgrad.primitives import Reduction
from clgrad.shapes import Shape, contiguous_strides, size_of

# Allocates memory for the duration of a fusion group's launches: takes size and dtype, gives the number of the array.
NewScratch = Callable[[int, DType], int]


def parts_of(loop: Loop, geometry: Geometry) -> int:
    """Into how many parts to cut the reduced axes.

    Parts set the order of a sum. So the number depends on the shape and on the device (compute units, vector width,
    kernel shape), and never on fusion, on the layout of operands, or on reads of intermediate values.
    """
    kept = size_of(tuple(n for axis, n in enumerate(loop.space) if axis not in loop.axes))
    length = size_of(loop.space) // max(kept, 1)
    if kept == 0 or _has_phases(loop):
        return 1
    if loop.kind == "rows":
        return geometry.row_parts(kept, length)
    last = next(n for axis, n in reversed(list(enumerate(loop.space))) if axis not in loop.axes)
    return geometry.column_parts(kept // last, last, length)


def cut(loop: Loop, parts: int, new_scratch: NewScratch) -> tuple[Loop, Loop]:
    """Two loops: the first stores partial reductions in scratch memory, the second combines them."""
    kept = tuple(n for axis, n in enumerate(loop.space) if axis not in loop.axes)
    first = Loop(loop.kind, loop.space, loop.axes, list(loop.statements), list(loop.stores), loop.labels)
    first.stores = [store for store in loop.stores if store.level == ELEMENT]
    space = (parts, *kept)
    second = Loop("columns" if kept else "rows", space, (0,), labels=["combine parts"])
    moved: dict[int, int] = {}
    for place, statement in enumerate(loop.statements):
        if is_reduction(statement):
            # Partial reductions of float16 stay float32, so that only the result is rounded.
            dtype = float32 if statement.dtype == float16 else statement.dtype
            first.statements[place] = statement._replace(dtype=dtype)
            scratch = new_scratch(parts * size_of(kept), dtype)
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
    return Statement(what._replace(strides=strides), statement.dtype, REDUCED)


def _kept_of(loop: Loop, strides: Shape) -> Shape:
    return tuple(step for axis, step in enumerate(strides) if axis not in loop.axes)


def _over(loop: Loop, strides: Shape) -> Shape:
    """Strides over the kept axes, extended to strides over the whole space."""
    steps = iter(strides)
    return tuple(0 if axis in loop.axes else next(steps) for axis in range(len(loop.space)))


def _has_phases(loop: Loop) -> bool:
    """Whether a value per element depends on a reduction that this loop computes."""
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
