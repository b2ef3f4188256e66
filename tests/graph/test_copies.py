"""Copies between devices: pending like every op, started without a wait, and followed by bad data."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, jit, np, npx
from clgrad.errors import CaptureError, DeviceError, IndexOutOfRangeError, OutOfDeviceMemoryError
from clgrad.graph.execute import flush, state_of
from clgrad.graph.faults import MOST_RUNS
from clgrad.runtime.device import Device
from clgrad.runtime.drivers import load_opencl

opencl = load_opencl()


@pytest.fixture
def pair(devices: dict[str, Device]) -> tuple[Device, Device]:
    here, there = devices.values()
    return here, there


def counted(action: Callable[[], Any]) -> dict[str, float]:
    before = clgrad.statistics()
    action()
    return {name: value - before[name] for name, value in clgrad.statistics().items()}


@contextmanager
def stopped(device: Device) -> Iterator[None]:
    """The device does none of the commands that it gets in the block before the block ends."""
    gate = opencl.UserEvent(device.context)
    opencl.enqueue_barrier(device.queue.cl, wait_for=[gate])
    try:
        yield
    finally:
        gate.set_status(opencl.command_execution_status.COMPLETE)


def test_a_copy_is_pending_until_it_is_needed(pair: tuple[Device, Device]) -> None:
    here, there = pair
    x = np.arange(6, device=here).reshape(2, 3) * 2
    found = counted(lambda: x.to_device(there))
    assert found["launches"] == found["flushes"] == found["transfers"] == 0
    y = x.to_device(there)
    found = counted(lambda: numpy.testing.assert_array_equal((y + 1).asnumpy(), x.asnumpy() + 1))
    assert found["transfers"] == 1


@pytest.mark.parametrize("shape", [(), (0,), (3,), (1000, 300)])
@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", "int64"])
def test_bytes_arrive_and_are_counted(pair: tuple[Device, Device], shape: tuple[int, ...], dtype: str) -> None:
    here, there = pair
    numbers = (numpy.random.default_rng(0).normal(0, 9, shape)).astype(dtype)
    x = np.array(numbers, device=here, dtype=dtype)
    y = x.to_device(there)
    found = counted(lambda: flush([y._value]))
    assert found["uploaded_bytes"] == found["downloaded_bytes"] == numbers.nbytes
    numpy.testing.assert_array_equal(y.asnumpy(), numbers)
    numpy.testing.assert_array_equal(y.to_device(here).asnumpy(), numbers)


VIEWS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x.T,
    "columns": lambda x: x[:, 1:3],
    "rows": lambda x: x[2:],
    "backwards": lambda x: x[::-2],
    "broadcast": lambda x: np.broadcast_to(x[0], (5, 4)),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("computed", [True, False])
def test_views_arrive(pair: tuple[Device, Device], name: str, computed: bool) -> None:
    here, there = pair
    x = np.arange(24, device=here).reshape(6, 4) * 1
    if computed:
        x.wait_to_read()
    view = VIEWS[name](x)
    assert (view.to_device(there) * 2).tolist() == (VIEWS[name](numpy.arange(24).reshape(6, 4)) * 2).tolist()


def test_a_copy_has_the_value_of_the_call_and_not_of_later_writes(pair: tuple[Device, Device]) -> None:
    here, there = pair
    x = np.arange(4, device=here)
    y = x.to_device(there)
    x += 10
    assert (x.tolist(), y.tolist()) == ([10, 11, 12, 13], [0, 1, 2, 3])


def test_one_device_works_while_the_other_is_stopped(pair: tuple[Device, Device]) -> None:
    """Neither the op, nor starting the work, nor the other device waits for a copy."""
    for here, there in (pair, pair[::-1]):
        x, y = np.arange(1000, device=here), np.arange(1000, device=there)
        for one in (x, y):
            one.wait_to_read()
        with stopped(here):
            x = x * 2
            moved = x.to_device(there)
            assert (y + 1).sum().item() == 500500
            total = (moved + y).sum()
            back = total.to_device(here) + x
            # The copy of x lies before this in the queue of `there`, so only reads wait for it.
            flush([total._value, back._value])
        assert total.item() == 3 * 499500
        assert back[1].item() == 3 * 499500 + 2


def test_both_devices_have_work_at_the_same_time(pair: tuple[Device, Device]) -> None:
    """The work of both is enqueued while none of it is done: only the devices decide when they compute."""
    here, there = pair
    x, y = np.arange(1000, device=here), np.arange(1000, device=there)
    for one in (x, y):
        one.wait_to_read()
    with stopped(here), stopped(there):
        parts = [(x * 2).sum(), (y * 3).sum()]
        total = parts[0] + parts[1].to_device(here)
        found = counted(lambda: flush([total._value]))
        assert (found["launches"], found["transfers"]) == (2, 1)
    assert total.item() == 5 * 499500


def test_gradients_go_back_and_steps_are_planned_once(pair: tuple[Device, Device]) -> None:
    here, there = pair
    x = np.array([[1, 2, 3], [4, 5, 6]], device=here)
    w = np.ones(3, device=there)
    for one in (x, w):
        one.attach_grad()

    def step() -> None:
        with autograd.record():
            y = (x * x).as_in_ctx(there) * w
            loss = (y.sum(axis=1).copyto(here) * 2 - x[:, 0]).sum()
        loss.backward()

    step()
    assert x.grad.tolist() == [[3, 8, 12], [15, 20, 24]]
    assert w.grad.tolist() == [34, 58, 90]
    assert (x.grad.device, w.grad.device) == (x.device, w.device)
    step()
    found = counted(step)
    assert found["plans"] == 0
    assert found["transfers"] == 4
    assert found["plan_hits"] == found["flushes"]


def test_gradients_of_gradients_cross_twice(pair: tuple[Device, Device]) -> None:
    here, there = pair
    x = np.array(3, device=here)
    x.attach_grad()
    with autograd.record():
        y = (x * x).to_device(there)
        z = (y * y).to_device(here)
        slope = autograd.grad(z, x, create_graph=True)[0]
    slope.backward()
    assert (slope.item(), x.grad.item()) == (4 * 27, 12 * 9)


def test_many_copies_of_one_step_are_started_together(pair: tuple[Device, Device]) -> None:
    here, there = pair
    parts = [np.full(10, number, device=here) * 2 for number in range(8)]
    total = sum(part.to_device(there) for part in parts)
    found = counted(lambda: flush([total._value]))
    assert (found["flushes"], found["transfers"]) == (2, 8)
    assert total.tolist() == [56] * 10


def test_a_program_of_one_device_looks_for_no_copies(pair: tuple[Device, Device], monkeypatch: Any) -> None:
    def fail(*_: Any) -> None:
        raise AssertionError("a walk for copies")

    monkeypatch.setattr("clgrad.graph.execute.first_copies", fail)
    assert (np.ones(3, device=pair[0]) * 2).sum().item() == 6


def test_copies_that_nobody_reads_cost_nothing(pair: tuple[Device, Device]) -> None:
    here, there = pair
    x = np.ones(1 << 16, device=here)
    x.wait_to_read()
    before = clgrad.statistics()["live_bytes"]
    for _ in range(3):
        x.to_device(there)
    gc.collect()
    assert clgrad.statistics()["live_bytes"] == before


def test_staging_memory_is_used_again(pair: tuple[Device, Device]) -> None:
    here, there = pair
    x = np.ones(1 << 16, device=here)
    for _ in range(3):
        x.to_device(there).asnumpy()
        assert not there.queue.arriving
        assert there.queue.arriving.take(x.nbytes).base.nbytes >= x.nbytes


def test_under_jit_a_copy_is_an_error(pair: tuple[Device, Device]) -> None:
    here, there = pair
    with pytest.raises(CaptureError, match="copies between devices"):
        jit(lambda x: x.to_device(there) + 1)(np.ones(3, device=here))


def test_explain_shows_the_plan_of_the_last_device(pair: tuple[Device, Device]) -> None:
    here, there = pair
    y = np.arange(3, device=here) * 2
    plan = clgrad.explain(y.to_device(there) + 1)
    assert [kernel.ops for kernel in plan.kernels] == ["add"]


# -- failures ----------------------------------------------------------------------------------------------


def test_bad_data_is_followed_to_the_other_device_and_back(pair: tuple[Device, Device]) -> None:
    here, there = pair
    x = np.arange(6, device=here)
    good, bad = x[np.array([1], device=here)], x[np.array([9], device=here)]
    bad_there = bad.to_device(there) * 2
    good_there = good.to_device(there) * 2
    bad_back = bad_there.to_device(here) + 1
    del bad
    for _ in range(2):
        for one in (bad_there, bad_back, bad_there + good_there):
            with pytest.raises(IndexOutOfRangeError, match="getitem: an index"):
                one.tolist()
        assert good_there.tolist() == [2]
    bad_there[:] = 5
    assert bad_there.to_device(here).tolist() == [5]


def test_waitall_raises_once_for_bad_data_that_was_copied(pair: tuple[Device, Device]) -> None:
    here, there = pair
    flush([np.arange(6, device=here)[np.array([9], device=here)].to_device(there)._value])
    with pytest.raises(IndexOutOfRangeError):
        npx.waitall()
    npx.waitall()


def test_bad_data_is_followed_through_a_value_that_is_gone(pair: tuple[Device, Device]) -> None:
    here, _ = pair
    bad = np.arange(6, device=here)[np.array([9], device=here)]
    flush([bad._value])
    changed = bad + 1
    flush([changed._value])
    del bad
    with pytest.raises(IndexOutOfRangeError):
        changed.tolist()


def test_devices_that_copy_to_each_other_without_a_read_keep_few_notes(pair: tuple[Device, Device]) -> None:
    here, there = pair
    index = np.array([0, 1], device=here, dtype="int32")
    x = np.arange(2, device=here)
    for _ in range(MOST_RUNS // 2 + 20):
        y = x[index].to_device(there) + 1
        x = y.to_device(here) * 1
        flush([x._value])
    for device in pair:
        assert len(state_of(device).watch._notes) <= MOST_RUNS + 2
    assert x.tolist() == [MOST_RUNS // 2 + 20, MOST_RUNS // 2 + 21]


def test_a_failed_copy_raises_at_the_read_and_names_the_device(
    pair: tuple[Device, Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    monkeypatch.setattr("clgrad.runtime.couriers.Courier._problem", lambda courier, read: "the cable is cut")
    y = np.arange(3, device=here).to_device(there) + 1
    for _ in range(2):
        with pytest.raises(DeviceError, match=rf"from {here.device_type}\({here.index}\).*the cable is cut"):
            y.tolist()
    monkeypatch.undo()
    with pytest.raises(DeviceError, match="cable"):
        (np.arange(3, device=here).to_device(there) + y).tolist()
    assert np.arange(3, device=here).to_device(there).tolist() == [0, 1, 2]


def test_full_memory_at_the_target_loses_nothing(pair: tuple[Device, Device], monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = pair
    x = np.arange(1 << 16, device=here) * 2
    y = x.to_device(there)
    there.memory.collect()
    monkeypatch.setattr(there.memory, "limit", 0)
    with pytest.raises(OutOfDeviceMemoryError, match=str(there).replace("(", r"\(").replace(")", r"\)")):
        y.sum().item()
    assert x[1].item() == 2
    monkeypatch.undo()
    assert y[3].item() == 6


def test_a_copy_that_does_not_start_leaves_nobody_waiting(
    pair: tuple[Device, Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    y = np.arange(3, device=here).to_device(there)

    def fail(*_: Any) -> None:
        raise DeviceError("the device is gone")

    monkeypatch.setattr(here.queue, "start_read", fail)
    with pytest.raises(DeviceError, match="gone"):
        y.tolist()
    monkeypatch.undo()
    assert y.tolist() == [0, 1, 2]
    npx.waitall()
