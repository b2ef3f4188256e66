"""From loops to text: what a kernel declares, reads, computes and stores, and its typed arguments in order."""

from __future__ import annotations

from clgrad.codegen.accumulator import identity
from clgrad.codegen.loop import ELEMENT, Index, Loop, Statement, Store
from clgrad.codegen.writer import STREAMED, Writer
from clgrad.dtypes import DType, bool_, float16, float32, float64, int8, int64, uint8, uint64
from clgrad.launch import Int, Launch, Long, Memory, Offset, Parameter
from clgrad.shapes import Shape, contiguous_strides
from tests.capabilities import CPU
from tests.codegen.loops import ADD, EXP, MULTIPLY, RESULT, Lowered, X, Y, compute, lines, load, number, text


def pointwise(space: Shape, *statements: Statement, strides: Shape | None = None, last: bool = False) -> Loop:
    """The last of the statements is stored, row-major unless strides are given."""
    store = Store(RESULT, len(statements) - 1, ELEMENT, strides or contiguous_strides(space), last=last)
    return Loop("pointwise", space, (), list(statements), [store])


def launch(loop: Loop) -> Launch:
    (only,) = Lowered(loop, CPU).launches
    return only


def test_two_row_major_arrays_are_added() -> None:
    """Axes merge into one of 240 elements: nothing but memory and lengths is passed."""
    found = launch(pointwise((6, 40), load(X, (40, 1)), load(Y, (40, 1)), compute(ADD, 0, 1)))
    assert (found.source.name, dict(found.source.defines)["index_t"]) == ("pointwise", "int")
    assert found.arguments == (
        Memory(X), Offset(X), Memory(Y), Offset(Y), Memory(RESULT), Offset(RESULT), Int(1), Int(240), Int(240), Int(1),
    )  # fmt: skip
    assert text(found, "SETUP") == [
        "__global const storage_float *p0 = p0_base + p0_offset;",
        "__global const storage_float *p1 = p1_base + p1_offset;",
        "__global storage_float *q0 = q0_base + q0_offset;",
    ]
    assert text(found, "ROW_SETUP") == [f"const index_t at{access} = 0;" for access in range(3)]
    assert text(found, "FULL(i, u)") == [
        "const float_v v0 = load_float(p0 + at0 + (i) * 1);",
        "const float_v v1 = load_float(p1 + at1 + (i) * 1);",
        "const float_v v2 = (v0 + v1);",
        "store_float(v2, q0 + at2 + (i) * 1);",
    ]
    assert text(found, "PART(i, count)") == [
        "const float_v v0 = load_part_float(p0 + at0 + (i) * 1, 1, count);",
        "const float_v v1 = load_part_float(p1 + at1 + (i) * 1, 1, count);",
        "const float_v v2 = (v0 + v1);",
        "store_part_float(v2, q0 + at2 + (i) * 1, 1, count);",
    ]


def test_parameters_and_arguments_are_in_the_same_order() -> None:
    found = launch(pointwise((6, 40), load(X, (1, 6), offset=3), number(2), compute(MULTIPLY, 0, 1)))
    assert list(zip(found.parameters, found.arguments)) == [
        ("__global const storage_float *p0_base", Memory(X)),
        ("const long p0_offset", Offset(X)),
        ("__global storage_float *q0_base", Memory(RESULT)),
        ("const long q0_offset", Offset(RESULT)),
        ("const float n1", Parameter(2, float32)),
        ("const int b0", Int(3)),
        ("const int a0_0", Int(1)),
        ("const int a1_0", Int(40)),
        ("const int s0", Int(6)),
        ("const int rows", Int(6)),
        ("const int inner", Int(40)),
        ("const int block", Int(40)),
        ("const int blocks_per_row", Int(1)),
    ]


