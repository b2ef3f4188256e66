"""Comparisons with numbers that the dtype cannot hold."""

from __future__ import annotations

import numpy
import pytest

from clgrad.graph.execute import read
from clgrad.ops import arithmetic, comparison
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device


def test_comparisons_with_numbers_beyond_the_dtype(device: Device) -> None:
    x = constant(numpy.array([0, 255], "uint8"), device)
    assert read(comparison.less(x, 300)).tolist() == [True, True]
    assert read(comparison.greater(x, -1)).tolist() == [True, True]
    assert read(comparison.equal(x, 2**70)).tolist() == [False, False]
    with pytest.raises(OverflowError, match="300 does not fit uint8"):
        arithmetic.add(x, 300)
