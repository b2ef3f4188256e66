"""Where the arrays of a plan lie: golden plans, and the slots of temporaries."""

from __future__ import annotations

from clgrad.ops import linalg, movement
from clgrad.ops.operation import Value, fill
from clgrad.plan.memory import FreeSlots
from tests.plan.described import CPU, GPU, array, kernels, planned


def test_temporaries_take_turns() -> None:
    for device in (CPU, GPU):
        x, weight = array(8, 16, on=device), array(16, 16, on=device)
        y = x
        for _ in range(5):
            y = linalg.matmul(y, weight)
        plan = planned(y)
        assert kernels(plan) == [
            "matmul_tiles: matmul: a0 a1 -> t0",
            "matmul_tiles: matmul: t0 a1 -> t1",
            "matmul_tiles: matmul: t1 a1 -> t0",
            "matmul_tiles: matmul: t0 a1 -> t1",
            "matmul_tiles: matmul: t1 a1 -> r0",
        ]
        assert (plan.result_bytes, plan.temporary_bytes) == ([8 * 16 * 4], [8 * 16 * 4] * 2)


def test_a_temporary_takes_memory_of_at_most_twice_its_size() -> None:
    x, narrow, wide, back = array(8, 16), array(16, 4), array(4, 64), array(64, 16)
    plan = planned(linalg.matmul(linalg.matmul(linalg.matmul(linalg.matmul(x, narrow), wide), back), narrow))
    # 128 bytes, then 2,048; then 512, for which the former are too few and the latter too many.
    assert plan.temporary_bytes == [8 * 4 * 4, 8 * 64 * 4, 8 * 16 * 4]


def test_what_nobody_holds_is_overwritten() -> None:
    weight, slope = array(300), array(300)
    weight = weight - slope * 0.1
    plan = planned(weight)
    assert kernels(plan) == ["pointwise: multiply + subtract: a0 a1 -> a1"]
    assert plan.result_bytes == plan.temporary_bytes == []


def test_what_somebody_holds_is_not() -> None:
    weight, slope = array(300), array(300)
    plan = planned(weight - slope * 0.1)
    assert kernels(plan) == ["pointwise: multiply + subtract: a0 a1 -> r0"]
    assert plan.result_bytes == [1200]


def written(x: Value, rows: int) -> Value:
    for row in range(rows):
        x = movement.slice_update(x, fill(1.0, (2, 4), x.dtype, x.device), **movement.along(x.shape, 0, 2 * row, 2))
    return x


def test_writes_one_after_the_other_go_to_one_memory() -> None:
    plan = planned(written(array(50, 4), 3))
    assert kernels(plan) == ["pointwise: fill + copy:  -> a0"] * 3
    assert plan.result_bytes == plan.temporary_bytes == []


def test_the_first_write_copies_what_somebody_holds() -> None:
    x = array(50, 4)
    plan = planned(written(x, 3))
    assert (
        kernels(plan) == ["pointwise, pointwise: copy | fill + copy: a0 -> r0"] + ["pointwise: fill + copy:  -> r0"] * 2
    )
    assert (plan.result_bytes, plan.temporary_bytes) == ([800], [])


def test_free_slots_are_taken_smallest_first_then_oldest_first() -> None:
    free = FreeSlots()
    for slot, nbytes in enumerate([100, 300, 100, 150, 0]):
        free.put(slot, nbytes)
    assert free.take(301) is None
    assert [free.take(nbytes) for nbytes in (0, 0, 90, 90, 90, 90, 200, 200)] == [4, None, 0, 2, 3, None, 1, None]
    free.put(3, 150)
    assert (free.take(74), free.take(75)) == (None, 3)


def test_a_result_inherits_memory_that_was_read_for_the_last_time_before() -> None:
    """A step begins with the update by the old gradient, and the new gradient comes to lie in its memory."""
    weight, slope, x = array(10, 10), array(10, 10), array(10, 10)
    weight = weight - slope * 0.1
    slope = linalg.matmul(x, weight)
    plan = planned(weight, slope)
    assert kernels(plan) == ["pointwise: multiply + subtract: a0 a1 -> a0", "matmul_tiles: matmul: a2 a0 -> a1"]
    assert plan.result_bytes == []


def test_a_result_does_not_inherit_what_its_own_kernel_or_somebody_else_reads() -> None:
    x, weight = array(10, 10), array(10, 10)
    x, held = linalg.matmul(x, weight), x
    plan = planned(x)
    assert kernels(plan) == ["matmul_tiles: matmul: a0 a1 -> r0"]
    del held
    slope, wide = array(10, 10), array(20, 10)
    total = linalg.matmul(wide, slope + 1)
    del slope
    plan = planned(total)
    assert plan.result_bytes == [800]
