"""The ways in which clgrad runs a program: fused, looked at in the middle, and one primitive at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import numpy

from clgrad import autograd, npx
from clgrad import numpy as np
from clgrad.array import ndarray
from clgrad.graph.execute import flush, upload
from clgrad.ops.operation import Value
from clgrad.primitives import RESULT, VIEW
from tests.fuzz.pool import Kernel, Postponed
from tests.fuzz.program import Program

Results = Mapping[str, numpy.ndarray[Any, Any]]


def fused(program: Program) -> Results:
    """Nothing is looked at before the end."""
    return _results(program.run(_names()))


def looked_at(program: Program) -> Results:
    """Some values are looked at as soon as they are there, in or out of record."""

    def look(position: int, names: dict[str, Any]) -> None:
        target = program.statements[position].target
        if position in program.looks and target:
            names[target].asnumpy()

    return _results(program.run(_names(), look))


def one_by_one(program: Program) -> Results:
    """Nothing fuses: every primitive is computed when it is made. It takes few kernels, whatever the program.

    In a rehearsal it goes on with zeros where a kernel is not built yet, then raises Postponed with all those.
    """
    missing: set[Kernel] = set()
    try:
        with _eager(missing):
            results = _results(program.run(_names()))
    except Exception as problem:
        if isinstance(problem, Postponed):
            missing |= problem.kernels
        if not missing:
            raise
    if missing:
        raise Postponed(missing)
    return results


ONE_BY_ONE = "one by one"
WAYS = {ONE_BY_ONE: one_by_one, "fused": fused, "looked at": looked_at}
QUICK_WAYS = ("fused", "looked at")


def _names() -> dict[str, Any]:
    return {"numpy": numpy, "np": np, "npx": npx, "autograd": autograd}


def _results(names: dict[str, Any]) -> Results:
    """Every array that has a name, and its gradient."""
    arrays = {name: value for name, value in names.items() if isinstance(value, ndarray)}
    gradients = {f"{name}.grad": value.grad for name, value in arrays.items() if value.grad is not None}
    return {name: value.asnumpy() for name, value in {**gradients, **arrays}.items()}


@contextmanager
def _eager(missing: set[Kernel]) -> Iterator[None]:
    make = Value.__init__

    def make_and_compute(node: Value, *arguments: Any, **options: Any) -> None:
        make(node, *arguments, **options)
        # Of a call with several results all are made before one is computed.
        if node.storage is None and node.primitive not in (VIEW, RESULT):
            try:
                flush((node,))
            except Postponed as postponed:
                if not postponed.rehearse:
                    raise
                missing.update(postponed.kernels)
                node.settle(upload(numpy.zeros(node.shape, node.dtype), node.device))

    with mock.patch.object(Value, "__init__", make_and_compute):
        yield
