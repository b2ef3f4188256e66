"""Times one row in one framework."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy

from benchmarks.frameworks import Framework
from benchmarks.row import ProcessRow, Row

# Steps before the timing begins: frameworks compile, and fill their caches and memory pools.
WARM_UP_STEPS = 3
# Values per result that are compared between frameworks: they must fit into a line of JSON.
COMPARED_VALUES = 64


@dataclass
class Timing:
    """The best and the median of the seconds per step, over all steps of one round."""

    best: float
    median: float
    steps: int


class PreparedRow:
    """A row with its inputs on the framework's device, compiled and warmed up."""

    def __init__(self, row: Row, framework: Framework):
        self.row = row
        self.framework = framework
        inputs = [framework.array(values) for values in row.inputs()]
        self.step = getattr(row, framework.name)(framework.module, *inputs)
        first = self.computed()
        # Taken after the first step, because each training step changes its own inputs.
        self.sample = [] if row.own_clock else [sample(framework.values(array)) for array in first]
        # A process that is over keeps nothing warm but files.
        for _ in range(0 if isinstance(row, ProcessRow) else WARM_UP_STEPS - 1):
            self.computed()

    def computed(self) -> tuple[Any, ...]:
        """Run one step; returns its results when they are computed."""
        result = self.step()
        arrays = result if isinstance(result, tuple) else (result,)
        self.framework.wait(arrays)
        return arrays

    def seconds(self) -> float:
        """Run one step; returns its time until the results are computed, or the time by the row's own clock."""
        start = perf_counter()
        (first, *_) = self.computed()
        return float(first) if self.row.own_clock else perf_counter() - start

    def measure(self, seconds: float) -> Timing:
        """Repeat the step for about `seconds`, at least once."""
        end = perf_counter() + seconds
        times = [self.seconds()]
        while perf_counter() < end:
            times.append(self.seconds())
        return Timing(min(times), statistics.median(times), len(times))


def sample(values: numpy.ndarray[Any, Any]) -> list[float]:
    """Values spread over an array, to check that two frameworks compute the same."""
    flat = values.reshape(-1)
    return [float(value) for value in flat[:: max(1, flat.size // COMPARED_VALUES)][:COMPARED_VALUES]]


def can_run(row: Row, framework: Framework) -> bool:
    """Whether the row has a builder for the framework."""
    return hasattr(row, framework.name)
