"""Checks of data by a kernel: bad data raises when a result is read. See cl_kernels/kernels/checks.cl."""

from __future__ import annotations

from clgrad.errors import ArgumentError
from clgrad.kernels.checks import candidates
from clgrad.launch import Fault
from clgrad.ops.operation import Value
from clgrad.primitives import Library

_REFUSE = Library("refuse", candidates)


def refuse(x: Value, bad: Value, message: str) -> Value:
    """x without history. If any element of the boolean array `bad` is true, the next read raises ArgumentError."""
    if 0 in x.shape:
        return x
    return Value(_REFUSE, (x, bad), Fault(ArgumentError, message), x.shape, x.dtype, x.device)
