"""Where ops and gradients are easily wrong: ties, zeros, bounds, NaN, empty arrays, repeated indices, overflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy
import pytest

from clgrad import dtypes, tape
from clgrad.errors import AxisError, DTypeError, IndexOutOfRangeError, ShapeError
from clgrad.graph.execute import read
from clgrad.ops import (
    arithmetic,
    bitwise,
    choice,
    comparison,
    creation,
    indexing,
    joining,
    linalg,
    movement,
    neural,
    powers,
    random,
    reduction,
    scan,
)
from clgrad.ops.operation import Value, fill
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device

Array = numpy.ndarray[Any, Any]


def gradient(call: Callable[..., Value], device: Device, *arrays: Any) -> list[Array]:
    """Gradients of the sum of call's elements."""
    values = [constant(numpy.asarray(one, "float32"), device) for one in arrays]
    for value in values:
        value.entry = tape.Leaf(None, "write")
    with tape.scope(recording=True):
        out = call(*values)
    found = tape.walk([out], [fill(1, out.shape, out.dtype, device)]).leaves
    return [read(found[value.entry]) for value in values]


def same(got: Any, wanted: Any) -> None:
    numpy.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6)


# -- gradients -------------------------------------------------------------------------------------------------


def test_equal_extremes_share_the_gradient(device: Device) -> None:
    x = [[1, 3, 3], [2, 2, 2]]
    same(gradient(lambda x: reduction.max(x, 1), device, x)[0], [[0, 0.5, 0.5], [1 / 3] * 3])
    same(gradient(lambda x: reduction.min(x), device, x)[0], [[1, 0, 0], [0, 0, 0]])
    for op in (choice.maximum, choice.minimum, choice.fmax, choice.fmin):
        left, right = gradient(op, device, [1, 2, 3], [1, 2, 3])
        same(left, [0.5] * 3)
        same(right, [0.5] * 3)


def test_fmax_gives_the_gradient_to_what_is_not_nan(device: Device) -> None:
    left, right = gradient(choice.fmax, device, [math.nan, 1], [1, math.nan])
    same(left, [0, 1])
    same(right, [1, 0])


def test_the_gradient_passes_clip_at_its_bounds(device: Device) -> None:
    same(gradient(lambda x: choice.clip(x, -1, 1), device, [-2, -1, 0, 1, 2])[0], [0, 1, 1, 1, 0])
    same(gradient(lambda x: choice.clip(x, None, 1), device, [-2, 1, 2])[0], [1, 1, 0])
    x, low, high = gradient(choice.clip, device, [-5, 0, 5], [-1, -1, -1], [1, 1, 1])
    same(x, [0, 1, 0])
    same(low, [1, 0, 0])
    same(high, [0, 0, 1])


@pytest.mark.parametrize("x", [[2, 0, 3], [0, 2, 0], [0, 0, 0], [5], [1, 2, 3, 4, 5]])
def test_products_with_zeros(device: Device, x: Sequence[float]) -> None:
    others = [math.prod(x[:at] + x[at + 1 :]) for at in range(len(x))]  # type: ignore[operator]
    same(gradient(reduction.prod, device, x)[0], others)

    def directional(x: Value) -> Value:
        return reduction.sum(gradient_value(reduction.prod, x))

    pairs = [sum(math.prod(v for k, v in enumerate(x) if k not in (i, j)) for j in range(len(x)) if j != i) for i in range(len(x))]
    if len(x) > 1:
        same(gradient(directional, device, x)[0], pairs)


def gradient_value(call: Callable[[Value], Value], x: Value) -> Value:
    """The recorded gradient of a scalar function, while recording."""
    out = call(x)
    found: Value = tape.walk([out], [fill(1, out.shape, out.dtype, out.device)], retain_graph=True).leaves[x.entry]
    return found


def test_running_products_with_zeros(device: Device) -> None:
    same(gradient(lambda x: scan.cumprod(x, 0), device, [2, 0, 3, 4])[0], [1, 2 + 6 + 24, 0, 0])


