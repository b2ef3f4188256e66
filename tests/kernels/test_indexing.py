"""Launches of indexing by an array: who checks, reads and writes which rows, and the arguments in their order."""

from __future__ import annotations

import pytest

from clgrad.capabilities import Capabilities
from clgrad.dtypes import DType, float16, float32, float64, int8, int64, uint32
from clgrad.errors import IndexOutOfRangeError
from clgrad.kernels import indexing
from clgrad.kernels.indexing import Range, Rows, Scatter
from clgrad.launch import Fault, FaultWord, Int, Launch, Long, Memory, Offset
from tests.capabilities import CPU, GPU
from tests.kernels.problems import Call, defines, layout, memories, numbers, sizes

FAULT = Fault(IndexOutOfRangeError, "out of range")
both = pytest.mark.parametrize("on", [CPU, GPU], ids=["cpu", "gpu"])
limits = pytest.mark.parametrize("most", [16, 48, 1024])


def only(call: Call) -> Launch:
    assert call.scratch == []
    (launch,) = call.launches
    return launch


# -- checks of indices -------------------------------------------------------------------------------------


def normalize(count: int, on: Capabilities, dtype: DType = int64) -> Launch:
    inputs = [layout(0, (count,), dtype)]
    return only(Call(indexing.normalize, on, Range(-7, 7, FAULT), inputs, layout(1, (count,), int64)))


@both
def test_indices_are_compared_with_both_ends(on: Capabilities) -> None:
    launch = normalize(100, on)
    assert launch.source.name == "normalize_index"
    assert launch.arguments == (
        Memory(0), Offset(0), Memory(1), Long(100), Long(-7), Long(7), FaultWord(FAULT)
    )  # fmt: skip


def test_indices_are_compared_in_a_type_that_holds_them() -> None:
    kinds = [defines(normalize(4, CPU, dtype)) for dtype in (int8, uint32, float16, float64)]
    assert [(kind["INDEX"], kind["WIDE_INDEX"]) for kind in kinds] == [
        ("char", "long"), ("uint", "ulong"), ("half", "float"), ("double", "double"),
    ]  # fmt: skip


def test_a_cpu_item_checks_several_indices() -> None:
    assert [sizes(normalize(count, CPU)) for count in (1, 64, 65)] == [(1, 1), (1, 1), (2, 1)]
    assert [sizes(normalize(count, GPU)) for count in (1, 128, 129)] == [(128, 128), (128, 128), (256, 128)]


# -- gather ------------------------------------------------------------------------------------------------


def gather(outer: int, length: int, inner: int, count: int, on: Capabilities, dtype: DType = float32) -> Launch:
    inputs = [layout(0, (outer, length, inner), dtype), layout(1, (count,), int64)]
    result = layout(2, (outer, count, inner), dtype)
    return only(Call(indexing.gather, on, Rows(outer, length, inner), inputs, result))


def test_a_cpu_item_gathers_a_run_of_rows() -> None:
    """Rows of 5000 elements: three are about 16 384 elements. 2 x 10 rows are then seven runs."""
    launch = gather(2, 30, 5000, 10, CPU)
    assert launch.arguments == (
        Memory(0), Offset(0), Memory(1), Offset(1), Memory(2), Int(2), Int(30), Int(5000), Int(10), Int(3),
    )  # fmt: skip
    assert sizes(launch) == (7, 1)


def test_a_long_row_is_one_items_work() -> None:
    launch = gather(1, 3, 100_000, 4, CPU)
    assert (numbers(launch, Int)[-1], sizes(launch)) == (1, (4, 1))


@limits
def test_a_gpu_item_gathers_one_element(most: int) -> None:
    items, group = sizes(gather(2, 30, 7, 11, GPU._replace(max_group_size=most)))
    assert group == min(most, 128)
    assert items % group == 0
    assert 2 * 11 * 7 <= items < 2 * 11 * 7 + group


