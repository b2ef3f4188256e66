"""Running sums and products: gradients of products with zeros."""

from __future__ import annotations

import numpy
import pytest

from clgrad.graph.execute import read
from clgrad.ops import scan
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same


def test_running_products_with_zeros(device: Device) -> None:
    same(gradient(lambda x: scan.cumprod(x, 0), device, [2, 0, 3, 4])[0], [1, 2 + 6 + 24, 0, 0])


@pytest.mark.parametrize("dtype", ["float32", "int64"])
@pytest.mark.parametrize("shape", [(1, 1), (70, 33), (3, 256), (2, 257), (1, 5000)])
def test_rows_of_all_lengths_are_exact_for_whole_numbers(device: Device, shape: tuple[int, int], dtype: str) -> None:
    """Fewer and more rows than a group has work-items, shorter and longer than a tile, in one block and in many."""
    x = numpy.random.default_rng(7).integers(-9, 9, shape)
    numpy.testing.assert_array_equal(read(scan.cumsum(constant(x.astype(dtype), device), 1)), x.cumsum(1).astype(dtype))
    signs = numpy.where(x < 0, -1, 1)
    found = read(scan.cumprod(constant(signs.astype(dtype), device), 1))
    numpy.testing.assert_array_equal(found, signs.cumprod(1).astype(dtype))


def test_gradients_of_running_sums_come_from_the_end(device: Device) -> None:
    x = numpy.ones((2, 300), "float32")
    same(gradient(lambda x: scan.cumsum(x, 1), device, x)[0], [[*range(300, 0, -1)]] * 2)
