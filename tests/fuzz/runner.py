"""Draws programs and checks them for as long as wanted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from time import perf_counter

from clgrad.runtime.statistics import statistics
from tests.fuzz.differences import Difference, check
from tests.fuzz.graph_programs import graph_program, resized
from tests.fuzz.index_programs import index_program
from tests.fuzz.pool import BATCH, Kernel, Pool, Postponed
from tests.fuzz.program import Program
from tests.fuzz.shrink import shrunk
from tests.fuzz.ways import ONE_BY_ONE, WAYS

SHARE_OF_BUILDING = 0.5
SHARE_OF_FUSING = 0.3
MOST_WAITING = 200
MOST_DIFFERENCES = 5


@dataclass(frozen=True)
class Task:
    """A program and the ways to run it; `wide` where the reference computes derivatives in float64."""

    program: Program
    wide: bool
    ways: tuple[str, ...]


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
            if self.pool.wanted >= BATCH and self.pool.seconds <= SHARE_OF_BUILDING * (now - start):
                self.build()
            self.drawn += 1
            self.attempt(self.draw(Random(f"{self.seed} {self.drawn}")))

    def draw(self, random: Random) -> Task:
        """The next program."""
        ways = tuple(WAYS) if random.random() < SHARE_OF_FUSING else (ONE_BY_ONE,)
        if random.random() < 0.5:
            return Task(index_program(random), False, ways)
        if self.known and random.random() < 0.5:
            return Task(resized(random.choice(self.known), random), True, tuple(WAYS))
        return Task(graph_program(random, random.choice(["float32", "float64"])), True, ways)

    def attempt(self, task: Task) -> None:
        """Check a program, if its kernels are built."""
        try:
            with self.pool.only_built():
                done = self.check(task.program, task.wide, task.ways)
        except Postponed as missing:
            if len(self.waiting) < MOST_WAITING:
                self.waiting.append((task, missing.kernels))
            return
        self.checked += done
        self.refused += not done
        if done and len(task.ways) > 1:
            self.fused += 1
            if task.wide:
                self.known.append(task.program)

    def build(self) -> None:
        """Build what is wanted most, and what the oldest of the fused programs wait for; then try again."""
        urgent: set[Kernel] = set()
        for task, kernels in self.waiting:
            if len(task.ways) > 1 and len(urgent) < BATCH:
                urgent |= kernels
        self.pool.build(urgent)
        waiting, self.waiting = self.waiting, deque()
        for task, kernels in waiting:
            if self.pool.has(kernels):
                self.attempt(task)
            else:
                self.waiting.append((task, kernels))

    def check(self, program: Program, wide: bool, ways: Iterable[str]) -> bool:
        """Compare a program's results; a difference is reported. False if the reference refuses the program."""
        try:
            return check(program, wide, ways)
        except Difference as found:
            difference = str(found)

        def differs(shorter: Program) -> bool:
            nonlocal difference
            try:
                check(shorter, wide)
            except Difference as found:
                difference = str(found)
                return True
            return False

        finding = Finding(shrunk(program, differs), difference)
        self.findings.append(finding)
        self.report(finding)
        return True

    def summary(self, minutes: float) -> str:
        """What was done."""
        now = statistics()
        return (
            f"{self.checked} programs in {minutes:.1f} minutes ({self.checked / minutes:.0f} a minute), {self.fused} "
            f"of them fused too; {self.refused} refused by the reference; {now['plans']} plans, {now['builds']} builds "
            f"({self.pool.seconds:.0f} s), {now['launches']} launches; {len(self.findings)} differences"
        )
