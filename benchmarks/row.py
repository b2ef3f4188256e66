"""Rows of the table: one piece of work each, with one builder per framework that can do it."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from collections.abc import Callable
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any, Literal

import numpy

Array = Any
Module = Any
Step = Callable[[], Any]
# The variables that name the folders of compilers' caches.
CACHES = ("CLGRAD_CACHE_DIR", "POCL_CACHE_DIR", "XDG_CACHE_HOME")
# Modules are imported from byte code, as in an installed program, even if Python may not write any elsewhere.
BYTE_CODE = {"PYTHONDONTWRITEBYTECODE": ""}
Unit = Literal["GB/s", "GFLOP/s", ""]


class Row:
    """One piece of work. A subclass has one method per framework, a builder named after the framework.

    A builder gets the framework's module, and the inputs as the framework's arrays. It returns the step to time: a
    function that does the work once and returns its results, an array or a tuple of arrays. The timing waits for the
    results; the results of the first step are compared between frameworks.
    """

    unit: Unit = ""
    """The unit of `amount` per second: 1e9 bytes that every implementation must move, 1e9 operations, or none."""
    amount: float = 0.0
    reads_only = False
    """True if the results are much smaller than the inputs, so that the limit is that of reading, not of copying."""
    own_clock = False
    """True if a step returns its own time in seconds, because only a part of it counts."""

    def __init__(self, name: str):
        self.name = name

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self) or "").partition("\n")[0]

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        """The same NumPy arrays for every framework."""
        return ()

    def mxnet(self, mxnet: Module, *inputs: Array) -> Step:
        """The builder for MXNet. It has the same interface as clgrad; rows that need more of clgrad override this."""
        return self.clgrad(mxnet, *inputs)

    def clgrad(self, clgrad: Module, *inputs: Array) -> Step:
        """The builder for clgrad, which every row has."""
        raise NotImplementedError(f"{type(self).__name__} has no builder for clgrad")


class ProcessRow(Row):
    """Work for a fresh process. The time is printed by its program, or is that of the whole process."""

    own_clock = True

    def run(self, program: str, whole_life: bool = False, empty_caches: bool = False) -> Step:
        """The step that runs this Python program."""
        command = [sys.executable, "-c", program]

        def step() -> float:
            with TemporaryDirectory() as folder:
                variables = os.environ | BYTE_CODE | (dict.fromkeys(CACHES, folder) if empty_caches else {})
                start = perf_counter()
                done = subprocess.run(command, check=True, capture_output=True, text=True, env=variables)
                return perf_counter() - start if whole_life else float(done.stdout.split()[-1])

        return step


def random_array(seed: int, *shape: int) -> numpy.ndarray[Any, Any]:
    """Normally distributed float32 numbers, the same in every process."""
    return numpy.random.default_rng(seed).standard_normal(shape, dtype=numpy.float32)