def test_powers_at_zero(device: Device) -> None:
    base, exponent = gradient(powers.power, device, [0, 0, 0, 2], [0, 1, 2, 0])
    same(base, [0, 1, 0, 0])
    same(exponent, [0, 0, 0, math.log(2)])
    same(gradient(lambda x: powers.power(x, 0), device, [0, 3])[0], [0, 0])
    same(gradient(lambda x: powers.power(x, 3), device, [0, -2])[0], [0, 12])
    same(gradient(lambda x: powers.power(2, x), device, [0, 3])[0], [math.log(2), 8 * math.log(2)])


def test_norms_and_deviations_have_gradient_zero_at_zero(device: Device) -> None:
    same(gradient(lambda x: linalg.norm(x), device, [0, 0, 0])[0], [0, 0, 0])
    same(gradient(lambda x: reduction.std(x), device, [4, 4, 4])[0], [0, 0, 0])
    for order in (1, 1.5, 3):
        (found,) = gradient(lambda x, order=order: linalg.norm(x, order, 1), device, [[0, 0], [1, 2]])
        same(found[0], [0, 0])
    same(gradient(lambda x: linalg.norm(x), device, [3, 4])[0], [0.6, 0.8])


def test_relu_has_gradient_zero_at_zero(device: Device) -> None:
    same(gradient(neural.relu, device, [-1, 0, 1])[0], [0, 0, 1])


def test_a_repeated_index_sums_gradients_and_the_last_write_stands(device: Device) -> None:
    at = numpy.array([2, 0, 2, -1])
    same(gradient(lambda x: indexing.getitem(x, at), device, [5, 6, 7])[0], [1, 0, 3])
    x, value = gradient(lambda x, value: indexing.setitem(x, at, value), device, [5, 6, 7], [1, 2, 3, 4])
    same(x, [0, 1, 0])
    same(value, [0, 1, 0, 1])


def test_writing_through_a_mask_has_gradients(device: Device) -> None:
    mask = constant(numpy.array([True, False, True]), device)
    x, value = gradient(lambda x, value: indexing.setitem(x, mask, value), device, [5, 6, 7], 1)
    same(x, [0, 1, 0])
    same(value, 2)


def test_many_gradients_into_few_rows_are_in_order(device: Device) -> None:
    generator = numpy.random.default_rng(0)
    at = generator.integers(0, 5, 3000)
    g = generator.standard_normal((3000, 3)).astype("float32")
    call = lambda x: indexing.take(x, constant(at, device), 0) * constant(g, device)  # noqa: E731
    first, second = (gradient(call, device, numpy.zeros((5, 3)))[0] for _ in "ab")
    assert first.tobytes() == second.tobytes()
    wanted = numpy.zeros((5, 3))
    numpy.add.at(wanted, at, g)
    numpy.testing.assert_allclose(first, wanted, rtol=1e-4, atol=1e-4)


# -- values ----------------------------------------------------------------------------------------------------


def test_positions_of_extremes(device: Device) -> None:
    x = numpy.array([[1, math.nan, 3, math.nan], [2, 5, 5, 1]], "float32")
    value = constant(x, device)
    for ours, numpys in ((reduction.argmax, numpy.argmax), (reduction.argmin, numpy.argmin)):
        for axis in (None, 0, 1):
            assert read(ours(value, axis)).tolist() == numpys(x, axis).tolist()


def test_nan_goes_through_extremes_and_not_through_fmax(device: Device) -> None:
    x = constant(numpy.array([1, math.nan, 3], "float32"), device)
    assert math.isnan(read(reduction.max(x)))
    assert math.isnan(read(choice.maximum(x, 9.0))[1])
    assert read(choice.fmax(x, 9.0)).tolist() == [9, 9, 9]


