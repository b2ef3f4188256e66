"""What the tape promises: depth, memory without the collector, threads."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.testing import assert_close
from tests.autograd.variables import Sigmoid, SumAndProduct, variable


def test_ten_thousand_chained_ops() -> None:
    x = variable([1.0])
    with autograd.record():
        y = x
        for _ in range(10_000):
            y = y * 1.0001
    y.backward()
    assert_close(x.grad, numpy.float32([1.0001**10_000]), rtol=1e-3)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def live_bytes() -> float:
    npx.waitall()
    return clgrad.statistics()["live_bytes"]


def test_memory_goes_with_the_last_handle_without_the_collector(no_collector: None) -> None:
    def work():
        x = variable(numpy.ones(1000))
        w = variable(numpy.ones((1000, 10)))
        with autograd.record():
            y = np.tanh(x @ w)
            y[2:4] = y[4:6]
            y += 1
            view, cut = y[1:], y.detach()
            z = Sigmoid()(view) * cut[1:]
            total, product = SumAndProduct()(z, z)
            loss = (total * product).sum()
            slope = autograd.grad(loss, w, create_graph=True)[0].sum()
        slope.backward()
        return x.grad.asnumpy()

    work()
    before = live_bytes()
    for _ in range(3):
        work()
    assert live_bytes() == before


def test_forgotten_graphs_go_without_backward(no_collector: None) -> None:
    x = variable(numpy.ones(1000))
    npx.waitall()
    before = live_bytes()
    for _ in range(3):
        with autograd.record():
            y = np.exp(x * 2).sum()
        y.asnumpy()
    del y
    assert live_bytes() == before


def test_running_statistics_under_record_do_not_pile_up() -> None:
    w, mean = variable(numpy.ones(1000)), np.zeros(1000)
    sizes = []
    for _ in range(6):
        with autograd.record():
            y = w * 2
            mean = 0.9 * mean + 0.1 * y
            loss = (y * y).sum()
        loss.backward()
        sizes.append(live_bytes())
    assert sizes[2] == sizes[5]


def test_threads_record_side_by_side() -> None:
    results = {}

    def work(number):
        x = variable([float(number)])
        for _ in range(20):
            with autograd.record():
                y = x * x * x
            y.backward()
        results[number] = x.grad.item()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: 3.0 * number**2 for number in range(4)}
