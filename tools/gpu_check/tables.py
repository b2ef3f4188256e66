"""Cases from the project's tables: each op as the tests call it first, and the training steps of the benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

import clgrad
from benchmarks.row import Row as Benchmark
from benchmarks.rows.training import PerceptronStep
from benchmarks.rows.transformer import TransformerStep
from clgrad.array.assembly import ndarray
from tests.reference.row import Row
from tests.reference.table import ROWS
from tools.gpu_check.cases import Case, Operand
from tools.gpu_check.described import DescribedDevice

TRAINING: tuple[Benchmark, ...] = (PerceptronStep("perceptron"), TransformerStep("transformer"))
# They read values, so that they consist of several plans. The ops in these are in other cases.
READING = ("unique",)


def ops(device: DescribedDevice) -> Iterator[Case]:
    """A case for each op, with the first shapes and dtype of its row."""
    for row in ROWS:
        if row.name not in READING:
            operands = [Operand(shape, row.dtypes[0].name) for shape in row.shapes[0]]
            yield Case(f"op {row.name} {row.dtypes[0].name}", _call(row, device), tuple(operands))


def _call(row: Row, device: DescribedDevice) -> Any:
    samples = [numpy.ones(shape, row.dtypes[0]) for shape in row.shapes[0]]
    given = [one(samples) if callable(one) else one for one in row.fixed]
    fixed = [device.array(one.shape, one.dtype.name)._value if isinstance(one, numpy.ndarray) else one for one in given]

    def call(*arrays: ndarray) -> Any:
        return row.call(*(array._value for array in arrays), *fixed, **row.keywords[0])

    return call


def steps(device: DescribedDevice) -> Iterator[Case]:
    """A case for each training step, whose parameters are arrays outside of it."""
    for row in TRAINING:
        arguments = [device.array(array.shape, array.dtype.name) for array in row.inputs()]
        with device.entered():
            step = row.clgrad(clgrad, *arguments)
        yield Case(row.name, step)
