"""Reductions where they are easily wrong: ties, products with zeros, positions of NaN, empty arrays, long sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy
import pytest

from clgrad import tape
from clgrad.errors import ShapeError
from clgrad.graph.execute import read
from clgrad.ops import choice, joining, linalg, neural, reduction, scan
from clgrad.ops.movement import reshape
from clgrad.ops.operation import Value, fill
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same


def test_equal_extremes_share_the_gradient(device: Device) -> None:
    x = [[1, 3, 3], [2, 2, 2]]
    same(gradient(lambda x: reduction.max(x, 1), device, x)[0], [[0, 0.5, 0.5], [1 / 3] * 3])
    same(gradient(lambda x: reduction.min(x), device, x)[0], [[1, 0, 0], [0, 0, 0]])
    for op in (choice.maximum, choice.minimum, choice.fmax, choice.fmin):
        left, right = gradient(op, device, [1, 2, 3], [1, 2, 3])
        same(left, [0.5] * 3)
        same(right, [0.5] * 3)


@pytest.mark.parametrize("x", [[2, 0, 3], [0, 2, 0], [0, 0, 0], [5], [1, 2, 3, 4, 5]])
def test_products_with_zeros(device: Device, x: Sequence[float]) -> None:
    others = [math.prod(x[:at] + x[at + 1 :]) for at in range(len(x))]  # type: ignore[operator]
    same(gradient(reduction.prod, device, x)[0], others)

    def directional(x: Value) -> Value:
        return reduction.sum(gradient_value(reduction.prod, x))

    pairs = [
        sum(math.prod(v for k, v in enumerate(x) if k not in (i, j)) for j in range(len(x)) if j != i)
        for i in range(len(x))
    ]
    if len(x) > 1:
        same(gradient(directional, device, x)[0], pairs)


def gradient_value(call: Callable[[Value], Value], x: Value) -> Value:
    """The recorded gradient of a scalar function, while recording."""
    out = call(x)
    found: Value = tape.walk([out], [fill(1, out.shape, out.dtype, out.device)], retain_graph=True).leaves[x.entry]
    return found


def test_positions_of_extremes(device: Device) -> None:
    x = numpy.array([[1, math.nan, 3, math.nan], [2, 5, 5, 1]], "float32")
    value = constant(x, device)
    for ours, numpys in ((reduction.argmax, numpy.argmax), (reduction.argmin, numpy.argmin)):
        for axis in (None, 0, 1):
            assert read(ours(value, axis)).tolist() == numpys(x, axis).tolist()


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


def test_a_sum_of_nothing_beside_what_is_computed_again(device: Device) -> None:
    """The kernel of the sum over an axis of length 0 computes `doubled` again for each element of its result."""
    x = constant(numpy.arange(7, dtype="float32"), device)
    nothing = constant(numpy.zeros((0, 7), "float32"), device)
    doubled = reshape(x * 2, (1, 7))
    both = reduction.sum(nothing * 3, 0, keepdims=True) + doubled
    assert read(both).tolist() == [[0, 2, 4, 6, 8, 10, 12]]


def test_sums_are_as_accurate_as_pairwise_ones(device: Device) -> None:
    x = numpy.random.default_rng(0).uniform(0, 1, 1_000_003).astype("float32")
    exact = math.fsum(x.tolist())
    error = abs(float(read(reduction.sum(constant(x, device)))) - exact)
    assert error <= max(abs(float(x.sum()) - exact), exact * 1e-7)
    running = read(scan.cumsum(constant(x, device)))
    wanted = numpy.cumsum(x.astype("float64"))
    assert numpy.abs(running / wanted - 1).max() < 1e-5


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (130, 3), (9, 10), (70, 20), (33, 32), (40, 33), (3, 63), (5, 65)])
def test_rows_of_all_lengths_are_exact_for_whole_numbers(device: Device, shape: tuple[int, int]) -> None:
    """On a GPU short rows share a work-group: also where the last group has fewer rows than fit."""
    x = numpy.random.default_rng(7).integers(-9, 9, shape).astype("float32")
    value = constant(x, device)
    numpy.testing.assert_array_equal(read(reduction.sum(value, 1)), x.sum(1))
    numpy.testing.assert_array_equal(read(reduction.max(value, 1)), x.max(1))
    numpy.testing.assert_array_equal(read(value - reduction.max(value, 1, True)), x - x.max(1, keepdims=True))
