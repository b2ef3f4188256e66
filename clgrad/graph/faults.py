"""Bad data that only a kernel can see, such as an index out of range: reading a result computed from it raises.

A kernel that checks data sets an error word asynchronously; it is checked at the next read. Until then each run of a
plan is noted. If a read finds a word set, the noted runs tell which buffers were computed from the bad data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, ref

import numpy

from clgrad.launch import Fault

if TYPE_CHECKING:
    from clgrad.plan.planner import Plan
    from clgrad.runtime.device import Device
    from clgrad.runtime.memory import Buffer

# Error words per run, one per check; further checks share the last. All words are copied at once, so they are few.
WORDS = 64
# Runs with unread error words that have words of their own; further runs share the last, so that memory is bounded.
MOST_OPEN = 8
# After so many noted runs the words are read although no result is, so that the notes stay bounded.
MOST_RUNS = 1024


class Run:
    """A plan that ran: its buffers by slot, and the number of its buffer of error words, None without checks."""

    __slots__ = ("buffers", "plan", "words")

    def __init__(self, plan: Plan, buffers: list[Buffer], words: int | None) -> None:
        self.plan = plan
        # Weak references, because memory that anybody refers to is neither freed nor overwritten.
        self.buffers = [ref(buffer) for buffer in buffers]
        self.words = words


class Watch:
    """Which results on a device come from bad data. While `alert` is not set, none can."""

    def __init__(self, device: Device) -> None:
        self.alert = False
        self._device = device
        self._words: list[Buffer] = []
        self._open = 0
        self._runs: list[Run] = []
        self._bad: WeakKeyDictionary[Buffer, Fault] = WeakKeyDictionary()
        # Faults that no read has raised yet, in the order in which they were found.
        self._untold: dict[Fault, None] = {}

    def words(self) -> Buffer:
        """The error words, all zero, for the checks of the next run."""
        if not self._words:
            # All buffers at once, so that no later step of a training loop allocates.
            self._words = [self._device.memory.allocate(4 * WORDS) for _ in range(MOST_OPEN)]
            for words in self._words:
                self._clear(words)
        self._open = min(self._open + 1, MOST_OPEN)
        return self._words[self._open - 1]

    def note(self, plan: Plan, buffers: list[Buffer]) -> None:
        """Remember a run that has checks, or that may read results of a run with checks."""
        self.alert = True
        self._runs.append(Run(plan, buffers, self._open - 1 if plan.checks else None))
        if len(self._runs) >= MOST_RUNS:
            self._look()

    def check(self, buffer: Buffer) -> None:
        """Raise if the content of a buffer comes from bad data."""
        with self._device.lock:
            self._look()
            fault = self._bad.get(buffer)
        if fault is not None:
            self._raise(fault)

    def check_all(self) -> None:
        """Raise for bad data that no read has raised for."""
        if self.alert:
            with self._device.lock:
                self._look()
        if self._untold:
            self._raise(next(iter(self._untold)))

    def _raise(self, fault: Fault) -> None:
        self._untold.pop(fault, None)
        raise fault.exception()

    def _clear(self, words: Buffer) -> None:
        self._device.queue.write(words, 0, numpy.zeros(WORDS, "int32"))

    def _look(self) -> None:
        """Read the error words of all noted runs, and update which buffers hold results of bad data."""
        answers = [self._answer(words) for words in self._words[: self._open]]
        if self._bad or any(answer.any() for answer in answers):
            for run in self._runs:
                self._follow(run, answers)
        self._open = 0
        self._runs.clear()
        self.alert = bool(self._bad)

    def _answer(self, words: Buffer) -> numpy.ndarray[Any, Any]:
        answer = numpy.empty(WORDS, "int32")
        self._device.queue.read(words, 0, answer)
        if answer.any():
            self._clear(words)
        return answer

    def _follow(self, run: Run, answers: list[numpy.ndarray[Any, Any]]) -> None:
        """Mark the results that a run computed from bad data; results from good data lose an old mark."""
        plan = run.plan
        bad: dict[int, Fault] = {}
        for number, check in enumerate(plan.checks):
            if run.words is not None and answers[run.words][min(number, WORDS - 1)]:
                bad.update(dict.fromkeys(check.items, check.fault))
                self._untold[check.fault] = None
        results = {}
        for one in plan.items.all:
            if one.is_leaf:
                buffer = run.buffers[one.node]()
                found = None if buffer is None else self._bad.get(buffer)
            else:
                results[one.node] = one.index
                found = next((bad[operand.item] for operand in one.operands if operand.item in bad), None)
            if found is not None:
                bad.setdefault(one.index, found)
        for place, home in plan.outputs:
            buffer = run.buffers[home.slot]()
            if buffer is not None:
                self._bad.pop(buffer, None)
                if results[place] in bad:
                    self._bad[buffer] = bad[results[place]]
