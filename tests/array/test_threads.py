"""Several threads at once: on arrays of their own, on shared ones, and while others write."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy
import pytest

import clgrad
from clgrad import autograd, np

THREADS = 8


@pytest.fixture(autouse=True)
def switches_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def at_once(work: Callable[[int], object]) -> list[object]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def test_each_thread_trains_its_own_model() -> None:
    def train(seed: int) -> list[float]:
        x = np.array(numpy.random.default_rng(seed).standard_normal((16, 5)))
        w = np.ones((5, 1))
        w.attach_grad()
        losses = []
        for _ in range(15):
            with autograd.record():
                loss = ((x @ w - 1) ** 2).mean()
            loss.backward()
            w -= 0.1 * w.grad
            losses.append(float(loss))
        return losses

    together = at_once(train)
    assert together == [train(seed) for seed in range(THREADS)]


def test_all_threads_look_at_one_pending_array() -> None:
    x = np.array(numpy.linspace(0, 1, 1000))
    for _ in range(10):
        y = np.tanh(x) * 2
        z = y.reshape(10, 100)[::2] + 1
        expected = (numpy.tanh(x.asnumpy()) * 2).reshape(10, 100)[::2] + 1
        for seen in at_once(lambda _, z=z: z.asnumpy()):  # type: ignore[misc]
            assert numpy.allclose(seen, expected, atol=1e-6)


def test_a_reader_sees_the_array_before_or_after_a_write_and_never_in_between() -> None:
    x = np.zeros(5000)

    def work(thread: int) -> bool:
        if thread % 2:
            for _ in range(40):
                x[:] = x + 1
            return True
        whole = True
        for _ in range(40):
            seen = x.asnumpy()
            whole &= bool((seen == seen[0]).all())
        return whole

    assert all(at_once(work))


def test_threads_share_variables_and_keep_their_own_flags() -> None:
    w = np.array([1.0, 2.0, 3.0])

    def slope(thread: int) -> list[float]:
        mine = w.copy()
        mine.attach_grad()
        for _ in range(20):
            if thread % 2:
                assert not autograd.is_recording()
                continue
            with autograd.record():
                assert autograd.is_recording()
                y = (mine * w * (thread + 1)).sum()
            y.backward()
        return [] if thread % 2 else mine.grad.tolist()

    for thread, found in enumerate(at_once(slope)):
        assert found == ([] if thread % 2 else [thread + 1.0, 2.0 * (thread + 1), 3.0 * (thread + 1)])


def test_nothing_stays_behind() -> None:
    def work(_: int) -> float:
        return float(np.ones(10_000).sum())

    assert at_once(work) == [10_000.0] * THREADS
    clgrad.npx.waitall()
    before = clgrad.statistics()["live_bytes"]
    for _ in range(5):
        at_once(work)
    clgrad.npx.waitall()
    assert clgrad.statistics()["live_bytes"] <= before
