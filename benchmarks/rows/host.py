"""Time on the host: the smallest gradient, recording one op, and replaying a plan of many launches."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy

from benchmarks.row import Array, Module, Row, Step, random_array


class TinyGradient(Row):
    """The gradient of 2 * dot(x, x) for four numbers, read back."""

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        return (numpy.arange(4, dtype=numpy.float32),)

    def clgrad(self, clgrad: Module, x: Array) -> Step:
        np, autograd = clgrad.np, clgrad.autograd
        x.attach_grad()

        def step() -> Array:
            with autograd.record():
                y = 2 * np.dot(x, x)
            y.backward()
            return x.grad.asnumpy()

        return step

    def torch(self, torch: Module, x: Array) -> Step:
        x.requires_grad_()

        def step() -> Array:
            x.grad = None
            (2 * torch.dot(x, x)).backward()
            return x.grad.numpy()

        return step

    def jax(self, jax: Module, x: Array) -> Step:
        gradient = jax.jit(jax.grad(lambda x: 2 * jax.numpy.dot(x, x)))
        return lambda: numpy.asarray(gradient(x))


class TinyGradientJit(TinyGradient):
    """The same with the forward and the backward pass under jit."""

    def clgrad(self, clgrad: Module, x: Array) -> Step:
        np, autograd = clgrad.np, clgrad.autograd
        x.attach_grad()

        @clgrad.jit
        def backward() -> None:
            with autograd.record():
                y = 2 * np.dot(x, x)
            y.backward()

        def step() -> Array:
            backward()
            return x.grad.asnumpy()

        return step


class RecordedCall(Row):
    """One call of `x + y` under record, without reading the result: the mean of a chain of a hundred."""

    own_clock = True
    calls = 100

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        return random_array(0, 4), random_array(1, 4)

    def clgrad(self, clgrad: Module, x: Array, y: Array) -> Step:
        x.attach_grad()

        def step() -> float:
            with clgrad.autograd.record():
                return self.seconds(x, y)

        return step

    def torch(self, torch: Module, x: Array, y: Array) -> Step:
        x.requires_grad_()
        return lambda: self.seconds(x, y)

    def seconds(self, x: Array, y: Array) -> float:
        """The mean time of one addition in a chain of them."""
        start = perf_counter()
        for _ in range(self.calls):
            x = x + y
        return (perf_counter() - start) / self.calls


class Products(Row):
    """A chain of small products, which cannot fuse."""

    own_clock = True

    def __init__(self, name: str, ops: int):
        super().__init__(name)
        self.ops = ops

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        return numpy.eye(8, dtype=numpy.float32), numpy.eye(8, dtype=numpy.float32)

    def chain(self, multiply: Any, x: Array, y: Array) -> Array:
        """x times y times y ..."""
        for _ in range(self.ops):
            x = multiply(x, y)
        return x

    def mxnet(self, mxnet: Module, *inputs: Array) -> Step:
        """MXNet has no plan: each call starts its launch."""

        def step() -> float:
            start = perf_counter()
            z = self.chain(mxnet.np.dot, *inputs)
            seconds = perf_counter() - start
            z.wait_to_read()
            return self.told(seconds)

        return step

    def told(self, seconds: float) -> float:
        """The figure of the row for the host's time of the whole chain."""
        return seconds


class Replay(Products):
    """The host's time for a known plan of 100 launches: a chain of small products, which cannot fuse."""

    def clgrad(self, clgrad: Module, x: Array, y: Array) -> Step:
        flush = clgrad.graph.execute.flush_live

        def step() -> float:
            z = self.chain(clgrad.np.dot, x, y)
            start = perf_counter()
            flush()
            seconds = perf_counter() - start
            z.wait_to_read()
            return seconds

        return step


class ReplayJit(Replay):
    """The same chain under jit."""

    def clgrad(self, clgrad: Module, x: Array, y: Array) -> Step:
        chain = clgrad.jit(lambda x, y: self.chain(clgrad.np.dot, x, y))

        def step() -> float:
            start = perf_counter()
            z = chain(x, y)
            seconds = perf_counter() - start
            z.wait_to_read()
            return seconds

        return step


class Planning(Products):
    """The host's time per op for a new plan whose kernels exist: a long chain of small products, which cannot fuse.

    Rows of different lengths show whether the time for planning grows in proportion to the number of ops.
    """

    def clgrad(self, clgrad: Module, x: Array, y: Array) -> Step:
        """Values, not arrays: a chain of arrays this long would be started in pieces that share a plan."""
        execute, matmul = clgrad.graph.execute, clgrad.ops.linalg.matmul
        x, y = x._value, y._value

        def step() -> float:
            z = self.chain(matmul, x, y)
            execute.state_of(x.device).plans.clear()
            start = perf_counter()
            execute.flush([z])
            seconds = perf_counter() - start
            execute.wait(z)
            return self.told(seconds)

        return step

    def told(self, seconds: float) -> float:
        return seconds / self.ops


HOST = [
    TinyGradient("tiny_dot_backward"),
    TinyGradientJit("tiny_dot_backward_jit"),
    RecordedCall("op_call_under_record"),
    Replay("replay_100_launches", 100),
    ReplayJit("replay_100_launches_jit", 100),
    Planning("plan_op_of_5000", 5000),
    Planning("plan_op_of_20000", 20_000),
]
