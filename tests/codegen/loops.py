"""Small loops to generate kernels for, and the texts of what was generated. No device is needed."""

from __future__ import annotations

from clgrad.capabilities import Capabilities
from clgrad.codegen.loop import ELEMENT, REDUCED, Compute, Load, Loop, Number, Statement, Store
from clgrad.codegen.lowering import LoopLowerer
from clgrad.dtypes import DType, float32
from clgrad.launch import Launch
from clgrad.primitives import Pointwise, Reduction
from clgrad.shapes import Shape

ADD = Pointwise("add", "x + y")
SUBTRACT = Pointwise("subtract", "x - y")
MULTIPLY = Pointwise("multiply", "x * y")
DIVIDE = Pointwise("divide", "x / y", cost=4)
EXP = Pointwise("exp", "exp_@(x)", cost=20)
# The memory of a loop's operands and results.
X, Y, RESULT, TOTAL = 0, 1, 10, 11


def load(item: int, strides: Shape, offset: int = 0, dtype: DType = float32, level: str = ELEMENT) -> Statement:
    return Statement(Load(item, strides, offset), dtype, level)


def number(index: int, dtype: DType = float32) -> Statement:
    return Statement(Number(index, dtype), dtype, ELEMENT)


def compute(primitive: Pointwise, *arguments: int, dtype: DType = float32, level: str = ELEMENT) -> Statement:
    return Statement(Compute(primitive, arguments, dtype), dtype, level)


def reduce(combine: str, argument: int, dtype: DType = float32) -> Statement:
    return Statement(Compute(Reduction(combine), (argument,), dtype), dtype, REDUCED)


def total(kind: str, space: Shape, dtype: DType = float32, combine: str = "sum") -> Loop:
    """A reduction of each row of a matrix, or of each column."""
    _, columns = space
    axes, stored = ((1,), (1, 0)) if kind == "rows" else ((0,), (0, 1))
    statements = [load(X, (columns, 1), dtype=dtype), reduce(combine, 0, dtype)]
    return Loop(kind, space, axes, statements, [Store(TOTAL, 1, REDUCED, stored)])


def softmax(rows: int, columns: int) -> Loop:
    """exp(x - the largest of its row), divided by its sum; the sums are a result too."""
    along = (columns, 1)
    return Loop(
        "rows", (rows, columns), (1,),
        [
            load(X, along), reduce("max", 0), compute(SUBTRACT, 0, 1), compute(EXP, 2), reduce("sum", 3),
            compute(DIVIDE, 3, 4),
        ],
        [Store(RESULT, 5, ELEMENT, along), Store(TOTAL, 4, REDUCED, (1, 0))],
    )  # fmt: skip


class Lowered:
    """The launches of a loop, and the size and dtype of each piece of scratch memory: items -1, -2, ..."""

    def __init__(self, loop: Loop, capabilities: Capabilities) -> None:
        self.scratch: list[tuple[int, DType]] = []
        self.launches = LoopLowerer(capabilities, self.new_scratch).lower(loop)

    def new_scratch(self, size: int, dtype: DType) -> int:
        self.scratch.append((size, dtype))
        return -len(self.scratch)

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Work-items and group of each launch."""
        return [(launch.global_size[0], launch.local_size[0]) for launch in self.launches]


def text(launch: Launch, name: str) -> list[str]:
    """The lines of one define, without the braces around them."""
    return lines(dict(launch.source.defines)[name])


def lines(define: str) -> list[str]:
    return [line for line in define.split("\n") if line not in "{}"]
