"""Differentiable copies between devices."""

from __future__ import annotations

from clgrad.graph.capture import refuse_to_look
from clgrad.graph.copies import copy_to
from clgrad.ops.creation import check_dtype
from clgrad.ops.operation import Composite, Value
from clgrad.primitives import COPY
from clgrad.runtime.device import Device
from clgrad.shapes import is_contiguous


def _to_device(x: Value, device: Device) -> Value:
    check_dtype("to_device", x.dtype, device)
    if x.device is device:
        return x
    refuse_to_look()
    strides, _ = x.layout()
    if not is_contiguous(x.shape, strides):
        x = Value(COPY, (x,), x.dtype, x.shape, x.dtype, x.device)
    copy = copy_to(x, device)
    assert isinstance(copy, Value)
    return copy


_moved = Composite("to_device", _to_device, lambda g, out, x, device: (to_device(g, x.device),))


def to_device(x: Value, device: Device) -> Value:
    """x on another device. Pending like the result of every op: the devices compute on while the bytes travel."""
    return x if x.device is device else _moved(x, device=device)