def test_dtypes_of_one_size_share_a_kernel() -> None:
    kinds = [defines(gather(1, 2, 3, 4, CPU, dtype))["TYPE"] for dtype in (int8, float16, float32, uint32, float64)]
    assert kinds == ["uchar", "ushort", "uint", "uint", "ulong"]


@both
@pytest.mark.parametrize(("rows", "kind", "index"), [((1 << 20) - 1, Int, "int"), (1 << 20, Long, "long")])
def test_places_are_int_while_twice_the_larger_array_fits(
    on: Capabilities, rows: int, kind: type[Int | Long], index: str
) -> None:
    for launch in (gather(1, rows, 1 << 10, 7, on), scatter(1, rows, 1 << 10, 7, on)):
        assert defines(launch)["index_t"] == index
        assert {type(one) for one in launch.arguments[-5:]} == {kind}


# -- scatter -----------------------------------------------------------------------------------------------


def scatter(outer: int, length: int, inner: int, count: int, on: Capabilities, replaces: bool = False) -> Launch:
    shape = (outer, length, inner)
    inputs = [layout(0, (outer, count, inner)), layout(1, (count,), int64)]
    if replaces:
        inputs.append(layout(2, shape))
    return only(Call(indexing.scatter, on, Scatter(*shape, replaces), inputs, layout(3, shape)))


@both
def test_values_replace_what_was_in_a_copy(on: Capabilities) -> None:
    added, replaced = scatter(2, 30, 7, 10, on), scatter(2, 30, 7, 10, on, replaces=True)
    # Where values are added up, nothing else is read: the third array is the values again.
    assert memories(added) == [0, 1, 0, 3]
    assert memories(replaced) == [0, 1, 2, 3]
    assert [argument.array for argument in replaced.arguments if isinstance(argument, Offset)] == [0, 1, 2]
    assert numbers(added, Int)[:4] == numbers(replaced, Int)[:4] == [2, 30, 7, 10]
    assert (defines(added)["SET"], defines(added)["TYPE"]) == ("0", "float")
    assert (defines(replaced)["SET"], defines(replaced)["TYPE"]) == ("1", "uint")


@both
@pytest.mark.parametrize("rows", [1, 5, 8, 1000, 100_003])
def test_each_row_of_a_result_has_one_owner(on: Capabilities, rows: int) -> None:
    launch = scatter(1, rows, 3, 50, on)
    items, group = sizes(launch)
    owners, per_owner = items // group, numbers(launch, Int)[-1]
    assert owners * group == items
    assert (owners - 1) * per_owner < rows <= owners * per_owner
    assert owners <= 4 * on.compute_units


@limits
def test_a_group_is_the_owner_on_a_gpu(most: int) -> None:
    launch = scatter(1, 1000, 3, 50, GPU._replace(max_group_size=most))
    _, group = sizes(launch)
    assert group == min(most, 128)
    assert defines(launch)["GROUP"] == str(group)


# -- put ---------------------------------------------------------------------------------------------------


def put(count: int, length: int, on: Capabilities) -> Call:
    inputs = [layout(0, (count,)), layout(1, (count,), int64)]
    return Call(indexing.put, on, length, inputs, layout(2, (length,)))


@both
def test_zeros_come_first_then_values(on: Capabilities) -> None:
    call = put(10, 10_000, on)
    assert (call.names, call.scratch) == (["put_nothing", "put"], [])
    zeros, values = call.launches
    assert zeros.arguments == (Memory(2), Long(10_000))
    assert values.arguments == (Memory(0), Offset(0), Memory(1), Offset(1), Memory(2), Long(10))


def test_sizes_of_a_put_cover_the_result_and_the_values() -> None:
    assert [sizes(launch) for launch in put(10, 10_000, CPU).launches] == [(3, 1), (1, 1)]
    assert [sizes(launch) for launch in put(10, 10_000, GPU).launches] == [(10_112, 128), (128, 128)]
    small = GPU._replace(max_group_size=16)
    assert [sizes(launch) for launch in put(10, 10_000, small).launches] == [(10_000, 16), (16, 16)]
