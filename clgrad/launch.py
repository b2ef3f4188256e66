"""The types that the planner, kernels and runtime share: a launch, its arguments, and the call of a kernel.

Arguments name the arrays of a plan by numbers that the planner gives them; scratch memory has negative numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from clgrad.capabilities import Capabilities
from clgrad.dtypes import DType
from clgrad.errors import ClgradError
from clgrad.shapes import Shape
from clgrad.sources import Source


class Fault(NamedTuple):
    """A check in a kernel. If it fails, `error` is raised with `message`, formatted with `data`.

    `origin` is the user's source line that called the op, or None if it is unknown.
    """

    error: type[ClgradError]
    message: str
    data: tuple[str | int, ...] = ()
    origin: str | None = None

    def exception(self) -> ClgradError:
        """The exception to raise."""
        said = self.message.format(*self.data)
        return self.error(f"{said} (asked for in {self.origin})" if self.origin else said)


@dataclass(frozen=True)
class Memory:
    """The buffer of an array."""

    array: int


class Offset(NamedTuple):
    """The offset of an array in its buffer, plus `within`, in elements; a 64-bit argument."""

    array: int
    within: int = 0


class Parameter(NamedTuple):
    """One of the plan's Python numbers, for an expression that computes in `dtype`."""

    number: int
    dtype: DType


@dataclass(frozen=True)
class Constant:
    """A number of the launch; its class says its type."""

    value: int


class Int(Constant):
    """A constant of 32 bits."""


class Long(Constant):
    """A constant of 64 bits."""


class FaultWord(NamedTuple):
    """Two arguments: the error words of the run, and the number of the word that the kernel sets to 1 for bad data.

    The next read then raises the error of `fault`.
    """

    fault: Fault


Argument = Memory | Offset | Parameter | Int | Long | FaultWord
# The argument class of each type of index in OpenCL C; a kernel uses int if all its indices fit.
INDEX: dict[str, type[Int] | type[Long]] = {"int": Int, "long": Long}


class Coordinates(NamedTuple):
    """The axes of an array as the three coordinates in which a kernel walks over it; vectors lie along `position`.

    In the result of a matrix product of shape (8, 3, 32, 64) these are ((0, 1), (2,), (3,)): 24 products, the row, the
    column. In the result of a convolution of shape (8, 3, 32, 64), they are ((0,), (1,), (2, 3)): the image, the
    channel, the place in the image. A coordinate of several axes counts their indices in row-major order.
    """

    batch: tuple[int, ...]
    channel: tuple[int, ...]
    position: tuple[int, ...]


class Loading(NamedTuple):
    """An input that a launch can compute where it would load an element: the prologue of the launch.

    `name` begins the names of the kernel file's macros, `array` is the number of the input. The kernel computes each
    element about `times` times.
    """

    name: str
    array: int
    axes: Coordinates
    times: int


class Launch(NamedTuple):
    """One kernel with its arguments in order. `parameters` declares them if launches of this kind may be joined.

    `choice` names the candidate that the launch belongs to, if the plan can take another candidate instead. `stores`
    are the coordinates in which a launch that takes an epilogue stores the result. `loads` are the inputs for which it
    takes a prologue, in the order of their parameters.
    """

    source: Source
    arguments: tuple[Argument, ...]
    global_size: tuple[int, ...]
    local_size: tuple[int, ...]
    parameters: tuple[str, ...] = ()
    choice: Hashable = None
    stores: Coordinates | None = None
    loads: tuple[Loading, ...] = ()


class Layout(NamedTuple):
    """One array of a kernel call: shape, dtype, strides in elements, and the arguments for its buffer and offset."""

    shape: Shape
    dtype: DType
    strides: Shape
    memory: Memory
    offset: Offset


class Problem(NamedTuple):
    """A call of a hand-written kernel: all facts that its launches may depend on.

    An output that nobody wants is None. `new_scratch(size, dtype)` gives memory for the duration of the call.
    """

    attributes: Any
    inputs: tuple[Layout, ...]
    outputs: tuple[Layout | None, ...]
    capabilities: Capabilities
    new_scratch: Callable[[int, DType], Memory]

    @property
    def output(self) -> Layout:
        """The only result of a kernel with one result."""
        (output,) = self.outputs
        assert output is not None, "the result of an op that has one is wanted whenever the op is"
        return output


class Candidate(NamedTuple):
    """One way to compute a call of a hand-written kernel, and its needs.

    `tunables` are the numbers that set it apart from the other candidates of the call: one frozen dataclass per family
    of kernels. `launches` gives its launches in order.
    """

    tunables: Hashable
    launches: Callable[[], list[Launch]]
    group_size: int = 1
    """work-items of its largest work-group"""
    local_memory: int = 0
    """bytes per work-group"""

    def fits(self, capabilities: Capabilities) -> bool:
        """Whether a device has what the candidate needs."""
        return self.group_size <= capabilities.max_group_size and self.local_memory <= capabilities.local_memory


# The host side of a hand-written kernel: the candidates of a call, in order of preference. The first that fits the
# device is taken, and the last one if none fits.
Candidates = Callable[[Problem], Sequence[Candidate]]


def power_of_two(most: int) -> int:
    """The largest power of two up to `most`, which is at least 1.

    >>> power_of_two(192)
    128
    """
    return 1 << most.bit_length() - 1


def divide_up(value: int, step: int) -> int:
    """The quotient rounded up.

    >>> divide_up(10, 4)
    3
    """
    return -(-value // step)


def round_up(value: int, step: int) -> int:
    """The value rounded up to a multiple of `step`.

    >>> round_up(10, 4)
    12
    """
    return divide_up(value, step) * step
