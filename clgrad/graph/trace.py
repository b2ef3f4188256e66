"""The pending graph behind some roots, in order, with a key that is equal for equal structures.

This runs at every flush, before the plan cache is asked, so it does as little as it can per node.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from sys import getrefcount
from typing import Any

from clgrad.graph.node import DEBUG, VIEW, Library, Node, Reduction, Scalar, Storage

DIES, SURVIVES, ROOT = 0, 1, 2

# References to a node that are the walk's own: a list, a loop variable and getrefcount's argument.
_OWN_REFERENCES = 3
_by_serial = attrgetter("serial")


@dataclass
class Trace:
    """Pending nodes with inputs first, the computed nodes they read, the Python numbers they use.

    `fates` tells for each pending node whether it is wanted (ROOT), outlives the flush because somebody holds it
    (SURVIVES), or goes with it (DIES); `donatable` for each leaf whether its memory may be overwritten.
    """

    order: list[Node]
    leaves: list[Node] = field(default_factory=list)
    scalars: list[Any] = field(default_factory=list)
    fates: list[int] = field(default_factory=list)
    donatable: list[bool] = field(default_factory=list)
    key: Hashable = None


def trace(roots: Iterable[Node]) -> Trace:
    """Trace the pending graph of `roots`, all of one device."""
    root_ids = {id(root) for root in roots}
    found = Trace(_pending(roots))
    parts, uses = _structure(found)
    _decide_fates(found, root_ids, uses)
    parts.append(tuple(found.fates))
    parts.append(tuple(found.donatable))
    found.key = tuple(parts)
    return found


def _pending(roots: Iterable[Node]) -> list[Node]:
    order: list[Node] = []
    seen: set[int] = set()
    stack = [root for root in roots if root.storage is None]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.primitive is VIEW and node.inputs[0].storage is not None:
            settle_view(node)
            continue
        order.append(node)
        for one in node.inputs:
            if type(one) is not Scalar and one.storage is None:
                stack.append(one)
    order.sort(key=_by_serial)
    return order


def settle_view(node: Node) -> None:
    """A view of what has been computed meanwhile needs no work."""
    base: Storage = node.inputs[0].storage
    strides, offset = node.attributes
    node.settle(Storage(base.buffer, base.offset + offset, strides))


def _structure(found: Trace) -> tuple[list[Any], dict[int, int]]:
    """The parts of the key, and how often each node is an input within the graph."""
    parts: list[Any] = []
    positions: dict[int, int] = {}
    uses: dict[int, int] = {}
    leaves, scalars = found.leaves, found.scalars
    for index, node in enumerate(found.order):
        for one in node.inputs:
            if type(one) is Scalar:
                scalars.append(one.value)
                parts.append(None)
                continue
            number = id(one)
            position = positions.get(number)
            if position is None:
                leaves.append(one)
                position = positions[number] = -len(leaves)
                storage: Any = one.storage
                parts.append((one.shape, one.dtype, storage.strides))
                uses[number] = 1
            else:
                uses[number] += 1
            parts.append(position)
        positions[id(node)] = index
        uses[id(node)] = 0
        parts.append(node.primitive)
        parts.append(node.attributes)
        parts.append(node.shape)
        parts.append(node.dtype)
        if DEBUG:
            parts.append(node.origin)
    return parts, uses


def _is_in_hand(node: Node) -> bool:
    """Whether an array stands for the node now: it is computed along, lest every later look computes it again."""
    handle = node.handle()
    return handle is not None and handle._node is node and node.primitive is not VIEW


def _decide_fates(found: Trace, root_ids: set[int], uses: dict[int, int]) -> None:
    held: set[int] = set()
    fates = [DIES] * len(found.order)
    for index in range(len(found.order) - 1, -1, -1):
        node = found.order[index]
        if id(node) in root_ids or (node.handle is not None and _is_in_hand(node)):
            fates[index] = ROOT
        elif id(node) in held or getrefcount(node) > uses[id(node)] + _OWN_REFERENCES:
            fates[index] = SURVIVES
            if not isinstance(node.primitive, (Library, Reduction)):
                # It stays pending, so whatever it would be computed from must stay as well.
                held.update(map(id, node.inputs))
    found.fates = fates
    found.donatable = [
        id(leaf) not in held
        and getrefcount(leaf) <= uses[id(leaf)] + _OWN_REFERENCES
        and getrefcount(leaf.storage.buffer) <= 2  # type: ignore[union-attr]
        for leaf in found.leaves
    ]
