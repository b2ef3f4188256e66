"""The arrays of each thread that wait to be computed, and where to cut what waits when it grows long."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import Any
from weakref import ref

from clgrad.graph.node import Node, Scalar
from clgrad.graph.trace import pending_behind

# So many arrays are noted before somebody looks how much waits, and so many nodes are left alone.
PATIENCE = 1024
# A graph that repeats itself is cut into pieces of about so many nodes: long plans take longer to make than short ones
# that are used again. One that does not is started as a whole when so many nodes wait.
PIECE = 256
MOST_PENDING = 4096


class Waiting:
    """Weak references to the arrays of one thread that were pending when they got their values.

    `most` tells how many references there may be until somebody looks, `swept` how many were left the last time.
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
            if (array := reference()) is not None and (value := array._value).storage is None
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
        """Nobody need look until as many arrays more are noted: often enough for memory, and for the time it takes."""
        self.most = len(self.references) + max(PATIENCE, self.swept // 2)


_lock = threading.Lock()
_everyone: list[tuple[threading.Thread, Waiting]] = []


class _Mine(threading.local):
    """What waits in this thread. A flush in one thread leaves the half-built graphs of others whole."""

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
    """The pending graph of `roots` as the roots of flushes, one after the other; none where it is short.

    A graph that repeats itself, such as that of a loop which nobody looks at, is cut after a whole number of
    repetitions, always the same, so that all its pieces but the first share a plan. What is left stays pending.
    """
    order = pending_behind(roots)
    if len(order) < PATIENCE:
        return []
    period = repetition([(node.primitive, node.attributes, node.shape, node.dtype) for node in order])
    if not period:
        return [] if len(order) < MOST_PENDING else [list(roots)]
    return _cut(order, max(PIECE // period, 1) * period, {root.serial for root in roots})


def _cut(order: Sequence[Node], length: int, wanted: set[int]) -> list[list[Node]]:
    """For each whole piece of so many nodes those that are wanted, or that later pieces read."""
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
    """The shortest period of a sequence towards its end: over half of it or more, three times or more; 0 for none.

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
