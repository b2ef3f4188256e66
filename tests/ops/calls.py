"""Calls of ops for tests: their gradients, the comparison of results, an input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from clgrad import tape
from clgrad.graph.execute import read
from clgrad.ops.operation import Value, fill
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device

Array = numpy.ndarray[Any, Any]


def gradient(call: Callable[..., Value], device: Device, *arrays: Any) -> list[Array]:
    """Gradients of the sum of call's elements."""
    values = [constant(numpy.asarray(one, "float32"), device) for one in arrays]
    for value in values:
        value.entry = tape.Leaf(None, "write")
    with tape.scope(recording=True):
        out = call(*values)
    found = tape.walk([out], [fill(1, out.shape, out.dtype, device)]).leaves
    return [read(found[value.entry]) for value in values]


def same(got: Any, wanted: Any) -> None:
    numpy.testing.assert_allclose(got, wanted, rtol=1e-6, atol=1e-6)


def matrix(device: Device) -> Value:
    """The whole numbers from 0 to 11 in three rows."""
    return constant(numpy.arange(12, dtype="float32").reshape(3, 4), device)
