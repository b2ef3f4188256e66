"""The vocabulary between the planner, the kernels and the runtime: a launch, its arguments, and the call of a kernel.

The planner numbers the arrays of a plan; scratch memory has negative numbers. Arguments name arrays by these numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clgrad.dtypes import DType
from clgrad.errors import ClgradError
from clgrad.runtime.capabilities import Capabilities
from clgrad.runtime.compiler import Source
from clgrad.shapes import Shape


class Fault(NamedTuple):
    """One kind of check, with its data: its failure raises `error`, and `data` fills the fields of `message`.

    `origin` is the user's line that asked for the op, where it is known.
    """

    error: type[ClgradError]
    message: str
    data: tuple[str | int, ...] = ()
    origin: str | None = None

    def exception(self) -> ClgradError:
        """The error to raise."""
        said = self.message.format(*self.data)
        return self.error(f"{said} (asked for in {self.origin})" if self.origin else said)


@dataclass(frozen=True)
class Memory:
    """The buffer in which an array lies."""

    array: int


@dataclass(frozen=True)
class Offset:
    """Where an array starts in its buffer, plus `within`, in elements; a long."""

    array: int
    within: int = 0


@dataclass(frozen=True)
class Parameter:
    """One of the plan's Python numbers, for an expression that computes in `dtype`."""

    number: int
    dtype: DType


@dataclass(frozen=True)
class Int:
    """A constant of 32 bits."""

    value: int


@dataclass(frozen=True)
class Long:
    """A constant of 64 bits."""

    value: int


@dataclass(frozen=True)
class FaultWord:
    """Two arguments: the words of the run's checks, and the number of the word that bad data sets to 1.

    `fault` tells what the next read raises then.
    """

    fault: Fault


Argument = Memory | Offset | Parameter | Int | Long | FaultWord
# Of an index type that is chosen for each kernel.
INDEX: dict[str, type[Int] | type[Long]] = {"int": Int, "long": Long}


@dataclass(frozen=True)
class Launch:
    """One kernel with its arguments in order. `parameters` declares them where launches of its kind may be joined."""

    source: Source
    arguments: tuple[Argument, ...]
    global_size: tuple[int, ...]
    local_size: tuple[int, ...]
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """One array of a kernel call: shape, dtype, strides in elements, and the arguments that tell where it lies."""

    shape: Shape
    dtype: DType
    strides: Shape
    memory: Memory
    offset: Offset


@dataclass(frozen=True)
class Problem:
    """One call of a hand-written kernel, with everything that its launches may depend on.

    `new_scratch(size, dtype)` gives memory for the duration of the call.
    """

    attributes: Any
    inputs: tuple[Layout, ...]
    outputs: tuple[Layout, ...]
    capabilities: Capabilities
    new_scratch: Callable[[int, DType], Memory] = field(compare=False)

    @property
    def output(self) -> Layout:
        """The result of a kernel that has one."""
        (output,) = self.outputs
        return output

    def group(self, most: int) -> int:
        """Work-items per group: one in CPU shape, at most so many in GPU shape."""
        return 1 if self.capabilities.kernel_shape == "cpu" else min(most, self.capabilities.max_group_size)

    def share(self, elements: int) -> int:
        """Elements per work-item: so many in CPU shape, one in GPU shape."""
        return elements if self.capabilities.kernel_shape == "cpu" else 1


# What a hand-written kernel does: the launches of a call, in order.
Lower = Callable[[Problem], list[Launch]]


def divide_up(value: int, step: int) -> int:
    """How many steps cover a value.

    >>> divide_up(10, 4)
    3
    """
    return -(-value // step)


def round_up(value: int, step: int) -> int:
    """The next multiple of a step.

    >>> round_up(10, 4)
    12
    """
    return divide_up(value, step) * step
