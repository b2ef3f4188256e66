"""The pending graph behind some roots, as input of the planner, and the fate of each value in it.

A value that nobody can read later is not stored, and a result may take over its memory. Weak references decide this:
the trace lets go of all nodes, and a node that dies then cannot be reached by anybody. So a value that is still
readable is never overwritten; a value that is held longer than needed costs a copy.

    y = (x + 1) * 2     x, x + 1, y      handles hold x and y, y holds x + 1, x + 1 holds x
    let go              x, None, y       y and x + 1 forget their inputs: x + 1 dies, so it needs no memory

The trace runs at every flush, before the look-up in the plan cache, so it does little per node.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any
from weakref import ref

from clgrad.graph.capture import current
from clgrad.graph.node import Node, Scalar, Several, Storage
from clgrad.plan.structure import DIES, ROOT, SURVIVES, Call, Structure
from clgrad.primitives import RESULT, VIEW, Joint, Library, Primitive, Reduction
from clgrad.runtime.device import Device

_new_tuple: Callable[..., Any] = tuple.__new__


class Trace:
    """The pending graph behind roots of one device: the storages and numbers that it reads, and its structure.

    A result of the structure is wanted (ROOT), outlives the flush because somebody holds it (SURVIVES), or dies with
    it (DIES).
    """

    __slots__ = (
        "_calls", "_device", "_kept", "_leaf_references", "_leaves", "_readers", "_references", "_serials",
        "_several", "_wanted", "leaf_nodes", "nodes", "numbers", "storages", "structure",
    )  # fmt: skip

    def __init__(self, roots: Iterable[Node], device: Device) -> None:
        several: list[Several] = []
        found = _pending(roots, several)
        # The results that calls with several results keep for their gradients.
        self._kept = _kept(several, found) if several else []
        self._serials = sorted(found)
        order = [*map(found.__getitem__, self._serials)]
        self.storages: list[Storage] = []
        self.numbers: list[bool | int | float] = []
        self.structure: Structure
        # Each pending node, None for a node that nobody holds.
        self.nodes: list[Node | None] = []
        self._device = device
        self._wanted = {root.serial for root in roots}
        if self._kept:
            self._wanted.update([result.serial for _, _, result in self._kept])
        # Calls with several results like those that may die, by their serial number.
        self._several = {node.serial: node.like(()) for node in several} if several else {}
        self._references = [*map(ref, order)]
        # The computed nodes that are read, and the pending nodes that read arrays; empty after `let_go`.
        self.leaf_nodes: list[Node] = []
        self._readers: list[Node] = []
        self._leaves: list[Any] = []
        self._calls = self._find_calls(order)
        self._leaf_references = [*map(ref, self.leaf_nodes)]

    def _find_calls(self, order: list[Node]) -> list[Any]:
        """The calls of the structure; notes the leaves and the numbers as well.

        The calls are plain tuples, which are quicker to make than `Call` and equal to it.
        """
        calls: list[Any] = []
        leaves, leaf_nodes, readers = self._leaves, self.leaf_nodes, self._readers
        numbers_of: dict[int, int] = {}
        for index, node in enumerate(order):
            inputs: list[int | None] = []
            reads = False
            for one in node.inputs:
                if type(one) is Scalar:
                    self.numbers.append(one.value)
                    inputs.append(None)
                    continue
                reads = True
                serial = one.serial
                number = numbers_of.get(serial)
                if number is None:
                    storage = one.storage
                    leaf_nodes.append(one)
                    self.storages.append(storage)
                    leaves.append((one.shape, one.dtype, storage.strides))
                    number = numbers_of[serial] = -len(leaves)
                inputs.append(number)
            numbers_of[node.serial] = index
            primitive = node.primitive
            # Views keep their base: another thread may make a view of them meanwhile, which needs the base.
            if reads and primitive is not VIEW:
                readers.append(node)
            calls.append((primitive, node.attributes, node.shape, node.dtype, tuple(inputs), node.origin))
        return calls

    def whole(self, donated: Collection[int]) -> Structure:
        """The structure if only the roots outlive it, and the leaves in `donated` may be overwritten."""
        fates = tuple([ROOT if serial in self._wanted else DIES for serial in self._serials])
        donatable = tuple([place in donated for place in range(len(self._leaves))])
        return Structure(tuple(self._leaves), tuple(self._calls), fates, donatable)

    def places(self, roots: Iterable[Node]) -> list[int]:
        """The numbers of the calls that compute these roots."""
        place_of = {serial: place for place, serial in enumerate(self._serials)}
        return [place_of[root.serial] for root in roots]

    def let_go(self) -> None:
        """Find the fates of the nodes, and make the structure. `put_back` must follow, even after an exception."""
        node = None
        for node in self._readers:
            node.inputs = ()
        # No local name may hold a node, or it could not die.
        del node
        self._readers.clear()
        self.leaf_nodes.clear()
        self.nodes = [reference() for reference in self._references]
        fates, held = self._fates()
        donatable = [reference() is None for reference in self._leaf_references]
        if True in donatable:
            for place, storage in enumerate(self.storages):
                donatable[place] = donatable[place] and storage.is_alone and -1 - place not in held
        # In a third of the time that `Structure(...)` takes.
        parts = tuple(self._leaves), tuple(self._calls), tuple(fates), tuple(donatable)
        self.structure = _new_tuple(Structure, parts)

    def _fates(self) -> tuple[list[int], set[int]]:
        """The fate of each result, and the calls and leaves that survivors need to be computed later."""
        held: set[int] = set()
        nodes, wanted = self.nodes, self._wanted
        fates = [DIES] * len(nodes)
        for index in range(len(nodes) - 1, -1, -1):
            node = nodes[index]
            if node is None:
                if index not in held:
                    continue
            elif node.serial in wanted or (node.handle is not None and _is_in_hand(node)):
                fates[index] = ROOT
                continue
            fates[index] = SURVIVES
            primitive, _, _, _, inputs, _ = self._calls[index]
            if not isinstance(self._worker(primitive, inputs), (Library, Reduction)):
                # It stays pending, so its inputs must stay as well.
                held.update(number for number in inputs if number is not None)
        return fates, held

    def _worker(self, primitive: Primitive, inputs: tuple[int | None, ...]) -> Primitive:
        """The primitive that computes a value; for a result of a call with several, the first part of the call."""
        if primitive is not RESULT:
            return primitive
        (call,) = inputs
        assert call is not None
        joint = self._calls[call][0]
        assert isinstance(joint, Joint)
        return joint.parts[0]

    def settle(self, results: Iterable[tuple[int, Storage]]) -> None:
        """Turn nodes from pending to computed: `results` are the numbers of their calls, and their storages."""
        for number, storage in results:
            node = self.nodes[number]
            if node is not None:
                node.settle(storage)
        for call, which, result in self._kept:
            if result.storage is not None:
                call.keep(which, result.storage)
        if SURVIVES not in self.structure.fates:
            # All nodes that somebody holds are computed: none waits for its inputs.
            self._references.clear()

    def put_back(self) -> None:
        """Give pending nodes their inputs back."""
        if not self._references:
            return
        self._readers.clear()
        self.leaf_nodes.clear()
        self.nodes.clear()
        # Views have kept their inputs.
        pending = [
            index
            for index, reference in enumerate(self._references)
            if (node := reference()) is not None and node.storage is None and not node.inputs and _waits(node)
        ]
        if pending:
            self.nodes = [reference() for reference in self._references]
            self._restore(self._behind(pending))

    def _behind(self, pending: Sequence[int]) -> set[int]:
        """The calls that are needed to compute the pending ones, and these themselves."""
        needed = set(pending)
        for index in range(len(self._calls) - 1, -1, -1):
            if index in needed:
                needed.update(number for number in self._calls[index][4] if number is not None and number >= 0)
        return needed

    def _restore(self, needed: set[int]) -> None:
        """Give nodes their inputs back, and replace needed nodes that have died by new ones."""
        leaves = [reference() for reference in self._leaf_references]
        numbers = iter(self.numbers)
        for index, call in enumerate(self._calls):
            own = [next(numbers) if number is None else None for number in call[4]]
            node = self.nodes[index]
            if index not in needed or (node is not None and (node.storage is not None or node.inputs)):
                continue
            inputs: list[Any] = []
            for number, value in zip(call[4], own):
                if number is None:
                    assert value is not None
                    inputs.append(Scalar(value))
                elif number >= 0:
                    inputs.append(self.nodes[number])
                else:
                    leaf = leaves[-1 - number]
                    if leaf is None:
                        leaf = leaves[-1 - number] = self._leaf(-1 - number)
                    inputs.append(leaf)
            if node is None:
                self.nodes[index] = self._node(index, tuple(inputs))
            else:
                node.inputs = tuple(inputs)
            if call[0] is RESULT:
                inputs[0].attach(call[1], self.nodes[index])

    def _node(self, index: int, inputs: tuple[Any, ...]) -> Node:
        """A node like the one that has died, with the same serial number."""
        call = Call(*self._calls[index])
        serial = self._serials[index]
        node: Node
        several = self._several.get(serial)
        if several is None:
            node = Node(call.primitive, inputs, call.attributes, call.shape, call.dtype, self._device)
        else:
            node = several.like(inputs)
        node.serial = serial
        node.origin = call.origin
        return node

    def _leaf(self, place: int) -> Node:
        shape, dtype, _ = self._leaves[place]
        return Node(None, (), None, shape, dtype, self._device, self.storages[place])


def structure_of(roots: Sequence[Node]) -> Structure:
    """The structure that a flush of these pending nodes would have."""
    found = Trace(roots, roots[0].device)
    try:
        found.let_go()
        return found.structure
    finally:
        found.put_back()


def _waits(node: Node) -> bool:
    """Whether a node without storage is to be computed. A call with several results is, while one of them is."""
    return type(node) is not Several or bool(node.held())


def pending_behind(roots: Iterable[Node]) -> list[Node]:
    """The pending nodes behind `roots`, and the pending roots themselves, each after its inputs."""
    found = _pending(roots, [])
    return [found[serial] for serial in sorted(found)]


def _pending(roots: Iterable[Node], several: list[Several]) -> dict[int, Node]:
    """The same nodes by their serial numbers, in no special order. Calls with several results join `several` too."""
    found: dict[int, Node] = {}
    stack = [*roots]
    while stack:
        node = stack.pop()
        if node.storage is not None or node.serial in found:
            continue
        if node.primitive is VIEW and node.inputs[0].storage is not None and current() is None:
            settle_view(node)
            continue
        found[node.serial] = node
        if type(node) is Several:
            several.append(node)
            stack += node.held()
        for one in node.inputs:
            if one.storage is None:
                stack.append(one)
    return found


def _kept(several: list[Several], found: dict[int, Node]) -> list[tuple[Several, int, Node]]:
    """The results that gradient rules will read: the call, which of its results, the result.

    Results that nobody holds join the nodes found.
    """
    recorded = [call for call in several if call.entry is not None and call.needs]
    kept: list[tuple[Several, int, Node]] = []
    # A captured function cannot run backward() after its capture, so nobody reads its records any more.
    if not recorded or current() is not None:
        return kept
    for call in recorded:
        for which in call.needs:
            result = call.result(which)
            if result.storage is not None:
                call.keep(which, result.storage)
                continue
            found[result.serial] = result
            kept.append((call, which, result))
    return kept


def settle_view(node: Node) -> None:
    """Compute a view of a computed base, which takes no work."""
    base: Storage = node.inputs[0].storage
    strides, offset = node.attributes
    node.settle(Storage(base.buffer, base.offset + offset, strides))


def _is_in_hand(node: Node) -> bool:
    """Whether a live ndarray holds this node. If so, this flush computes it, so that later reads are free."""
    handle = node.handle()
    return handle is not None and handle._node is node and node.primitive is not VIEW
