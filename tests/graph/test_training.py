"""A whole training step: what it launches, allocates and builds once it repeats, and that it learns."""

from __future__ import annotations

import gc
from collections.abc import Callable

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx


def training_step(momentum: float = 0.9) -> Callable[[float], np.ndarray]:
    """One step of a small classifier with hand-written SGD; its argument is the learning rate."""
    numbers = numpy.random.default_rng(0)
    images = np.array(numbers.standard_normal((32, 20)).astype("float32"))
    labels = np.array(numbers.integers(0, 5, 32).astype("int32"))
    shapes = [(20, 16), (16,), (16, 5), (5,)]
    weights = [np.array(numbers.standard_normal(shape).astype("float32") * 0.3) for shape in shapes]
    velocities = [np.zeros(shape) for shape in shapes]
    for weight in weights:
        weight.attach_grad()

    def step(rate: float) -> np.ndarray:
        first, first_bias, second, second_bias = weights
        with autograd.record():
            hidden = npx.relu(np.dot(images, first) + first_bias)
            scores = npx.log_softmax(np.dot(hidden, second) + second_bias)
            loss = -npx.pick(scores, labels).mean()
        loss.backward()
        for weight, velocity in zip(weights, velocities):
            velocity[:] = momentum * velocity + weight.grad
            weight -= rate * velocity
        return loss

    return step


def changes(before: dict[str, int | float]) -> dict[str, int | float]:
    after = clgrad.statistics()
    return {name: after[name] - before[name] for name in ("allocations", "builds", "plans", "plan_hits")}


def test_from_the_third_step_on_nothing_is_allocated_built_or_planned() -> None:
    step = training_step()
    gc.disable()
    try:
        for _ in range(2):
            step(0.1)
        before = clgrad.statistics()
        for turn in range(10):
            step(0.1 / (turn + 1))
        assert changes(before) == {"allocations": 0, "builds": 0, "plans": 0, "plan_hits": 10}
    finally:
        gc.enable()


def test_reading_the_loss_every_step_settles_as_well() -> None:
    step = training_step()
    for _ in range(4):
        float(step(0.1))
    before = clgrad.statistics()
    for _ in range(5):
        float(step(0.1))
    found = changes(before)
    assert (found["allocations"], found["builds"], found["plans"]) == (0, 0, 0)


def test_it_learns() -> None:
    step = training_step()
    first = float(step(0.1))
    for _ in range(100):
        last = step(0.1)
    assert float(last) < 0.1 * first


def test_memory_goes_with_the_last_handle_without_the_garbage_collector() -> None:
    npx.waitall()
    gc.collect()
    before = clgrad.statistics()["live_bytes"]
    gc.disable()
    try:
        step = training_step()
        for _ in range(3):
            step(0.1)
        npx.waitall()
        assert clgrad.statistics()["live_bytes"] > before
        del step
        assert clgrad.statistics()["live_bytes"] == before
    finally:
        gc.enable()


@pytest.mark.parametrize("count", [100, 10_000])
def test_long_chains_under_record(count: int) -> None:
    x = np.ones((3,))
    x.attach_grad()
    with autograd.record():
        y = x
        for _ in range(count):
            y = y * 1.0001
    y.backward()
    numpy.testing.assert_allclose(x.grad.asnumpy(), numpy.full(3, 1.0001**count), rtol=1e-3)


def test_loops_that_look_at_a_result_plan_only_once() -> None:
    x = np.array([0.3, -0.2])
    counted = []
    while float(np.linalg.norm(x)) < 1000:
        x = x * 2
        counted.append(clgrad.statistics()["plans"])
    assert len(counted) > 8
    assert counted[-1] == counted[2]


def test_a_step_needs_little_more_memory_than_backward_reads() -> None:
    """Beside the parameters and what backward reads, only the cotangents on both sides of one layer."""
    batch, width, depth = 512, 128, 6
    numbers = numpy.random.default_rng(0)
    weights = [np.array(numbers.standard_normal((width, width)) * 0.1) for _ in range(depth)]
    biases = [np.zeros(width) for _ in range(depth)]
    x = np.array(numbers.standard_normal((batch, width)))
    for parameter in weights + biases:
        parameter.attach_grad()

    def step() -> None:
        with autograd.record():
            layer = x
            for weight, bias in zip(weights, biases):
                layer = npx.relu(np.dot(layer, weight) + bias)
            loss = (layer * layer).mean()
        loss.backward()
        for parameter in weights + biases:
            parameter -= 0.01 * parameter.grad

    for _ in range(3):
        step()
    npx.waitall()
    gc.collect()
    lasting = clgrad.statistics()["live_bytes"]
    clgrad.reset_peak()
    step()
    step()
    npx.waitall()
    assert clgrad.statistics()["peak_bytes"] <= 1.1 * (lasting + (depth + 2) * x.nbytes)
