"""Repeated elements."""

from __future__ import annotations

import numpy
import pytest

from clgrad import dtypes
from clgrad.errors import AxisError
from clgrad.graph.execute import read
from clgrad.ops import joining
from clgrad.ops.operation import fill
from clgrad.runtime.device import Device


@pytest.mark.parametrize("axis", [None, 0, -1])
def test_a_single_number_is_repeated_along_axis_0(device: Device, axis: int | None) -> None:
    x = fill(5.0, (), dtypes.float32, device)
    assert read(joining.repeat(x, 2, axis)).tolist() == numpy.repeat(5.0, 2, axis).tolist()
    with pytest.raises(AxisError):
        joining.repeat(x, 2, 1)
