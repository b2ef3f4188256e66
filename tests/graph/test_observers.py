"""Observers of plans: what they are told about each kernel, and when."""

from __future__ import annotations

import clgrad
from clgrad import autograd, np, npx
from clgrad.graph.observers import Launched, observed
from clgrad.runtime.statistics import counters


def test_an_observer_is_told_ops_bytes_and_operations_of_each_kernel() -> None:
    x, weight, bias = np.ones((16, 8)), np.ones((8, 4)), np.ones(4)
    npx.waitall()
    told: list[Launched] = []
    with observed(told.extend):
        (npx.relu(np.dot(x, weight) + bias)).wait_to_read()
    (launched,) = told
    kernel = launched.kernel
    assert kernel.ops == "matmul + add + relu"
    assert (kernel.reads, kernel.writes) == (4 * (16 * 8 + 8 * 4 + 4), 4 * 16 * 4)
    assert kernel.operations == 2 * 16 * 8 * 4 + 2 * 16 * 4
    assert launched.device is x._value.device
    launched.events[0].wait()


def test_every_launch_of_a_training_step_is_told_once() -> None:
    x = np.ones((300, 70))
    x.attach_grad()
    npx.waitall()
    told: list[Launched] = []
    before = counters.launches
    with observed(told.extend):
        with autograd.record():
            y = (npx.softmax(x) * x).sum() + np.cumsum(x, axis=0).max()
        y.backward()
        npx.waitall()
    assert sum(len(one.events) for one in told) == counters.launches - before > 2
    assert all(len(one.events) == one.kernel.launches for one in told)
    after = len(told)
    (x + 1).wait_to_read()
    assert len(told) == after


def test_calls_of_a_captured_function_are_told_too() -> None:
    double = clgrad.jit(lambda x: 2 * x)
    x = np.ones(5)
    double(x)
    told: list[Launched] = []
    with observed(told.extend):
        double(x)
    assert [one.kernel.ops for one in told] == ["multiply"]
    assert told[0].kernel.operations == 5
