"""What a library kernel's `lower` gets and gives: shapes and layouts in, launches out. Pure data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clgrad.dtypes import DType
from clgrad.errors import ClgradError
from clgrad.runtime.capabilities import Capabilities, KernelShape
from clgrad.runtime.compiler import Source
from clgrad.shapes import Shape


@dataclass(frozen=True)
class Layout:
    """Shape, dtype and strides (elements) of one array input; None instead of it stands for a Scalar."""

    shape: Shape
    dtype: DType
    strides: Shape


@dataclass(frozen=True)
class Problem:
    """One library node with everything its launches may depend on. Values and offsets are not part of it."""

    attributes: Any
    inputs: tuple[Layout | None, ...]
    output: Layout
    capabilities: Capabilities
    kernel_shape: KernelShape

    def group(self, most: int) -> int:
        """Work-items per group: one in CPU shape, at most so many in GPU shape."""
        return 1 if self.kernel_shape == "cpu" else min(most, self.capabilities.max_group_size)


def round_up(value: int, step: int) -> int:
    """The next multiple of a step."""
    return -(-value // step) * step


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


# What stands in an argument position of a launch:
#   ("input", i) buffer of input i            ("offset", i) its element offset, as long
#   ("output",) the node's row-major buffer   ("scratch", i) the i-th scratch buffer
#   ("scalar", i, dtype) the number of Scalar input i, as dtype
#   ("int", v) / ("long", v) / ("value", v, dtype) a constant
#   ("fault", fault) two arguments: the words of the run's checks, and which of them is set to 1 when the data of this
#                    one is bad: a faults.Fault says what the next read then raises
Argument = tuple[Any, ...]


@dataclass(frozen=True)
class Launch:
    """One kernel with its arguments in order. `parameters` declares them where launches of its kind may be joined."""

    source: Source
    arguments: tuple[Argument, ...]
    global_size: tuple[int, ...]
    local_size: tuple[int, ...]
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lowered:
    """The launches of one library node in order, and the bytes of each scratch buffer they use."""

    launches: tuple[Launch, ...]
    scratch: tuple[int, ...] = field(default=())


Lower = Callable[[Problem], Lowered]
