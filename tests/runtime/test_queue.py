"""The queue: copies in both directions, launches, and what a failure says."""

from __future__ import annotations

from threading import Thread
from typing import Any

import numpy
import pytest

from clgrad.errors import DeviceError, OutOfDeviceMemoryError
from clgrad.runtime.device import Device, devices
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.numbers import int_bytes, long_bytes, set_number
from clgrad.runtime.probe import PROBE
from clgrad.runtime.queue import LARGEST_STAGED, STAGED_LIMIT, Queue
from clgrad.runtime.statistics import statistics


@pytest.fixture(params=devices(), ids=str)
def device(request: pytest.FixtureRequest) -> Device:
    found: Device = request.param
    return found


def counting_kernel(device: Device) -> Any:
    """Writes start, start + 1 ..."""
    program = device.compiler.program(PROBE, ["clgrad_probe"])
    return load_opencl().Kernel(program, "clgrad_probe")


@pytest.mark.parametrize("count", [1, 1000, LARGEST_STAGED // 4, LARGEST_STAGED // 4 + 1, 1 << 20])
def test_what_was_written_is_read(device: Device, count: int) -> None:
    values = numpy.arange(count, dtype="int32")
    buffer = device.memory.allocate(values.nbytes)
    device.queue.write(buffer, 0, values)
    expected = values.copy()
    values[:] = -1
    out = numpy.zeros(count, "int32")
    device.queue.read(buffer, 0, out)
    assert (out == expected).all(), "the array may change once `write` has returned"


def test_offsets_count_bytes(device: Device) -> None:
    buffer = device.memory.allocate(40)
    device.queue.write(buffer, 0, numpy.zeros(10, "int32"))
    device.queue.write(buffer, 8, numpy.arange(1, 4, dtype="int32"))
    out = numpy.zeros(4, "int32")
    device.queue.read(buffer, 4, out)
    assert out.tolist() == [0, 1, 2, 3]
    with device.queue.view(buffer, 12, 8) as seen:
        assert seen.view("int32").tolist() == [2, 3]
        assert not seen.flags.writeable


def test_nothing_to_do_is_fine(device: Device) -> None:
    buffer = device.memory.allocate(0)
    empty = numpy.zeros(0, "float32")
    device.queue.write(buffer, 0, empty)
    device.queue.read(buffer, 0, empty)
    device.queue.finish()


def test_commands_keep_their_order(device: Device) -> None:
    kernel = counting_kernel(device)
    buffer, out = device.memory.allocate(64), numpy.zeros(16, "int32")
    for turn in range(20):
        device.queue.write(buffer, 0, numpy.full(16, -1, "int32"))
        kernel.set_args(buffer.cl, numpy.int32(turn))
        device.queue.launch(kernel, (16,), (1,))
        device.queue.write(buffer, 0, numpy.full(1, 99, "int32"))
        device.queue.read(buffer, 0, out)
        assert out.tolist() == [99, *range(turn + 1, turn + 16)]


def test_many_small_writes_do_not_pile_up(device: Device) -> None:
    values = numpy.zeros(LARGEST_STAGED, "uint8")
    buffer = device.memory.allocate(values.nbytes)
    most = 0
    for turn in range(2 * STAGED_LIMIT // LARGEST_STAGED):
        values[:] = turn % 251
        device.queue.write(buffer, 0, values)
        most = max(most, len(device.queue._staged))
    assert most <= STAGED_LIMIT // LARGEST_STAGED
    with device.queue.view(buffer, 0, values.nbytes) as seen:
        assert (seen == values).all()
    assert not device.queue._staged


NUMBERS = """
kernel void numbers(global long *out, int a, long b, uchar c, float d) {
    out[0] = a; out[1] = b; out[2] = c; out[3] = (long)(d * 4);
}
"""


def test_numbers_reach_a_kernel_in_the_types_that_it_declares(device: Device) -> None:
    kernel = load_opencl().Kernel(device.compiler.program(NUMBERS, ["numbers"]), "numbers")
    buffer = device.memory.allocate(32)
    kernel.set_arg(0, buffer.cl)
    given = int_bytes(-3), long_bytes(-(1 << 40)), numpy.uint8(200), numpy.float32(0.25)
    for position, number in enumerate(given, 1):
        set_number(kernel, position, number)
    device.queue.launch(kernel, (1,), (1,))
    out = numpy.zeros(4, "int64")
    device.queue.read(buffer, 0, out)
    assert out.tolist() == [-3, -(1 << 40), 200, 1]


def test_launches_are_counted(device: Device) -> None:
    kernel, buffer = counting_kernel(device), device.memory.allocate(64)
    kernel.set_args(buffer.cl, numpy.int32(0))
    before = statistics()["launches"]
    for _ in range(3):
        device.queue.launch(kernel, (16,), (4,))
    assert statistics()["launches"] == before + 3


def test_a_failed_launch_names_op_device_and_sizes(device: Device) -> None:
    kernel, buffer = counting_kernel(device), device.memory.allocate(64)
    kernel.set_args(buffer.cl, numpy.int32(0))
    before = statistics()["launches"]
    with pytest.raises(DeviceError) as caught:
        device.queue.launch(kernel, (16,), (5,), "add (line 7 of train.py)")
    message = str(caught.value)
    assert message.startswith(f"add (line 7 of train.py) failed on {device}: ")
    assert "clgrad_probe" in message
    assert "global size (16,), local size (5,)" in message
    assert statistics()["launches"] == before
    with pytest.raises(DeviceError, match="a kernel failed"):
        device.queue.launch(counting_kernel(device), (16,), (5,))
    device.queue.launch(kernel, (16,), (1,))


def test_a_failed_copy_says_what_it_was(device: Device) -> None:
    buffer = device.memory.allocate(256)
    with pytest.raises(DeviceError, match=r"a copy from the device failed on .*CLGRAD_DEBUG=1"):
        device.queue.read(buffer, 1 << 20, numpy.zeros(4))
    with pytest.raises(DeviceError, match="a copy to the device failed"):
        device.queue.write(buffer, 1 << 20, numpy.zeros(4))


class FullDriver:
    """Refuses the first launches for want of memory."""

    def __init__(self, refusals: int) -> None:
        self.refusals = refusals
        self.calls = 0
        self.real = load_opencl().enqueue_nd_range_kernel

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        if self.calls <= self.refusals:
            raise load_opencl().MemoryError("full")
        return self.real(*arguments)


def test_a_launch_without_memory_is_retried_once(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, buffer = counting_kernel(device), device.memory.allocate(64)
    kernel.set_args(buffer.cl, numpy.int32(5))
    device.memory.allocate(12345)
    monkeypatch.setattr(device.queue, "_enqueue", FullDriver(refusals=1))
    device.queue.launch(kernel, (16,), (1,))
    assert device.memory._pooled_bytes() == 0
    out = numpy.zeros(16, "int32")
    device.queue.read(buffer, 0, out)
    assert out.tolist() == list(range(5, 21))
    driver = FullDriver(refusals=9)
    monkeypatch.setattr(device.queue, "_enqueue", driver)
    with pytest.raises(OutOfDeviceMemoryError, match="sum failed"):
        device.queue.launch(kernel, (16,), (1,), "sum")
    assert driver.calls == 2


def test_threads_may_share_a_queue(device: Device) -> None:
    failed: list[int] = []

    def work(seed: int) -> None:
        values, out = numpy.full(1000, seed), numpy.zeros(1000, int)
        for _ in range(50):
            buffer = device.memory.allocate(values.nbytes)
            device.queue.write(buffer, 0, values)
            device.queue.read(buffer, 0, out)
            if (out != seed).any():
                failed.append(seed)

    threads = [Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed


class FailingQueue:
    """Stands for a command queue on which a kernel fails while it runs."""

    def finish(self) -> None:
        raise load_opencl().LogicError("it divided by zero")


def test_debugging_ties_a_failure_to_its_launch(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLGRAD_DEBUG", "1")
    queue = Queue(device.context, "test(0)", device.memory, device.lock)
    monkeypatch.setattr(queue, "_enqueue", lambda *arguments: None)
    monkeypatch.setattr(queue, "cl", FailingQueue())
    with pytest.raises(DeviceError, match=r"add, line 7 of train.py failed on test\(0\): it divided by zero"):
        queue.launch(counting_kernel(device), (16,), (1,), "add, line 7 of train.py")
