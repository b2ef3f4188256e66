"""Pointwise work at the store of a library kernel: the macros that do it, and the arguments that it appends."""

from __future__ import annotations

from clgrad.codegen.epilogue import with_epilogue
from clgrad.codegen.loop import ELEMENT, Given, Loop, Statement, Store
from clgrad.dtypes import DType, float16, float32
from clgrad.launch import Coordinates, Int, Launch, Memory, Offset, Parameter
from clgrad.shapes import Shape
from clgrad.sources import KernelSource
from tests.codegen.loops import ADD, MULTIPLY, RESULT, Y, compute, load, number, text

MATRIX = Coordinates((), (0,), (1,))
PRODUCT = Launch(
    KernelSource("matmul.cl", "matmul_tiles", (("ROWS", "4"),)), (Memory(0), Int(3)), (8,), (1,), stores=MATRIX
)
STORE, STORE_PART = (
    "EPILOGUE_STORE(value_, batch_, channel_, position_)",
    "EPILOGUE_STORE_PART(value_, batch_, channel_, position_, count_)",
)


def given(dtype: DType = float32) -> Statement:
    return Statement(Given(), dtype, ELEMENT)


def loop(space: Shape, statements: list[Statement], strides: Shape) -> Loop:
    return Loop("library", space, (), statements, [Store(RESULT, len(statements) - 1, ELEMENT, strides)])


def test_a_bias_is_added_where_a_product_is_stored() -> None:
    bias = loop((4, 8), [given(), load(Y, (0, 1)), compute(ADD, 0, 1)], (8, 1))
    launch = with_epilogue(PRODUCT, bias, (4, 8), 16)
    assert text(launch, STORE) == [
        "const float_v v0 = (value_);",
        "const index_t own_channel = (channel_), own_position = (position_), row = (batch_);",
        "const index_t j = own_channel, i = own_position;",
        "__global const storage_float *p0 = p0_base + p0_offset;",
        "__global storage_float *q0 = q0_base + q0_offset;",
        "const index_t at0 = 0;",
        "const index_t at1 = 0;",
        "const index_t h0 = j;const index_t in0 = at0;",
        "const index_t in1 = at1 + h0 * m1_0;",
        "const float_v v1 = load_float(p0 + in0 + (i) * 1);",
        "const float_v v2 = (v0 + v1);",
        "store_float(v2, q0 + in1 + (i) * 1);",
    ]
    assert text(launch, STORE_PART)[-3:] == [
        "const float_v v1 = load_part_float(p0 + in0 + (i) * 1, 1, own_count);",
        "const float_v v2 = (v0 + v1);",
        "store_part_float(v2, q0 + in1 + (i) * 1, 1, own_count);",
    ]


def test_defines_and_arguments_follow_those_of_the_kernel() -> None:
    scaled = loop((4, 8), [given(), number(5), compute(MULTIPLY, 0, 1)], (8, 1))
    launch = with_epilogue(PRODUCT, scaled, (4, 8), 16)
    assert [name for name, _ in launch.source.defines] == ["ROWS", "index_t", "EPILOGUE_PARAMETERS", STORE, STORE_PART]
    assert launch.arguments == (
        Memory(0), Int(3), Memory(RESULT), Offset(RESULT), Parameter(5, float32), Int(8),
    )  # fmt: skip
    assert text(launch, "EPILOGUE_PARAMETERS") == [
        ", __global storage_float *q0_base, const long q0_offset, const float n1, const int m0_0"
    ]
    assert (launch.source.file, launch.global_size, launch.local_size) == ("matmul.cl", (8,), (1,))


def test_a_batch_is_the_row_of_the_space() -> None:
    """(2, 3) products of 4 x 8: the batch axes merge into one of six, with a bias for each of them."""
    space = (2, 3, 4, 8)
    bias = loop(space, [given(), load(Y, (3, 1, 0, 0)), compute(ADD, 0, 1)], (96, 32, 8, 1))
    launch = with_epilogue(PRODUCT._replace(stores=Coordinates((0, 1), (2,), (3,))), bias, space, 16)
    assert text(launch, STORE)[5:8] == [
        "const index_t c0 = row;const index_t at0 = c0 * a0_0;",
        "const index_t at1 = c0 * a1_0;",
        "const index_t h0 = j;const index_t in0 = at0;",
    ]
    assert launch.arguments[-3:] == (Int(1), Int(32), Int(8))
    assert "const float_v v1 = (float_v)(load_one_float(p0 + in0));" in text(launch, STORE)


def test_a_result_of_one_column_is_stored_as_one_row() -> None:
    """The kernel sees 50 columns of one row, so the elements of a bias of 50 rows are neighbours."""
    bias = loop((50,), [given(), load(Y, (1,)), compute(ADD, 0, 1)], (1,))
    launch = with_epilogue(PRODUCT._replace(stores=Coordinates((), (1,), (0,))), bias, (50, 1), 16)
    assert "const float_v v1 = load_float(p0 + in0 + (i) * 1);" in text(launch, STORE)
    assert launch.arguments[2:] == (Memory(Y), Offset(Y), Memory(RESULT), Offset(RESULT))


def test_a_half_is_rounded_before_it_is_used() -> None:
    bias = loop((4, 8), [given(float16), load(Y, (0, 1), dtype=float16), compute(ADD, 0, 1, dtype=float16)], (8, 1))
    launch = with_epilogue(PRODUCT, bias, (4, 8), 16)
    assert text(launch, STORE)[0] == "const float_v v0 = round_half_float(value_);"
    assert text(launch, STORE)[-1] == "store_half(v2, q0 + in1 + (i) * 1);"


# The result of a convolution of 2 images of 6 x 8 places, with 5 channels.
IMAGES = (2, 5, 6, 8)
CONVOLUTION = PRODUCT._replace(stores=Coordinates((0,), (1,), (2, 3)))


def test_a_convolution_adds_a_bias_to_each_channel() -> None:
    """Its places are one axis: result and bias step through them evenly."""
    bias = loop(IMAGES, [given(), load(Y, (0, 1, 0, 0)), compute(ADD, 0, 1)], (240, 48, 8, 1))
    launch = with_epilogue(CONVOLUTION, bias, IMAGES, 16)
    assert text(launch, STORE)[5:] == [
        "const index_t c0 = row;const index_t at0 = 0;",
        "const index_t at1 = c0 * a1_0;",
        "const index_t h0 = j;const index_t in0 = at0 + h0 * m0_0;",
        "const index_t in1 = at1 + h0 * m1_0;",
        "const float_v v1 = (float_v)(load_one_float(p0 + in0));",
        "const float_v v2 = (v0 + v1);",
        "store_float(v2, q0 + in1 + (i) * 1);",
    ]
    assert launch.arguments[-3:] == (Int(240), Int(1), Int(48))


def test_a_residual_with_padded_rows_is_gathered() -> None:
    """No one stride leads from place to place, so each lane has its own."""
    residual = loop(IMAGES, [given(), load(Y, (300, 60, 10, 1)), compute(ADD, 0, 1)], (240, 48, 8, 1))
    lines = text(with_epilogue(CONVOLUTION, residual, IMAGES, 16), STORE)
    gathered = "gather_float(p0 + in0, convert_long_v(lanes0), VECTOR_WIDTH)"
    assert f"const float_v v1 = (inside ? load_float(p0 + in0 + on0) : {gathered});" in lines
    assert lines[-1] == "store_float(v2, q0 + in1 + (i) * 1);"
