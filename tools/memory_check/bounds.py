"""The bounds of `cl_kernels/memory.toml`, and the problems of kernels that exceed theirs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tools.environment import ROOT
from tools.gpu_check.limits import first_fit, read_rows
from tools.memory_check.counts import KINDS, Measured

BOUNDS = ROOT / "cl_kernels" / "memory.toml"
USUAL = 1.5


class Bound(NamedTuple):
    """How many times the ideal a kernel may take, for each kind of access. `kernels` is a pattern of labels."""

    kernels: str = "*"
    reads: float = USUAL
    writes: float = USUAL
    local_reads: float = USUAL
    local_writes: float = USUAL

    def of(self, kind: str) -> float:
        """The bound of one kind."""
        return float(getattr(self, kind))


def read_bounds(path: Path = BOUNDS) -> list[Bound]:
    """The bounds in their order: the first whose pattern fits a kernel counts."""
    return [Bound(**row) for row in read_rows(path, "bound")]


def bound_of(label: str, bounds: Sequence[Bound]) -> Bound:
    """The bound of a kernel: the usual one if no pattern fits."""
    return first_fit(label, bounds) or Bound()


def problems(measured: Sequence[Measured], bounds: Sequence[Bound]) -> list[str]:
    """A line for each kind of access of a kernel that takes more than its bound."""
    return [
        f"FAILED {one.label} {kind}: {count.measured:.1f} transactions per 32 work-items, "
        f"{count.ratio:.2f} times the ideal; its bound is {bound_of(one.label, bounds).of(kind):g} times"
        for one in measured
        for kind, count in one.counts.items()
        if count.ratio > bound_of(one.label, bounds).of(kind)
    ]


def unneeded(measured: Sequence[Measured], bounds: Sequence[Bound]) -> list[str]:
    """A line for each raised bound that no kernel needs any more."""
    return [
        f"UNNEEDED {BOUNDS.name}: {bound.kernels!r} has {kind} = {bound.of(kind):g}, and none takes more than {USUAL}"
        for bound in bounds
        for kind in KINDS
        if bound.of(kind) > USUAL and not _is_needed(bound, kind, measured, bounds)
    ]


def _is_needed(bound: Bound, kind: str, measured: Sequence[Measured], bounds: Sequence[Bound]) -> bool:
    judged = (one for one in measured if bound_of(one.label, bounds) is bound)
    return any(kind in one.counts and one.counts[kind].ratio > USUAL for one in judged)
