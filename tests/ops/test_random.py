"""Random numbers: seeds, distributions, ends of intervals, gradients of their parameters."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad import dtypes
from clgrad.graph.execute import read
from clgrad.ops import random
from clgrad.ops.operation import Value
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same

Array = numpy.ndarray[Any, Any]


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
