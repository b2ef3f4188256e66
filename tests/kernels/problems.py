"""Calls of hand-written kernels on devices that are described and not there: a problem in, launches out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clgrad.capabilities import Capabilities
from clgrad.dtypes import DType, float32
from clgrad.launch import Candidates, Int, Launch, Layout, Long, Memory, Offset, Problem
from clgrad.shapes import Shape, contiguous_strides


def layout(array: int, shape: Shape, dtype: DType = float32, strides: Shape | None = None) -> Layout:
    """Array number `array` of a problem; row-major unless strides are given."""
    return Layout(shape, dtype, strides or contiguous_strides(shape), Memory(array), Offset(array))


class Call:
    """The launches of a kernel's preferred candidate, and the size and dtype of each piece of scratch memory.

    Its arrays are numbered by the caller; scratch memory is -1, -2, ...
    """

    def __init__(
        self,
        candidates: Candidates,
        capabilities: Capabilities,
        attributes: Any,
        inputs: Sequence[Layout],
        *outputs: Layout | None,
    ) -> None:
        self.scratch: list[tuple[int, DType]] = []
        found = candidates(Problem(attributes, tuple(inputs), outputs, capabilities, self._new_scratch))
        fitting = [candidate for candidate in found if candidate.fits(capabilities)]
        self.launches = (fitting or [found[-1]])[0].launches()

    def _new_scratch(self, size: int, dtype: DType) -> Memory:
        self.scratch.append((size, dtype))
        return Memory(-len(self.scratch))

    @property
    def names(self) -> list[str]:
        """The kernels in the order of their launches."""
        return [launch.source.name for launch in self.launches]


def sizes(launch: Launch) -> tuple[int, int]:
    """Work-items of a launch, and of each of its groups."""
    (items,), (group,) = launch.global_size, launch.local_size
    return items, group


def numbers(launch: Launch, kind: type[Int] | type[Long] = Long) -> list[int]:
    """The constants among the arguments of a launch."""
    return [argument.value for argument in launch.arguments if isinstance(argument, kind)]


def memories(launch: Launch) -> list[int]:
    """The arrays of a launch, in the order of its arguments."""
    return [argument.array for argument in launch.arguments if isinstance(argument, Memory)]


def defines(launch: Launch) -> dict[str, str]:
    """The defines that specialise the kernel of a launch."""
    return dict(launch.source.defines)
