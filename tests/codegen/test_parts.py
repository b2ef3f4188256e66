"""Where long reductions are cut: by shape, compute units, vector width and kernel shape, and by nothing else."""

from __future__ import annotations

import pytest

from clgrad.capabilities import Capabilities
from clgrad.codegen.geometry import CPU_PART as PART
from clgrad.codegen.geometry import GPU_PART, MOST_PARTS, geometry_of
from clgrad.codegen.loop import ELEMENT, REDUCED, Load, Loop, Store
from clgrad.codegen.parts import cut, parts_of
from clgrad.dtypes import DType, float16, float32, int64
from clgrad.shapes import Shape
from tests.capabilities import CPU, GPU
from tests.codegen.loops import ADD, EXP, RESULT, TOTAL, X, compute, load, reduce, softmax, total


def parts(kind: str, space: Shape, on: Capabilities) -> int:
    return parts_of(total(kind, space), geometry_of(on))


def with_units(capabilities: Capabilities, units: int) -> Capabilities:
    return capabilities._replace(compute_units=units)


def test_long_rows_are_cut_into_parts_of_a_length() -> None:
    lengths = (PART, 2 * PART - 1, 2 * PART, 5 * PART + 3, 10**9)
    assert [parts("rows", (1, length), CPU) for length in lengths] == [1, 1, 2, 5, MOST_PARTS]


def test_rows_are_whole_where_every_unit_has_some() -> None:
    assert [parts("rows", (rows, 10 * PART), CPU) for rows in (7, 8)] == [10, 1]
    assert [parts("rows", (rows, 10 * GPU_PART), GPU) for rows in (8, 127, 128)] == [10, 2, 1]
    assert [parts("rows", (100, 10 * GPU_PART), with_units(GPU, units)) for units in (16, 64)] == [1, 3]


def test_a_long_row_keeps_every_unit_of_a_gpu_busy() -> None:
    """Four work-groups for each unit, if each still has 4,096 elements."""
    assert [parts("rows", (1, 1 << 24), with_units(GPU, units)) for units in (1, 32, 108)] == [4, 128, 432]
    assert [parts("rows", (1, 1 << 20), with_units(GPU, units)) for units in (32, 108)] == [128, 256]


def test_columns_are_cut_where_there_are_few() -> None:
    assert [parts("columns", (length, 40), CPU) for length in (100, 127, 5000, 10**6)] == [1, 1, 4, 4]
    assert [parts("columns", (length, 40), GPU) for length in (127, 128, 5000, 10**6)] == [1, 1, 70, 205]


def test_combining_the_parts_of_columns_takes_a_gpu_no_longer_than_a_part() -> None:
    assert [parts("columns", (length, 4), with_units(GPU, 108)) for length in (10_000, 100_000)] == [100, 316]


def test_the_vector_width_says_how_many_columns_a_cpu_walks_at_once() -> None:
    """256 columns are four blocks of 64 or 16 blocks of 16; four blocks are enough for two units."""
    widths = (4, 8, 16)
    assert [parts("columns", (1000, 256), CPU._replace(vector_width=width)) for width in widths] == [1, 1, 1]
    assert [parts("columns", (1000, 60), CPU._replace(vector_width=width)) for width in widths] == [1, 2, 4]


def test_what_is_done_with_a_sum_or_its_operands_does_not_move_the_cut() -> None:
    plain = total("rows", (3, 10 * PART))
    raised = Loop("rows", plain.space, (1,), [load(X, (1, 3)), compute(EXP, 0), reduce("sum", 1)], [])
    halves = total("rows", (3, 10 * PART), float16)
    assert {parts_of(loop, geometry_of(CPU)) for loop in (plain, raised, halves)} == {10}


def test_phases_need_whole_rows() -> None:
    """A softmax reads its row again once the largest element is known."""
    assert parts_of(softmax(1, 10 * PART), geometry_of(CPU)) == 1


@pytest.mark.parametrize("space", [(0, 10**6), (10**6, 0)])
def test_empty_reductions_are_whole(space: Shape) -> None:
    assert parts("rows", space, CPU) == parts("columns", space[::-1], CPU) == 1


