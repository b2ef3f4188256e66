"""Pointwise work and a sum over 4 Mi float32 numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from benchmarks.row import Array, Module, Row, Step, random_array

COUNT = 1 << 22
ARRAY_GIGABYTES = 4 * COUNT / 1e9


class Pointwise(Row):
    """A function of one or two arrays of 4 Mi numbers, in the names that all frameworks share."""

    unit = "GB/s"

    def __init__(self, name: str, function: Callable[..., Array], arrays: int, traffic: int):
        super().__init__(name)
        self.function = function
        self.arrays = arrays
        self.amount = traffic * ARRAY_GIGABYTES
        self.reads_only = traffic == arrays

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        return tuple(random_array(seed, COUNT) for seed in range(self.arrays))

    def clgrad(self, clgrad: Module, *arrays: Array) -> Step:
        return lambda: self.function(clgrad.np, *arrays)

    def numpy(self, numpy: Module, *arrays: Array) -> Step:
        return lambda: self.function(numpy, *arrays)

    def torch(self, torch: Module, *arrays: Array) -> Step:
        return lambda: self.function(torch, *arrays)

    def jax(self, jax: Module, *arrays: Array) -> Step:
        compiled = jax.jit(lambda *traced: self.function(jax.numpy, *traced))
        return lambda: compiled(*arrays)


def chain(np: Module, z: Array, y: Array) -> Array:
    """Ten multiply-adds, each waiting for the one before."""
    for _ in range(10):
        z = z * 1.0001 + y
    return z


def gelu(np: Module, x: Array) -> Array:
    """The tanh form of GELU, written out as by a user without a function for it."""
    return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))


class GeluForwardBackward(Pointwise):
    """GELU written out in nine ops, and its gradient."""

    def clgrad(self, clgrad: Module, x: Array) -> Step:
        x.attach_grad()

        def step() -> tuple[Array, ...]:
            with clgrad.autograd.record():
                y = gelu(clgrad.np, x)
            y.backward()
            return y, x.grad

        return step

    def numpy(self, numpy: Module, x: Array) -> Step:
        def step() -> tuple[Array, ...]:
            t = numpy.tanh(0.7978845608 * (x + 0.044715 * x * x * x))
            slope = 0.7978845608 * (1 + 3 * 0.044715 * x * x)
            return 0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope

        return step

    def torch(self, torch: Module, x: Array) -> Step:
        x.requires_grad_()

        def step() -> tuple[Array, ...]:
            y = gelu(torch, x)
            (gradient,) = torch.autograd.grad(y, x, torch.ones_like(y))
            return y, gradient

        return step

    def jax(self, jax: Module, x: Array) -> Step:
        @jax.jit
        def forward_backward(x: Array) -> tuple[Array, Array]:
            y, vjp = jax.vjp(lambda x: gelu(jax.numpy, x), x)
            return y, vjp(jax.numpy.ones_like(y))[0]

        return lambda: forward_backward(x)


POINTWISE = [
    Pointwise("add4M", lambda np, x, y: x + y, arrays=2, traffic=3),
    Pointwise("sum4M", lambda np, x: x.sum(), arrays=1, traffic=1),
    Pointwise("exp4M", lambda np, x: np.exp(x), arrays=1, traffic=2),
    Pointwise("chain10_4M", chain, arrays=2, traffic=3),
    GeluForwardBackward("gelu_tanh_fwdbwd_4M", gelu, arrays=1, traffic=3),
]
