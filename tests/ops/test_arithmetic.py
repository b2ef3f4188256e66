"""Casts and integer arithmetic at the ends of dtypes."""

from __future__ import annotations

import math

import numpy

from clgrad import dtypes
from clgrad.graph.execute import read
from clgrad.ops import arithmetic
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device


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
