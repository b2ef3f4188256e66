"""Powers of zero and of integers."""

from __future__ import annotations

import math

import numpy
import pytest

from clgrad import dtypes
from clgrad.graph.execute import read
from clgrad.ops import arithmetic, powers
from clgrad.ops.operation import fill
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same


def test_powers_at_zero(device: Device) -> None:
    base, exponent = gradient(powers.power, device, [0, 0, 0, 2], [0, 1, 2, 0])
    same(base, [0, 1, 0, 0])
    same(exponent, [0, 0, 0, math.log(2)])
    same(gradient(lambda x: powers.power(x, 0), device, [0, 3])[0], [0, 0])
    same(gradient(lambda x: powers.power(x, 3), device, [0, -2])[0], [0, 12])
    same(gradient(lambda x: powers.power(2, x), device, [0, 3])[0], [math.log(2), 8 * math.log(2)])


def test_negative_powers_of_integers_are_an_error_at_the_read(device: Device) -> None:
    x, y = (constant(numpy.array(numbers, "int16"), device) for numbers in ([2, 3, -1], [3, 0, -1]))
    for call in (lambda: powers.power(x, y), lambda: powers.power(2, y)):
        with pytest.raises(ValueError, match="integers to negative integer powers are not allowed"):
            read(call())
    same(read(powers.power(x, arithmetic.absolute(y))), [8, 1, -1])
    same(read(powers.power(2.0, y)), [8, 1, 0.5])
    same(read(powers.power(arithmetic.cast(x, dtype=dtypes.float32), y)), [8, 1, -1])
    assert read(powers.power(x, fill(1, (0, 3), dtypes.int16, device))).shape == (0, 3)
