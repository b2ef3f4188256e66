"""Bad data that only a kernel can see, such as an index out of range: reading a result computed from it raises.

A kernel that checks data sets an error word asynchronously; it is checked at the next read. Until then each run of a
plan is noted. If a read finds a word set, the noted runs tell which buffers were computed from the bad data. Copies
between devices are noted, too, by both devices.
"""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, ref

import numpy

from clgrad.errors import DeviceError
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


class Transit:
    """A copy of a buffer to another device, in the notes of both. `fault` is final as soon as `settled` is set.

    The source notes it only if the buffer may hold results of bad data.
    """

    def __init__(self, source: Watch, buffer: Buffer, target: str, into: Buffer) -> None:
        self.source = source
        self.target = target
        self.buffer = ref(buffer)
        self.into = ref(into)
        self.fault: Fault | None = None
        self._arrived = Event()
        self._judged = not source.alert
        if not self._judged:
            source.note_transit(self)

    @property
    def settled(self) -> bool:
        """Whether the bytes have arrived, and it is known whether they are good."""
        return self._judged and self._arrived.is_set()

    def arrive(self, problem: str | None) -> None:
        """Note that the bytes have arrived, or the driver's reason why they have not."""
        if problem is not None:
            said = "a copy from {} to {} failed: {}. The cause may be a kernel that was launched before"
            self.fault = Fault(DeviceError, said, (self.source.name, self.target, problem))
        self._arrived.set()

    def judge(self, fault: Fault | None) -> None:
        """Note whether the source found the bytes to be bad."""
        self.fault = self.fault or fault
        self._judged = True

    def settle(self) -> None:
        """Find out whether the bytes are good, which the source knows only after looking. Hold no lock."""
        self._arrived.wait()
        if not self.settled:
            self.source.look(self)


class Watch:
    """Which results on a device come from bad data. While `alert` is not set, none can."""

    def __init__(self, device: Device) -> None:
        self.alert = False
        self._device = device
        self.name = str(device)
        self._words: list[Buffer] = []
        self._open = 0
        self._answers = [numpy.zeros(WORDS, "int32") for _ in range(MOST_OPEN)]
        self._notes: list[Run | Transit] = []
        self._bad: WeakKeyDictionary[Buffer, Fault] = WeakKeyDictionary()
        # Buffers that died with bad data that notes still refer to: the one weak reference to each, by its id.
        self._dead: dict[int, tuple[ref[Buffer], Fault]] = {}
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
        self._notes.append(Run(plan, buffers, self._open - 1 if plan.checks else None))
        # Notes stay while a copy is on its way, and then each look costs time.
        if len(self._notes) % MOST_RUNS == 0:
            self._look(None)

    def note_transit(self, transit: Transit) -> None:
        """Remember a copy to or from another device."""
        self.alert = True
        self._notes.append(transit)

    def is_long(self) -> bool:
        """Whether so much is noted that somebody should look."""
        return len(self._notes) >= MOST_RUNS

    def check(self, buffer: Buffer) -> None:
        """Raise if the content of a buffer comes from bad data."""
        self.look()
        with self._device.lock:
            fault = self._bad.get(buffer)
        if fault is not None:
            self._raise(fault)

    def check_all(self) -> None:
        """Raise for bad data that no read has raised for."""
        if self.alert:
            self.look()
        if self._untold:
            self._raise(next(iter(self._untold)))

    def look(self, until: Transit | None = None) -> None:
        """Find out which buffers hold results of bad data, or only as far as the copy `until` to another device.

        Copies from other devices are settled first, and no lock is held meanwhile. What was noted before such a copy
        left is older than the copy, so two devices that wait for each other here come to an end.
        """
        notes = [*self._notes]
        if until in notes:
            del notes[notes.index(until) :]
        elif until is not None:
            return
        for note in notes:
            if isinstance(note, Transit) and note.source is not self:
                note.settle()
        with self._device.lock:
            self._look(until)

    def _raise(self, fault: Fault) -> None:
        self._untold.pop(fault, None)
        raise fault.exception()

    def _clear(self, words: Buffer) -> None:
        self._device.queue.write(words, 0, numpy.zeros(WORDS, "int32"))

    def _look(self, until: Transit | None) -> None:
        """Read the error words of all noted runs, and update which buffers hold results of bad data.

        Notes stay from the first copy on that is not settled, or after the copy `until`.
        """
        found = sum(map(self._read_words, range(self._open)))
        done = 0
        for note in self._notes:
            if isinstance(note, Transit):
                if not self._pass_on(note):
                    break
            elif found or self._bad or self._dead:
                self._follow(note)
            done += 1
            if note is until:
                break
        del self._notes[:done]
        if not self._notes:
            self._open = 0
            self._dead.clear()
            if found:
                for answer in self._answers:
                    answer.fill(0)
        self.alert = bool(self._bad or self._notes)

    def _read_words(self, number: int) -> bool:
        """Whether a word of these is set, or was when they were read before."""
        answer = numpy.empty(WORDS, "int32")
        words = self._words[number]
        self._device.queue.read(words, 0, answer)
        if answer.any():
            self._clear(words)
            self._answers[number] |= answer
        return bool(self._answers[number].any())

    def _pass_on(self, transit: Transit) -> bool:
        """Mark the copy of bad data; False if it is not known yet whether the data is bad."""
        if transit.source is self:
            transit.judge(self._fault_of(transit.buffer))
            return True
        if not transit.settled:
            return False
        self._mark(transit.into, transit.fault)
        if transit.fault is not None and transit.fault.error is DeviceError:
            self._untold[transit.fault] = None
        return True

    def _fault_of(self, reference: ref[Buffer]) -> Fault | None:
        buffer = reference()
        if buffer is None:
            return self._dead[id(reference)][1] if id(reference) in self._dead else None
        return self._bad.get(buffer)

    def _mark(self, reference: ref[Buffer], fault: Fault | None) -> None:
        buffer = reference()
        if buffer is not None:
            self._bad.pop(buffer, None)
            if fault is not None:
                self._bad[buffer] = fault
        elif fault is not None:
            self._dead[id(reference)] = reference, fault

    def _follow(self, run: Run) -> None:
        """Mark the results that a run computed from bad data; results from good data lose an old mark."""
        plan = run.plan
        bad: dict[int, Fault] = {}
        for number, check in enumerate(plan.checks):
            if run.words is not None and self._answers[run.words][min(number, WORDS - 1)]:
                bad.update(dict.fromkeys(check.items, check.fault))
                self._untold[check.fault] = None
        results = {}
        for one in plan.items.all:
            if one.is_leaf:
                found = self._fault_of(run.buffers[one.node])
            else:
                results[one.node] = one.index
                found = next((bad[operand.item] for operand in one.operands if operand.item in bad), None)
            if found is not None:
                bad.setdefault(one.index, found)
        for place, home in plan.outputs:
            self._mark(run.buffers[home.slot], bad.get(results[place]))
