"""The text of a rows kernel: one pass over each row per phase, and statements per row between the passes.

    y = x - x.sum(axis=1, keepdims=True)
    phase 0    pass over the row: accumulate x; then finish the sum
    phase 1    pass over the row: x - sum, store y

A statement belongs to the first phase in which all reductions that it needs are finished.
"""

from __future__ import annotations

from collections import Counter

from clgrad.codegen.accumulator import Accumulator
from clgrad.codegen.loop import ELEMENT, REDUCED, Compute, is_reduction
from clgrad.codegen.parts import NewScratch
from clgrad.codegen.writer import Writer, block, rounded
from clgrad.dtypes import COMPUTE_NAME, float16, float32
from clgrad.primitives import Pointwise, Reduction

# A value that costs at least so many additions is stashed between the passes over a row: loading it is cheaper.
COSTLY = 10
# Longer rows are not stashed, because their stash would leave the cache between two passes.
LONGEST_STASH = 65536


class Phases:
    """The text of a rows kernel. `group_size` work-items share a row; 0 if each row belongs to one work-item."""

    def __init__(self, writer: Writer, group_size: int, split: bool) -> None:
        self.writer = writer
        self.loop = writer.loop
        self.group_size = group_size
        self.split = split
        # UNROLLED and TURNING add in the same order: the order of a sum must not depend on the ops fused with it.
        self.lanes = ["0", "1", "2", "3"] if not group_size and writer.wide > 1 else ["0"]
        self.way = "SINGLE" if len(self.lanes) == 1 else "UNROLLED" if self._is_light() else "TURNING"
        self.ready = self._ready()
        self.phases = max(self.ready, default=0) + 1
        self.accumulators = self._accumulators()
        self.stores = self._stores()
        # The statements per element that each pass computes, and for each of them the first such pass.
        self.passes = [writer.closure(self._wanted(phase), ELEMENT) for phase in range(self.phases)]
        self.first_pass = {place: phase for phase in reversed(range(self.phases)) for place in self.passes[phase]}
        self.stashed: dict[int, int] = {}
        self.stash_row = "((inner + VECTOR_WIDTH - 1) / VECTOR_WIDTH * VECTOR_WIDTH)"

    def stash(self, length: int, work_items: int, new_scratch: NewScratch) -> None:
        """Keep costly values that several passes need: each work-item gets a row of scratch memory for each value."""
        if length > LONGEST_STASH:
            return
        for place in self._needed_again():
            statement = self.loop.statements[place]
            kind = COMPUTE_NAME[statement.dtype]
            dtype = float32 if statement.dtype == float16 else statement.dtype
            self.writer.declare_stash(len(self.stashed), kind, new_scratch(work_items * length, dtype))
            self.stashed[place] = len(self.stashed)

    def _needed_again(self) -> list[int]:
        """Costly statements that are computed in more than one pass."""
        passes = Counter(place for places in self.passes for place in places)
        return [
            place
            for place, statement in enumerate(self.loop.statements)
            if passes[place] > 1
            and isinstance(statement.what, Compute)
            and isinstance(statement.what.primitive, Pointwise)
            and statement.what.primitive.cost >= COSTLY
        ]

    def _accumulators(self) -> list[list[Accumulator]]:
        """The reductions of each pass."""
        found: list[list[Accumulator]] = [[] for _ in range(self.phases)]
        for place, statement in enumerate(self.loop.statements):
            if is_reduction(statement):
                found[self.ready[place] - 1].append(Accumulator(place, statement))
        return found

    def _stores(self) -> list[list[int]]:
        """The stores of each pass."""
        found: list[list[int]] = [[] for _ in range(self.phases)]
        for index, store in enumerate(self.loop.stores):
            if store.level == ELEMENT:
                found[self.ready[store.value]].append(index)
        return found

    def _wanted(self, phase: int) -> list[int]:
        """The statements that the pass of a phase combines or stores."""
        arguments = [accumulator.argument for accumulator in self.accumulators[phase]]
        return arguments + [self.loop.stores[index].value for index in self.stores[phase]]

    def _is_light(self) -> bool:
        cost = sum(s.what.primitive.cost for s in self.loop.statements
                   if isinstance(s.what, Compute) and not isinstance(s.what.primitive, Reduction))  # fmt: skip
        return cost <= 12

    def _ready(self) -> list[int]:
        """The first phase in which each statement can be computed."""
        ready: list[int] = []
        for statement in self.loop.statements:
            if isinstance(statement.what, Compute):
                after = int(is_reduction(statement))
                ready.append(max((ready[place] for place in statement.what.arguments), default=0) + after)
            else:
                ready.append(0)
        return ready

    def defines(self) -> list[tuple[str, str]]:
        result, text = [], [self._reduced_statements(0)]
        for phase in range(self.phases):
            accumulators, stores = self.accumulators[phase], self.stores[phase]
            if accumulators or stores:
                result += self._pass(phase, accumulators, stores)
                text += [accumulator.declare_totals() for accumulator in accumulators]
                text.append(f"{self.way}_PASS(P{phase})")
                text += [self._finish(accumulator) for accumulator in accumulators]
            if not self.split:
                text.append(self._reduced_statements(phase + 1))
        text.append(self._reduced_stores())
        return [*result, ("PHASES", "\n".join(line for line in text if line))]

    def _pass(self, phase: int, accumulators: list[Accumulator], stores: list[int]) -> list[tuple[str, str]]:
        writer = self.writer
        kept = {place for place in self.stashed if self.first_pass[place] < phase}
        places = writer.closure(self._wanted(phase), ELEMENT, kept)

        def body(count: str | None) -> str:
            lines = [writer.lanes()]
            lines += [
                self._unstash(place) if place in kept else writer.statement(place, "in", count) + self._restash(place)
                for place in places
            ]
            lines += [accumulator.add("##u" if count is None else "0", count) for accumulator in accumulators]
            lines += [writer.store(index, "in", count) for index in stores]
            return block(lines)

        name = f"P{phase}"
        return [
            (f"{name}_START", " ".join(accumulator.declare(self.lanes) for accumulator in accumulators)),
            (f"{name}_FULL(i, u)", body(None)),
            (f"{name}_PART(i, count)", body("count")),
            (f"{name}_TURN", " ".join(accumulator.turn(self.lanes) for accumulator in accumulators)),
            (f"{name}_FOLD", " ".join(accumulator.fold(self.lanes) for accumulator in accumulators)),
        ]

    def _stash_place(self, place: int) -> str:
        return f"stash{self.stashed[place]} + (get_global_id(0) * mid + j) * {self.stash_row} + (i)"

    def _unstash(self, place: int) -> str:
        kind = COMPUTE_NAME[self.loop.statements[place].dtype]
        return f"const {kind}_v v{place} = load_{kind}({self._stash_place(place)});"

    def _restash(self, place: int) -> str:
        if place not in self.stashed:
            return ""
        kind = COMPUTE_NAME[self.loop.statements[place].dtype]
        return f" store_{kind}(v{place}, {self._stash_place(place)});"

    def _finish(self, accumulator: Accumulator) -> str:
        kind, place = accumulator.kind, accumulator.place
        value = f"horizontal_{accumulator.combine}_{kind}({accumulator.total()})"
        if self.group_size:
            value = f"group_{accumulator.combine}_{kind}({value}, (__local {kind} *)shared, GROUP_SIZE)"
        value = f"({kind}_v)({value})"
        if not self.split:
            value = rounded(value, accumulator.dtype)
        return f"const {kind}_v v{place} = {value};"

    def _reduced_statements(self, phase: int) -> str:
        places = [place for place, s in enumerate(self.loop.statements)
                  if s.level == REDUCED and self.ready[place] == phase and not is_reduction(s)]  # fmt: skip
        return "\n".join(self.writer.statement(place, "at", None, moves=False) for place in places)

    def _reduced_stores(self) -> str:
        lines = []
        for index, store in enumerate(self.loop.stores):
            if store.level == REDUCED:
                lines.append(
                    self._partial_store(index) if self.split else self.writer.store(index, "at", None, moves=False)
                )
        if not lines:
            return ""
        condition = "if (owns && FIRST_COLUMN == 0) " if self.group_size else ""
        return condition + block(lines)

    def _partial_store(self, index: int) -> str:
        place = self.loop.stores[index].value
        kind = COMPUTE_NAME[self.loop.statements[place].dtype]
        return f"store_strided_{kind}(v{place}, q{index} + (long)part * rows + row, 1, 1);"