def test_empty_arrays(device: Device) -> None:
    x = constant(numpy.zeros((0, 3), "float32"), device)
    assert read(reduction.sum(x, 0)).tolist() == [0, 0, 0]
    assert read(reduction.prod(x, 0)).tolist() == [1, 1, 1]
    assert read(reduction.any(x, 0)).tolist() == [False] * 3
    assert read(reduction.all(x, 0)).tolist() == [True] * 3
    assert numpy.isnan(read(reduction.mean(x, 0))).all()
    assert read(reduction.max(x, 1)).shape == (0,)
    assert read(scan.cumsum(x, 0)).shape == (0, 3)
    assert read(joining.concatenate([x, x], 1)).shape == (0, 6)
    assert read(neural.softmax(x)).shape == (0, 3)
    assert read(linalg.matmul(x, constant(numpy.ones((3, 2), "float32"), device))).shape == (0, 2)
    with pytest.raises(ShapeError, match=r"max: shape \(0, 3\) has no elements along axes \(0,\)"):
        reduction.max(x, 0)


def test_casts_saturate_and_nan_becomes_zero(device: Device) -> None:
    x = constant(numpy.array([math.nan, math.inf, -math.inf, 300.7, -1.5, 1e20], "float32"), device)
    assert read(arithmetic.cast(x, dtype=dtypes.uint8)).tolist() == [0, 255, 0, 255, 0, 255]
    assert read(arithmetic.cast(x, dtype=dtypes.int32)).tolist() == [0, 2**31 - 1, -(2**31), 300, -1, 2**31 - 1]
    assert read(arithmetic.cast(x, dtype=dtypes.int64)).tolist()[1:3] == [2**63 - 1, -(2**63)]
    assert read(arithmetic.cast(x, dtype=dtypes.bool_)).tolist() == [True] * 6


def test_integers_wrap_and_dividing_by_zero_is_defined(device: Device) -> None:
    x = constant(numpy.array([120, -128, 5], "int8"), device)
    assert read(x + 10).tolist() == [-126, -118, 15]
    assert read(-x).tolist() == [-120, -128, -5]
    assert read(arithmetic.floor_divide(x, 0)).tolist() == [0, 0, 0]
    assert read(arithmetic.remainder(x, 0)).tolist() == [0, 0, 0]
    assert read(arithmetic.floor_divide(x, -1)).tolist() == [-120, -128, -5]


def test_shifts_of_booleans_are_those_of_int8(device: Device) -> None:
    x = constant(numpy.array([True, False]), device)
    moved = bitwise.left_shift(x, constant(numpy.array([True, True]), device))
    assert (moved.dtype, read(moved).tolist()) == (dtypes.int8, [2, 0])


def test_comparisons_with_numbers_beyond_the_dtype(device: Device) -> None:
    x = constant(numpy.array([0, 255], "uint8"), device)
    assert read(comparison.less(x, 300)).tolist() == [True, True]
    assert read(comparison.greater(x, -1)).tolist() == [True, True]
    assert read(comparison.equal(x, 2**70)).tolist() == [False, False]
    with pytest.raises(OverflowError, match="300 does not fit uint8"):
        arithmetic.add(x, 300)


def test_sums_are_as_accurate_as_pairwise_ones(device: Device) -> None:
    x = numpy.random.default_rng(0).uniform(0, 1, 1_000_003).astype("float32")
    exact = math.fsum(x.tolist())
    assert abs(float(read(reduction.sum(constant(x, device)))) - exact) <= max(abs(float(x.sum()) - exact), exact * 1e-7)
    running = read(scan.cumsum(constant(x, device)))
    wanted = numpy.cumsum(x.astype("float64"))
    assert numpy.abs(running / wanted - 1).max() < 1e-5


