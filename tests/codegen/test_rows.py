"""The phases of rows kernels: one pass over the columns for each, and statements per row between them."""

from __future__ import annotations

import pytest

from clgrad.capabilities import Capabilities
from clgrad.codegen.loop import ELEMENT, REDUCED, Loop, Store
from clgrad.codegen.rows import LONGEST_STASH
from clgrad.dtypes import float16, float32, int64
from clgrad.launch import Int, Memory
from tests.capabilities import CPU, GPU
from tests.codegen.loops import ADD, DIVIDE, EXP, RESULT, TOTAL, Lowered, X, compute, load, reduce, softmax, text, total

STASH = "stash0 + (get_global_id(0) * mid + j) * ((inner + VECTOR_WIDTH - 1) / VECTOR_WIDTH * VECTOR_WIDTH) + (i)"


def test_a_softmax_has_three_phases() -> None:
    """The maximum, the sum of exp(x - maximum), the quotients. Then the sum is stored, once per row."""
    (launch,) = Lowered(softmax(70, 90), GPU).launches
    assert text(launch, "PHASES") == [
        "float_v total1 = (float_v)(-INFINITY);",
        "SINGLE_PASS(P0)",
        "const float_v v1 = ((float_v)(group_maximum_float("
        "horizontal_maximum_float(total1), (__local float *)shared, GROUP_SIZE)));",
        "float_v total4 = (float_v)(0), lost4 = 0;",
        "SINGLE_PASS(P1)",
        "const float_v v4 = ((float_v)(group_sum_float("
        "horizontal_sum_float(COMPENSATED(total4, lost4)), (__local float *)shared, GROUP_SIZE)));",
        "SINGLE_PASS(P2)",
        "if (owns && FIRST_COLUMN == 0) {",
        "store_strided_float(v4, q1 + at2, 1, 1);",
    ]
    assert text(launch, "P0_FULL(i, u)") == [
        "const float_v v0 = load_float(p0 + in0 + (i) * 1);",
        "acc1_##u = combine_maximum_float(acc1_##u, v0);",
    ]
    assert text(launch, "P2_FULL(i, u)") == [
        "const float_v v0 = load_float(p0 + in0 + (i) * 1);",
        "const float_v v2 = (v0 - v1);",
        "const float_v v3 = (exp_float(v2));",
        "const float_v v5 = (v3 / v4);",
        "store_float(v5, q0 + in1 + (i) * 1);",
    ]


def test_a_cpu_keeps_costly_values_between_passes() -> None:
    """exp(x - maximum) is computed in the second pass and read in the third. Each item has a row of scratch memory."""
    call = Lowered(softmax(70, 90), CPU)
    (launch,) = call.launches
    assert (call.sizes, call.scratch) == ([(2, 1)], [(2 * 96, float32)])
    assert Memory(-1) in launch.arguments
    assert text(launch, "P1_FULL(i, u)")[2] == f"const float_v v3 = (exp_float(v2)); store_float(v3, {STASH});"
    assert text(launch, "P2_FULL(i, u)") == [
        f"const float_v v3 = load_float({STASH});",
        "const float_v v5 = (v3 / v4);",
        "store_float(v5, q0 + in1 + (i) * 1);",
    ]


def test_rows_too_long_for_the_caches_are_computed_again() -> None:
    assert [len(Lowered(softmax(3, length), CPU).scratch) for length in (LONGEST_STASH, LONGEST_STASH + 1)] == [1, 0]
    assert Lowered(softmax(3, 90), GPU).scratch == []


def test_what_one_pass_needs_alone_is_not_kept() -> None:
    raised = [load(X, (90, 1)), compute(EXP, 0), reduce("sum", 1)]
    loop = Loop("rows", (70, 90), (1,), raised, [Store(TOTAL, 2, REDUCED, (1, 0))])
    assert Lowered(loop, CPU).scratch == []


@pytest.mark.parametrize(("length", "group", "together"), [(1, 0, 128), (20, 32, 4), (90, 64, 1), (1000, 256, 1)])
def test_the_work_items_of_a_row_meet_in_local_memory_on_a_gpu(length: int, group: int, together: int) -> None:
    (launch,) = Lowered(softmax(70, length), GPU).launches
    assert text(launch, "GROUP_SIZE") == [str(group)]
    assert text(launch, "GROUP_ROWS") == [str(together)]
    assert any("group_sum_float" in line for line in text(launch, "PHASES")) == bool(group)


def passes(loop: Loop, on: Capabilities) -> list[str]:
    (launch,) = Lowered(loop, on).launches
    return [line for line in text(launch, "PHASES") if "_PASS(" in line]


