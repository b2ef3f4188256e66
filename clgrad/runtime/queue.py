"""The in-order queue of one device: launches, copies, and the calls that wait."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, Any

import numpy

from clgrad.errors import DeviceError, OutOfDeviceMemoryError
from clgrad.runtime.debugging import debug_level
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.memory import Buffer, MemoryPool
from clgrad.runtime.process import check_process
from clgrad.runtime.statistics import counters

if TYPE_CHECKING:
    import pyopencl

Size = tuple[int, ...]
Array = numpy.ndarray[Any, Any]
BYTES = numpy.dtype("uint8")

# Uploads up to this size are copied aside and not waited for, until so many bytes lie aside.
LARGEST_STAGED = 64 << 10
STAGED_LIMIT = 16 << 20


class Queue:
    """Runs commands one after the other, in the order of the calls, which only enqueue unless they say so.

    A kernel object holds its arguments: who sets them and launches holds the lock of the device meanwhile.
    """

    def __init__(self, context: pyopencl.Context, device_name: str, memory: MemoryPool, lock: RLock):
        self.device_name = device_name
        self._opencl = load_opencl()
        self.cl: pyopencl.CommandQueue = self._opencl.CommandQueue(context)
        self._enqueue = self._opencl.enqueue_nd_range_kernel
        self._copy = self._opencl.enqueue_copy
        self._error: type[Exception] = self._opencl.Error
        self._memory = memory
        # Not every driver lets several threads use one queue. `launch` relies on its caller for this lock.
        self._lock = lock
        self._debug_level = debug_level()
        self._staged: list[Any] = []
        self._staged_bytes = 0

    def launch(self, kernel: pyopencl.Kernel, global_size: Size, local_size: Size, label: str | None = None) -> None:
        """Starts a kernel whose arguments are set. `label` says which op it computes, from which line."""
        check_process()
        try:
            if self._debug_level:
                self._launch_and_wait(kernel, global_size, local_size, label)
            else:
                self._enqueue(self.cl, kernel, global_size, local_size)
        except self._error as problem:
            self._recover(problem, kernel, global_size, local_size, label)
        counters.launches += 1

    def _launch_and_wait(self, kernel: Any, global_size: Size, local_size: Size, label: str | None) -> None:
        """So a failure comes from its own launch, not from a later call; and a crash follows its own line."""
        if self._debug_level > 1:
            said = f"{self.device_name}: launching {label or kernel.function_name}"
            print(said, file=sys.stderr, flush=True)
        self._enqueue(self.cl, kernel, global_size, local_size)
        self.cl.finish()

    def _recover(self, problem: Exception, kernel: Any, global_size: Size, local_size: Size, label: str | None) -> None:
        """Where memory was the problem, retries with an emptied pool: some drivers allocate only now."""
        if isinstance(problem, self._opencl.MemoryError):
            self._memory.release()
            try:
                self._enqueue(self.cl, kernel, global_size, local_size)
                return
            except self._error as second:
                problem = second
        kind = OutOfDeviceMemoryError if isinstance(problem, self._opencl.MemoryError) else DeviceError
        raise kind(
            f"{label or 'a kernel'} failed on {self.device_name}: {problem} (kernel {kernel.function_name}, "
            f"global size {global_size}, local size {local_size})"
        ) from problem

    def write(self, buffer: Buffer, byte_offset: int, array: Array) -> None:
        """Copies a contiguous array to the device. The array may change as soon as the call returns."""
        if not array.nbytes:
            return
        waits = array.nbytes > LARGEST_STAGED
        source = array if waits else array.copy()
        event = self._call(
            "a copy to the device",
            self._copy,
            self.cl,
            buffer.cl,
            source,
            dst_offset=byte_offset,
            is_blocking=waits,
            waits=waits,
        )
        if not waits:
            self._stage(event, array.nbytes)

    def _stage(self, event: Any, nbytes: int) -> None:
        """Keeps the event, which keeps the bytes: dropping one before its copy is done would wait for it."""
        if not self._staged:
            self._staged_bytes = 0
        self._staged.append(event)
        self._staged_bytes += nbytes
        if self._staged_bytes > STAGED_LIMIT:
            self.finish()

    def read(self, buffer: Buffer, byte_offset: int, out: Array) -> None:
        """Waits for everything enqueued so far and copies from the device into a contiguous array."""
        if not out.nbytes:
            return
        check_process()
        # As `_call` does it, in fewer steps: every look at a number passes here.
        with self._lock:
            try:
                self._copy(self.cl, out, buffer.cl, src_offset=byte_offset, is_blocking=True)
            except self._error as problem:
                raise self._failure("a copy from the device", problem) from problem
            self._staged.clear()

    @contextmanager
    def view(self, buffer: Buffer, byte_offset: int, nbytes: int) -> Iterator[Array]:
        """Waits, and gives the bytes of a buffer as a read-only array that is valid inside the `with`.

        Where host and device share memory nothing is copied. `nbytes` must not be zero.
        """
        array, _ = self._call(
            "mapping device memory",
            self._opencl.enqueue_map_buffer,
            self.cl,
            buffer.cl,
            self._opencl.map_flags.READ,
            byte_offset,
            (nbytes,),
            BYTES,
            waits=True,
        )
        mapping = array.base
        array.flags.writeable = False
        try:
            yield array
        finally:
            self._call("unmapping device memory", mapping.release, self.cl)

    def finish(self) -> None:
        """Waits until everything enqueued is done."""
        self._call("waiting for the device", self.cl.finish, waits=True)

    def _call(
        self, action: str, function: Callable[..., Any], *arguments: Any, waits: bool = False, **named: Any
    ) -> Any:
        """Calls the driver; refuses in a forked child, and turns the driver's errors into ours.

        After a call that `waits`, every upload enqueued before is done.
        """
        check_process()
        with self._lock:
            try:
                result = function(*arguments, **named)
            except self._error as problem:
                raise self._failure(action, problem) from problem
            if waits:
                self._staged.clear()
            return result

    def _failure(self, action: str, problem: Exception) -> DeviceError:
        return DeviceError(
            f"{action} failed on {self.device_name}: {problem}. The cause may be a kernel that was "
            "launched before: set CLGRAD_DEBUG=1 to learn which"
        )
