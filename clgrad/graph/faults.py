"""Bad data that only a kernel can see, such as an index out of range: the results that come from it raise at each read.

A kernel that checks data sets an error word asynchronously; it is checked at the next read. Runs of plans are noted
while a check among them is open; who reads a result looks at the words, and only where one is set follows what was
computed from it.
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

# The checks of one run that are told apart, and the open runs with checks; those beyond share the last.
WORDS = 64
MOST_OPEN = 8
# Noted runs after which somebody looks, though nobody read anything.
MOST_RUNS = 1024


class Run:
    """A plan that ran: on which buffers, by their slots, and in which words its checks answer."""

    __slots__ = ("buffers", "plan", "words")

    def __init__(self, plan: Plan, buffers: list[Buffer], words: int | None) -> None:
        self.plan = plan
        # Memory is free, or may be overwritten, when nobody else refers to it.
        self.buffers = [ref(buffer) for buffer in buffers]
        self.words = words


class Watch:
    """Which results on a device come from bad data. There is nothing to look for until `alert` is set."""

    def __init__(self, device: Device) -> None:
        self.alert = False
        self._device = device
        self._words: list[Buffer] = []
        self._open = 0
        self._runs: list[Run] = []
        self._bad: WeakKeyDictionary[Buffer, Fault] = WeakKeyDictionary()
        # In the order in which they were found.
        self._untold: dict[Fault, None] = {}

    def words(self) -> Buffer:
        """The words, all zero, into which the checks of the next run write."""
        if not self._words:
            # All at once, so that no later step of a training loop allocates.
            self._words = [self._device.memory.allocate(4 * WORDS) for _ in range(MOST_OPEN)]
            for words in self._words:
                self._clear(words)
        self._open = min(self._open + 1, MOST_OPEN)
        return self._words[self._open - 1]

    def note(self, plan: Plan, buffers: list[Buffer]) -> None:
        """Remember a run that has checks, or follows one that has."""
        self.alert = True
        self._runs.append(Run(plan, buffers, self._open - 1 if plan.checks else None))
        if len(self._runs) >= MOST_RUNS:
            self._look()

    def check(self, buffer: Buffer) -> None:
        """Raise if what lies in a buffer comes from bad data."""
        with self._device.lock:
            self._look()
            fault = self._bad.get(buffer)
        if fault is not None:
            self._raise(fault)

    def check_all(self) -> None:
        """Raise for bad data that no read has raised for."""
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
        """Settle what is open: which buffers are bad now."""
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
        """Mark what a run computed from bad data, and what it computed from good data."""
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
