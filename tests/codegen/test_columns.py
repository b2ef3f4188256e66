"""The text of columns kernels: what happens at each step down a column, and at its end."""

from __future__ import annotations

from clgrad.codegen.loop import ELEMENT, REDUCED, Loop, Store
from clgrad.dtypes import float16, float32
from clgrad.launch import Int, Memory, Offset
from tests.capabilities import CPU, GPU
from tests.codegen.loops import EXP, RESULT, TOTAL, Lowered, X, compute, load, reduce, text, total


def test_a_sum_down_the_columns() -> None:
    (launch,) = Lowered(total("columns", (50, 40)), CPU).launches
    assert launch.source.name == "columns"
    # The stride down a column; then rows, middle, inner, parts, the length of a part, blocks of columns per row.
    assert launch.arguments == (
        Memory(X), Offset(X), Memory(TOTAL), Offset(TOTAL), Int(40),
        Int(1), Int(50), Int(40), Int(1), Int(50), Int(1),
    )  # fmt: skip
    assert text(launch, "MID_SETUP")[0] == "const index_t h0 = j;const index_t in0 = at0 + h0 * m0_0;"
    assert text(launch, "DECLARE(u)") == [
        "float_v total1_##u = (float_v)(0), lost1_##u = 0; float_v acc1_##u = (float_v)(0);"
    ]
    assert text(launch, "FULL(i, u)") == [
        "const float_v v0 = load_float(p0 + in0 + (i) * 1);",
        "acc1_##u = combine_sum_float(acc1_##u, v0);",
    ]
    assert text(launch, "FOLD(u)") == ["TWO_SUM(float, total1_##u, lost1_##u, acc1_##u); acc1_##u = (float_v)(0);"]
    assert text(launch, "FINISH(i, u)") == [
        "const float_v v1 = (COMPENSATED(total1_##u, lost1_##u));",
        "store_float(v1, q0 + at1 + (i) * 1);",
    ]
    assert text(launch, "FINISH_PART(i, count)") == [
        "const float_v v1 = (COMPENSATED(total1_0, lost1_0));",
        "store_part_float(v1, q0 + at1 + (i) * 1, 1, count);",
    ]


def test_a_gpu_has_an_item_for_each_column() -> None:
    (on_cpu,), (on_gpu,) = (Lowered(total("columns", (50, 40)), device).launches for device in (CPU, GPU))
    assert on_cpu.source == on_gpu.source
    assert (on_cpu.arguments[-1], on_gpu.arguments[-1]) == (Int(1), Int(40))


def test_parts_store_their_totals_one_part_after_the_other() -> None:
    call = Lowered(total("columns", (5000, 40), float16), CPU)
    first, second = call.launches
    assert call.scratch == [(4 * 40, float32)]
    assert first.arguments[2:] == (
        Memory(-1), Offset(-1), Int(40), Int(1), Int(5000), Int(40), Int(4), Int(1250), Int(1),
    )  # fmt: skip
    assert text(first, "FINISH(i, u)") == [
        "const float_v v1 = COMPENSATED(total1_##u, lost1_##u);",
        "store_float(v1, q0 + ((long)part * rows + row) * inner + (i));",
    ]
    assert second.arguments[:4] == (Memory(-1), Offset(-1), Memory(TOTAL), Offset(TOTAL))
    assert text(second, "FINISH(i, u)") == [
        "const float_v v1 = round_half_float(COMPENSATED(total1_##u, lost1_##u));",
        "store_half(v1, q0 + at1 + (i) * 1);",
    ]


def test_elements_are_stored_at_each_step_and_reduced_values_at_the_end() -> None:
    along, kept = (40, 1), (0, 1)
    loop = Loop(
        "columns", (50, 40), (0,),
        [load(X, along), compute(EXP, 0), reduce("max", 1), compute(EXP, 2, level=REDUCED)],
        [Store(RESULT, 1, ELEMENT, along), Store(TOTAL, 3, REDUCED, kept)],
    )  # fmt: skip
    (launch,) = Lowered(loop, CPU).launches
    assert text(launch, "FULL(i, u)") == [
        "const float_v v0 = load_float(p0 + in0 + (i) * 1);",
        "const float_v v1 = (exp_float(v0));",
        "acc2_##u = combine_maximum_float(acc2_##u, v1);",
        "store_float(v1, q0 + in1 + (i) * 1);",
    ]
    assert text(launch, "FINISH(i, u)") == [
        "const float_v v2 = (total2_##u);",
        "const float_v v3 = (exp_float(v2));",
        "store_float(v3, q1 + at2 + (i) * 1);",
    ]
