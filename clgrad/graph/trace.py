"""The pending graph behind some roots, as the planner is given it.

This runs at every flush, before the plan cache is asked, so it does as little as it can per node.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clgrad.graph.node import Node, Scalar, Several, Storage
from clgrad.graph.references import counts_are_exact, references
from clgrad.plan.structure import DIES, ROOT, SURVIVES, Structure
from clgrad.primitives import VIEW, Library, Reduction

# Whether results may take over the memory of values that nobody else holds. Only where that can be told for certain.
DONATES = counts_are_exact()


class Trace:
    """Pending nodes with inputs first, the computed nodes they read, the Python numbers they use, and their structure.

    A result of the structure is wanted (ROOT), outlives the flush because somebody holds it (SURVIVES), or goes with
    it (DIES). `kept` tells which results the calls with several results keep for their gradients: the place of the
    call in `order`, which of its results, and the place of that result.
    """

    __slots__ = ("kept", "leaves", "numbers", "order", "structure")

    def __init__(self, order: list[Node]) -> None:
        self.order = order
        self.kept: list[tuple[int, int, int]] = []
        self.leaves: list[Node] = []
        self.numbers: list[Any] = []
        self.structure: Structure


def trace(roots: Iterable[Node]) -> Trace:
    """Trace the pending graph of `roots`, all of one device."""
    wanted = {root.serial for root in roots}
    found = Trace(pending_behind(roots))
    wanted.update(_kept(found))
    leaves, calls, uses = _calls(found)
    fates, donatable = _fates(found, wanted, uses)
    found.structure = Structure(tuple(leaves), tuple(calls), tuple(fates), tuple(donatable))
    return found


def pending_behind(roots: Iterable[Node]) -> list[Node]:
    """The pending nodes that roots are computed from, and the roots themselves, inputs first."""
    found: dict[int, Node] = {}
    stack = [root for root in roots if root.storage is None]
    while stack:
        node = stack.pop()
        if node.serial in found or node.storage is not None:
            continue
        if node.primitive is VIEW and node.inputs[0].storage is not None:
            settle_view(node)
            continue
        found[node.serial] = node
        if type(node) is Several:
            stack += node.held()
        for one in node.inputs:
            if type(one) is not Scalar and one.storage is None:
                stack.append(one)
    return [found[serial] for serial in sorted(found)]


def _kept(found: Trace) -> list[int]:
    """The serial numbers of the results that gradient rules will read; what nobody holds of them joins the order."""
    recorded = [call for call in found.order if type(call) is Several and call.entry is not None and call.needs]
    if not recorded:
        return []
    places = {node.serial: place for place, node in enumerate(found.order)}
    for call in recorded:
        for which in call.needs:
            result = call.result(which)
            if result.storage is not None:
                call.keep(which, result.storage)
                continue
            if result.serial not in places:
                places[result.serial] = len(found.order)
                found.order.append(result)
            found.kept.append((places[call.serial], which, places[result.serial]))
    return [found.order[place].serial for _, _, place in found.kept]


def settle_view(node: Node) -> None:
    """A view of what has been computed meanwhile needs no work."""
    base: Storage = node.inputs[0].storage
    strides, offset = node.attributes
    node.settle(Storage(base.buffer, base.offset + offset, strides))


def _calls(found: Trace) -> tuple[list[Any], list[Any], dict[int, int]]:
    """The leaves and the calls of the structure, and how often each node is an input within the graph."""
    leaves: list[Any] = []
    calls: list[Any] = []
    numbers_of: dict[int, int] = {}
    uses: dict[int, int] = {}
    for index, node in enumerate(found.order):
        inputs: list[int | None] = []
        for one in node.inputs:
            if type(one) is Scalar:
                found.numbers.append(one.value)
                inputs.append(None)
                continue
            serial = one.serial
            number = numbers_of.get(serial)
            if number is None:
                found.leaves.append(one)
                leaves.append((one.shape, one.dtype, one.storage.strides))
                number = numbers_of[serial] = -len(leaves)
                uses[serial] = 1
            else:
                uses[serial] += 1
            inputs.append(number)
        numbers_of[node.serial] = index
        uses[node.serial] = 0
        calls.append((node.primitive, node.attributes, node.shape, node.dtype, tuple(inputs), node.origin))
    return leaves, calls, uses


def _is_in_hand(node: Node) -> bool:
    """Whether a live ndarray holds this node. If so, this flush computes it, so that later reads are free."""
    handle = node.handle()
    return handle is not None and handle._node is node and node.primitive is not VIEW


def _fates(found: Trace, wanted: set[int], uses: dict[int, int]) -> tuple[list[int], list[bool]]:
    """Where counts are wrong, values are computed again or copied, but never overwritten: see `DONATES`."""
    held: set[int] = set()
    order = found.order
    counts = references(order)
    fates = [DIES] * len(order)
    for index in range(len(order) - 1, -1, -1):
        node = order[index]
        serial = node.serial
        if serial in wanted or (node.handle is not None and _is_in_hand(node)):
            fates[index] = ROOT
        elif serial in held or counts[index] > uses[serial]:
            fates[index] = SURVIVES
            if not isinstance(node.primitive, (Library, Reduction)):
                # It stays pending, so whatever it would be computed from must stay as well.
                held.update(one.serial for one in node.inputs if type(one) is not Scalar)
    return fates, _donatable(found.leaves, held, uses) if DONATES else [False] * len(found.leaves)


def _donatable(leaves: list[Node], held: set[int], uses: dict[int, int]) -> list[bool]:
    """Of which leaves nobody but the nodes to be computed refers to the value or to its memory."""
    # Values first, then their buffers, where one reference is that of the value's storage.
    counts = references([*leaves, *[leaf.storage.buffer for leaf in leaves]])  # type: ignore[union-attr]
    return [
        leaf.serial not in held and count <= uses[leaf.serial] + 1 and others <= 1
        for leaf, count, others in zip(leaves, counts, counts[len(leaves) :])
    ]
