"""A kernel to generate: the index space that it walks, its statements in order, and where results are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from clgrad.dtypes import DType
from clgrad.primitives import Pointwise, Reduction
from clgrad.shapes import Shape, size_of

ELEMENT, REDUCED = "element", "reduced"


class Load(NamedTuple):
    """Reads `item` by strides over the loop's space."""

    item: int
    strides: Shape
    offset: int


class Index(NamedTuple):
    """The row-major index of an array that is never stored, read by strides over the loop's space."""

    strides: Shape
    offset: int


class Number(NamedTuple):
    """One of the plan's Python numbers, as `dtype`."""

    number: int
    dtype: DType


@dataclass(frozen=True)
class Given:
    """The value that a library kernel has just computed at the index, in its epilogue."""


class Compute(NamedTuple):
    """`primitive` applied to earlier statements; a Reduction combines its only argument over the reduced axes.

    `typed_by` is the dtype in which the expression computes.
    """

    primitive: Pointwise | Reduction
    arguments: tuple[int, ...]
    typed_by: DType


class Statement(NamedTuple):
    """One value of a loop's body. `level` ELEMENT: one per index; REDUCED: one per index of the kept axes."""

    what: Load | Index | Number | Given | Compute
    dtype: DType
    level: str


class Store(NamedTuple):
    """Statement `value` goes to the memory of `item`, by strides over the loop's space.

    `last`: no later kernel of the plan reads it.
    """

    item: int
    value: int
    level: str
    strides: Shape
    offset: int = 0
    last: bool = False


@dataclass
class Loop:
    """A kernel to generate. `labels` names the ops in it."""

    kind: str
    space: Shape
    axes: tuple[int, ...]
    statements: list[Statement] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)


def is_reduction(statement: Statement) -> bool:
    """Whether the statement combines values over the reduced axes."""
    return isinstance(statement.what, Compute) and isinstance(statement.what.primitive, Reduction)


def operations_of(loop: Loop) -> int:
    """The arithmetic of a loop, roughly in additions.

    >>> from clgrad.dtypes import float32
    >>> from clgrad.primitives import Pointwise
    >>> product = Compute(Pointwise("multiply", "x * y"), (0, 0), float32)
    >>> body = [Statement(Load(0, (1,), 0), float32, ELEMENT), Statement(product, float32, ELEMENT)]
    >>> operations_of(Loop("pointwise", (1000,), (), body))
    1000
    """
    kept = size_of(tuple(n for axis, n in enumerate(loop.space) if axis not in loop.axes))
    whole = size_of(loop.space)
    total = 0
    for statement in loop.statements:
        if is_reduction(statement):
            total += whole
        elif isinstance(statement.what, Compute):
            cost = statement.what.primitive.cost  # type: ignore[union-attr]
            total += cost * (whole if statement.level == ELEMENT else kept)
    return total
