"""The plan of a captured function, and where its arrays are found at each call."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from weakref import ref

from clgrad.array.assembly import ndarray
from clgrad.array.handle import Handle
from clgrad.errors import ArgumentError, CaptureError
from clgrad.graph.capture import Capture, Run, in_run
from clgrad.graph.execute import run_prepared, storage_of
from clgrad.graph.node import Node, Storage
from clgrad.graph.prepared import PreparedPlan, prepare
from clgrad.graph.trace import Trace
from clgrad.jitted.nested import Flat, filled, template_of
from clgrad.ops.operation import Value
from clgrad.ops.random import next_stream
from clgrad.primitives import COPY, VIEW, Library
from clgrad.runtime.device import Device


class StaleError(Exception):
    """A capture does not fit the present arrays."""


class _Place:
    """Where a capture finds an array at each call.

    Argument number `argument`, or if `depth` is not 0 the base of that view, its base, and so on. Without an argument,
    the array outside of the function that `array` is.
    """

    def __init__(self, array: Handle, inside: dict[int, tuple[int, int]]) -> None:
        self._array = ref(array)
        self._argument: int | None
        self._argument, self._depth = inside.get(id(array), (None, 0))

    def array(self, given: Flat) -> Handle:
        """The array of this call."""
        if self._argument is None:
            outside = self._array()
            if outside is None:
                raise StaleError
            return outside
        array = given.arrays[self._argument]
        for _ in range(self._depth):
            assert array._link is not None
            array = array._link.base
        return array


class Captured:
    """The plan of a function for one structure of its arguments. Make it while the function is captured.

    There are two versions of the plan. The quick one overwrites the old values of written and donated arrays; the
    careful one runs if somebody else still needs one of these.
    """

    def __init__(self, capture: Capture, given: Flat, result: Any, donated: Collection[int]) -> None:
        found = Flat()
        found.add(result)
        self._template = template_of(result, found)
        self._result_numbers = found.numbers
        self._draws = capture.draws
        self.fixed = capture.fixed
        written = [array for array, _ in capture.written.values()]
        roots = _own([array._value for array in (*found.arrays, *written)])
        self._device = _one_device(capture.name, roots, given)
        self._shapes = [(root.shape, root.dtype) for root in roots]
        trace = Trace(roots, self._device)
        self._numbers: list[Any] = [*trace.numbers]
        self._leaves = [
            (node.shape, node.dtype, storage.strides) for node, storage in zip(trace.leaf_nodes, trace.storages)
        ]
        inside = _places_inside(given)
        self._written = [_Place(array, inside) for array in written]
        before = {id(node): array for array, node in capture.written.values()}
        arrays = [before.get(id(node), _array_of(node)) for node in trace.leaf_nodes]
        # A leaf that is no array's value is a constant: it stays where it is.
        self._sources: list[_Place | Storage] = [
            storage if array is None else _Place(array, inside) for array, storage in zip(arrays, trace.storages)
        ]
        positions = {id(array): position for position, array in enumerate(written)}
        # The leaves that are old values: for each the place of its array among the written ones.
        self._overwritten = {
            leaf: positions[id(array)] for leaf, array in enumerate(arrays) if id(array) in positions
        }
        self._donated = [
            leaf for leaf, array in enumerate(arrays) if id(array) in donated and leaf not in self._overwritten
        ]
        self._careful_structure = trace.whole(())
        self._careful: PreparedPlan | None = None
        self._quick = prepare(trace.whole({*self._overwritten, *self._donated}), self._device)
        order = {number: position for position, (number, _) in enumerate(self._quick.plan.outputs)}
        self._order = [order[number] for number in trace.places(roots)]

    def run(self, given: Flat) -> Any:
        """Launch the plan on the arrays and numbers of this call."""
        with self._device.lock:
            written = [place.array(given) for place in self._written]
            storages = [self._storage(leaf, source, given) for leaf, source in enumerate(self._sources)]
            # Only now is it certain that this call runs, and that random numbers advance.
            run = Run(given.numbers, [next_stream() for _ in range(self._draws)])
            values, alone = self._renew(written, storages, given)
            prepared = self._quick if alone else self._careful_plan()
            found = run_prepared(prepared, storages, [in_run(number, run) for number in self._numbers])
            results = [found[position][1] for position in self._order]
            returned = len(results) - len(written)
            for value, storage in zip(values, results[returned:]):
                value.storage = storage
        arrays = [
            ndarray(Value(None, (), None, shape, dtype, self._device, storage))
            for (shape, dtype), storage in zip(self._shapes, results[:returned])
        ]
        return filled(self._template, arrays, iter([in_run(number, run) for number in self._result_numbers]))

    def _storage(self, leaf: int, source: _Place | Storage, given: Flat) -> Storage:
        """The storage of a leaf in this call."""
        if isinstance(source, Storage):
            return source
        node = source.array(given)._value
        storage = storage_of(node)
        if (node.shape, node.dtype, storage.strides) != self._leaves[leaf] or node.device is not self._device:
            raise StaleError
        return storage

    def _renew(self, written: list[Handle], storages: list[Storage], given: Flat) -> tuple[list[Value], bool]:
        """Give the written arrays new values, for now in the old places, and make donated arrays unusable.

        Returns the new values, and whether nobody else needs the memory of the old ones.
        """
        values, old = [], []
        for array in written:
            # In another function, so that no variable here holds an old value.
            value, reference = _replaced(array)
            values.append(value)
            old.append(reference)
        alone = all(
            old[position]() is None and storages[leaf].is_alone for leaf, position in self._overwritten.items()
        )
        for leaf in self._donated:
            source = self._sources[leaf]
            assert isinstance(source, _Place)
            alone = _give_away(source.array(given)) and storages[leaf].is_alone and alone
        return values, alone

    def _careful_plan(self) -> PreparedPlan:
        """The plan for a call while somebody else needs a value that the quick plan overwrites."""
        if self._careful is None:
            self._careful = prepare(self._careful_structure, self._device)
        return self._careful


def _array_of(node: Node) -> Handle | None:
    """The array that has this value; None for a constant."""
    array: Handle | None = None if node.handle is None else node.handle()
    return array if array is not None and array._node is node else None


def _replaced(array: Handle) -> tuple[Value, ref[Node]]:
    """Give an array another value with the same storage; that value, and a weak reference to the old one."""
    node = array._node
    assert node is not None
    value = Value(None, (), None, node.shape, node.dtype, node.device, storage_of(node))
    array._replace(value)
    return value, ref(node)


def _raise_donated(problem: Any) -> Any:
    raise ArgumentError("this array was donated to a function under jit, which took over its memory; use the result")


_DONATED = Library("donated", _raise_donated)


def _give_away(array: Handle) -> bool:
    """Make an array unusable; whether nobody else holds its value. A view stays: its base has the value."""
    node = array._node
    if node is None:
        return False
    reference = ref(node)
    array._node = Value(_DONATED, (), None, node.shape, node.dtype, node.device)
    del node
    return reference() is None


def _places_inside(given: Flat) -> dict[int, tuple[int, int]]:
    """By the id of an array: number of the argument that is the array or a view of it, and number of views between."""
    inside: dict[int, tuple[int, int]] = {}
    for place, argument in enumerate(given.arrays):
        array, depth = argument, 0
        while True:
            inside.setdefault(id(array), (place, depth))
            if array._link is None:
                break
            array, depth = array._link.base, depth + 1
    return inside


def _own(values: Sequence[Value]) -> list[Node]:
    """The values as results with memory of their own; a view, an input or a repeated value is copied."""
    roots: list[Node] = []
    seen: set[int] = set()
    for value in values:
        root: Node = value
        if value.storage is not None or value.primitive is VIEW or value.serial in seen:
            root = Node(COPY, (value,), value.dtype, value.shape, value.dtype, value.device)
        seen.add(root.serial)
        roots.append(root)
    return roots


def _one_device(name: str, roots: Sequence[Node], given: Flat) -> Device:
    devices = dict.fromkeys([*(root.device for root in roots), *(array._value.device for array in given.arrays)])
    if len(devices) != 1:
        raise CaptureError(
            f"jit: {name} computes on {len(devices)} devices"
            + (": " + ", ".join(map(str, devices)) if devices else "")
            + "; a function under jit takes or returns arrays of one device"
        )
    return next(iter(devices))
