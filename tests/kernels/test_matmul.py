"""Plans of matrix products: which kernels, how much each work-item gets, where k is cut. No device is needed."""

from __future__ import annotations

from math import prod

import pytest

from clgrad.dtypes import bool_, float16, float32, float64, int64, uint8
from clgrad.errors import ShapeError
from clgrad.kernels.matmul.call import candidates
from clgrad.kernels.matmul.gpu import TILES
from clgrad.launch import Coordinates, Int, Long, Memory, Offset
from clgrad.shapes import contiguous_strides
from tests.capabilities import CPU, GPU
from tests.kernels.problems import Call, defines, layout, numbers

CAPABILITIES = {"cpu": CPU, "gpu": GPU}
# The arrays of a product: operands, result, the sums of parts.
A, B, OUTPUT, SCRATCH = 0, 1, 2, -1
SHAPES = [
    (1, 1, 1), (4, 4, 4), (1, 1000, 1000), (3, 5000, 70), (8, 64, 64), (9, 10, 512), (128, 512, 784), (784, 512, 128),
    (257, 33, 5), (1000, 1, 1000), (2048, 2048, 2048), (64, 64, 100_000), (1, 1, 4_000_000), (1, 10, 1_000_000),
    (5, 7, 0),
]  # fmt: skip


def plan(
    m, n, k, batch=(), dtype=float32, transposed="", a_strides=None, b_strides=None, kernel_shape="cpu",
    capabilities=None,
):  # fmt: skip
    """The call for one product; `transposed` names the operands that lie in memory column by column."""
    given = {"a": a_strides, "b": b_strides}
    shapes = {"a": (*batch, m, k), "b": (*batch, k, n)}
    operands = []
    for array, (name, shape) in enumerate(shapes.items()):
        *outer, first, second = contiguous_strides(shape)
        strides = (*outer, 1, shape[-2]) if name in transposed else (*outer, first, second)
        operands.append(layout(array, shape, dtype, given[name] or strides))
    result = layout(OUTPUT, (*batch, m, n), dtype)
    return Call(candidates, capabilities or CAPABILITIES[kernel_shape], None, operands, result)


def parts(call: Call) -> int:
    """Into how many parts k is cut."""
    if len(call.launches) == 1:
        return 1
    return numbers(call.launches[1], Int)[-1]


@pytest.mark.parametrize("sizes", [(0, 4, 4), (4, 0, 4)])
def test_an_empty_result_needs_no_launch(sizes):
    assert plan(*sizes).launches == []
    assert plan(2, 2, 2, batch=(3, 0)).launches == []


@pytest.mark.parametrize("kernel_shape", ["cpu", "gpu"])
@pytest.mark.parametrize("sizes", [(4, 4, 4), (1, 4, 4), (4, 1, 4), (1, 1, 4), (4, 4, 0), (128, 128, 128)])
def test_small_products_are_one_launch(sizes, kernel_shape):
    assert len(plan(*sizes, kernel_shape=kernel_shape).launches) == 1


def test_a_tiny_product_is_one_work_item():
    assert plan(4, 4, 4).launches[0].global_size == (1,)
    assert plan(4, 4, 4, batch=(10,)).launches[0].global_size == (1,)


@pytest.mark.parametrize("kernel_shape", ["cpu", "gpu"])
def test_a_column_on_the_right_becomes_a_row_on_the_left(kernel_shape):
    (launch,) = plan(50, 1, 60, kernel_shape=kernel_shape).launches
    assert launch.arguments[:4] == (Memory(B), Memory(A), Offset(B), Offset(A))
    assert numbers(launch, Int)[:3] == [1, 50, 60]
    assert launch.source.name == "matmul_dots"


@pytest.mark.parametrize("kernel_shape", ["cpu", "gpu"])
def test_a_result_is_stored_by_rows_of_columns_unless_it_is_a_column(kernel_shape):
    def stores(*sizes, batch=()):
        *before, last = plan(*sizes, batch=batch, kernel_shape=kernel_shape).launches
        assert all(launch.stores is None for launch in before)
        return last.stores

    assert stores(50, 70, 60, batch=(2, 3)) == Coordinates((0, 1), (2,), (3,))
    assert stores(64, 64, 100_000) == Coordinates((), (0,), (1,))
    assert stores(50, 1, 60) == Coordinates((), (1,), (0,))


