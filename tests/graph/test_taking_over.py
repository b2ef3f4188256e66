"""Results take over memory that nobody needs any more: what somebody still reads is never overwritten."""

from __future__ import annotations

import signal
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.graph import execute
from clgrad.graph.execute import flush, read
from clgrad.graph.node import Storage
from clgrad.ops import movement
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device, default_device
from tests.graph.random_graphs import RandomProgram


def test_nobody_loses_a_value() -> None:
    """Values that are held in every way there is, beside work that would like to have their memory."""
    device = default_device()
    x = np.arange(8)
    x.wait_to_read()
    y = x + 1
    assert y.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert x.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    # held by the tape, in a view, and by a value without an array
    x.attach_grad()
    with autograd.record():
        z = x * x
        loss = (z * z).sum()
    seen = z[2:5]
    x += 1
    x.wait_to_read()
    loss.backward()
    assert x.grad.tolist() == [4.0 * n**3 for n in range(8)]
    assert seen.tolist() == [4, 9, 16]
    value = constant(numpy.ones(8, "float32"), device)
    changed = movement.slice_update(value, value * 3, start=(0,), count=(8,), step=(1,))
    total = changed + value
    kept = total * 2
    flush([kept + 1])
    assert read(kept).tolist() == [8] * 8
    assert read(value).tolist() == [1] * 8
    # an update in place of what somebody else still looks at
    base = np.zeros(8)
    base.wait_to_read()
    before = base.copy()
    view, copy = base[4:], base + 0
    base[:4] = 5
    base.wait_to_read()
    assert before.tolist() == copy.tolist() == [0] * 8
    assert view.tolist() == [0] * 4
    assert base.tolist() == [5] * 4 + [0] * 4
    for seed in range(2):
        RandomProgram(seed, device).run(10)


def donations() -> int:
    """How many results of one more step take over the memory of an earlier one."""
    npx.waitall()
    x = np.ones(3000)
    x.wait_to_read()
    before = clgrad.statistics()["live_bytes"]
    peaks = []
    for _ in range(3):
        clgrad.runtime.statistics.reset_peak()
        x += 1
        x.wait_to_read()
        peaks.append(clgrad.statistics()["peak_bytes"] - before)
    return peaks.count(0)


def test_what_nobody_holds_is_taken_over() -> None:
    assert donations() == 3


def test_a_reference_more_costs_a_copy_and_no_value() -> None:
    x = np.ones(3000)
    x.wait_to_read()
    held = x._value
    x += 1
    assert x.sum() == 6000
    assert read(held).tolist() == [1] * 3000


def test_a_storage_in_the_same_buffer_keeps_it() -> None:
    x = np.arange(3000)
    x.wait_to_read()
    storage = x._value.storage
    assert storage is not None
    other = Storage(storage.buffer, 10, (1,))
    assert not storage.is_alone
    x += 1
    x.wait_to_read()
    taken = x._value.storage
    assert taken is not None
    assert taken.buffer is not other.buffer
    del other
    assert storage.is_alone


def test_values_that_outlive_a_flush_are_computed_from_what_has_died(device: Device) -> None:
    """`kept` is not wanted, is cheap, and needs a value that only it and the wanted one were computed from."""
    x = constant(numpy.arange(6, dtype="float32"), device)
    passing = x + 1
    kept = passing * 2
    wanted = passing * 3
    del x, passing
    flush([wanted])
    assert kept.storage is None
    assert read(kept).tolist() == [2, 4, 6, 8, 10, 12]
    assert read(wanted).tolist() == [3, 6, 9, 12, 15, 18]


def test_nothing_is_lost_where_a_plan_cannot_be_made(monkeypatch: pytest.MonkeyPatch, device: Device) -> None:
    def refuse(*arguments: Any) -> None:
        raise MemoryError("no plan today")

    x = np.arange(7, device=device)
    y = (x + 1.25) * x
    del x
    with monkeypatch.context() as patch:
        patch.setattr(execute, "prepare", refuse)
        for _ in range(2):
            with pytest.raises(MemoryError, match="no plan today"):
                y.asnumpy()
    numpy.testing.assert_allclose(y.asnumpy(), (numpy.arange(7) + 1.25) * numpy.arange(7))


class AlarmError(Exception):
    """Comes at any line, like KeyboardInterrupt, which would end pytest."""


def interrupt(*_: Any) -> None:
    raise AlarmError


# An alarm that comes while Python frees an object cannot be raised there.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers that interrupt")
def test_an_interrupt_loses_nothing() -> None:
    """Wherever it comes, every value can be computed afterwards."""
    before = signal.signal(signal.SIGALRM, interrupt)
    interrupted = 0
    try:
        for turn in range(300):
            x = np.arange(5)
            x.wait_to_read()
            y = x + 2
            z = (y * x).sum()
            try:
                signal.setitimer(signal.ITIMER_REAL, 2e-6 * (1 + turn))
                z.wait_to_read()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except AlarmError:
                interrupted += 1
            assert (z.item(), y.tolist(), x.tolist()) == (50, [2, 3, 4, 5, 6], [0, 1, 2, 3, 4])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupted
