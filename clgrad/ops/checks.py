"""Checks of data that only a kernel sees, which raise when a result is read. See cl_kernels/checks.cl."""

from __future__ import annotations

from clgrad.errors import ArgumentError
from clgrad.launch import Argument, Fault, Launch, Lowered, Problem, round_up
from clgrad.ops.gathering import BITS
from clgrad.ops.operation import Value
from clgrad.primitives import Library
from clgrad.runtime.compiler import KernelSource
from clgrad.shapes import size_of

_GROUP = 64


def _lower(problem: Problem) -> Lowered:
    group, per_item = problem.group(_GROUP), 4096 if problem.kernel_shape == "cpu" else 1
    count = size_of(problem.output.shape)
    defines = (("PER_ITEM", str(per_item)), ("TYPE", BITS[problem.output.dtype.itemsize]))
    arguments: tuple[Argument, ...] = (
        ("input", 0), ("offset", 0), ("input", 1), ("offset", 1), ("output",), ("long", count),
        ("fault", problem.attributes),
    )  # fmt: skip
    source = KernelSource("checks.cl", "refuse", defines)
    return Lowered((Launch(source, arguments, (round_up(-(-count // per_item), group),), (group,)),))


_REFUSE = Library("refuse", _lower)


def refuse(x: Value, bad: Value, message: str) -> Value:
    """x without history; where a boolean of `bad`, of its shape, holds, the next read raises an ArgumentError."""
    if 0 in x.shape:
        return x
    return Value(_REFUSE, (x, bad), Fault(ArgumentError, message), x.shape, x.dtype, x.device)
