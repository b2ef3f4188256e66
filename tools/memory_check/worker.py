"""`python -m tools.memory_check.worker NAMES`: computes cases in the simulator, and marks them in the plugin's file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy

from clgrad import np, npx
from tools.gpu_check.cases import Operand
from tools.memory_check.cases import CASES
from tools.memory_check.simulator import COUNTS


def main(names: Sequence[str]) -> None:
    """Compute the cases with these names."""
    for case in CASES:
        if case.name in names:
            arrays = [np.array(values(operand), dtype=operand.dtype) for operand in case.operands]
            npx.waitall()
            with marked(case.name):
                results = case.function(*arrays)
                npx.waitall()
                del results


def values(operand: Operand) -> Any:
    """The same numbers in each run. Integers are places on an axis of 64 or more."""
    source = numpy.random.default_rng(len(operand.shape))
    if operand.dtype.startswith("float"):
        return source.uniform(0.5, 2, operand.shape).astype(operand.dtype)
    return source.integers(0, 64, operand.shape).astype(operand.dtype)


@contextmanager
def marked(name: str) -> Iterator[None]:
    """Lines around those of the plugin: kernels outside of them belong to no case."""
    mark(f"case {name}")
    yield
    mark("end")


def mark(line: str) -> None:
    """Add a line to the plugin's file."""
    with open(os.environ[COUNTS], "a") as file:
        file.write(f"{line}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
