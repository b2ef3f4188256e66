"""Host memory of copies that nobody waits for."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import Any

import numpy

from clgrad.runtime.memory import size_class

Array = numpy.ndarray[Any, Any]


class Staging:
    """Arrays on the host, each kept until the driver's event of its copy.

    At most `limit` bytes are kept: the oldest copies are waited for if there are more. The newest is always kept.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used: deque[tuple[Any, Array]] = deque()
        self._used_bytes = 0
        self._free: defaultdict[int, list[Array]] = defaultdict(list)
        self._free_bytes = 0

    def __len__(self) -> int:
        return len(self._used)

    def take(self, nbytes: int) -> Array:
        """An array of `nbytes` bytes with undefined content, which is used again after `keep`."""
        size = size_class(nbytes)
        free = self._free[size]
        if not free:
            return numpy.empty(size, "uint8")[:nbytes]
        self._free_bytes -= size
        return free.pop()[:nbytes]

    def keep(self, event: Any, array: Array) -> None:
        """Keep an array, and the event of its copy with it: dropping an unfinished event would wait for it."""
        self._used.append((event, array))
        self._used_bytes += array.nbytes
        while self._used_bytes > self._limit and len(self._used) > 1:
            self._used[0][0].wait()
            self._free_oldest()

    def clear(self) -> None:
        """Keep no array any more, because all copies are done."""
        while self._used:
            self._free_oldest()

    def _free_oldest(self) -> None:
        _, array = self._used.popleft()
        self._used_bytes -= array.nbytes
        whole = array.base
        if isinstance(whole, numpy.ndarray) and self._free_bytes + whole.nbytes <= self._limit:
            self._free[whole.nbytes].append(whole)
            self._free_bytes += whole.nbytes
