"""Looking at values: tracing what is pending, planning it once, running the plan, reading the result."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol
from weakref import WeakKeyDictionary, ref

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

MOST_PLANS = 1024
# Mapping and unmapping take longer than copying fewer bytes.
LEAST_MAPPED = 1 << 16


class Handle(Protocol):
    """What holds a value for the user: `_node` itself, or, where that is None, what it sees of another handle."""

    _node: Node | None

    @property
    def _value(self) -> Node: ...


class DeviceState:
    """Plans of one device, and the watch over bad data that its kernels meet."""

    def __init__(self, device: Device) -> None:
        self.plans: dict[Structure, PreparedPlan] = {}
        self.watch = Watch(device)


_states: WeakKeyDictionary[Device, DeviceState] = WeakKeyDictionary()


def state_of(device: Device) -> DeviceState:
    """The plans and the watch of a device."""
    state = _states.get(device)
    if state is None:
        with device.lock:
            state = _states.setdefault(device, DeviceState(device))
    return state


def register(handle: Any) -> ref[Any]:
    """Note a live handle on a pending value, so that `flush_live` finds it and looking at others computes it along.

    Returns the weak reference, which is the value's `handle` where this is no view.
    """
    waiting = MINE.waiting
    references = waiting.references
    if len(references) > waiting.most:
        _start_pieces(waiting)
    reference = ref(handle)
    references.append(reference)
    return reference


def _start_pieces(waiting: Waiting) -> None:
    """Start work before anybody looks, where much of it waits."""
    if current() is not None:
        return
    waiting.sweep()
    found = pieces(waiting.nodes())
    # What cannot run stays pending, and raises when it is read. Each piece is forgotten once it runs: whoever still
    # refers to a value keeps it from being overwritten.
    with suppress(Exception):
        while found:
            flush(found.pop(0))
    waiting.make_room()


def noted_handles() -> list[Any]:
    """The live handles that were noted in this thread since the last flush of everything."""
    return MINE.waiting.arrays()


def flush_live(own: Iterable[Node] = ()) -> None:
    """Start all pending work of this thread that a live handle holds.

    Where some of it cannot run, the rest runs all the same, and what cannot raises when it is read; what stands in the
    way of the caller's `own` work raises here.
    """
    if current() is not None:
        return
    waiting = MINE.waiting
    nodes = waiting.nodes()
    waiting.forget()
    if _start(nodes):
        flush(own)


def _start(nodes: Sequence[Node]) -> list[Exception]:
    """Start all work together or, where that fails, as much of it as can be; why the rest cannot."""
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
        # What was looked at has been computed: what waits besides is work that nobody looks at.
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
    """Find or make the plan of what was traced, and run it."""
    state = state_of(device)
    prepared = state.plans.get(found.structure)
    if prepared is None:
        counters.plans += 1
        prepared = prepare(found.structure, device)
        if len(state.plans) >= MOST_PLANS:
            del state.plans[min(state.plans, key=lambda key: state.plans[key].last_use)]
        state.plans[found.structure] = prepared
    else:
        counters.plan_hits += 1
    prepared.last_use = counters.flushes
    try:
        results = prepared.run(found.storages, found.numbers, state.watch)
    except OutOfDeviceMemoryError:
        # Kernels of cached plans hold on to the last buffers that they were launched with.
        state.plans.clear()
        gc.collect()
        device.memory.release()
        results = prepare(found.structure, device).run(found.storages, found.numbers, state.watch)
    for number, storage in results:
        node = found.nodes[number]
        if node is not None:
            node.settle(storage)
    for call, which, result in found.kept:
        if result.storage is not None:
            call.keep(which, result.storage)


def read(node: Node) -> numpy.ndarray[Any, Any]:
    """The value as a new NumPy array; computes what is pending and waits."""
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
    """As `read`, but the array is valid inside the `with` alone and must not be written.

    Where host and device share memory nothing is copied, unless that is faster.
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


def _row_major(node: Node) -> Node:
    """The node computed, or a copy of it where its elements do not lie row by row."""
    if node.storage is None:
        flush((node,))
    storage = node.storage
    assert storage is not None
    if is_contiguous(node.shape, storage.strides):
        return node
    return _row_major(Node(COPY, (node,), node.dtype, node.shape, node.dtype, node.device))


def wait(node: Node) -> None:
    """Return once the value is computed; raises if it was computed from bad data."""
    refuse_to_look()
    flush((node,))
    node.device.queue.finish()
    _check(node)


def _check(node: Node) -> None:
    """Raise if a value comes from bad data."""
    watch = state_of(node.device).watch
    if watch.alert:
        watch.check(node.storage.buffer)  # type: ignore[union-attr]


def wait_all() -> None:
    """Start everything pending, wait for all devices, and raise what their kernels have to complain about."""
    refuse_to_look()
    problems = _start(waiting_anywhere())
    for device in list(_states):
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
