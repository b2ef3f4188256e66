"""Norms and deviations at zero, where they have no derivative."""

from __future__ import annotations

from clgrad.ops import linalg, reduction
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same


def test_norms_and_deviations_have_gradient_zero_at_zero(device: Device) -> None:
    same(gradient(lambda x: linalg.norm(x), device, [0, 0, 0])[0], [0, 0, 0])
    same(gradient(lambda x: reduction.std(x), device, [4, 4, 4])[0], [0, 0, 0])
    for order in (1, 1.5, 3):
        (found,) = gradient(lambda x, order=order: linalg.norm(x, order, 1), device, [[0, 0], [1, 2]])
        same(found[0], [0, 0])
    same(gradient(lambda x: linalg.norm(x), device, [3, 4])[0], [0.6, 0.8])
