"""The kinds of primitive. All ops are made of them, and the planner knows no others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from clgrad.shapes import Shape, size_of

_serial = count()


class Primitive:
    """The work of a node. Primitives are compared by identity; the name is for messages."""

    __slots__ = ("name", "serial")

    def __init__(self, name: str) -> None:
        self.name = name
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


class Pointwise(Primitive):
    """A C expression of the inputs x, y, z, w for each element. Inputs broadcast to the node's shape.

    `@` in the expression stands for the dtype to compute in: the dtype of input number `typed_by`, or of the output if
    it is None. `cost` is the price of one element, roughly in additions. A cheap result may be computed twice.
    """

    __slots__ = ("cost", "expression", "typed_by")

    def __init__(self, name: str, expression: str, typed_by: int | None = 0, cost: int = 1) -> None:
        super().__init__(name)
        self.expression = expression
        self.typed_by = typed_by
        self.cost = cost


class Iota(Primitive):
    """The row-major index of each element. It has no inputs and takes no memory."""

    __slots__ = ()


class Reduction(Primitive):
    """The 'sum', 'prod', 'max' or 'min' (`combine`) over the axes in the node's attributes. These axes are dropped."""

    __slots__ = ("combine",)

    def __init__(self, combine: str) -> None:
        super().__init__(combine)
        self.combine = combine


class View(Primitive):
    """The input read by other strides. Attributes are (strides, offset) into its elements in row-major order."""

    __slots__ = ()


class Update(Primitive):
    """The first input with a region replaced by the second; attributes are (shape, strides, offset)."""

    __slots__ = ()


class Library(Primitive):
    """A hand-written kernel. `candidates` are its ways to compute a call of given shapes and layouts (see launch.py).

    With `strided` it takes inputs with any strides; without, the plan first copies inputs that are not row-major.
    With `epilogue` the planner may add pointwise ops to its store, and with `prologue` to its loads; such a kernel is
    strided. A kernel with several results is each part of a joint primitive, and leaves out the results that nobody
    wants. `operations(input shapes, shape)` gives the arithmetic of a call, roughly in additions; the default is one
    per element of the result.
    """

    __slots__ = ("candidates", "epilogue", "operations", "prologue", "strided")

    def __init__(
        self,
        name: str,
        candidates: Any,
        strided: bool = False,
        epilogue: bool = False,
        prologue: bool = False,
        operations: Callable[[Sequence[Shape], Shape], int] | None = None,
    ) -> None:
        super().__init__(name)
        self.candidates = candidates
        self.strided = strided
        self.epilogue = epilogue
        self.prologue = prologue
        self.operations = operations or _one_each


def _one_each(inputs: Sequence[Shape], shape: Shape) -> int:
    return size_of(shape)


class Joint(Primitive):
    """Several primitives with the same inputs, one per result. The results are nodes of their own, see `Result`."""

    __slots__ = ("parts",)

    def __init__(self, name: str, parts: tuple[Pointwise, ...] | tuple[Library, ...]) -> None:
        super().__init__(name)
        self.parts = parts


class Result(Primitive):
    """One result of the one input, a node with a joint primitive; attributes are the number of the result."""

    __slots__ = ()


VIEW = View("view")
RESULT = Result("result")
UPDATE = Update("update")
IOTA = Iota("iota")
COPY = Pointwise("copy", "x", cost=0)
