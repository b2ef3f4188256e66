"""Launches of a sort: runs, passes that merge pairs of runs, and the two pairs of scratch arrays between them."""

from __future__ import annotations

import pytest

from clgrad.capabilities import Capabilities
from clgrad.dtypes import DType, float16, float32, int8, int64, uint8, uint16, uint32, uint64
from clgrad.kernels.sorting import CPU as NUMBERS
from clgrad.kernels.sorting import Sorting, candidates
from clgrad.launch import Int, Long, Memory, Offset
from tests.capabilities import CPU, GPU
from tests.kernels.problems import Call, defines, layout, memories, numbers, sizes

X, VALUES, ORDER = 0, 1, 2


def sort(
    outer: int, length: int, inner: int, on: Capabilities, kept: int | None = None, dtype: DType = float32,
    values: bool = True, order: bool = True,
) -> Call:  # fmt: skip
    kept = length if kept is None else kept
    shape = (outer, kept, inner)
    return Call(
        candidates, on, Sorting(outer, length, inner, kept, False), [layout(X, (outer, length, inner), dtype)],
        layout(VALUES, shape, dtype) if values else None, layout(ORDER, shape, int64) if order else None,
    )  # fmt: skip


def test_a_short_row_is_one_run() -> None:
    on_cpu, on_gpu = sort(6, 100, 1, CPU), sort(6, 100, 1, GPU)
    assert on_cpu.names == on_gpu.names == ["sort_runs"]
    # A CPU's insertion sort and its merges need memory; a group of a GPU sorts in local memory.
    assert on_cpu.scratch == [(600, uint32)] * 4
    assert on_gpu.scratch == []
    assert on_gpu.launches[0].arguments == (
        Memory(X), Offset(X), Long(6), Long(100), Long(1), Long(100), Int(128), Memory(VALUES), Memory(ORDER),
    )  # fmt: skip


def test_a_cpu_item_sorts_a_run() -> None:
    call = sort(2, 3 * NUMBERS.run - 1, 5, CPU)
    assert call.names == ["sort_runs", "sort_merge", "sort_merge"]
    assert [sizes(launch) for launch in call.launches] == [(2 * 5 * 3, 1)] * 3
    # Blocks of 16 become a run in eight steps between the two pairs, so it lies in the first, which is merged next.
    assert [memories(launch)[1:] for launch in call.launches] == [
        [-1, -2, -3, -4], [-1, -2, -3, -4], [-3, -4, VALUES, ORDER],
    ]  # fmt: skip


def test_a_pass_reads_what_the_one_before_wrote() -> None:
    call = sort(1, 3000, 1, GPU)
    assert call.names == ["sort_runs", "sort_merge", "sort_merge", "sort_merge"]
    # The keys and the order of the first pair are -1 and -2, those of the second -3 and -4.
    assert [memories(launch) for launch in call.launches] == [
        [X, -1, -2], [X, -1, -2, -3, -4], [X, -3, -4, -1, -2], [X, -1, -2, VALUES, ORDER],
    ]  # fmt: skip
    assert [defines(launch)["LAST"] for launch in call.launches] == ["0", "0", "0", "1"]


@pytest.mark.parametrize("on", [CPU, GPU, GPU._replace(max_group_size=100)], ids=["cpu", "gpu", "small"])
@pytest.mark.parametrize("length", [1, 2, 129, 4097, 100_000])
def test_runs_double_until_they_are_rows(on: Capabilities, length: int) -> None:
    first, *merges = sort(3, length, 2, on).launches
    run = NUMBERS.run if on is CPU else numbers(first, Int)[0]
    assert [numbers(launch)[-1] for launch in merges] == [run << step for step in range(len(merges))]
    assert run << len(merges) >= length
    assert not merges or run << len(merges) - 1 < length


@pytest.mark.parametrize("most", [16, 100, 256, 1024])
@pytest.mark.parametrize("length", [2, 100, 5000])
def test_groups_of_a_gpu_cover_all_rows(most: int, length: int) -> None:
    """A group that sorts is a power of two: its items compare and swap in pairs."""
    first, *merges = sort(7, length, 3, GPU._replace(max_group_size=most)).launches
    items, group = sizes(first)
    assert group & (group - 1) == 0
    assert group <= min(most, 256)
    assert items % group == 0
    run = numbers(first, Int)[0]
    assert run <= 2 * group
    assert 2 * items >= 21 * run * -(-length // run)
    for launch in merges:
        items, group = sizes(launch)
        assert group == min(most, 64)
        assert items % group == 0
        assert items >= 21 * -(-length // int(defines(launch)["PER_ITEM"]))


@pytest.mark.parametrize(("length", "merges"), [(512, 0), (513, 1), (1024, 1), (1025, 2)])
def test_only_the_last_pass_writes_results(length: int, merges: int) -> None:
    *before, last = sort(1, length, 1, GPU).launches
    assert len(before) == merges
    assert memories(last)[-2:] == [VALUES, ORDER]
    assert not any({VALUES, ORDER} & set(memories(launch)) for launch in before)


def test_a_result_that_nobody_wants_is_left_out() -> None:
    (launch,) = sort(1, 50, 1, GPU, values=False).launches
    assert memories(launch) == [X, ORDER]
    assert (defines(launch)["VALUES"], defines(launch)["ORDER"]) == ("0", "1")
    (launch,) = sort(1, 50, 1, GPU, order=False).launches
    assert memories(launch) == [X, VALUES]
    assert (defines(launch)["VALUES"], defines(launch)["ORDER"]) == ("1", "0")


def test_only_what_is_kept_is_merged() -> None:
    launches = sort(1, 3000, 1, GPU, kept=5).launches
    assert [numbers(launch)[3] for launch in launches] == [5] * 4


@pytest.mark.parametrize(("dtype", "key"), [(int8, uint8), (float16, uint16), (float32, uint32), (int64, uint64)])
def test_keys_are_as_wide_as_elements(dtype: DType, key: DType) -> None:
    call = sort(1, 10, 1, CPU, dtype=dtype)
    assert call.scratch == [(10, key), (10, uint32)] * 2
