"""Row-wise work of networks on 4096 x 1024 float32 numbers, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.row import Array, Module, Row, Step, random_array

ROWS, COLUMNS = 4096, 1024
ARRAY_GIGABYTES = 4 * ROWS * COLUMNS / 1e9


class Softmax(Row):
    """Softmax over the last axis."""

    unit = "GB/s"
    amount = 2 * ARRAY_GIGABYTES

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        return (random_array(1, ROWS, COLUMNS),)

    def clgrad(self, clgrad: Module, x: Array) -> Step:
        return lambda: clgrad.npx.softmax(x)

    def numpy(self, numpy: Module, x: Array) -> Step:
        return lambda: numpy_softmax(numpy, x)

    def torch(self, torch: Module, x: Array) -> Step:
        return lambda: torch.softmax(x, -1)

    def jax(self, jax: Module, x: Array) -> Step:
        softmax = jax.jit(jax.nn.softmax)
        return lambda: softmax(x)


def numpy_softmax(numpy: Module, x: Array) -> Array:
    """Softmax over the last axis in NumPy, with few temporaries."""
    powers = x - x.max(-1, keepdims=True)
    numpy.exp(powers, out=powers)
    powers /= powers.sum(-1, keepdims=True)
    return powers


class CrossEntropy(Row):
    """Mean softmax cross entropy with integer labels, and the gradient of the logits."""

    unit = "GB/s"
    amount = 2 * ARRAY_GIGABYTES

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        labels = numpy.random.default_rng(2).integers(0, COLUMNS, ROWS, dtype=numpy.int32)
        return random_array(1, ROWS, COLUMNS), labels

    def clgrad(self, clgrad: Module, x: Array, labels: Array) -> Step:
        x.attach_grad()

        def step() -> tuple[Array, ...]:
            with clgrad.autograd.record():
                loss = -clgrad.npx.pick(clgrad.npx.log_softmax(x), labels).mean()
            loss.backward()
            return loss, x.grad

        return step

    def numpy(self, numpy: Module, x: Array, labels: Array) -> Step:
        each = numpy.arange(ROWS)

        def step() -> tuple[Array, ...]:
            gradient = numpy_softmax(numpy, x)
            loss = -numpy.log(gradient[each, labels]).mean()
            gradient[each, labels] -= 1
            gradient /= ROWS
            return loss, gradient

        return step

    def torch(self, torch: Module, x: Array, labels: Array) -> Step:
        x.requires_grad_()
        wide = labels.long()

        def step() -> tuple[Array, ...]:
            loss = torch.nn.functional.cross_entropy(x, wide)
            return loss, torch.autograd.grad(loss, x)[0]

        return step

    def jax(self, jax: Module, x: Array, labels: Array) -> Step:
        def loss(x: Array, labels: Array) -> Array:
            return -jax.numpy.take_along_axis(jax.nn.log_softmax(x), labels[:, None], 1).mean()

        compiled = jax.jit(jax.value_and_grad(loss))
        return lambda: compiled(x, labels)


class LayerNorm(Row):
    """Layer normalisation of the last axis, and the gradients of the input, the scale and the shift."""

    unit = "GB/s"
    amount = 4 * ARRAY_GIGABYTES

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        shapes = (ROWS, COLUMNS), (COLUMNS,), (COLUMNS,), (ROWS, COLUMNS)
        return tuple(random_array(seed, *shape) for seed, shape in enumerate(shapes))

    def clgrad(self, clgrad: Module, x: Array, scale: Array, shift: Array, g: Array) -> Step:
        for array in (x, scale, shift):
            array.attach_grad()

        def step() -> tuple[Array, ...]:
            with clgrad.autograd.record():
                y = clgrad.npx.layer_norm(x, scale, shift, axis=-1, eps=1e-5)
            y.backward(g)
            return y, x.grad, scale.grad, shift.grad

        return step

    def numpy(self, numpy: Module, x: Array, scale: Array, shift: Array, g: Array) -> Step:
        def step() -> tuple[Array, ...]:
            centred = x - x.mean(-1, keepdims=True)
            deviation = numpy.sqrt((centred * centred).mean(-1, keepdims=True) + numpy.float32(1e-5))
            normal = centred / deviation
            scaled = g * scale
            means = scaled.mean(-1, keepdims=True), (scaled * normal).mean(-1, keepdims=True)
            gradient = (scaled - means[0] - normal * means[1]) / deviation
            return normal * scale + shift, gradient, (g * normal).sum(0), g.sum(0)

        return step

    def torch(self, torch: Module, x: Array, scale: Array, shift: Array, g: Array) -> Step:
        leaves = [array.requires_grad_() for array in (x, scale, shift)]

        def step() -> tuple[Array, ...]:
            y = torch.nn.functional.layer_norm(x, (COLUMNS,), scale, shift, 1e-5)
            return y, *torch.autograd.grad(y, leaves, g)

        return step

    def jax(self, jax: Module, x: Array, scale: Array, shift: Array, g: Array) -> Step:
        def layer_norm(x: Array, scale: Array, shift: Array) -> Array:
            centred = x - x.mean(-1, keepdims=True)
            variance = (centred * centred).mean(-1, keepdims=True)
            return centred * jax.lax.rsqrt(variance + 1e-5) * scale + shift

        @jax.jit
        def forward_backward(g: Array, *leaves: Array) -> tuple[Array, ...]:
            y, vjp = jax.vjp(layer_norm, *leaves)
            return y, *vjp(g)

        return lambda: forward_backward(g, x, scale, shift)


NETWORK = [Softmax("softmax4096x1024"), CrossEntropy("xent_fwdbwd"), LayerNorm("layernorm_fwdbwd")]
