"""Times one row in one framework."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy

from benchmarks.frameworks import Framework
from benchmarks.row import Row

WARM_UP_STEPS = 3
COMPARED_VALUES = 64


@dataclass
class Timing:
    """The seconds of one step, over the steps of one round."""

    best: float
    median: float
    steps: int


class PreparedRow:
    """A row whose inputs lie on the framework's device, and whose code is compiled and warm."""

    def __init__(self, row: Row, framework: Framework):
        self.row = row
        self.framework = framework
        inputs = [framework.array(values) for values in row.inputs()]
        self.step = getattr(row, framework.name)(framework.module, *inputs)
        first = self.computed()
        # After one step and not later, since a training step changes what it works on.
        self.sample = [] if row.own_clock else [sample(framework.values(array)) for array in first]
        for _ in range(WARM_UP_STEPS - 1):
            self.computed()

    def computed(self) -> tuple[Any, ...]:
        """The results of one step, when they are there."""
        result = self.step()
        arrays = result if isinstance(result, tuple) else (result,)
        self.framework.wait(arrays)
        return arrays

    def seconds(self) -> float:
        """How long one step took: until its results are there, or as its own clock says."""
        start = perf_counter()
        (first, *_) = self.computed()
        return float(first) if self.row.own_clock else perf_counter() - start

    def measure(self, seconds: float) -> Timing:
        """Repeats the step for about so long, and once at least."""
        end = perf_counter() + seconds
        times = [self.seconds()]
        while perf_counter() < end:
            times.append(self.seconds())
        return Timing(min(times), statistics.median(times), len(times))


def sample(values: numpy.ndarray[Any, Any]) -> list[float]:
    """Values spread over an array, enough to tell whether two frameworks computed the same."""
    flat = values.reshape(-1)
    return [float(value) for value in flat[:: max(1, flat.size // COMPARED_VALUES)][:COMPARED_VALUES]]


def can_run(row: Row, framework: Framework) -> bool:
    """Whether the row has a builder for the framework."""
    return hasattr(row, framework.name)