def loads(*sizes, kernel_shape="cpu", **given):
    """By the operand's name: number of the input, its axes, and how often each element is computed."""
    first, *others = plan(*sizes, kernel_shape=kernel_shape, **given).launches
    assert not any(launch.loads for launch in others)
    return {loading.name: (loading.array, loading.axes, loading.times) for loading in first.loads}


ALONG_ROWS, ALONG_COLUMNS = Coordinates((), (0,), (1,)), Coordinates((), (1,), (0,))


def test_a_cpu_computes_rows_for_two_panels_and_packs_columns_for_each_block_of_rows():
    """Vectors lie along k or, in a right operand that lies row by row, along its columns."""
    assert loads(1000, 30, 50) == {"A": (A, ALONG_ROWS, 1), "B": (B, ALONG_ROWS, 8)}
    assert loads(1000, 30, 50, transposed="b") == {"A": (A, ALONG_ROWS, 1), "B": (B, ALONG_COLUMNS, 8)}
    assert loads(1000, 30, 50, transposed="a") == {"B": (B, ALONG_ROWS, 8)}
    assert loads(1000, 40, 50)["A"] == (A, ALONG_ROWS, 2)
    assert set(loads(1000, 70, 50)) == {"B"}
    # Rows of halves are copied in any case, for each panel of 32 columns.
    assert loads(1000, 70, 50, dtype=float16)["A"] == (A, ALONG_ROWS, 3)


def test_few_rows_load_each_element_of_the_matrix_once():
    assert loads(2, 500, 500)["B"] == (B, ALONG_ROWS, 1)
    assert loads(2, 500, 500, transposed="b")["B"] == (B, ALONG_COLUMNS, 1)
    assert loads(1, 500, 500, kernel_shape="gpu") == {"A": (A, ALONG_ROWS, 16), "B": (B, ALONG_ROWS, 1)}


@pytest.mark.parametrize("kernel_shape", ["cpu", "gpu"])
def test_a_product_that_was_turned_computes_the_other_input(kernel_shape):
    found = loads(50, 1, 60, kernel_shape=kernel_shape)
    assert found["B"] == (A, ALONG_ROWS if kernel_shape == "cpu" else ALONG_COLUMNS, 1)
    assert found["A"][:2] == (B, ALONG_COLUMNS)


def test_a_gpu_computes_an_element_for_each_tile():
    found = loads(2000, 300, 500, kernel_shape="gpu")
    assert found == {"A": (A, ALONG_ROWS, 5), "B": (B, ALONG_ROWS, 32)}


@pytest.mark.parametrize("kernel_shape", ["cpu", "gpu"])
def test_a_matrix_is_computed_for_each_product_that_reads_it(kernel_shape):
    strides = {"a_strides": (256, 0, 16, 1), "b_strides": (0, 256, 16, 1)}
    found = loads(16, 16, 16, batch=(2, 3), kernel_shape=kernel_shape, **strides)
    assert [times for _, _, times in found.values()] == [3, 2]


def test_the_layout_decides_how_few_rows_walk_the_matrix():
    assert plan(2, 500, 500).launches[0].source.name == "matmul_sums"
    assert plan(2, 500, 500, transposed="b").launches[0].source.name == "matmul_dots"
    assert plan(500, 1, 500, transposed="a").launches[0].source.name == "matmul_sums"


def test_sizes_need_no_kernel_of_their_own():
    assert plan(512, 512, 512).launches[0].source == plan(1000, 700, 33).launches[0].source


def test_each_layout_and_dtype_has_its_kernel():
    sources = {
        plan(64, 64, 64, transposed=transposed, dtype=dtype).launches[0].source
        for transposed in ("", "a", "b", "ab")
        for dtype in (float32, float64, float16, int64, bool_)
    }
    assert len(sources) == 20


def test_a_device_without_fused_multiply_add_is_not_asked_for_it():
    (launch,) = plan(9, 9, 9, capabilities=CPU._replace(fma=False)).launches
    assert defines(launch)["MULTIPLY_ADD(x, y, sum)"] == "mad(x, y, sum)"


def test_batch_axes_merge_where_both_operands_allow_it():
    (launch,) = plan(16, 16, 16, batch=(2, 3, 4, 5)).launches
    assert numbers(launch, Int)[3:6] == [120, 1, 120]
    assert numbers(launch, Long)[4:] == [0, 0, 256, 0, 0, 256]


def test_broadcast_batch_axes_keep_their_stride_of_zero():
    (launch,) = plan(16, 16, 16, batch=(2, 3), a_strides=(256, 0, 16, 1), b_strides=(0, 256, 16, 1)).launches
    assert numbers(launch, Int)[3:6] == [6, 2, 3]
    assert numbers(launch, Long)[4:] == [0, 256, 0, 0, 0, 256]