class Scratch(list[tuple[int, DType]]):
    """Sizes and dtypes of scratch memory; the items are -1, -2, ..."""

    def new(self, size: int, dtype: DType) -> int:
        self.append((size, dtype))
        return -len(self)


def test_the_first_loop_stores_accumulators_and_the_second_combines_them() -> None:
    scratch = Scratch()
    loop = total("rows", (3, 100_000))
    first, second = cut(loop, 6, scratch.new)
    assert scratch == [(6 * 3, float32)]
    assert (first.kind, first.space, first.axes) == ("rows", (3, 100_000), (1,))
    assert first.statements == loop.statements
    assert first.stores == [Store(-1, 1, REDUCED, (1, 0))]
    # The totals of part 0 for all three rows, then those of part 1: they are added down the columns.
    assert (second.kind, second.space, second.axes) == ("columns", (6, 3), (0,))
    assert second.statements[0].what == Load(-1, (3, 1), 0)
    assert second.statements[1] == loop.statements[1]._replace(what=loop.statements[1].what._replace(arguments=(0,)))
    assert second.stores == [Store(TOTAL, 1, REDUCED, (0, 1))]


def test_a_sum_of_everything_is_combined_as_a_row() -> None:
    scratch = Scratch()
    whole = Loop("rows", (100_000,), (0,), [load(X, (1,)), reduce("sum", 0)], [Store(TOTAL, 1, REDUCED, (0,))])
    first, second = cut(whole, 6, scratch.new)
    assert scratch == [(6, float32)]
    assert first.stores == [Store(-1, 1, REDUCED, (0,))]
    assert (second.kind, second.space, second.axes) == ("rows", (6,), (0,))
    assert second.stores == [Store(TOTAL, 1, REDUCED, (0,))]


def test_halves_are_rounded_once_after_they_are_combined() -> None:
    scratch = Scratch()
    first, second = cut(total("columns", (5000, 40), float16), 4, scratch.new)
    assert scratch == [(4 * 40, float32)]
    assert [statement.dtype for statement in first.statements] == [float16, float32]
    assert [statement.dtype for statement in second.statements] == [float32, float16]


def test_other_dtypes_keep_theirs() -> None:
    scratch = Scratch()
    cut(total("columns", (5000, 40), int64), 4, scratch.new)
    assert scratch == [(4 * 40, int64)]


def test_each_store_belongs_to_the_loop_that_knows_the_value() -> None:
    """exp(x) is stored by the first loop; sum + bias, with a bias per row, by the second, and so is the maximum."""
    scratch = Scratch()
    along, kept = (100_000, 1), (1, 0)
    loop = Loop(
        "rows", (3, 100_000), (1,),
        [
            load(X, along), compute(EXP, 0), reduce("sum", 1), load(1, (2, 0), offset=5, level=REDUCED),
            compute(ADD, 2, 3, level=REDUCED), reduce("max", 1),
        ],
        [
            Store(RESULT, 1, ELEMENT, along), Store(TOTAL, 4, REDUCED, kept, offset=7), Store(12, 5, REDUCED, kept),
        ],
    )  # fmt: skip
    first, second = cut(loop, 6, scratch.new)
    assert scratch == [(18, float32), (18, float32)]
    assert first.stores == [
        Store(RESULT, 1, ELEMENT, along), Store(-1, 2, REDUCED, kept), Store(-2, 5, REDUCED, kept),
    ]  # fmt: skip
    whats = [statement.what for statement in second.statements]
    assert [what for what in whats if isinstance(what, Load)] == [
        Load(-1, (3, 1), 0), Load(1, (0, 2), 5), Load(-2, (3, 1), 0),
    ]  # fmt: skip
    assert second.statements[3] == compute(ADD, 1, 2, level=REDUCED)
    assert second.stores == [Store(TOTAL, 3, REDUCED, (0, 1), offset=7), Store(12, 5, REDUCED, (0, 1))]
