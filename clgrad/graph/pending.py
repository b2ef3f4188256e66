"""The pending arrays of each thread, and where to cut their graph when it grows long."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import Any
from weakref import ref

from clgrad.graph.node import Node, Scalar
from clgrad.graph.trace import pending_behind

# The pending graph is measured after so many new arrays, and started only if it has so many nodes: measuring walks over
# the whole graph, and a typical training step is shorter.
PATIENCE = 1024
# A graph that repeats itself is cut into pieces of about so many nodes, because all pieces share one short plan.
PIECE = 256
# A graph that does not repeat itself is started as a whole at so many nodes, to bound its memory.
MOST_PENDING = 4096


class Waiting:
    """Weak references to the arrays of one thread that were pending when they got their values.

    The graph is measured when there are more than `most` references; `swept` is how many the last sweep left.
    """

    __slots__ = ("most", "references", "swept")

    def __init__(self) -> None:
        self.references: list[ref[Any]] = []
        self.swept = 0
        self.most = PATIENCE

    def arrays(self) -> list[Any]:
        """The arrays that are alive."""
        return [array for reference in [*self.references] if (array := reference()) is not None]

    def nodes(self) -> list[Node]:
        """The pending values of the arrays that are alive."""
        return [
            value
            for reference in [*self.references]
            if (array := reference()) is not None and (value := array._node or array._value).storage is None
        ]

    def sweep(self) -> None:
        """Forget arrays that are dead, or computed and without history."""
        self.references = [
            reference
            for reference in self.references
            if (array := reference()) is not None
            and ((value := array._value).storage is None or value.entry is not None)
        ]
        self.swept = len(self.references)

    def forget(self) -> None:
        """Forget all arrays."""
        self.references.clear()
        self.swept = 0

    def make_room(self) -> None:
        """Set `most` for the next sweep: at least half as many new arrays as the last sweep left.

        So memory stays in proportion to the live arrays, and the time for sweeps to the new ones.
        """
        self.most = len(self.references) + max(PATIENCE, self.swept // 2)


_lock = threading.Lock()
_everyone: list[tuple[threading.Thread, Waiting]] = []


class _Mine(threading.local):
    """The pending arrays of this thread alone: a flush must not cut the half-built graph of another thread.

    A new thread takes over the arrays of threads that have ended.
    """

    def __init__(self) -> None:
        self.waiting = Waiting()
        with _lock:
            for thread, left in [one for one in _everyone if not one[0].is_alive()]:
                self.waiting.references += left.references
                _everyone.remove((thread, left))
            _everyone.append((threading.current_thread(), self.waiting))


MINE = _Mine()


def waiting_anywhere() -> list[Node]:
    """The pending values of the live arrays of all threads."""
    with _lock:
        everyone = [waiting for _, waiting in _everyone]
    return [node for waiting in everyone for node in waiting.nodes()]


def pieces(roots: Sequence[Node]) -> list[list[Node]]:
    """The roots of successive flushes that compute the pending graph behind `roots`; no flush if the graph is short.

    A graph that repeats itself, such as the graph of a loop without reads, is cut after a fixed number of repetitions,
    so that all pieces but the first share a plan. The rest stays pending.
    """
    order = pending_behind(roots)
    if len(order) < PATIENCE:
        return []
    period = repetition([(node.primitive, node.attributes, node.shape, node.dtype) for node in order])
    if not period:
        return [] if len(order) < MOST_PENDING else [list(roots)]
    return _cut(order, max(PIECE // period, 1) * period, {root.serial for root in roots})


def _cut(order: Sequence[Node], length: int, wanted: set[int]) -> list[list[Node]]:
    """For each whole piece of `length` nodes: the nodes that are wanted or that later pieces read."""
    count = len(order) // length
    piece_of = {node.serial: place // length for place, node in enumerate(order)}
    found: list[dict[int, Node]] = [{} for _ in range(count + 1)]
    for place, node in enumerate(order):
        piece = place // length
        if node.serial in wanted:
            found[piece][node.serial] = node
        for one in node.inputs:
            if type(one) is not Scalar and piece_of.get(one.serial, piece) < piece:
                found[piece_of[one.serial]][one.serial] = one
    return [[*nodes.values()] for nodes in found[:count]]


def repetition(tokens: Sequence[Hashable]) -> int:
    """The shortest period that covers at least the last half of a sequence, at least three times; 0 if there is none.

    >>> repetition("xyabcabcabcabc"), repetition("abcabd")
    (3, 0)
    """
    numbers: dict[Hashable, int] = {}
    backwards = [numbers.setdefault(token, len(numbers)) for token in reversed(tokens)]
    # Knuth, Morris and Pratt: the longest proper prefix of the first n tokens that is their suffix as well.
    borders = [0] * (len(backwards) + 1)
    border = 0
    for place in range(1, len(backwards)):
        while border and backwards[place] != backwards[border]:
            border = borders[border]
        border += backwards[place] == backwards[border]
        borders[place + 1] = border
    for length in range(len(backwards), (len(backwards) - 1) // 2, -1):
        period = length - borders[length]
        if 3 * period <= length:
            return period
    return 0
