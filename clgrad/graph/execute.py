"""Reading values: trace the pending graph, plan it once, run the plan, read the result."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol
from weakref import WeakSet, ref

import numpy

from clgrad.errors import OutOfDeviceMemoryError
from clgrad.graph.capture import current, refuse_to_look
from clgrad.graph.faults import Watch
from clgrad.graph.node import Node, Storage
from clgrad.graph.pending import MINE, MOST_PENDING, Waiting, pieces, waiting_anywhere
from clgrad.graph.prepared import PreparedPlan, prepare
from clgrad.graph.trace import Trace, settle_view
from clgrad.plan.structure import Structure
from clgrad.primitives import COPY, VIEW
from clgrad.runtime.device import Device
from clgrad.runtime.statistics import counters
from clgrad.shapes import contiguous_strides, is_contiguous, size_of

# Bounds the plans of a program with ever new structures. The plan that was used longest ago is dropped.
MOST_PLANS = 1024
# For fewer bytes, mapping and unmapping take longer than a copy.
LEAST_MAPPED = 1 << 16


class Holder(Protocol):
    """The user's object for a value, such as an ndarray. `_node` is the value; None if the handle is a view.

    `_value` is `_node`, or for a view its part of the base's present value.
    """

    _node: Node | None

    @property
    def _value(self) -> Node: ...


class DeviceState:
    """Plans of one device, and the watch over bad data that its kernels find."""

    def __init__(self, device: Device) -> None:
        self.plans: dict[Structure, PreparedPlan] = {}
        self.watch = Watch(device)


_used: WeakSet[Device] = WeakSet()


def state_of(device: Device) -> DeviceState:
    """The plans and the watch of a device."""
    state: DeviceState | None = device.graph_state
    if state is None:
        with device.lock:
            state = device.graph_state = device.graph_state or DeviceState(device)
            _used.add(device)
    return state


def register(handle: Any) -> ref[Any]:
    """Note a live handle on a pending value, so that `flush_live` finds it.

    Returns the weak reference, which becomes the value's `handle` unless the handle is a view.
    """
    waiting = MINE.waiting
    references = waiting.references
    if len(references) > waiting.most:
        _start_pieces(waiting)
    reference = ref(handle)
    references.append(reference)
    return reference


def _start_pieces(waiting: Waiting) -> None:
    """Start long pending work before any value is read."""
    if current() is not None:
        return
    waiting.sweep()
    found = pieces(waiting.nodes())
    # A piece that fails stays pending, and raises when it is read. Each piece is dropped from the list before it runs,
    # because a reference to a value keeps the value's memory from being overwritten.
    with suppress(Exception):
        while found:
            flush(found.pop(0))
    waiting.make_room()


def noted_handles() -> list[Any]:
    """The live handles that were noted in this thread since the last `flush_live`."""
    return MINE.waiting.arrays()


def flush_live(own: Iterable[Node] = ()) -> None:
    """Start all pending work of this thread that a live handle holds.

    If some of it cannot run, the rest runs all the same. The failed part raises when it is read, but here if it is
    part of the caller's `own` work.
    """
    if current() is not None:
        return
    waiting = MINE.waiting
    nodes = waiting.nodes()
    waiting.forget()
    if _start(nodes):
        flush(own)


def _start(nodes: Sequence[Node]) -> list[Exception]:
    """Start all work together or, if that fails, each node alone; returns the exceptions of nodes that failed."""
    try:
        flush(nodes)
    except Exception as problem:
        if len(nodes) == 1:
            return [problem]
        return [reason for node in nodes for reason in _start([node])]
    return []


def flush(nodes: Iterable[Node]) -> None:
    """Start the computation of these nodes; returns without waiting for it."""
    refuse_to_look()
    by_device: dict[Device, list[Node]] = {}
    views = []
    for node in nodes:
        if node.primitive is VIEW:
            views.append(node)
            node = node.inputs[0]
        if node.storage is None:
            by_device.setdefault(node.device, []).append(node)
    del nodes
    for device, roots in by_device.items():
        counters.flushes += 1
        with device.lock:
            _compute(device, roots)
    for view in views:
        if view.storage is None:
            settle_view(view)
    waiting = MINE.waiting
    if len(waiting.references) > waiting.swept + MOST_PENDING:
        # The requested values are computed. Many others are still pending, and may never be read: start them.
        _start_pieces(waiting)
    waiting.make_room()


def _compute(device: Device, roots: list[Node]) -> None:
    found = Trace(roots, device)
    try:
        found.let_go()
        if found.nodes:
            _run(found, device)
    finally:
        try:
            found.put_back()
        except BaseException:
            # An interrupt must not leave nodes without their inputs.
            found.put_back()
            raise


def _run(found: Trace, device: Device) -> None:
    """Find or make the plan of the traced graph, and run it."""
    state = state_of(device)
    prepared = state.plans.get(found.structure)
    if prepared is None:
        counters.plans += 1
        prepared = prepare(found.structure, device)
        if len(state.plans) >= MOST_PLANS:
            # An eighth at a time, because finding them takes as long as finding one.
            for key in sorted(state.plans, key=lambda key: state.plans[key].last_use)[: MOST_PLANS // 8]:
                del state.plans[key]
        state.plans[found.structure] = prepared
    else:
        counters.plan_hits += 1
    prepared.last_use = counters.flushes
    found.settle(run_prepared(prepared, found.storages, found.numbers))


def run_prepared(
    prepared: PreparedPlan, storages: Sequence[Storage], numbers: Sequence[Any]
) -> list[tuple[int, Storage]]:
    """Run a plan on storages and numbers; once more with empty pools if device memory is full."""
    device = prepared.device
    state = state_of(device)
    try:
        return prepared.run(storages, numbers, state.watch)
    except OutOfDeviceMemoryError:
        if prepared.started:
            # A kernel may have overwritten what another run would read.
            raise
        # Kernel objects keep the buffers of their last launch alive: cached plans are dropped, this one is renewed.
        state.plans.clear()
        prepared.renew()
        gc.collect()
        device.memory.release()
        return prepared.run(storages, numbers, state.watch)


def read(node: Node) -> numpy.ndarray[Any, Any]:
    """The value as a new NumPy array; computes it if it is pending, and waits."""
    refuse_to_look()
    node = _row_major(node)
    storage = node.storage
    assert storage is not None
    out = numpy.empty(node.shape, node.dtype)
    node.device.queue.read(storage.buffer, storage.offset * node.dtype.itemsize, out)
    _check(node)
    return out


@contextmanager
def looking_at(node: Node) -> Iterator[numpy.ndarray[Any, Any]]:
    """Like `read`, but the array is valid only inside the `with` block and must not be written.

    If host and device share memory, a large array is mapped instead of copied.
    """
    refuse_to_look()
    node = _row_major(node)
    storage = node.storage
    nbytes = size_of(node.shape) * node.dtype.itemsize
    if nbytes < LEAST_MAPPED or not node.device.capabilities.unified_memory:
        yield read(node)
        return
    assert storage is not None
    with node.device.queue.view(storage.buffer, storage.offset * node.dtype.itemsize, nbytes) as contents:
        _check(node)
        yield contents.view(node.dtype).reshape(node.shape)


def storage_of(node: Node) -> Storage:
    """The storage of a value, which is computed if it is pending."""
    if node.storage is None:
        flush((node,))
    storage = node.storage
    assert storage is not None
    return storage


def _row_major(node: Node) -> Node:
    """The node, computed; if its memory is not row-major, a row-major copy."""
    storage = storage_of(node)
    if is_contiguous(node.shape, storage.strides):
        return node
    return _row_major(Node(COPY, (node,), node.dtype, node.shape, node.dtype, node.device))


def wait(node: Node) -> None:
    """Return once the value is computed; raises if it was computed from bad data."""
    flush((node,))
    node.device.queue.finish()
    _check(node)


def _check(node: Node) -> None:
    """Raise if a value was computed from bad data."""
    watch = state_of(node.device).watch
    if watch.alert:
        watch.check(node.storage.buffer)  # type: ignore[union-attr]


def wait_all() -> None:
    """Start all pending work, wait for all devices, and raise the first error, if any."""
    refuse_to_look()
    problems = _start(waiting_anywhere())
    # Otherwise each call of a loop would look at the arrays of all steps before.
    MINE.waiting.sweep()
    for device in list(_used):
        device.queue.finish()
        state_of(device).watch.check_all()
    if problems:
        raise problems[0]


def upload(array: numpy.ndarray[Any, Any], device: Device) -> Storage:
    """Copy a NumPy array to the device."""
    array = numpy.ascontiguousarray(array)
    buffer = device.memory.allocate(array.nbytes)
    device.queue.write(buffer, 0, array)
    return Storage(buffer, 0, contiguous_strides(array.shape))
