"""A training step of a small transformer, whose many different kernels make it the row for compilers."""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.row import Array, Module, Row, Step, random_array

LAYERS, WIDTH, HEADS, WORDS, LENGTH, BATCH = 2, 64, 4, 100, 32, 8
RATE, MOMENTUM, DECAY, SMALL = 1e-3, 0.9, 0.99, 1e-6
# Per layer: scale and shift before attention, its four matrices, scale and shift before the two dense layers.
SHAPES = (
    (WIDTH,), (WIDTH,), *[(WIDTH, WIDTH)] * 4, (WIDTH,), (WIDTH,),
    (WIDTH, 4 * WIDTH), (4 * WIDTH,), (4 * WIDTH, WIDTH), (WIDTH,),
)  # fmt: skip
SCALES = (0, 6)


class TransformerStep(Row):
    """One step of Adam for a transformer of two layers: width 64, four heads, 8 texts of 32 words."""

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        words = numpy.random.default_rng(0).integers(0, WORDS, (2, BATCH, LENGTH), dtype=numpy.int32)
        mask = numpy.triu(numpy.full((LENGTH, LENGTH), -1e9, numpy.float32), 1)
        embeddings = [0.05 * random_array(seed, rows, WIDTH) for seed, rows in enumerate((WORDS, LENGTH, WORDS))]
        layers = [
            numpy.ones(shape, numpy.float32) if place in SCALES else 0.05 * random_array(place, *shape)
            for _ in range(LAYERS)
            for place, shape in enumerate(SHAPES)
        ]
        return words[0], words[1], mask, *embeddings, *layers

    def clgrad(self, clgrad: Module, words: Array, labels: Array, mask: Array, *parameters: Array) -> Step:
        np, npx, autograd = clgrad.np, clgrad.npx, clgrad.autograd
        means, squares = ([np.zeros_like(parameter) for parameter in parameters] for _ in range(2))
        for parameter in parameters:
            parameter.attach_grad()

        def step() -> tuple[Array, ...]:
            with autograd.record():
                embedding, places, output, *layers = parameters
                x = np.take(embedding, words, axis=0) + places
                scores = npx.log_softmax(np.dot(transform(np, npx, x, mask, layers), output.T))
                loss = -npx.pick(scores, labels).mean()
            loss.backward()
            for parameter, mean, square in zip(parameters, means, squares):
                mean[:] = MOMENTUM * mean + (1 - MOMENTUM) * parameter.grad
                square[:] = DECAY * square + (1 - DECAY) * parameter.grad * parameter.grad
                parameter[:] = parameter - RATE * mean / (np.sqrt(square) + SMALL)
            return parameters

        return step

    def jax(self, jax: Module, words: Array, labels: Array, mask: Array, *initial: Array) -> Step:
        np = jax.numpy

        def loss(parameters: tuple[Array, ...]) -> Array:
            embedding, places, output, *layers = parameters
            x = np.take(embedding, words, axis=0) + places
            scores = jax.nn.log_softmax(np.dot(transform(np, JaxNetwork(jax), x, mask, layers), output.T))
            return -np.take_along_axis(scores, labels[..., None], -1).mean()

        @jax.jit
        def update(parameters: Any, means: Any, squares: Any) -> tuple[Any, Any, Any]:
            gradients = jax.grad(loss)(parameters)
            means = jax.tree.map(lambda m, g: MOMENTUM * m + (1 - MOMENTUM) * g, means, gradients)
            squares = jax.tree.map(lambda s, g: DECAY * s + (1 - DECAY) * g * g, squares, gradients)
            moved = jax.tree.map(lambda p, m, s: p - RATE * m / (np.sqrt(s) + SMALL), parameters, means, squares)
            return moved, means, squares

        zeros = jax.tree.map(np.zeros_like, initial)
        state = initial, zeros, zeros

        def step() -> tuple[Array, ...]:
            nonlocal state
            state = update(*state)
            return tuple(state[0])

        return step


class JaxNetwork:
    """JAX under the names of `npx`."""

    def __init__(self, jax: Module):
        self.softmax = jax.nn.softmax
        self.gelu = lambda x: jax.nn.gelu(x, approximate=False)
        self._inverse_root = jax.lax.rsqrt

    def layer_norm(self, x: Array, scale: Array, shift: Array, eps: float) -> Array:
        """Layer normalisation of the last axis."""
        centred = x - x.mean(-1, keepdims=True)
        variance = (centred * centred).mean(-1, keepdims=True)
        return centred * self._inverse_root(variance + eps) * scale + shift


def transform(np: Module, npx: Any, x: Array, mask: Array, parameters: list[Array]) -> Array:
    """The layers: attention and two dense layers, each after a normalisation and beside what comes in."""
    for first in range(0, len(parameters), len(SHAPES)):
        scale, shift, *matrices, scale2, shift2, weight, bias, weight2, bias2 = parameters[first : first + len(SHAPES)]
        normal = npx.layer_norm(x, scale, shift, eps=1e-5)
        queries, keys, values = (heads(np.dot(normal, matrix)) for matrix in matrices[:3])
        weights = npx.softmax(np.matmul(queries, keys.transpose(0, 1, 3, 2)) * (WIDTH // HEADS) ** -0.5 + mask)
        mixed = np.matmul(weights, values).transpose(0, 2, 1, 3).reshape(BATCH, LENGTH, WIDTH)
        x = x + np.dot(mixed, matrices[3])
        normal = npx.layer_norm(x, scale2, shift2, eps=1e-5)
        x = x + np.dot(npx.gelu(np.dot(normal, weight) + bias), weight2) + bias2
    return x


def heads(x: Array) -> Array:
    """The values of each head for itself."""
    return x.reshape(BATCH, LENGTH, HEADS, WIDTH // HEADS).transpose(0, 2, 1, 3)


TRANSFORMER = [TransformerStep("transformer_step")]