def test_softmax_of_large_numbers_and_of_rows_without_elements(device: Device) -> None:
    x = constant(numpy.array([[1e4, 0, -1e4]], "float32"), device)
    same(read(neural.softmax(x)), [[1, 0, 0]])
    same(read(neural.log_softmax(x)), [[0, -1e4, -2e4]])
    nothing = constant(numpy.zeros((1, 3), bool), device)
    same(read(neural.masked_softmax(x, nothing)), [[0, 0, 0]])
    same(gradient(lambda x: neural.masked_softmax(x, nothing), device, [[1, 2, 3]])[0], [[0, 0, 0]])
    infinite = constant(numpy.array([-math.inf, -math.inf], "float32"), device)
    assert read(neural.logsumexp(infinite)) == -math.inf


# -- creation and random numbers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [(0, 10, 1), (3, -4, -2), (0, 1, 0.1), (5, 5, 1), (-2, 7, 3)])
def test_arange(device: Device, arguments: tuple[float, float, float]) -> None:
    for dtype in (dtypes.float32, dtypes.int32):
        if dtype == dtypes.int32 and arguments[2] == 0.1:
            continue
        numpy.testing.assert_allclose(
            read(creation.arange(*arguments, dtype, device)), numpy.arange(*arguments, dtype=dtype), rtol=1e-6
        )


def test_linspace_ends_exactly(device: Device) -> None:
    for count, endpoint in ((7, True), (7, False), (1, True), (0, True)):
        got = read(creation.linspace(-1.1, 3.3, count, endpoint, dtypes.float32, device))
        numpy.testing.assert_allclose(got, numpy.linspace(-1.1, 3.3, count, endpoint), rtol=1e-6)
        if count > 1 and endpoint:
            assert got[-1] == numpy.float32(3.3)


def test_matrices_of_ones_and_zeros(device: Device) -> None:
    x = numpy.arange(20, dtype="float32").reshape(4, 5)
    for k in (-2, 0, 1, 7):
        numpy.testing.assert_array_equal(read(creation.eye((4, 5), k, dtypes.int8, device)), numpy.eye(4, 5, k))
        numpy.testing.assert_array_equal(read(creation.tri((4, 4), k, dtypes.float32, device)), numpy.tri(4, k=k))
        numpy.testing.assert_array_equal(read(creation.tril(constant(x, device), k)), numpy.tril(x, k))
        numpy.testing.assert_array_equal(read(creation.triu(constant(x, device), k)), numpy.triu(x, k))


def test_matrices_without_elements(device: Device) -> None:
    for shape in ((0, 0), (0, 3), (2, 0)):
        assert read(creation.eye(shape, 0, dtypes.float32, device)).shape == shape
        assert read(creation.tri(shape, 1, dtypes.float32, device)).shape == shape
        x = constant(numpy.zeros(shape, "float32"), device)
        assert read(creation.tril(x) + creation.triu(x)).shape == shape
    assert read(indexing.one_hot(constant(numpy.zeros(2), device), 0)).shape == (2, 0)


def _drawn(device: Device) -> list[Array]:
    random.seed(42)
    return [
        read(random.uniform(-1, 2, (1000,), dtypes.float32, device)),
        read(random.normal(1, 2, (999,), dtypes.float32, device)),
        read(random.randint(-3, 9, (1000,), dtypes.int32, device)),
        read(random.bernoulli(0.3, (1000,), dtypes.float32, device)),
        read(random.permutation(100, device)),
    ]


def test_the_same_seed_gives_the_same_numbers_in_both_kernel_shapes(devices: dict[str, Device]) -> None:
    for first, second in zip(*(_drawn(device) for device in devices.values()), strict=True):
        assert first.tobytes() == second.tobytes()


def test_distributions(device: Device) -> None:
    uniform, normal, integers, bernoulli, order = _drawn(device)
    assert uniform.min() >= -1
    assert uniform.max() < 2
    assert abs(uniform.mean() - 0.5) < 0.1
    assert abs(normal.mean() - 1) < 0.25
    assert abs(normal.std() - 2) < 0.2
    assert set(integers.tolist()) == set(range(-3, 9))
    assert 0.25 < bernoulli.mean() < 0.35
    assert sorted(order.tolist()) == list(range(100))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_uniform_numbers_do_not_reach_the_end(device: Device, dtype: str) -> None:
    random.seed(3)
    for low, high in ((0, 1), (2, 3), (-3, -2), (1000, 1001)):
        numbers = read(random.uniform(low, high, (100_000,), dtypes.as_dtype(dtype), device))
        assert low <= numbers.min()
        assert numbers.max() < high