def test_strides_of_an_inner_axis_are_loads_of_three_kinds() -> None:
    """Neighbours are a vector, one element for all lanes is read once, other strides are passed to the kernel."""
    found = launch(
        pointwise((6, 40), load(X, (40, 1)), load(Y, (1, 0)), load(2, (1, 6)), compute(ADD, 0, 1), compute(ADD, 3, 2))
    )
    assert text(found, "FULL(i, u)")[:3] == [
        "const float_v v0 = load_float(p0 + at0 + (i) * 1);",
        "const float_v v1 = (float_v)(load_one_float(p1 + at1));",
        "const float_v v2 = load_strided_float(p2 + at2 + (i) * s2, s2, VECTOR_WIDTH);",
    ]
    assert text(found, "ROW_SETUP") == [
        "const index_t c0 = row;const index_t at0 = c0 * a0_0;",
        "const index_t at1 = c0 * a1_0;",
        "const index_t at2 = c0 * a2_0;",
        "const index_t at3 = c0 * a3_0;",
    ]
    assert found.arguments[8:] == (Int(40), Int(1), Int(1), Int(40), Int(6), Int(6), Int(40), Int(40), Int(1))


def test_strides_are_arguments_so_that_shapes_share_a_kernel() -> None:
    sources = {launch(pointwise((n, m), load(X, (1, n)), compute(EXP, 0))).source for n, m in [(6, 40), (7, 30)]}
    assert len(sources) == 1


def test_axes_merge_where_all_accesses_step_through_them_as_one() -> None:
    space = Writer(
        pointwise((2, 3, 4, 5), load(X, (60, 20, 5, 1)), load(Y, (0, 0, 5, 1)), compute(ADD, 0, 1)), 16
    ).space
    assert (space.outer, space.inner) == ([6], 20)
    assert [(access.outer, access.inner) for access in space.accesses] == [([20], [1]), ([0], [1]), ([20], [1])]


def test_several_outer_axes_are_coordinates_of_the_row() -> None:
    found = launch(pointwise((2, 3, 4), load(X, (1, 2, 6)), compute(EXP, 0), strides=(100, 10, 1)))
    assert text(found, "ROW_SETUP") == [
        "index_t rest_c = row;",
        "const index_t c1 = rest_c % (index_t)(d1); rest_c /= (index_t)(d1);",
        "const index_t c0 = rest_c;const index_t at0 = c0 * a0_0 + c1 * a0_1;",
        "const index_t at1 = c0 * a1_0 + c1 * a1_1;",
    ]
    assert found.parameters[4:10] == tuple(f"const int {name}" for name in ("d1", "a0_0", "a0_1", "a1_0", "a1_1", "s0"))
    assert found.arguments[4:10] == (Int(3), Int(1), Int(2), Int(100), Int(10), Int(6))


def test_an_array_that_is_read_twice_is_passed_once() -> None:
    found = launch(pointwise((6, 6), load(X, (6, 1)), load(X, (1, 6)), compute(ADD, 0, 1)))
    assert [argument.array for argument in found.arguments if isinstance(argument, Memory)] == [X, RESULT]
    assert (
        text(found, "FULL(i, u)")[1] == "const float_v v1 = load_strided_float(p0 + at1 + (i) * s1, s1, VECTOR_WIDTH);"
    )


def test_indices_are_long_only_where_they_pass_the_range_of_int() -> None:
    small, large = (launch(pointwise((length,), load(X, (1,)), compute(EXP, 0))) for length in (10**6, 3 * 10**9))
    far = launch(pointwise((10,), load(X, (10**9,)), compute(EXP, 0)))
    late = launch(pointwise((10,), load(X, (1,), offset=3 * 10**9), compute(EXP, 0)))
    kinds = [dict(one.source.defines)["index_t"] for one in (small, large, far, late)]
    assert kinds == ["int", "long", "long", "long"]
    assert [isinstance(one.arguments[-1], Long) for one in (small, large, far, late)] == [False, True, True, True]
    assert Long(10**9) in far.arguments
    assert Long(3 * 10**9) in late.arguments


def test_an_index_is_computed_and_takes_no_memory() -> None:
    found = launch(pointwise((6, 40), Statement(Index((40, 1), 0), int64, ELEMENT)))
    assert [argument.array for argument in found.arguments if isinstance(argument, Memory)] == [RESULT]
    assert text(found, "FULL(i, u)")[0] == "const long_v v0 = ((long_v)(at0 + (i) * 1) + LANES(long) * (long_v)(1));"


