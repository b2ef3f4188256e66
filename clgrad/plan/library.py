"""Launches of library nodes: hand-written kernels, with fused prologues and an epilogue if they take them."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from itertools import count
from typing import NamedTuple

from clgrad.codegen.epilogue import with_epilogue
from clgrad.codegen.loop import Loop
from clgrad.codegen.lowering import LoopLowerer
from clgrad.codegen.prologue import with_prologue
from clgrad.dtypes import DType
from clgrad.launch import Argument, Candidate, Launch, Layout, Memory, Offset, Problem
from clgrad.plan.items import Item, Operand
from clgrad.primitives import Library
from clgrad.shapes import Shape, contiguous_strides

# Shape, dtype and strides of an array.
Described = tuple[Shape, DType | None, Shape]


class Pattern(NamedTuple):
    """The launches of all calls that differ in their arrays alone, and the sizes and dtypes of their scratch memory.

    Arguments number the arrays of a call: its inputs, its wanted results, then its scratch memory.
    """

    launches: list[Launch]
    scratch: list[tuple[int, DType]]

    def times(self, inputs: int) -> list[int]:
        """How often each element of an input is computed, if all launches that read it do that; 0 if one cannot."""
        found = []
        for number in range(inputs):
            readers = [launch for launch in self.launches if Memory(number) in launch.arguments]
            offers = [loading.times for launch in readers for loading in launch.loads if loading.array == number]
            found.append(sum(offers) if len(offers) == len(readers) else 0)
        return found


class LibraryCalls:
    """Lowers the calls of hand-written kernels in one plan; calls that differ in their arrays alone, once."""

    def __init__(self, lowerer: LoopLowerer, refused: Collection[Hashable]) -> None:
        self.lowerer = lowerer
        self.refused = refused
        self._patterns: dict[Hashable, Pattern] = {}

    def times_of(self, item: Item) -> list[int]:
        """How often the kernel of an item computes each element of its operands in a prologue; 0 if it cannot."""
        return self._pattern([item], item, item.operands).times(len(item.operands))

    def launches(
        self, results: Sequence[Item | None], reads: list[Operand], prologues: Sequence[Loop | None], loop: Loop
    ) -> list[Launch]:
        """The launches of a call that reads its operands by `reads`; `loop` is the pointwise work on its result.

        `results` has None for each result that nobody wants, and `prologues` for each operand that lies in memory.
        """
        wanted = [item for item in results if item is not None]
        item = wanted[0]
        pattern = self._pattern(results, item, reads)
        stored = {store.item for store in loop.stores}
        # A result that only the epilogue needs has no memory, nor has an operand that a prologue computes. The kernel
        # then ignores its parameter, which still needs a buffer: any will do.
        anything = loop.stores[0].item
        outputs = [one.index if one.index in stored else anything for one in wanted]
        scratch = [self.lowerer.new_scratch(size, dtype) for size, dtype in pattern.scratch]
        inputs = [Operand(anything, (), 0) if prologue else read for read, prologue in zip(reads, prologues)]
        arrays = [*inputs, *(Operand(one, (), 0) for one in (*outputs, *scratch))]
        launches = [
            self._with_prologues(one._replace(arguments=_of_call(one.arguments, arrays)), item, prologues)
            for one in pattern.launches
        ]
        if item.result is None and len(loop.statements) > 1:
            launches[-1] = with_epilogue(launches[-1], loop, item.shape, self.lowerer.capabilities.vector_width)
        return launches

    def _with_prologues(self, launch: Launch, item: Item, prologues: Sequence[Loop | None]) -> Launch:
        for loading in launch.loads:
            loop = prologues[loading.array]
            if loop is not None:
                shape, width = item.read_shapes[loading.array], self.lowerer.capabilities.vector_width
                launch = with_prologue(launch, loading, loop, shape, width)
        return launch

    def _pattern(self, results: Sequence[Item | None], item: Item, reads: list[Operand]) -> Pattern:
        inputs = [*zip(item.read_shapes, item.read_dtypes, (read.strides for read in reads))]
        outputs = [_row_major(one) for one in results]
        key = item.primitive, item.attributes, *inputs, *outputs
        found = self._patterns.get(key)
        if found is None:
            found = self._patterns[key] = self._planned(item, inputs, outputs)
        return found

    def _planned(self, item: Item, inputs: Sequence[Described], outputs: Sequence[Described | None]) -> Pattern:
        assert isinstance(item.primitive, Library)
        numbers = count()
        read = tuple(_layout(next(numbers), *one) for one in inputs)
        written = tuple(one and _layout(next(numbers), *one) for one in outputs)
        scratch: list[tuple[int, DType]] = []

        def new_scratch(size: int, dtype: DType) -> Memory:
            scratch.append((size, dtype))
            return Memory(next(numbers))

        problem = Problem(item.attributes, read, written, self.lowerer.capabilities, new_scratch)
        candidate, choice = self._chosen(item.primitive, problem)
        return Pattern([launch._replace(choice=choice) for launch in candidate.launches()], scratch)

    def _chosen(self, primitive: Library, problem: Problem) -> tuple[Candidate, Hashable]:
        """The first candidate that fits and is not refused, or the last; and its name if another could replace it."""
        every: Sequence[Candidate] = primitive.candidates(problem)
        left = [
            one
            for one in every
            if one.fits(self.lowerer.capabilities) and (primitive, one.tunables) not in self.refused
        ]
        if not left:
            return every[-1], None
        return left[0], (primitive, left[0].tunables) if len(left) > 1 else None


def _row_major(result: Item | None) -> Described | None:
    return None if result is None else (result.shape, result.dtype, contiguous_strides(result.shape))


def _layout(number: int, shape: Shape, dtype: DType | None, strides: Shape) -> Layout:
    assert dtype is not None
    return Layout(shape, dtype, strides, Memory(number), Offset(number))


def _of_call(arguments: Sequence[Argument], arrays: Sequence[Operand]) -> tuple[Argument, ...]:
    """Arguments renumbered: from the arrays of a call to the arrays of the plan."""

    def one(argument: Argument) -> Argument:
        if isinstance(argument, Memory):
            return Memory(arrays[argument.array].item)
        if isinstance(argument, Offset):
            read = arrays[argument.array]
            return Offset(read.item, read.offset + argument.within)
        return argument

    return tuple(map(one, arguments))
