"""Sorting, the largest and the distinct elements, beside NumPy: dtypes, axes, lengths, ties, NaN, views, gradients."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.errors import ArgumentError, AxisError
from clgrad.graph.execute import read
from clgrad.ops import sorting
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from clgrad.testing import assert_close, check_gradients
from tests.autograd.variables import variable

DTYPES = [
    "bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float16", "float32",
]  # fmt: skip
LENGTHS = [0, 1, 2, 3, 31, 32, 33, 1000, 4097, 100_000]


def numbers(length: int, dtype: str) -> numpy.ndarray[Any, Any]:
    """Numbers of which many are equal, the ends of the dtype, for floats zeros of both signs, infinities and NaN."""
    generator = numpy.random.default_rng(length)
    if dtype == "bool":
        return generator.random(length) < 0.5
    if dtype.startswith("float"):
        x = numpy.round(generator.normal(size=length) * 20).astype(dtype)
        for step, special in ((7, numpy.nan), (11, -0.0), (13, numpy.inf), (17, -numpy.inf)):
            x[3::step] = special
        return x
    bounds = numpy.iinfo(dtype)
    x = generator.integers(0, 50, length).astype(dtype)
    x[3::9], x[4::9] = bounds.min, bounds.max
    return x


@pytest.mark.parametrize("dtype", DTYPES)
def test_sort_and_argsort(dtype: str) -> None:
    for length in LENGTHS:
        x = numbers(length, dtype)
        y = np.array(x, dtype=dtype)
        numpy.testing.assert_array_equal(np.sort(y).asnumpy(), numpy.sort(x), err_msg=str(length))
        numpy.testing.assert_array_equal(np.argsort(y).asnumpy(), numpy.argsort(x, stable=True), err_msg=str(length))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
@pytest.mark.parametrize("axis", [0, 1])
def test_long_rows_in_both_kernel_shapes(device: Device, dtype: str, axis: int) -> None:
    if dtype == "float64" and not device.capabilities.fp64:
        pytest.skip("the device has no float64")
    for length in (1, 33, 1000, 9000):
        x = numbers(3 * length, dtype).reshape((length, 3) if axis == 0 else (3, length))
        values, indices = sorting.sorted_along(constant(x, device), axis, length, descending=False)
        numpy.testing.assert_array_equal(read(indices), numpy.argsort(x, axis, stable=True), err_msg=str(length))
        numpy.testing.assert_array_equal(read(values), numpy.sort(x, axis), err_msg=str(length))
        kept = min(length, 40)
        largest = read(sorting.sorted_along(constant(x, device), axis, kept, descending=True)[1])
        wanted = numpy.argsort(-x.astype("float64"), axis, stable=True).take(range(kept), axis)
        numpy.testing.assert_array_equal(largest, wanted, err_msg=str(length))


def test_zeros_of_both_signs_are_equal_and_keep_their_bits() -> None:
    x = numpy.float32([0.0, -0.0, 1, -0.0, 0.0])
    assert np.argsort(np.array(x)).tolist() == [0, 1, 3, 4, 2]
    assert numpy.signbit(np.sort(np.array(x)).asnumpy()).tolist() == [False, True, True, False, False]


@pytest.mark.parametrize("axis", [0, 1, 2, -1, None])
@pytest.mark.parametrize("shape", [(3, 5, 4), (2, 300, 3), (700, 1, 2)])
def test_axes(shape: tuple[int, ...], axis: int | None) -> None:
    x = numpy.random.default_rng(1).integers(0, 20, shape).astype("float32")
    numpy.testing.assert_array_equal(np.sort(np.array(x), axis).asnumpy(), numpy.sort(x, axis))
    numpy.testing.assert_array_equal(np.argsort(np.array(x), axis).asnumpy(), numpy.argsort(x, axis, stable=True))


def test_views() -> None:
    x = numpy.random.default_rng(2).integers(0, 9, (20, 30)).astype("int32")
    y = np.array(x, dtype="int32")
    for view, wanted in ((y.T, x.T), (y[::-2, 3::4], x[::-2, 3::4]), (y[4], x[4]), (y[:, 5], x[:, 5])):
        numpy.testing.assert_array_equal(np.sort(view).asnumpy(), numpy.sort(wanted))
        numpy.testing.assert_array_equal(np.argsort(view, 0).asnumpy(), numpy.argsort(wanted, 0, stable=True))


@pytest.mark.parametrize("length", [5, 33, 1000, 9000])
def test_descending_is_stable_and_has_nan_last(length: int) -> None:
    x = numbers(length, "float32")
    order = numpy.lexsort((numpy.arange(length), -x))
    numpy.testing.assert_array_equal(np.argsort(np.array(x), descending=True).asnumpy(), order)
    numpy.testing.assert_array_equal(np.sort(np.array(x), descending=True).asnumpy(), x[order])


def test_sort_in_place_and_arguments() -> None:
    x = np.array([3, 1, 2])
    assert x.sort() is None
    assert x.tolist() == [1, 2, 3]
    assert x.argsort(descending=True).tolist() == [2, 1, 0]
    assert np.sort(x, -1, "stable").tolist() == [1, 2, 3]
    assert numpy.sort(x).tolist() == [1, 2, 3]
    with pytest.raises(ArgumentError, match="sort: order names fields"):
        np.sort(x, order="a")
    with pytest.raises(AxisError, match="sort"):
        np.sort(x, axis=1)


@pytest.mark.parametrize("length", [1, 5, 40, 5000])
@pytest.mark.parametrize("ascending", [False, True])
def test_topk(length: int, ascending: bool) -> None:
    x = numbers(length, "float32")
    order = numpy.lexsort((numpy.arange(length), x if ascending else -x))
    for k in {1, min(3, length), length, 0}:
        values, indices = npx.topk(np.array(x), k=k, ret_typ="both", is_ascend=ascending, dtype="int64")
        wanted = order[: k or length]
        numpy.testing.assert_array_equal(indices.asnumpy(), wanted)
        numpy.testing.assert_array_equal(values.asnumpy(), x[wanted])


def test_topk_of_the_original() -> None:
    x = np.array([[0.3, 0.2, 0.4], [0.1, 0.3, 0.2]])
    assert npx.topk(x).tolist() == [[2], [1]]
    assert npx.topk(x).dtype == "float32"
    assert npx.topk(x, ret_typ="value", k=2).tolist() == np.array([[0.4, 0.3], [0.3, 0.2]]).tolist()
    assert npx.topk(x, axis=0, k=2, dtype="int32").tolist() == [[0, 1, 0], [1, 0, 1]]
    assert npx.topk(x, ret_typ="mask", k=2).tolist() == [[1, 0, 1], [0, 1, 1]]
    assert npx.topk(x, axis=None, k=2, dtype="int64").tolist() == [2, 0]
    with pytest.raises(ArgumentError, match="k is 4"):
        npx.topk(x, k=4)
    with pytest.raises(TypeError, match="topk"):
        npx.topk(x, k=1.5)
    with pytest.raises(ArgumentError, match="ret_typ"):
        npx.topk(x, ret_typ="max")


@pytest.mark.parametrize("dtype", ["float32", "int16", "bool"])
def test_unique(dtype: str) -> None:
    for length in LENGTHS[:-1]:
        x = numbers(length, dtype)
        found = np.unique(np.array(x, dtype=dtype), return_index=True, return_inverse=True, return_counts=True)
        wanted = numpy.unique(x, return_index=True, return_inverse=True, return_counts=True)
        for ours, theirs in zip(found, wanted):
            numpy.testing.assert_array_equal(ours.asnumpy(), theirs, err_msg=str(length))


def test_unique_of_several_axes_and_each_nan_by_itself() -> None:
    x = numpy.float32([[3, 1, numpy.nan], [1, numpy.nan, 3]])
    y = np.array(x)
    values, inverse = np.unique(y, return_inverse=True)
    numpy.testing.assert_array_equal(values.asnumpy()[inverse.asnumpy()], x)
    for ours, theirs in zip(np.unique_all(y), numpy.unique_all(x)):
        numpy.testing.assert_array_equal(ours.asnumpy(), theirs)
    assert np.unique_counts(y).counts.tolist() == [2, 2, 1, 1]
    assert np.unique_inverse(np.array([5, 4, 5])).inverse_indices.tolist() == [1, 0, 1]
    assert np.unique_values(np.array([5, 4, 5])).tolist() == [4, 5]


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("shape", [(40, 3), (3, 40), (30, 2, 2), (0, 3), (5, 1)])
def test_unique_rows(shape: tuple[int, ...], axis: int) -> None:
    x = numpy.random.default_rng(4).integers(-1, 2, shape).astype("float32")
    found = np.unique(np.array(x), return_index=True, return_inverse=True, return_counts=True, axis=axis)
    wanted = numpy.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    for ours, theirs in zip(found, wanted):
        numpy.testing.assert_array_equal(ours.asnumpy(), theirs)


def test_unique_reads_one_number() -> None:
    x = np.array(numbers(1000, "float32"))
    x.wait_to_read()
    before = clgrad.statistics()["flushes"]
    np.unique(x, return_index=True, return_inverse=True, return_counts=True)
    assert clgrad.statistics()["flushes"] == before + 1


def test_gradients() -> None:
    x = [[0.3, -1.0, 2.0, 0.7], [1.5, 0.1, -0.4, 0.9]]
    weights = np.array([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
    check_gradients(lambda x: (np.sort(x) * weights.astype(x.dtype)) ** 2, x, order=2)
    check_gradients(lambda x: np.sort(x, axis=0, descending=True) ** 3, x, order=3)
    check_gradients(lambda x: npx.topk(x, k=2, ret_typ="value") ** 2, x, order=2)
    check_gradients(lambda x: npx.topk(x, k=1, axis=None, ret_typ="value", is_ascend=True) ** 2, x)
    check_gradients(lambda x: np.unique(x) ** 2, x)
    check_gradients(lambda x: np.unique(x, axis=1) ** 2, x)


def test_gradient_of_equal_elements_goes_to_each_place_once() -> None:
    x = variable([2, 1, 2, 1])
    with autograd.record():
        loss = (np.sort(x) * np.array([1, 2, 3, 4])).sum()
    loss.backward()
    assert x.grad.tolist() == [3, 1, 4, 2]


def test_gradient_of_a_long_row() -> None:
    x = numpy.random.default_rng(3).permutation(20_000).astype("float32")
    y = variable(x)
    weights = numpy.arange(20_000, dtype="float32")
    with autograd.record():
        loss = (np.sort(y) * np.array(weights)).sum()
    loss.backward()
    assert_close(y.grad, weights[x.astype(int)])
