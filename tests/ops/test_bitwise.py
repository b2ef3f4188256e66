"""Shifts of booleans."""

from __future__ import annotations

import numpy

from clgrad import dtypes
from clgrad.graph.execute import read
from clgrad.ops import bitwise
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device


def test_shifts_of_booleans_are_those_of_int8(device: Device) -> None:
    x = constant(numpy.array([True, False]), device)
    moved = bitwise.left_shift(x, constant(numpy.array([True, True]), device))
    assert (moved.dtype, read(moved).tolist()) == (dtypes.int8, [2, 0])
