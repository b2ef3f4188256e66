"""Sizes of launches: long runs for the items of a CPU; an element, a column or a group's row on a GPU."""

from __future__ import annotations

import pytest

from clgrad.codegen.geometry import CpuGeometry, GpuGeometry, geometry_of
from tests.capabilities import CPU, GPU
from tests.codegen.loops import Lowered, softmax, total

ON_CPU, ON_GPU = CpuGeometry(CPU), GpuGeometry(GPU)


def test_the_kernel_shape_chooses_the_strategy() -> None:
    assert isinstance(geometry_of(CPU), CpuGeometry)
    assert isinstance(geometry_of(GPU), GpuGeometry)


def test_tiny_work_is_one_piece_and_large_work_has_a_bound() -> None:
    """A piece is worth 16 384 additions at least; each of the two units gets four pieces at most."""
    assert [ON_CPU.work_items(size, 1) for size in (0, 16_383, 32_768, 65_536, 10**9)] == [1, 1, 2, 4, 8]
    assert ON_CPU.work_items(32_768, 3) == 6
    assert ON_CPU.work_items(32_768, 0) == 2


def test_a_cpu_has_no_more_items_than_work() -> None:
    assert ON_CPU.pointwise(1000, 3, 8) == (3, 1)
    assert ON_CPU.pointwise(10**6, 100, 8) == (8, 1)
    assert ON_CPU.columns(0, 8) == (1, 1)
    assert ON_CPU.columns(5, 8) == (5, 1)


def test_a_cpu_item_has_rows_and_four_vectors_of_columns_to_itself() -> None:
    assert [ON_CPU.row_group(length) for length in (1, 10**6)] == [0, 0]
    assert [CpuGeometry(CPU._replace(vector_width=width)).column_lanes for width in (4, 8, 16)] == [16, 32, 64]


def test_a_group_shares_a_long_row_on_a_gpu() -> None:
    """Its size grows until each item has fewer than four elements, or the group has 256 items."""
    groups = {length: ON_GPU.row_group(length) for length in (33, 64, 256, 257, 512, 513, 1024, 10**6)}
    assert groups == {33: 64, 64: 64, 256: 64, 257: 128, 512: 128, 513: 256, 1024: 256, 10**6: 256}
    assert ON_GPU.rows(30, 128, 8) == (30 * 128, 128)


def test_short_rows_share_a_group_on_a_gpu() -> None:
    """Each element has an item, and a group of 128 has as many rows as fit."""
    groups = {length: ON_GPU.row_group(length) for length in (1, 2, 3, 10, 16, 20, 32)}
    assert groups == {1: 0, 2: 2, 3: 4, 10: 16, 16: 16, 20: 32, 32: 32}
    assert [ON_GPU.group_rows(size) for size in (2, 16, 32, 64, 256)] == [64, 8, 4, 1, 1]
    assert ON_GPU.rows(30, 16, 8) == (32 * 16, 128)
    assert ON_GPU.rows(300, 0, 8) == (384, 128)
    few = GpuGeometry(GPU._replace(max_group_size=48))
    assert (few.row_group(20), few.group_rows(32), few.rows(5, 32, 1)) == (32, 1, (5 * 32, 32))


@pytest.mark.parametrize("most", [16, 64, 128, 1024])
@pytest.mark.parametrize("elements", [1, 15, 100, 1000, 12_345])
def test_groups_of_a_gpu_are_whole_and_within_the_limit(most: int, elements: int) -> None:
    geometry = GpuGeometry(GPU._replace(max_group_size=most))
    assert geometry.row_group(elements) <= most
    for items, group in (geometry.pointwise(elements, 1, 1), geometry.columns(elements, 1)):
        assert group <= min(most, 128)
        assert items % group == 0
        assert elements <= items < elements + group


@pytest.mark.parametrize("length", [1, 64, 1000, 10**6])
def test_groups_that_share_a_row_are_powers_of_two(length: int) -> None:
    """Its items are added in pairs, so a device's limit of 192 leaves groups of 128."""
    limits = (12, 16, 48, 64, 100, 192, 256, 1000, 1024)
    groups = [GpuGeometry(GPU._replace(max_group_size=most)).row_group(length) for most in limits]
    assert all(group & (group - 1) == 0 for group in groups)
    assert all(group <= most for group, most in zip(groups, limits))


def test_sizes_of_loops() -> None:
    assert Lowered(softmax(70, 90), CPU).sizes == [(2, 1)]
    assert Lowered(softmax(70, 90), GPU).sizes == [(70 * 64, 64)]
    assert Lowered(softmax(70, 20), GPU).sizes == [(72 * 32, 128)]
    # 100 columns are two blocks of 64 on a CPU, and 100 items on a GPU.
    assert Lowered(total("columns", (100, 100)), CPU).sizes == [(1, 1)]
    assert Lowered(total("columns", (1000, 100)), CPU._replace(compute_units=1)).sizes == [(2, 1)]
    assert Lowered(total("columns", (100, 100)), GPU).sizes == [(128, 128)]