def test_every_call_draws_other_numbers(device: Device) -> None:
    random.seed(1)
    first, second = (read(random.uniform(0, 1, (10,), dtypes.float32, device)) for _ in "ab")
    assert not (first == second).any()


def test_random_numbers_have_gradients_of_their_parameters(device: Device) -> None:
    def drawn(loc: Value, scale: Value) -> Value:
        random.seed(5)
        return random.normal(loc, scale, (7,), dtypes.float32, device)

    random.seed(5)
    unit = read(random.normal(0, 1, (7,), dtypes.float32, device))
    loc, scale = gradient(drawn, device, 3, 2)
    same(loc, 7)
    numpy.testing.assert_allclose(scale, unit.sum(), rtol=1e-5)


def test_dropout(device: Device) -> None:
    x = constant(numpy.ones((200, 50), "float32"), device)
    assert neural.dropout(x, 0.5) is x
    random.seed(0)
    with tape.scope(training=True):
        out = read(neural.dropout(x, 0.25))
        rows = read(neural.dropout(x, 0.5, axes=(1,)))
        assert not read(neural.dropout(x, 1)).any()
    assert set(numpy.unique(out)) == {numpy.float32(0), numpy.float32(1 / 0.75)}
    assert 0.72 < (out > 0).mean() < 0.78
    assert (rows == rows[:, :1]).all()


# -- mistakes --------------------------------------------------------------------------------------------------


def _matrix(device: Device) -> Value:
    return constant(numpy.arange(12, dtype="float32").reshape(3, 4), device)


