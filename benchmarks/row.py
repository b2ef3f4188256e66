"""What a row is: one piece of work, with one builder per framework that can do it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, Literal

import numpy

Array = Any
Module = Any
Step = Callable[[], Any]
Unit = Literal["GB/s", "GFLOP/s", ""]


class Row:
    """One piece of work. A subclass has a method per framework, named after it, which makes the step to time.

    Such a builder gets the framework's module and the inputs as its arrays. It returns a function that
    does the work once and returns what it computed: an array or a tuple of them, which are waited for
    and, after the first step, compared between the frameworks.
    """

    unit: Unit = ""
    """What `amount` counts in 1e9: bytes that every implementation moves, operations, or nothing."""
    amount: float = 0.0
    reads_only = False
    """True where nothing is written that is as large as what is read: the limit is that of reading, not of copying."""
    own_clock = False
    """True when a step returns the seconds that it took, because only a part of it counts."""

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
        """MXNet's interface is clgrad's, so the same code runs; rows that only clgrad has say otherwise."""
        return self.clgrad(mxnet, *inputs)

    def clgrad(self, clgrad: Module, *inputs: Array) -> Step:
        """Every row has this builder."""
        raise NotImplementedError(f"{type(self).__name__} has no builder for clgrad")


class ProcessRow(Row):
    """Work for a fresh process: a program that prints its seconds, or whose whole life counts."""

    own_clock = True

    def run(self, program: str, whole_life: bool = False) -> Step:
        """The step that runs this Python program."""
        command = [sys.executable, "-c", program]

        def step() -> float:
            start = perf_counter()
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            return perf_counter() - start if whole_life else float(printed.split()[-1])

        return step


def random_array(seed: int, *shape: int) -> numpy.ndarray[Any, Any]:
    """Normally distributed float32 numbers, the same in every process."""
    return numpy.random.default_rng(seed).standard_normal(shape, dtype=numpy.float32)
