"""Running sums and products: gradients of products with zeros."""

from __future__ import annotations

from clgrad.ops import scan
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same


def test_running_products_with_zeros(device: Device) -> None:
    same(gradient(lambda x: scan.cumprod(x, 0), device, [2, 0, 3, 4])[0], [1, 2 + 6 + 24, 0, 0])
