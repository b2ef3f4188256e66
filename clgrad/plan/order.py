"""The order in which the groups of a plan run: a graph that stays sorted while edges are added and vertices united.

This is the dynamic topological order of Pearce and Kelly (2006): an edge from a later place to an earlier one moves
only the vertices between the two. So a question about two vertices follows only the edges between their places.

    places 0 1 2 3 hold a b c d; b waits for a
    a must wait for c too     c moves before a and before b, which waits for a: c a b d; d does not move
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import inf

# Edges that one question may follow, so that planning stays linear. Vertices with more edges between them count as
# connected, which costs a fusion at most.
MOST_EDGES = 1024


class Order:
    """Vertices with numbers from 0 on. `place` of a vertex is larger than that of each vertex it waits for."""

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
        """Whether `later` can wait for `earlier` without a cycle. False if `MOST_EDGES` are too few to tell."""
        return self.place[earlier] < self.place[later] or self._between(later, earlier, MOST_EDGES) is not None

    def are_independent(self, one: int, other: int) -> bool:
        """Whether neither of two vertices waits for the other. False if `MOST_EDGES` are too few to tell."""
        return self._between(*self._sorted(one, other), MOST_EDGES) is not None

    def wait(self, later: int, earlier: int) -> None:
        """Add an edge: `later` waits for `earlier`, which must not wait for `later`."""
        if self.place[earlier] > self.place[later]:
            self._swap(later, earlier)
        self.before[later].add(earlier)
        self.after[earlier].add(later)

    def unite(self, kept: int, gone: int) -> None:
        """Unite two independent vertices: `kept` takes over the edges of `gone`."""
        first, second = self._sorted(kept, gone)
        # Afterwards no vertex between the two is connected with either, so `kept` may stand at either place.
        self._swap(first, second)
        self.place[kept] = self.place[first]
        for near, far in ((self.before, self.after), (self.after, self.before)):
            for one in near[gone]:
                far[one].remove(gone)
                far[one].add(kept)
            near[kept] |= near[gone]
            near[gone] = set()

    def depths(self) -> list[int]:
        """For each vertex the length of the longest chain of vertices that it waits for."""
        found = [0] * len(self.place)
        for number in sorted(range(len(found)), key=self.place.__getitem__):
            found[number] = max((found[one] + 1 for one in self.before[number]), default=0)
        return found

    def _sorted(self, one: int, other: int) -> tuple[int, int]:
        return (one, other) if self.place[one] < self.place[other] else (other, one)

    def _swap(self, first: int, second: int) -> None:
        """Move the second vertex and all that it waits for before the first vertex and all that wait for it."""
        found = self._between(first, second, inf)
        assert found is not None, "a group would wait for itself"
        moved = [one for side in found for one in sorted(side, key=self.place.__getitem__)]
        for one, place in zip(moved, sorted(self.place[one] for one in moved)):
            self.place[one] = place

    def _between(self, first: int, second: int, most: float) -> tuple[list[int], list[int]] | None:
        """Among the vertices from `first` to `second`: those that `second` waits for, and those that wait for `first`.

        Each list includes its own end. None if `second` waits for `first`, or if that takes more than `most` edges to
        find out.
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
        """The vertices between places `low` and `high` that steps from `start` reach; None if they reach `goal`."""
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
