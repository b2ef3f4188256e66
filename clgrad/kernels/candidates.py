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
    problem: Problem, cpu: Tunables, gpu: Tunables, launches: Callable[[Problem, Tunables], list[Launch]]
) -> list[Candidate]:
    """The tunables for the kernel shape of the device; in GPU shape also with ever smaller work-groups.

    The first work-group is that of `gpu` or, if that is smaller, the largest that the device allows.
    """
    if problem.capabilities.kernel_shape == "cpu":
        return [Candidate(cpu, partial(launches, problem, cpu), cpu.group_size)]
    found = []
    for size in group_sizes(min(gpu.group_size, problem.capabilities.max_group_size)):
        tunables = replace(gpu, group_size=size)
        found.append(Candidate(tunables, partial(launches, problem, tunables), size))
    return found


def group_sizes(first: int) -> list[int]:
    """Sizes of a work-group: `first`, then all smaller powers of two, from large to small.

    >>> group_sizes(48)
    [48, 32, 16, 8, 4, 2, 1]
    """
    return [first, *(1 << bit for bit in reversed(range((first - 1).bit_length())))]
