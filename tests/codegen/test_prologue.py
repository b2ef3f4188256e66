"""Pointwise work where a library kernel loads an input: the macros that do it, and the arguments that it appends."""

from __future__ import annotations

from clgrad.codegen.epilogue import with_epilogue
from clgrad.codegen.loop import ELEMENT, Given, Loop, Statement, Store
from clgrad.codegen.prologue import with_prologue
from clgrad.dtypes import float16
from clgrad.launch import Coordinates, Int, Launch, Loading, Memory, Offset, Parameter
from clgrad.shapes import Shape
from clgrad.sources import KernelSource
from tests.codegen.loops import ADD, MULTIPLY, RESULT, X, Y, compute, load, number, text

ROWS = Coordinates((), (0,), (1,))
PRODUCT = Launch(
    KernelSource("matmul.cl", "matmul_tiles", (("ROWS", "4"),)), (Memory(0), Int(3)), (8,), (1,), stores=ROWS
)
LEFT, RIGHT = Loading("A", 0, ROWS, 1), Loading("B", 1, ROWS, 1)
LOAD = "A_LOAD(target_, batch_, channel_, position_)"
LOAD_PART = "A_LOAD_PART(target_, batch_, channel_, position_, count_)"


def loop(space: Shape, *statements: Statement) -> Loop:
    return Loop("pointwise", space, (), [*statements])


def test_an_operand_is_computed_where_it_is_loaded() -> None:
    scaled = loop((4, 8), load(X, (8, 1)), number(5), compute(MULTIPLY, 0, 1))
    launch = with_prologue(PRODUCT, LEFT, scaled, (4, 8), 16)
    assert text(launch, LOAD) == [
        "const int own_channel = (channel_), own_position = (position_), row = (batch_);",
        "const int j = own_channel, i = own_position;",
        "__global const storage_float *p0 = A_p0_base + A_p0_offset;",
        "const float_v v1 = (float_v)(A_n1);",
        "const int at0 = 0;",
        "const int h0 = j;const int in0 = at0 + h0 * A_m0_0;",
        "const float_v v0 = load_float(p0 + in0 + (i) * 1);",
        "const float_v v2 = (v0 * v1);",
        "target_ = v2;",
    ]
    assert text(launch, LOAD_PART)[0] == "const int own_count = (count_);"
    assert "const float_v v0 = load_part_float(p0 + in0 + (i) * 1, 1, own_count);" in text(launch, LOAD_PART)


def test_parameters_of_prologues_and_epilogue_have_names_of_their_own() -> None:
    sums = loop((4, 8), load(X, (8, 1)), load(Y, (0, 1)), compute(ADD, 0, 1))
    scaled = loop((4, 8), load(X, (8, 1)), number(5), compute(MULTIPLY, 0, 1))
    bias = Loop(
        "library", (4, 8), (), [Statement(Given(), sums.statements[0].dtype, ELEMENT), number(6), compute(ADD, 0, 1)],
        [Store(RESULT, 2, ELEMENT, (8, 1))],
    )  # fmt: skip
    launch = with_prologue(with_prologue(PRODUCT, LEFT, sums, (4, 8), 16), RIGHT, scaled, (4, 8), 16)
    launch = with_epilogue(launch, bias, (4, 8), 16)
    declared = [text(launch, f"{name}_PARAMETERS") for name in ("A", "B", "EPILOGUE")]
    assert declared == [
        [", __global const storage_float *A_p0_base, const long A_p0_offset, "
         "__global const storage_float *A_p1_base, const long A_p1_offset, const int A_m0_0"],
        [", __global const storage_float *B_p0_base, const long B_p0_offset, const float B_n1, const int B_m0_0"],
        [", __global storage_float *q0_base, const long q0_offset, const float n1, const int m0_0"],
    ]  # fmt: skip
    assert text(launch, "A_ARGUMENTS") == [", A_p0_base, A_p0_offset, A_p1_base, A_p1_offset, A_m0_0"]
    assert launch.arguments == (
        Memory(0), Int(3),
        Memory(X), Offset(X), Memory(Y), Offset(Y), Int(8),
        Memory(X), Offset(X), Parameter(5, sums.statements[0].dtype), Int(8),
        Memory(RESULT), Offset(RESULT), Parameter(6, sums.statements[0].dtype), Int(8),
    )  # fmt: skip


def test_a_batch_is_one_coordinate_and_vectors_may_lie_across() -> None:
    """Of (2, 3) matrices of 4 x 8, each the same 8 x 4 matrix transposed: vectors lie along the rows."""
    turned = Loading("B", 0, Coordinates((0, 1), (3,), (2,)), 1)
    scaled = loop((2, 3, 4, 8), load(X, (0, 0, 1, 4)), number(5), compute(MULTIPLY, 0, 1))
    launch = with_prologue(PRODUCT, turned, scaled, (2, 3, 4, 8), 16)
    lines = text(launch, "B_LOAD(target_, batch_, channel_, position_)")
    assert "const int h0 = j;const int in0 = at0 + h0 * B_m0_0;" in lines
    assert "const float_v v0 = load_float(p0 + in0 + (i) * 1);" in lines
    assert launch.arguments[-1] == Int(4)


def test_the_patches_of_an_image_are_positions_of_several_axes() -> None:
    """The input of a convolution as (image, channel, place): places of padded rows need an offset for each lane."""
    images, padded = (2, 3, 6, 8), (180, 60, 10, 1)
    loading = Loading("A", 0, Coordinates((0,), (1,), (2, 3)), 1)
    scaled = loop(images, load(X, padded), number(5), compute(MULTIPLY, 0, 1))
    lines = text(with_prologue(PRODUCT, loading, scaled, images, 16), LOAD)
    gathered = "gather_float(p0 + in0, convert_long_v(lanes0), VECTOR_WIDTH)"
    assert f"const float_v v0 = (inside ? load_float(p0 + in0 + on0) : {gathered});" in lines


def test_a_half_is_rounded_as_if_it_had_been_stored() -> None:
    halves = loop((4, 8), load(X, (8, 1), dtype=float16), number(5, float16), compute(MULTIPLY, 0, 1, dtype=float16))
    launch = with_prologue(PRODUCT, LEFT, halves, (4, 8), 16)
    assert text(launch, LOAD)[-2:] == ["const float_v v2 = round_half_float(v0 * v1);", "target_ = v2;"]


def test_far_elements_are_indexed_by_long_whatever_the_epilogue_uses() -> None:
    far = loop((4, 8), load(X, (1 << 40, 1)), number(5), compute(MULTIPLY, 0, 1))
    launch = with_prologue(PRODUCT, LEFT, far, (4, 8), 16)
    assert "const long h0 = j;const long in0 = at0 + h0 * A_m0_0;" in text(launch, LOAD)
    assert "index_t" not in dict(launch.source.defines)
