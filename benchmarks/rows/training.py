"""Whole training steps."""

from __future__ import annotations

from typing import Any

import numpy

from benchmarks.row import Array, Module, Row, Step, random_array
from benchmarks.rows.network import numpy_softmax

BATCH, PIXELS, HIDDEN, CLASSES = 128, 784, 512, 10
RATE, MOMENTUM = 0.01, 0.9


class PerceptronStep(Row):
    """One step of a 784-512-10 perceptron on 128 images: forward, backward, update with momentum."""

    unit = "GFLOP/s"
    amount = 2 * BATCH * (2 * PIXELS * HIDDEN + 3 * HIDDEN * CLASSES) / 1e9

    def inputs(self) -> tuple[numpy.ndarray[Any, Any], ...]:
        labels = numpy.random.default_rng(3).integers(0, CLASSES, BATCH, dtype=numpy.int32)
        weights = 0.05 * random_array(1, PIXELS, HIDDEN), 0.05 * random_array(2, HIDDEN, CLASSES)
        biases = numpy.zeros(HIDDEN, numpy.float32), numpy.zeros(CLASSES, numpy.float32)
        return random_array(0, BATCH, PIXELS), labels, weights[0], biases[0], weights[1], biases[1]

    def clgrad(self, clgrad: Module, images: Array, labels: Array, *parameters: Array) -> Step:
        np, npx, autograd = clgrad.np, clgrad.npx, clgrad.autograd
        velocities = [np.zeros_like(parameter) for parameter in parameters]
        for parameter in parameters:
            parameter.attach_grad()
        weight1, bias1, weight2, bias2 = parameters

        def step() -> tuple[Array, ...]:
            with autograd.record():
                hidden = npx.relu(np.dot(images, weight1) + bias1)
                scores = npx.log_softmax(np.dot(hidden, weight2) + bias2)
                loss = -npx.pick(scores, labels).mean()
            loss.backward()
            for parameter, velocity in zip(parameters, velocities):
                velocity[:] = MOMENTUM * velocity + parameter.grad
                parameter[:] = parameter - RATE * velocity
            return parameters

        return step

    def numpy(self, numpy: Module, images: Array, labels: Array, *initial: Array) -> Step:
        parameters = [array.copy() for array in initial]
        velocities = [numpy.zeros_like(parameter) for parameter in parameters]
        weight1, bias1, weight2, bias2 = parameters
        each = numpy.arange(BATCH)

        def step() -> tuple[Array, ...]:
            hidden = numpy.maximum(images @ weight1 + bias1, 0)
            error = numpy_softmax(numpy, hidden @ weight2 + bias2)
            error[each, labels] -= 1
            error /= BATCH
            back = (error @ weight2.T) * (hidden > 0)
            gradients = images.T @ back, back.sum(0), hidden.T @ error, error.sum(0)
            for parameter, velocity, gradient in zip(parameters, velocities, gradients):
                velocity *= MOMENTUM
                velocity += gradient
                parameter -= RATE * velocity
            return tuple(parameters)

        return step

    def torch(self, torch: Module, images: Array, labels: Array, *initial: Array) -> Step:
        parameters = tuple(array.clone().requires_grad_() for array in initial)
        weight1, bias1, weight2, bias2 = parameters
        optimizer = torch.optim.SGD(parameters, lr=RATE, momentum=MOMENTUM)
        wide = labels.long()

        def step() -> tuple[Array, ...]:
            hidden = torch.relu(torch.addmm(bias1, images, weight1))
            loss = torch.nn.functional.cross_entropy(torch.addmm(bias2, hidden, weight2), wide)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            return parameters

        return step

    def jax(self, jax: Module, images: Array, labels: Array, *initial: Array) -> Step:
        def loss(parameters: tuple[Array, ...], images: Array, labels: Array) -> Array:
            weight1, bias1, weight2, bias2 = parameters
            hidden = jax.nn.relu(images @ weight1 + bias1)
            scores = jax.nn.log_softmax(hidden @ weight2 + bias2)
            return -jax.numpy.take_along_axis(scores, labels[:, None], 1).mean()

        @jax.jit
        def update(parameters: Any, velocities: Any, images: Array, labels: Array) -> tuple[Any, Any]:
            gradients = jax.grad(loss)(parameters, images, labels)
            velocities = jax.tree.map(lambda v, g: MOMENTUM * v + g, velocities, gradients)
            return jax.tree.map(lambda p, v: p - RATE * v, parameters, velocities), velocities

        state = initial, jax.tree.map(jax.numpy.zeros_like, initial)

        def step() -> tuple[Array, ...]:
            nonlocal state
            state = update(*state, images, labels)
            return tuple(state[0])

        return step


class PerceptronStepJit(PerceptronStep):
    """The same step under jit."""

    def clgrad(self, clgrad: Module, images: Array, labels: Array, *parameters: Array) -> Step:
        step = super().clgrad(clgrad, images, labels, *parameters)

        @clgrad.jit
        def fast() -> None:
            step()

        def run() -> tuple[Array, ...]:
            fast()
            return parameters

        return run


TRAINING = [PerceptronStep("mlp_step_b128"), PerceptronStepJit("mlp_step_b128_jit")]