def test_statements_that_no_store_needs_are_left_out() -> None:
    found = launch(pointwise((40,), load(X, (1,)), compute(EXP, 0), load(Y, (1,)), compute(ADD, 0, 2)))
    assert [line.split(" = ")[0] for line in text(found, "FULL(i, u)")[:-1]] == [
        "const float_v v0", "const float_v v2", "const float_v v3",
    ]  # fmt: skip


def added(dtype: DType) -> list[str]:
    loop = pointwise((40,), load(X, (1,), dtype=dtype), number(0, dtype), compute(ADD, 0, 1, dtype=dtype))
    return text(launch(loop), "FULL(i, u)")


def test_halves_are_floats_that_are_rounded_after_each_op() -> None:
    assert added(float16) == [
        "const float_v v0 = load_half(p0 + at0 + (i) * 1);",
        "const float_v v2 = round_half_float(v0 + v1);",
        "store_half(v2, q0 + at1 + (i) * 1);",
    ]


def test_booleans_are_zero_or_one() -> None:
    assert added(bool_)[1] == "const uchar_v v2 = (convert_uchar_v(v0 + v1) & (uchar_v)(1));"


def test_expressions_name_the_type_that_they_compute_in() -> None:
    for dtype, name in ((float16, "float"), (float32, "float"), (float64, "double")):
        found = launch(pointwise((40,), load(X, (1,), dtype=dtype), compute(EXP, 0, dtype=dtype)))
        assert f"exp_{name}(v0)" in text(found, "FULL(i, u)")[1]


def test_large_results_that_nobody_reads_bypass_the_caches() -> None:
    def stored(length: int, last: bool) -> str:
        return text(launch(pointwise((length,), load(X, (1,)), compute(EXP, 0), last=last)), "FULL(i, u)")[-1]

    length = STREAMED // 4
    assert stored(length, True).startswith("stream_float")
    assert stored(length, False).startswith("store_float")
    assert stored(length - 1, True).startswith("store_float")


def test_what_combining_starts_from() -> None:
    assert (identity("sum", float32), identity("prod", int64)) == ("0", "1")
    assert (identity("max", float16), identity("min", float64)) == ("-INFINITY", "INFINITY")
    assert (identity("max", bool_), identity("min", bool_)) == ("0", "1")
    assert (identity("max", uint8), identity("min", uint64)) == ("0UL", "18446744073709551615UL")
    # OpenCL C has no literal for the smallest long: 9223372036854775808 alone is out of range.
    assert (identity("max", int64), identity("min", int64)) == ("(-9223372036854775807L - 1)", "9223372036854775807L")
    assert identity("max", int8) == "(-127L - 1)"


def test_rows_that_no_stride_describes_are_gathered_unless_lanes_are_neighbours() -> None:
    """The last two axes, of 3 and 5, are one row of 15: a sum's order does not depend on where its operand lies."""
    from_middle = Loop("rows", (2, 3, 5), (1, 2), [load(X, (30, 10, 1))], [Store(RESULT, 0, ELEMENT, (15, 5, 1))])
    writer = Writer(from_middle, 16)
    assert (writer.space.outer, writer.space.middle, writer.space.inner_axes) == ([2], [], [3, 5])
    assert writer.statement(0, "in", None) == (
        "const float_v v0 = (inside ? load_float(p0 + in0 + on0) "
        ": gather_float(p0 + in0, convert_long_v(lanes0), VECTOR_WIDTH));"
    )
    assert (
        writer.statement(0, "in", "count")
        == "const float_v v0 = gather_float(p0 + in0, convert_long_v(lanes0), count);"
    )
    assert lines(writer.lanes())[:4] == [
        "int rest_g = i;",
        "const int g1 = rest_g % (int)(f1); rest_g /= (int)(f1);",
        "const int g0 = rest_g;",
        "const int inside = g1 + VECTOR_WIDTH <= f1;",
    ]
    assert list(zip(writer.parameters, writer.arguments))[-4:] == [
        ("const int s0_0", Int(10)), ("const int s0_1", Int(1)), ("const int f0", Int(3)), ("const int f1", Int(5)),
    ]  # fmt: skip
