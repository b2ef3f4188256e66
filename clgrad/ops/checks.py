"""Checks of data that only a kernel sees, which raise when a result is read. See cl_kernels/checks.cl."""

from __future__ import annotations

from clgrad import dtypes
from clgrad.errors import ArgumentError
from clgrad.graph.lower import Argument, Launch, Lowered, Problem, round_up
from clgrad.graph.node import Library
from clgrad.ops.gathering import fault_code
from clgrad.ops.operation import Value
from clgrad.runtime.compiler import KernelSource
from clgrad.shapes import size_of

_GROUP = 64


def _lower(problem: Problem) -> Lowered:
    group, per_item = problem.group(_GROUP), 4096 if problem.kernel_shape == "cpu" else 1
    count = size_of(problem.output.shape)
    defines = (("PER_ITEM", str(per_item)), ("TYPE", dtypes.STORAGE_NAME[problem.output.dtype]))
    arguments: tuple[Argument, ...] = (
        ("input", 0), ("offset", 0), ("output",), ("long", count), ("fault", problem.attributes),
    )  # fmt: skip
    source = KernelSource("checks.cl", "refuse_negative", defines)
    return Lowered((Launch(source, arguments, (round_up(-(-count // per_item), group),), (group,)),))


_REFUSE_NEGATIVE = Library("refuse_negative", _lower)


def refuse_negative(x: Value, message: str) -> Value:
    """x, signed integers; where one is negative the next read raises an ArgumentError that says so."""
    if 0 in x.shape:
        return x
    return Value(_REFUSE_NEGATIVE, (x,), fault_code(ArgumentError, message), x.shape, x.dtype, x.device)
