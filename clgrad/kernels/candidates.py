"""Candidates that differ in the size of their work-groups alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from clgrad.launch import Candidate, Launch, Problem


@dataclass(frozen=True)
class Grouped:
    """Tunables of kernels that run in work-groups of any size."""

    group_size: int
    """work-items of a work-group"""


Tunables = TypeVar("Tunables", bound=Grouped)


def of_any_group(
    problem: Problem,
    cpu: Tunables,
    gpu: Tunables,
    launches: Callable[[Problem, Tunables], list[Launch]],
    local_memory: Callable[[Problem, Tunables], int] = lambda problem, tunables: 0,
) -> list[Candidate]:
    """The tunables for the kernel shape of the device; in GPU shape also with ever smaller work-groups.

    The first work-group is that of `gpu` or, if that is smaller, the largest that the device allows. `local_memory`
    gives the bytes of a work-group.
    """

    def candidate(tunables: Tunables) -> Candidate:
        work = partial(launches, problem, tunables)
        return Candidate(tunables, work, tunables.group_size, local_memory(problem, tunables))

    if problem.capabilities.kernel_shape == "cpu":
        return [candidate(cpu)]
    sizes = group_sizes(min(gpu.group_size, problem.capabilities.max_group_size))
    return [candidate(replace(gpu, group_size=size)) for size in sizes]


def group_sizes(first: int) -> list[int]:
    """Sizes of a work-group: `first`, then all smaller powers of two, from large to small.

    >>> group_sizes(48)
    [48, 32, 16, 8, 4, 2, 1]
    """
    return [first, *(1 << bit for bit in reversed(range((first - 1).bit_length())))]