MISTAKES: dict[str, tuple[Callable[[Value], Any], type[Exception], str]] = {
    "broadcast": (lambda x: x + constant(numpy.ones(3, "float32"), x.device), ShapeError, r"add: shapes \(3, 4\) and \(3,\)"),
    "reshape": (lambda x: movement.reshape(x, (5, -1)), ShapeError, r"reshape: 12 elements of shape \(3, 4\)"),
    "axis": (lambda x: reduction.sum(x, 2), AxisError, "sum: axis 2 is out of range for an array of 2 dimensions"),
    "axis twice": (lambda x: reduction.sum(x, (0, -2)), AxisError, "sum: an axis appears twice"),
    "axes": (lambda x: movement.transpose(x, (0, 0)), AxisError, "are not a permutation"),
    "squeeze": (lambda x: movement.squeeze(x, 1), ShapeError, "squeeze: axis 1 of shape"),
    "integer index": (lambda x: indexing.getitem(x, (0, 4)), IndexOutOfRangeError, "index 4 is out of range for axis 1 of length 4"),
    "index array": (lambda x: indexing.getitem(x, [0, 3]), IndexOutOfRangeError, "index 3 is out of range for an axis of length 3"),
    "too many": (lambda x: indexing.getitem(x, (0, 0, 0)), IndexOutOfRangeError, "too many indices: 3 for an array of 2"),
    "two ellipses": (lambda x: indexing.getitem(x, (..., ...)), ShapeError, "one ellipsis"),
    "index dtype": (lambda x: indexing.getitem(x, 1.5), DTypeError, "an index must be an integer"),
    "mask shape": (lambda x: indexing.getitem(x, numpy.ones(4, bool)), ShapeError, r"a mask of shape \(4,\) does not fit"),
    "written shape": (lambda x: indexing.setitem(x, 0, movement.reshape(x, -1)), ShapeError, r"a value of shape \(12,\)"),
    "matmul": (lambda x: linalg.matmul(x, x), ShapeError, "a has 4 columns and b has 3 rows"),
    "concatenate": (lambda x: joining.concatenate([x, movement.transpose(x)]), ShapeError, "may differ along axis 0 only"),
    "split": (lambda x: joining.split(x, 3, 1), ShapeError, "cannot be cut into 3 equal parts"),
    "negative power": (lambda x: powers.power(arithmetic.cast(x, dtype=dtypes.int32), -1), ValueError, r"integers to negative integer powers are not allowed \(int32 \*\* -1\)"),
    "negative power of booleans": (lambda x: powers.power(comparison.less(x, 1), numpy.int8(-2)), ValueError, "not allowed"),
    "booleans": (lambda x: -comparison.less(x, 1), DTypeError, "negative: is not defined for booleans"),
    "labels": (lambda x: neural.softmax_cross_entropy(x, x), ShapeError, r"labels of shape \(3, 4\) do not fit"),
    "broadcast_to": (lambda x: movement.broadcast_to(x, (4, 3)), ShapeError, r"shape \(3, 4\) does not broadcast to \(4, 3\)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_errors_at_the_call(device: Device, mistake: str) -> None:
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call(_matrix(device))


@pytest.mark.parametrize("label", [4, -5, math.nan])
def test_bad_data_is_an_error_at_the_read(device: Device, label: float) -> None:
    x, labels = _matrix(device), constant(numpy.array([0, label, 1], "float32"), device)
    with pytest.raises(IndexOutOfRangeError, match=r"softmax_cross_entropy: a label is not an integer from 0 to 3"):
        read(neural.softmax_cross_entropy(x, labels))
    with pytest.raises(IndexOutOfRangeError, match="embedding: an index is not an integer"):
        read(indexing.embedding(constant(numpy.array([9]), device), x))
    same(read(x), numpy.arange(12).reshape(3, 4))


def test_negative_powers_of_integers_are_an_error_at_the_read(device: Device) -> None:
    x, y = (constant(numpy.array(numbers, "int16"), device) for numbers in ([2, 3, -1], [3, 0, -1]))
    for call in (lambda: powers.power(x, y), lambda: powers.power(2, y)):
        with pytest.raises(ValueError, match="integers to negative integer powers are not allowed"):
            read(call())
    same(read(powers.power(x, arithmetic.absolute(y))), [8, 1, -1])
    same(read(powers.power(2.0, y)), [8, 1, 0.5])
    same(read(powers.power(arithmetic.cast(x, dtype=dtypes.float32), y)), [8, 1, -1])
    assert read(powers.power(x, fill(1, (0, 3), dtypes.int16, device))).shape == (0, 3)


@pytest.mark.parametrize(
    "row",
    [
        numpy.array([-0.0, 0.0, numpy.nan, numpy.inf, -numpy.inf, 1e-40], "float32"),
        numpy.array([-0.0, 6e-8, numpy.nan, -numpy.inf], "float16"),
        numpy.array([-(2**63), 2**63 - 1, 0, -1]),
        numpy.array([0, 2**64 - 1], "uint64"),
        numpy.array([False, True]),
    ],
    ids=lambda row: row.dtype.name,
)
def test_pick_gives_the_bits_of_the_element_computed_or_pending(row: Array, device: Device) -> None:
    x = constant(numpy.tile(row, (len(row), 1)), device)
    every = constant(numpy.arange(len(row)), device)
    for values in (x, arithmetic.identity(x)):
        picked = read(indexing.pick(values, every))
        assert picked.dtype == row.dtype
        # PoCL's conversion to float16 gives a NaN of other bits.
        number = row == row
        assert (picked[~number] != picked[~number]).all()
        assert picked[number].tobytes() == row[number].tobytes()


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_a_single_number_is_repeated_along_axis_0(device: Device, axis: int | None) -> None:
    x = fill(5.0, (), dtypes.float32, device)
    assert read(joining.repeat(x, 2, axis)).tolist() == numpy.repeat(5.0, 2, axis).tolist()
    with pytest.raises(AxisError):
        joining.repeat(x, 2, 1)
