"""Draws programs and checks them for as long as wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from time import perf_counter

from clgrad.runtime.statistics import statistics
from tests.fuzz.differences import Difference, check
from tests.fuzz.graph_programs import graph_program, resized
from tests.fuzz.index_programs import index_program
from tests.fuzz.pool import Kernel, Pool, Postponed
from tests.fuzz.program import Program
from tests.fuzz.shrink import shrunk
from tests.fuzz.vocabulary import WHOLE, Vocabulary
from tests.fuzz.ways import ONE_BY_ONE, WAYS

# At most so much of the time goes into building kernels, for at least so many programs that wait for some.
SHARE_OF_BUILDING = 0.5
ENOUGH_WAITING, MOST_WAITING = 40, 200
SECONDS_OF_A_BUILD = 8
SHARE_OF_FUSING = 0.3
SECONDS_OF_WORDS = 200
MOST_DIFFERENCES = 5


@dataclass(frozen=True)
class Task:
    """A program and the ways to run it; `wide` where the reference computes derivatives in float64."""

    program: Program
    wide: bool
    ways: tuple[str, ...]
    again: bool = False
    """Whether it is a known program in another size."""


@dataclass
class Finding:
    """A program that shows a difference, as short as it gets."""

    program: Program
    difference: str

    def __str__(self) -> str:
        return f"{'=' * 80}\n{self.program.source()}\n{'-' * 80}\n{self.difference}\n"


@dataclass
class Runner:
    """Checks programs of both kinds in turn. Graphs whose fused kernels are built come again in other sizes."""

    seed: int
    report: Callable[[Finding], None]
    words: Vocabulary = WHOLE
    parts: int = 0
    drawn: int = 0
    checked: int = 0
    fused: int = 0
    refused: int = 0
    findings: list[Finding] = field(default_factory=list)
    pool: Pool = field(default_factory=Pool)
    known: list[Program] = field(default_factory=list)
    waiting: deque[tuple[Task, frozenset[Kernel]]] = field(default_factory=deque)

    def run(self, minutes: float) -> None:
        """Check until the time is over, or enough differences are found."""
        start = perf_counter()
        while (now := perf_counter()) < start + 60 * minutes and len(self.findings) < MOST_DIFFERENCES:
            if now >= start + self.parts * SECONDS_OF_WORDS:
                self.take_new_words()
            may_build = self.pool.seconds <= SHARE_OF_BUILDING * (now - start)
            if may_build and len(self.waiting) >= ENOUGH_WAITING:
                self.build()
            self.drawn += 1
            self.attempt(self.draw(Random(f"{self.seed} {self.drawn}")))

    def take_new_words(self) -> None:
        """Draw programs of another part of the vocabulary, and forget the old ones."""
        self.parts += 1
        self.words = Vocabulary(Random(f"{self.seed} words {self.parts}"))
        self.known.clear()
        self.waiting.clear()

    def draw(self, random: Random) -> Task:
        """The next program."""
        ways = tuple(WAYS) if random.random() < SHARE_OF_FUSING else (ONE_BY_ONE,)
        if random.random() < 0.5:
            return Task(index_program(random, self.words), False, ways)
        if self.known and random.random() < 0.5:
            return Task(resized(random.choice(self.known), random), True, tuple(WAYS), again=True)
        return Task(graph_program(random, self.words), True, ways)

    def attempt(self, task: Task) -> None:
        """Check a program, if its kernels are built."""
        may_wait = len(self.waiting) < MOST_WAITING
        try:
            with self.pool.only_built(rehearse=may_wait):
                done = check(task.program, task.wide, task.ways)
        except Postponed as missing:
            if may_wait:
                self.waiting.append((task, missing.kernels))
            return
        except Difference as found:
            self.add_finding(task.program, task.wide, str(found))
            done = True
        self.checked += done
        self.refused += not done
        if done and len(task.ways) > 1:
            self.fused += 1
            if task.wide and not task.again:
                self.known.append(task.program)

    def build(self) -> None:
        """Build what lets the most programs go on, fused ones and others alike; then try those again."""
        chosen: set[Kernel] = set()
        batch = self.pool.built_within(SECONDS_OF_A_BUILD)
        for fused in (False, True):
            enough = len(chosen) + batch // 2
            alike = [kernels for task, kernels in self.waiting if (len(task.ways) > 1) == fused]
            for kernels in sorted(alike, key=lambda kernels: len(kernels - self.pool.built)):
                if len(chosen) < enough:
                    chosen |= kernels
        self.pool.build(chosen)
        waiting, self.waiting = self.waiting, deque()
        for task, kernels in waiting:
            if kernels <= self.pool.built:
                self.attempt(task)
            else:
                self.waiting.append((task, kernels))

    def add_finding(self, program: Program, wide: bool, difference: str) -> None:
        """Report a program that shows a difference, as short as it gets."""

        def differs(shorter: Program) -> bool:
            nonlocal difference
            try:
                check(shorter, wide)
            except Difference as found:
                # Another way, another array or another error would be another finding.
                if first_line(found) == first_line(difference):
                    difference = str(found)
                    return True
            return False

        finding = Finding(shrunk(program, differs), difference)
        self.findings.append(finding)
        self.report(finding)

    def summary(self, minutes: float) -> str:
        """What was done."""
        now = statistics()
        return (
            f"{self.checked} programs in {minutes:.1f} minutes ({self.checked / minutes:.0f} a minute), {self.fused} "
            f"of them fused too; {self.refused} refused by the reference; {now['plans']} plans, {now['builds']} builds "
            f"({self.pool.seconds:.0f} s), {now['launches']} launches; {len(self.findings)} differences"
        )


def first_line(text: object) -> str:
    """What a difference is about: the way and the array, or the error."""
    return str(text).partition("\n")[0]
