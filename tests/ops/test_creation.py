"""Arrays made from numbers: ends of ranges, and matrices of ones and zeros."""

from __future__ import annotations

import numpy
import pytest

from clgrad import dtypes
from clgrad.graph.execute import read
from clgrad.ops import creation, indexing
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device


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
