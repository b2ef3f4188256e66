"""Which groups of a plan run before which: a graph that stays sorted while edges are added and vertices united.

The places of vertices are those of Pearce and Kelly (2006): an edge from a later place to an earlier one moves only the
vertices between the two. So a question about two vertices looks at the edges between their places and at no others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf

# Edges that one question may follow. Vertices with more between them count as connected, which costs a fusion at most.
MOST_EDGES = 1024


class Order:
    """Vertices with numbers from 0 on. `place` tells where each stands: after everything that it waits for."""

    def __init__(self) -> None:
        self.place: list[int] = []
        self.before: list[set[int]] = []
        self.after: list[set[int]] = []
        self._first = 0

    def add(self) -> int:
        """A new vertex at the last place; its number."""
        return self._new(len(self.place))

    def add_first(self) -> int:
        """A new vertex at the first place, for others to wait for; its number."""
        self._first -= 1
        return self._new(self._first)

    def _new(self, place: int) -> int:
        self.place.append(place)
        self.before.append(set())
        self.after.append(set())
        return len(self.place) - 1

    def may_wait(self, later: int, earlier: int) -> bool:
        """Whether one vertex can wait for another without a cycle, as far as `MOST_EDGES` tell."""
        return self.place[earlier] < self.place[later] or self._between(later, earlier, MOST_EDGES) is not None

    def are_independent(self, one: int, other: int) -> bool:
        """Whether neither of two vertices waits for the other, as far as `MOST_EDGES` tell."""
        return self._between(*self._sorted(one, other), MOST_EDGES) is not None

    def wait(self, later: int, earlier: int) -> None:
        """Let one vertex wait for another, which must not wait for it."""
        if self.place[earlier] > self.place[later]:
            self._swap(later, earlier)
        self.before[later].add(earlier)
        self.after[earlier].add(later)

    def unite(self, kept: int, gone: int) -> None:
        """Make one vertex of two independent ones."""
        first, second = self._sorted(kept, gone)
        # Then nothing that either waits for, nor that waits for either, stands between them.
        self._swap(first, second)
        self.place[kept] = self.place[first]
        for near, far in ((self.before, self.after), (self.after, self.before)):
            for one in near[gone]:
                far[one].remove(gone)
                far[one].add(kept)
            near[kept] |= near[gone]
            near[gone] = set()

    def depths(self) -> list[int]:
        """How many vertices each waits for, one after the other, at most."""
        found = [0] * len(self.place)
        for number in sorted(range(len(found)), key=self.place.__getitem__):
            found[number] = max((found[one] + 1 for one in self.before[number]), default=0)
        return found

    def _sorted(self, one: int, other: int) -> tuple[int, int]:
        return (one, other) if self.place[one] < self.place[other] else (other, one)

    def _swap(self, first: int, second: int) -> None:
        """Move the second vertex, and what it waits for, before the first and what waits for that."""
        found = self._between(first, second, inf)
        assert found is not None, "a group would wait for itself"
        moved = [one for side in found for one in sorted(side, key=self.place.__getitem__)]
        for one, place in zip(moved, sorted(self.place[one] for one in moved)):
            self.place[one] = place

    def _between(self, first: int, second: int, most: float) -> tuple[list[int], list[int]] | None:
        """What the second vertex waits for and what waits for the first, of those between them, with themselves.

        None if the second waits for the first, or if more edges than `most` must be followed to tell.
        """
        low, high = self.place[first], self.place[second]
        waiting = self._reached(self.after, first, second, low, high, most)
        if waiting is None:
            return None
        awaited = self._reached(self.before, second, first, low, high, most)
        return None if awaited is None else (awaited, waiting)

    def _reached(
        self, steps: Sequence[set[int]], start: int, goal: int, low: int, high: int, most: float
    ) -> list[int] | None:
        """The vertices between two places that steps from `start` lead to; None if the goal is one of them."""
        found = [start]
        known = {start}
        waiting = deque(found)
        place = self.place
        while waiting:
            ahead = steps[waiting.popleft()]
            most -= len(ahead)
            if goal in ahead or most < 0:
                return None
            for one in ahead:
                if low < place[one] < high and one not in known:
                    known.add(one)
                    found.append(one)
                    waiting.append(one)
        return found
