"""Copies between devices: nobody waits for them but a thread for each device, the courier.

Two devices share no memory and no events, so a copy goes through the host, and the courier tells the second device
when the bytes are there.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from clgrad.runtime import process
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.memory import Buffer
from clgrad.runtime.statistics import counters

if TYPE_CHECKING:
    from clgrad.runtime.device import Device

# Told of the end of a copy from the first device: with None, or with the reason why it failed.
Listener = Callable[[str | None], None]


class Courier:
    """A thread that waits for copies from one device in their order, and then lets the copies to others begin."""

    def __init__(self, name: str) -> None:
        self._opencl = load_opencl()
        self._sent: SimpleQueue[tuple[Any, Any, Listener] | Event] = SimpleQueue()
        Thread(target=self._run, name=f"clgrad courier of {name}", daemon=True).start()

    def send(self, read: Any, gate: Any, listener: Listener) -> None:
        """Complete the event `gate` after the event `read`, even if that fails; `listener` is told first."""
        self._sent.put((read, gate, listener))

    def wait(self) -> None:
        """Return after all copies that were sent."""
        passed = Event()
        self._sent.put(passed)
        passed.wait()

    def _run(self) -> None:
        while True:
            sent = self._sent.get()
            if isinstance(sent, Event):
                sent.set()
                continue
            read, gate, listener = sent
            listener(self._problem(read))
            gate.set_status(self._opencl.command_execution_status.COMPLETE)
            # The events keep memory alive, and the next copy may come late.
            del sent, read, gate, listener

    def _problem(self, read: Any) -> str | None:
        try:
            read.wait()
        except self._opencl.Error as problem:
            return str(problem)
        return None


_couriers: dict[Device, Courier] = {}
_lock = Lock()


def _courier_of(device: Device) -> Courier:
    with _lock:
        if device not in _couriers:
            _couriers[device] = Courier(str(device))
        return _couriers[device]


@atexit.register
def _wait_for_all() -> None:
    """Let no device wait for a thread that has ended."""
    if not process.in_forked_child:
        for courier in [*_couriers.values()]:
            courier.wait()


def start_copy(
    source: Device, buffer: Buffer, byte_offset: int, target: Device, into: Buffer, listener: Listener
) -> None:
    """Copy `into.nbytes` bytes from a buffer of one device into a buffer of another, without waiting.

    Commands of the source run on meanwhile, and so do those of the target that were enqueued before.
    """
    staged = target.queue.arriving.take(into.nbytes)
    read = source.queue.start_read(buffer, byte_offset, staged)
    gate = load_opencl().UserEvent(target.context)
    # Before the copy that waits for the gate, so that an interrupt between the two cannot leave the gate shut.
    _courier_of(source).send(read, gate, listener)
    target.queue.start_write(into, staged, gate)
    counters.transfers += 1