def test_light_work_is_unrolled_over_four_accumulators_on_a_cpu() -> None:
    """Costly work has its text once, and its four accumulators take turns. Both add in the same order."""
    assert passes(total("rows", (70, 90)), CPU) == ["UNROLLED_PASS(P0)"]
    assert passes(softmax(70, 90), CPU) == [f"TURNING_PASS(P{phase})" for phase in range(3)]
    assert passes(total("rows", (70, 90)), GPU) == ["SINGLE_PASS(P0)"]
    for loop, place in ((total("rows", (70, 90)), 1), (softmax(70, 90), 4)):
        (launch,) = Lowered(loop, CPU).launches
        (folded,) = text(launch, f"P{0 if place == 1 else 1}_FOLD")
        pairs = [f"combine_sum_float(acc{place}_{first}, acc{place}_{first + 1})" for first in (0, 2)]
        assert folded == f"TWO_SUM(float, total{place}, lost{place}, combine_sum_float({', '.join(pairs)}));"


def test_lanes_past_the_end_add_nothing() -> None:
    (launch,) = Lowered(total("rows", (70, 90), combine="max"), GPU).launches
    inside = "convert_mask_float(LANES(int) < count) != (mask_float)(0)"
    assert text(launch, "P0_PART(i, count)") == [
        "const float_v v0 = load_part_float(p0 + in0 + (i) * 1, 1, count);",
        f"acc1_0 = combine_maximum_float(acc1_0, (({inside}) ? v0 : (float_v)(-INFINITY)));",
    ]


def test_sums_of_floats_are_compensated_and_no_others() -> None:
    sums, whole = ((Lowered(total("rows", (70, 90), dtype), GPU).launches[0]) for dtype in (float16, int64))
    assert text(sums, "P0_FOLD") == ["TWO_SUM(float, total1, lost1, acc1_0);"]
    assert text(whole, "P0_FOLD") == ["total1 = combine_sum_long(total1, acc1_0);"]
    assert text(sums, "PHASES")[2].startswith("const float_v v1 = round_half_float(")


def test_short_sums_are_compensated_at_every_step() -> None:
    steps = [text(Lowered(total("rows", (70, n)), CPU).launches[0], "BLOCK_STEPS") for n in (64, 65)]
    assert steps == [["1"], ["16"]]


def test_parts_of_a_row_store_totals_that_are_not_rounded() -> None:
    first, second = Lowered(total("rows", (3, 100_000), float16), CPU).launches
    assert text(first, "SPLIT") == ["1"]
    # rows, middle, inner, parts, and the length of a part.
    assert first.arguments[-5:] == (Int(3), Int(1), Int(100_000), Int(6), Int(16_667))
    assert text(first, "PHASES")[-2:] == [
        "const float_v v1 = (float_v)(horizontal_sum_float(COMPENSATED(total1, lost1)));",
        "store_strided_float(v1, q0 + (long)part * rows + row, 1, 1);",
    ]
    assert second.source.name == "columns"


def test_what_is_done_with_a_total_waits_until_its_parts_are_combined() -> None:
    statements = [load(X, (100_000, 1)), reduce("sum", 0), compute(EXP, 1, level=REDUCED)]
    loop = Loop("rows", (3, 100_000), (1,), statements, [Store(TOTAL, 2, REDUCED, (1, 0))])
    first, second = Lowered(loop, CPU).launches
    assert not any("exp_float" in line for line in text(first, "PHASES"))
    assert text(second, "FINISH(i, u)")[1] == "const float_v v2 = (exp_float(v1));"


def test_a_mean_and_what_is_left_of_it_wait_for_each_other() -> None:
    """(x / sum(x)) + max(x / sum(x)): the second reduction needs the first, so a third pass stores."""
    along = (90, 1)
    loop = Loop(
        "rows", (70, 90), (1,),
        [load(X, along), reduce("sum", 0), compute(DIVIDE, 0, 1), reduce("max", 2), compute(ADD, 2, 3)],
        [Store(RESULT, 4, ELEMENT, along)],
    )  # fmt: skip
    assert passes(loop, GPU) == ["SINGLE_PASS(P0)", "SINGLE_PASS(P1)", "SINGLE_PASS(P2)"]


def test_reductions_of_the_same_phase_share_a_pass() -> None:
    along = (90, 1)
    loop = Loop(
        "rows", (70, 90), (1,), [load(X, along), reduce("sum", 0), reduce("max", 0), compute(EXP, 0)],
        [Store(RESULT, 3, ELEMENT, along)],
    )  # fmt: skip
    assert passes(loop, GPU) == ["SINGLE_PASS(P0)"]
    (launch,) = Lowered(loop, GPU).launches
    assert text(launch, "P0_FULL(i, u)") == [
        "const float_v v0 = load_float(p0 + in0 + (i) * 1);",
        "const float_v v3 = (exp_float(v0));",
        "acc1_##u = combine_sum_float(acc1_##u, v0);",
        "acc2_##u = combine_maximum_float(acc2_##u, v0);",
        "store_float(v3, q0 + in1 + (i) * 1);",
    ]
