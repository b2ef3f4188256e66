"""Draws programs and checks them for as long as wanted.

To draw a program and to plan and build its kernels takes as long as to run it many times. So four of five programs are
known ones with other values.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from time import perf_counter

from clgrad.runtime import programs
from clgrad.runtime.statistics import statistics
from tests.fuzz.counts import Counts
from tests.fuzz.differences import Difference, check
from tests.fuzz.graph_programs import graph_program
from tests.fuzz.index_programs import index_program
from tests.fuzz.pool import Kernel, Pool, Postponed
from tests.fuzz.program import Program
from tests.fuzz.shrink import shrunk
from tests.fuzz.vocabulary import WHOLE, Vocabulary
from tests.fuzz.ways import ONE_BY_ONE, QUICK_WAYS, WAYS

# At most so much of the time goes into building kernels, for at least so many programs that wait for some.
SHARE_OF_BUILDING = 0.5
ENOUGH_WAITING, MOST_WAITING = 40, 200
SECONDS_OF_A_BUILD = 8
SHARE_OF_FUSING = 0.3
SHARE_OF_NEW, SHARE_OF_RESIZED = 0.2, 0.2
SECONDS_OF_WORDS = 200
MOST_DIFFERENCES = 5


@dataclass(frozen=True)
class Task:
    """A program and the ways to run it; `wide` where the reference computes derivatives in float64."""

    program: Program
    wide: bool
    ways: tuple[str, ...]
    again: bool = False
    """Whether it is a known program with other values."""


@dataclass
class Finding:
    """A program that shows a difference, as short as it gets."""

    program: Program
    difference: str

    def __str__(self) -> str:
        return f"{'=' * 80}\n{self.program.source()}\n{'-' * 80}\n{self.difference}\n"


@dataclass
class Runner:
    """Checks programs of both kinds. Programs that agree come again with other values, and graphs in other sizes."""

    seed: int | str
    report: Callable[[Finding], None]
    words: Vocabulary = WHOLE
    parts: int = 0
    drawn: int = 0
    done: Counts = field(default_factory=Counts)
    findings: list[Finding] = field(default_factory=list)
    pool: Pool = field(default_factory=Pool)
    known: list[Task] = field(default_factory=list)
    known_fused: list[Task] = field(default_factory=list)
    seen: set[tuple[int, str]] = field(default_factory=set)
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
        self.known_fused.clear()
        self.seen.clear()
        self.waiting.clear()

    def draw(self, random: Random) -> Task:
        """The next program."""
        known = random.choice([self.known, self.known_fused]) or self.known
        if known and random.random() >= SHARE_OF_NEW:
            return self.draw_values(random.choice(known), random)
        ways = tuple(WAYS) if random.random() < SHARE_OF_FUSING else (ONE_BY_ONE,)
        if random.random() < 0.5:
            return Task(index_program(random, self.words), False, ways)
        return Task(graph_program(random, self.words), True, ways)

    def draw_values(self, task: Task, random: Random) -> Task:
        """A known program with other values, and sometimes other lengths."""
        is_resized = task.wide and random.random() < SHARE_OF_RESIZED
        lengths = random.choice(self.words.lengths) if is_resized else {}
        # Known programs agreed one by one; in other ways they are compared with the reference as well.
        ways = QUICK_WAYS if len(task.ways) > 1 and random.random() < 0.5 else task.ways
        return replace(task, program=task.program.renewed(random, lengths), ways=ways, again=True)

    def attempt(self, task: Task) -> None:
        """Check a program, if its kernels are built."""
        program = task.program
        key = (id(program.statements), repr(program.values))
        if key in self.seen:
            return
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
            self.forget(task)
            return
        if not done:
            self.done.refused += 1
            return
        self.seen.add(key)
        self.done.programs += 1
        self.done.fused += len(task.ways) > 1
        if not task.again:
            self.done.structures += 1
            (self.known_fused if len(task.ways) > 1 else self.known).append(task)

    def forget(self, task: Task) -> None:
        """Draw no more values for a program: each would show the same difference."""
        statements = task.program.statements
        for known in (self.known, self.known_fused):
            known[:] = [one for one in known if one.program.statements is not statements]

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

    def counts(self) -> Counts:
        """What was done."""
        now = statistics()
        return replace(
            self.done,
            kernels=len(self.pool.built),
            building=self.pool.seconds,
            plans=now["plans"],
            plan_hits=now["plan_hits"],
            launches=now["launches"],
            differences=len(self.findings),
        )


def run(number: int, seed: int, minutes: float) -> Counts:
    """The work of one of several processes. Every second one compiles without optimisation."""
    if number % 2:
        programs.OPTIONS += " -cl-opt-disable"
    runner = Runner(f"{seed} {number}", report=lambda finding: print(finding, flush=True))
    runner.run(minutes)
    return runner.counts()


def first_line(text: object) -> str:
    """What a difference is about: the way and the array, or the error."""
    return str(text).partition("\n")[0]
