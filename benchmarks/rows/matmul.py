"""Matrix products of two square float32 matrices."""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.row import Array, Module, Row, Step, random_array


class Gemm(Row):
    """The product of two square float32 matrices."""

    unit = "GFLOP/s"

    def __init__(self, size: int):
        super().__init__(f"gemm{size}")
        self.size = size
        self.amount = 2 * size**3 / 1e9

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        return random_array(1, self.size, self.size), random_array(2, self.size, self.size)

    def clgrad(self, clgrad: Module, a: Array, b: Array) -> Step:
        return lambda: clgrad.np.dot(a, b)

    def numpy(self, numpy: Module, a: Array, b: Array) -> Step:
        return lambda: a @ b

    def torch(self, torch: Module, a: Array, b: Array) -> Step:
        return lambda: a @ b

    def jax(self, jax: Module, a: Array, b: Array) -> Step:
        product = jax.jit(jax.numpy.dot)
        return lambda: product(a, b)


MATMUL = [Gemm(256), Gemm(512), Gemm(1024), Gemm(2048)]
