"""Kinds of work that a pending value may wait for. Ops are made of these; the planner knows no op beyond them."""

from __future__ import annotations

from itertools import count
from typing import Any

_serial = count()


class Primitive:
    """What a node does. One object per kind of work; compared by identity, named for messages."""

    __slots__ = ("name", "serial")

    def __init__(self, name: str) -> None:
        self.name = name
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


class Pointwise(Primitive):
    """A C expression of x, y, z, w, evaluated per element; inputs broadcast to the node's shape.

    `@` in the expression stands for the compute dtype: that of input `typed_by`, or of the output where
    that is None. `cost` counts roughly in additions and tells the fuser what is cheap to compute twice.
    """

    __slots__ = ("cost", "expression", "typed_by")

    def __init__(self, name: str, expression: str, typed_by: int | None = 0, cost: int = 1) -> None:
        super().__init__(name)
        self.expression = expression
        self.typed_by = typed_by
        self.cost = cost


class Iota(Primitive):
    """The flat row-major index of each element; takes no input and no memory."""

    __slots__ = ()


class Reduction(Primitive):
    """`combine` ('sum', 'prod', 'max', 'min') over the axes in the node's attributes, which are dropped."""

    __slots__ = ("combine",)

    def __init__(self, combine: str) -> None:
        super().__init__(combine)
        self.combine = combine


class View(Primitive):
    """Other strides over the one input; attributes are (strides, offset) into its row-major elements."""

    __slots__ = ()


class Update(Primitive):
    """The first input with a region replaced by the second; attributes are (shape, strides, offset)."""

    __slots__ = ()


class Library(Primitive):
    """A hand-written kernel; `lower` gives its launches once shapes and layouts are known (see launch.py).

    With `strided` the kernels take inputs of any strides, else the plan copies them row-major first.
    With `epilogue` they end in a store into which the fuser may put pointwise consumers.
    """

    __slots__ = ("epilogue", "lower", "strided")

    def __init__(self, name: str, lower: Any, strided: bool = False, epilogue: bool = False) -> None:
        super().__init__(name)
        self.lower = lower
        self.strided = strided
        self.epilogue = epilogue


VIEW = View("view")
UPDATE = Update("update")
IOTA = Iota("iota")
COPY = Pointwise("copy", "x", cost=0)
