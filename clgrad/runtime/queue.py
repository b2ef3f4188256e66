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

# Uploads up to this size are copied to a staging array and not waited for, until STAGED_LIMIT bytes are staged. Waiting
# for a small upload would take longer than copying it.
LARGEST_STAGED = 64 << 10
STAGED_LIMIT = 16 << 20


class Queue:
    """Runs commands one after the other, in the order of the calls. A call returns before its command is done, unless
    its docstring says that it waits.

    A kernel object holds its arguments, so a caller holds the device's lock from setting arguments to the launch.
    """

    def __init__(self, context: pyopencl.Context, device_name: str, memory: MemoryPool, lock: RLock):
        self.device_name = device_name
        self._opencl = load_opencl()
        self.cl: pyopencl.CommandQueue = self._opencl.CommandQueue(context)
        self._enqueue = self._opencl.enqueue_nd_range_kernel
        self._copy = self._opencl.enqueue_copy
        # `enqueue_copy` ends in this call, but first finds out what it is given: for a few bytes that takes as long.
        self._read: Callable[..., Any] = self._opencl._cl._enqueue_read_buffer
        self._error: type[Exception] = self._opencl.Error
        self._memory = memory
        # Not every driver lets several threads use one queue. `launch` relies on its caller for this lock.
        self._lock = lock
        self._debug_level = debug_level()
        self._staged: list[Any] = []
        self._staged_bytes = 0

    def launch(self, kernel: pyopencl.Kernel, global_size: Size, local_size: Size, label: str | None = None) -> Any:
        """Start a kernel whose arguments are set, and give the driver's event of it.

        `label` names its ops and the user's lines that called them.
        """
        check_process()
        try:
            if self._debug_level:
                event = self._launch_and_wait(kernel, global_size, local_size, label)
            else:
                event = self._enqueue(self.cl, kernel, global_size, local_size)
        except self._error as problem:
            event = self._recover(problem, kernel, global_size, local_size, label)
        counters.launches += 1
        return event

    def _launch_and_wait(self, kernel: Any, global_size: Size, local_size: Size, label: str | None) -> Any:
        """Wait for a launch under CLGRAD_DEBUG, so that a failure is raised here and not at a later call."""
        if self._debug_level > 1:
            said = f"{self.device_name}: launching {label or kernel.function_name}"
            print(said, file=sys.stderr, flush=True)
        event = self._enqueue(self.cl, kernel, global_size, local_size)
        self.cl.finish()
        return event

    def _recover(self, problem: Exception, kernel: Any, global_size: Size, local_size: Size, label: str | None) -> Any:
        """Retry with an emptied pool if memory is short: some drivers allocate buffers only at a launch."""
        if isinstance(problem, self._opencl.MemoryError):
            self._memory.release()
            try:
                return self._enqueue(self.cl, kernel, global_size, local_size)
            except self._error as second:
                problem = second
        kind = OutOfDeviceMemoryError if isinstance(problem, self._opencl.MemoryError) else DeviceError
        raise kind(
            f"{label or 'a kernel'} failed on {self.device_name}: {problem} (kernel {kernel.function_name}, "
            f"global size {global_size}, local size {local_size})"
        ) from problem

    def write(self, buffer: Buffer, byte_offset: int, array: Array) -> None:
        """Copy a contiguous array to the device. The array may change as soon as the call returns."""
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
        """Keep the event of a staged copy, and its bytes with it: dropping an unfinished event would wait for it."""
        if not self._staged:
            self._staged_bytes = 0
        self._staged.append(event)
        self._staged_bytes += nbytes
        if self._staged_bytes > STAGED_LIMIT:
            self.finish()

    def read(self, buffer: Buffer, byte_offset: int, out: Array) -> None:
        """Wait for all earlier commands and copy from the device into a contiguous array."""
        if not out.nbytes:
            return
        check_process()
        # Like `_call`, but in fewer steps, because every read of a value passes here.
        with self._lock:
            try:
                self._read(self.cl, buffer.cl, out, src_offset=byte_offset, is_blocking=True)
            except self._error as problem:
                raise self._failure("a copy from the device", problem) from problem
            self._staged.clear()

    @contextmanager
    def view(self, buffer: Buffer, byte_offset: int, nbytes: int) -> Iterator[Array]:
        """Wait, and give the bytes of a buffer as a read-only array that is valid inside the `with`.

        If host and device share memory, nothing is copied. `nbytes` must not be zero.
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
        """Wait until everything enqueued is done."""
        self._call("waiting for the device", self.cl.finish, waits=True)

    def _call(
        self, action: str, function: Callable[..., Any], *arguments: Any, waits: bool = False, **named: Any
    ) -> Any:
        """Call the driver, and raise its errors as clgrad's; raises in a forked child.

        A call that `waits` finishes all earlier uploads, so their staged bytes are dropped.
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
