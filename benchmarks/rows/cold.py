"""What compilers cost: the first step of a fresh process that finds all caches empty, in processor seconds."""

from __future__ import annotations

import os
from importlib import import_module

from benchmarks.frameworks import FRAMEWORKS
from benchmarks.row import Module, ProcessRow, Row, Step
from benchmarks.rows.host import TinyGradient
from benchmarks.rows.training import PerceptronStep
from benchmarks.rows.transformer import TransformerStep

STEPS: dict[str, Row] = {
    "cold_tiny": TinyGradient("tiny"),
    "cold_mlp": PerceptronStep("mlp"),
    "cold_transformer": TransformerStep("transformer"),
}
FIRST_STEP = "from benchmarks.rows.cold import first_step; print(first_step({!r}, {!r}))"


def first_step(row_name: str, framework_name: str) -> float:
    """The processor seconds from the first array to the first result, the programs that compilers call included."""
    row = STEPS[row_name]
    inputs = row.inputs()
    import_module(framework_name)
    start = processor_seconds()
    framework = FRAMEWORKS[framework_name]()
    step = getattr(row, framework_name)(framework.module, *map(framework.array, inputs))
    result = step()
    framework.wait(result if isinstance(result, tuple) else (result,))
    return processor_seconds() - start


def processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])


class ColdStep(ProcessRow):
    """Processor seconds of a first step in a fresh process with empty caches, without the import."""

    def clgrad(self, clgrad: Module) -> Step:
        return self.first("clgrad")

    def mxnet(self, mxnet: Module) -> Step:
        return self.first("mxnet")

    def jax(self, jax: Module) -> Step:
        return self.first("jax")

    def first(self, framework: str) -> Step:
        """The first step in one framework."""
        return self.run(FIRST_STEP.format(self.name, framework), empty_caches=True)


COLD = [ColdStep(name) for name in STEPS]
