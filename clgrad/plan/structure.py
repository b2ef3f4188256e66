"""The input of the planner: a pending graph without its values. It is also the key of the plan in the plan cache."""

from __future__ import annotations

from typing import Any, NamedTuple

from clgrad.dtypes import DType
from clgrad.primitives import Primitive
from clgrad.shapes import Shape

# The fate of a pending value: it is freed with the plan, outlives the plan because somebody holds it, or is wanted.
DIES, SURVIVES, ROOT = 0, 1, 2


class Leaf(NamedTuple):
    """A computed value that the graph reads."""

    shape: Shape
    dtype: DType
    strides: Shape


class Call(NamedTuple):
    """One pending value.

    `inputs` are numbers of earlier calls, -1 - the number of a leaf, or None for a Python number. `origin` is the
    user's line that called the op, None if it is unknown.
    """

    primitive: Primitive
    attributes: Any
    shape: Shape
    dtype: DType
    inputs: tuple[int | None, ...]
    origin: str | None


class Structure(NamedTuple):
    """A pending graph: leaves, calls in order, the fate of each call's result, which leaves may be overwritten.

    Python numbers are not part of it, so a new learning rate needs no new plan.
    """

    leaves: tuple[Leaf, ...]
    calls: tuple[Call, ...]
    fates: tuple[int, ...]
    donatable: tuple[bool, ...]
