"""Copies between devices: nodes whose input is on another device. They are done between the plans of the two."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

from clgrad.graph.faults import Transit, Watch
from clgrad.graph.node import Node, Storage
from clgrad.graph.trace import pending_behind
from clgrad.primitives import TRANSFER
from clgrad.runtime.couriers import start_copy
from clgrad.runtime.device import Device
from clgrad.runtime.memory import Buffer
from clgrad.shapes import contiguous_strides, size_of

# The copies that have not started. While there are none, a flush need not look for them.
pending_copies: set[ref[Node]] = set()


def copy_to(node: Node, device: Device) -> Node:
    """A pending copy, on another device, of a row-major value."""
    copy = type(node)(TRANSFER, (node,), None, node.shape, node.dtype, device)
    pending_copies.add(ref(copy, pending_copies.discard))
    return copy


def first_copies(roots: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """The copies behind `roots` that need no other copy; and the values that need none: their inputs, and roots."""
    after: set[int] = set()
    copies: list[Node] = []
    for node in pending_behind(roots):
        waits = any(one.storage is None and one.serial in after for one in node.inputs)
        if node.primitive is TRANSFER and not waits:
            copies.append(node)
        if node.primitive is TRANSFER or waits:
            after.add(node.serial)
    values = [node.inputs[0] for node in copies]
    return copies, values + [root for root in roots if root.serial not in after]


def start(copy: Node, watch_of: Callable[[Device], Watch], allocate: Callable[[Device, int], Buffer]) -> None:
    """Start a copy of a computed value; returns without waiting for it."""
    (node,) = copy.inputs
    source, target = node.device, copy.device
    storage: Any = node.storage
    into = allocate(target, size_of(copy.shape) * copy.dtype.itemsize)
    if into.nbytes:
        with source.lock:
            transit = Transit(watch_of(source), storage.buffer, str(target), into)
        with target.lock:
            watch_of(target).note_transit(transit)
        try:
            start_copy(source, storage.buffer, storage.offset * copy.dtype.itemsize, target, into, transit.arrive)
        except BaseException:
            # The copy stays pending; nobody may wait for this attempt.
            transit.arrive(None)
            raise
    copy.settle(Storage(into, 0, contiguous_strides(copy.shape)))
    pending_copies.discard(ref(copy))
