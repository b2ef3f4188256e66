"""Launches of running sums and products: where rows are cut into blocks, and who owns which columns."""

from __future__ import annotations

import pytest

from clgrad.capabilities import Capabilities
from clgrad.dtypes import float32, int64
from clgrad.kernels.scan import CPU as NUMBERS
from clgrad.kernels.scan import Scan, candidates
from clgrad.launch import Long, Memory, Offset
from tests.capabilities import CPU, GPU
from tests.kernels.problems import Call, defines, layout, numbers, sizes

X, OUTPUT, TOTALS = 0, 1, -1


def scan(
    outer: int, length: int, inner: int, on: Capabilities = CPU, product: bool = False, reverse: bool = False
) -> Call:
    shape = (outer, length, inner)
    return Call(candidates, on, Scan(*shape, product, reverse), [layout(X, shape)], layout(OUTPUT, shape))


@pytest.mark.parametrize("on", [CPU, GPU], ids=["cpu", "gpu"])
def test_short_rows_are_scanned_in_one_pass(on: Capabilities) -> None:
    call = scan(3, NUMBERS.one_block, 1, on)
    assert (call.names, call.scratch) == (["scan_blocks"], [])
    # The third array, the starting values, is not read.
    assert call.launches[0].arguments == (
        Memory(X), Offset(X), Memory(X), Memory(OUTPUT), Long(3), Long(256), Long(1), Long(256), Long(1),
    )  # fmt: skip


@pytest.mark.parametrize("on", [CPU, GPU], ids=["cpu", "gpu"])
def test_long_rows_are_cut_into_blocks(on: Capabilities) -> None:
    """A row of 10 000 elements: 100 blocks of 100, each with a total of its own in scratch memory."""
    call = scan(3, 10_000, 2, on)
    assert call.names == ["scan_totals", "scan_starts", "scan_blocks"]
    assert call.scratch == [(3 * 100 * 2, float32)]
    totals, starts, blocks = call.launches
    lengths = (Long(3), Long(10_000), Long(2), Long(100), Long(100))
    assert totals.arguments == (Memory(X), Offset(X), Memory(TOTALS), *lengths)
    assert starts.arguments == (Memory(TOTALS), Long(3), Long(2), Long(100))
    assert blocks.arguments == (Memory(X), Offset(X), Memory(TOTALS), Memory(OUTPUT), *lengths)


@pytest.mark.parametrize("length", [257, 1000, 65_537, 1_000_003])
def test_blocks_cover_a_row_and_none_is_empty(length: int) -> None:
    _, _, _, block, blocks = numbers(scan(1, length, 1).launches[0])
    assert (blocks - 1) * block < length <= blocks * block


def test_products_are_not_cut() -> None:
    """Where a block overflows, what follows a zero would be 0 * inf."""
    call = scan(1, 10_000, 1, product=True)
    assert (call.names, call.scratch) == (["scan_blocks"], [])
    assert numbers(call.launches[0])[3:] == [10_000, 1]


def test_the_blocks_depend_on_the_length_alone() -> None:
    many = GPU._replace(compute_units=128, max_group_size=64)
    lengths = {tuple(numbers(scan(2, 5000, 3, on).launches[0])) for on in (CPU, GPU, many)}
    assert lengths == {(2, 5000, 3, 71, 71)}


def test_a_cpu_walks_neighbouring_columns_as_a_vector() -> None:
    """16 lanes: 40 columns are three vectors, of which the last is partly empty; 15 columns are one item each."""
    wide, narrow = scan(2, 10, 40).launches[0], scan(2, 10, 15).launches[0]
    assert (defines(wide)["IN_VECTORS"], sizes(wide)) == ("1", (2 * 3, 1))
    assert (defines(narrow)["IN_VECTORS"], sizes(narrow)) == ("0", (2 * 15, 1))
    assert sizes(scan(2, 10, 16).launches[0]) == (2, 1)
    assert defines(scan(2, 10, 40, GPU).launches[0])["IN_VECTORS"] == "0"


@pytest.mark.parametrize("most", [16, 48, 1024])
def test_groups_of_a_gpu_are_whole_and_within_the_limit(most: int) -> None:
    call = scan(3, 1000, 7, GPU._replace(max_group_size=most))
    *_, blocks = numbers(call.launches[0])
    owners = {"scan_totals": 3 * blocks * 7, "scan_starts": 3 * 7, "scan_blocks": 3 * blocks * 7}
    for launch in call.launches:
        items, group = sizes(launch)
        assert group == min(most, 64)
        assert items % group == 0
        assert owners[launch.source.name] <= items < owners[launch.source.name] + group


def test_kernels_differ_by_dtype_and_direction() -> None:
    shape = (1, 5, 1)
    call = Call(candidates, CPU, Scan(*shape, False, True), [layout(X, shape, int64)], layout(OUTPUT, shape, int64))
    assert defines(call.launches[0]) == {"TYPE": "long", "IN_VECTORS": "0", "PRODUCT": "0", "REVERSE": "1"}


def test_a_gpu_reads_rows_through_local_memory() -> None:
    """Where blocks lie one after the other. A group of 64 has a padded tile of 32 elements of each of its blocks."""
    for length in (100, 10_000):
        for launch in scan(3, length, 1, GPU).launches:
            assert {"STAGED": "1", "GROUP": "64", "TILE": "32"}.items() <= defines(launch).items()
    shape = (3, 9, 1)
    wide = Call(candidates, GPU, Scan(*shape, False, False), [layout(X, shape, int64)], layout(OUTPUT, shape, int64))
    assert defines(wide.launches[0])["TILE"] == "16"
    for call in (scan(3, 100, 2, GPU), scan(3, 100, 1, CPU)):
        assert "STAGED" not in defines(call.launches[0])


def test_groups_of_a_gpu_are_as_large_as_local_memory_allows() -> None:
    floats = 64 * (33 * 4 + 2 * 8)
    assert defines(scan(3, 100, 1, GPU._replace(local_memory=floats)).launches[0])["GROUP"] == "64"
    assert defines(scan(3, 100, 1, GPU._replace(local_memory=floats - 1)).launches[0])["GROUP"] == "32"
    assert sizes(scan(3, 100, 2, GPU._replace(local_memory=0)).launches[0]) == (64, 64)