def test_too_many_batch_axes_are_an_error_that_says_what_to_do():
    strides = {"a_strides": (48, 0, 16, 0, 4, 1), "b_strides": (0, 48, 0, 16, 4, 1)}
    with pytest.raises(ShapeError, match=r"\(2, 3, 2, 3\).*row-major"):
        plan(4, 4, 4, batch=(2, 3, 2, 3), **strides)


@pytest.mark.parametrize("kernel_shape", ["cpu", "gpu"])
@pytest.mark.parametrize("sizes", SHAPES)
def test_the_cut_covers_k_and_does_not_depend_on_the_number_of_units(sizes, kernel_shape):
    call = plan(*sizes, kernel_shape=kernel_shape)
    count = parts(call)
    length = numbers(call.launches[0], Int)[6]
    assert (count - 1) * length < max(sizes[2], 1) <= count * max(length, 1)
    larger = CAPABILITIES[kernel_shape]._replace(compute_units=96)
    other = plan(*sizes, kernel_shape=kernel_shape, capabilities=larger)
    assert parts(other) == count
    assert numbers(other.launches[0], Int)[6] == length


@pytest.mark.parametrize("kernel_shape", ["cpu", "gpu"])
def test_a_small_result_of_a_long_sum_is_split(kernel_shape):
    call = plan(64, 64, 100_000, kernel_shape=kernel_shape)
    assert [launch.source.name for launch in call.launches] == ["matmul_tiles", "matmul_combine"]
    assert call.scratch == [(parts(call) * 64 * 64 * 4, uint8)]
    first, second = call.launches
    assert {Memory(SCRATCH), Memory(OUTPUT)} & set(first.arguments) == {Memory(SCRATCH)}
    assert {Memory(SCRATCH), Memory(OUTPUT)} <= set(second.arguments)


def test_halves_are_added_as_floats():
    call = plan(16, 16, 100_000, dtype=float16)
    assert call.scratch == [(parts(call) * 16 * 16 * 4, uint8)]


@pytest.mark.parametrize("sizes", [(512, 512, 512), (2048, 2048, 2048), (128, 512, 784), (64, 64, 100_000)])
def test_every_unit_of_a_cpu_gets_work(sizes):
    assert plan(*sizes).launches[0].global_size[0] >= CPU.compute_units
    many = CPU._replace(compute_units=16)
    assert plan(*sizes, capabilities=many).launches[0].global_size[0] >= 16


@pytest.mark.parametrize("width", [4, 8, 16])
@pytest.mark.parametrize("sizes", SHAPES)
def test_work_items_fit_their_private_memory(sizes, width):
    launch = plan(*sizes, capabilities=CPU._replace(vector_width=width)).launches[0]
    share = numbers(launch, Int)[7:]
    rows = int(defines(launch)["ROWS"])
    if launch.source.name == "matmul_tiles":
        item_rows, item_panels, _ = share
        assert item_rows % rows == 0
        assert item_rows <= 264
        assert item_panels <= 4
    else:
        item_columns, _ = share
        assert item_columns % width == 0
        assert item_columns * rows <= 64 * width


@pytest.mark.parametrize("group", [16, 64, 100, 1024])
@pytest.mark.parametrize("sizes", SHAPES)
def test_groups_fit_the_device_and_cover_the_result(sizes, group):
    small = GPU._replace(max_group_size=group, local_memory=20_000)
    for launch in plan(*sizes, kernel_shape="gpu", dtype=float64, capabilities=small).launches:
        assert launch.local_size[0] <= group
        assert launch.global_size[0] % launch.local_size[0] == 0
        if launch.source.name == "matmul_tiles":
            rows, columns, depth = (int(defines(launch)[name]) for name in ("TILE_ROWS", "TILE_COLUMNS", "TILE_K"))
            assert depth * (rows + columns + 8) * 8 <= small.local_memory
            assert launch.global_size[0] // launch.local_size[0] * rows * columns >= prod(sizes[:2])


@pytest.mark.parametrize("tile", TILES)
def test_group_tiles_divide_evenly_between_their_items(tile):
    assert tile.rows % (4 * tile.group_rows) == tile.columns % (4 * tile.group_columns) == 0
    assert tile.rows * tile.k % tile.group == tile.columns * tile.k % tile.group == 0
