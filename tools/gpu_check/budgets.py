"""The budgets of kernels, read from `cl_kernels/budgets.toml`, and the problems of a kernel that leaves its budget."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tools.environment import ROOT
from tools.gpu_check.limits import first_fit, read_rows
from tools.gpu_check.usage import Usage

BUDGETS = ROOT / "cl_kernels" / "budgets.toml"


class Budget(NamedTuple):
    """What kernels may take, by the family of targets. `kernels` is a pattern of labels."""

    kernels: str
    nvidia: int
    """registers per work-item"""
    gcn: int
    """vector registers per work-item on AMD's gfx9"""
    rdna: int
    """vector registers per work-item on AMD's newer processors"""
    intel: int
    """the fewest work-items that a thread of the processor computes together"""

    def registers(self, target: str) -> int:
        """The most registers on a target."""
        if target.startswith("sm_"):
            return self.nvidia
        return self.gcn if target.startswith("gfx9") else self.rdna


def read_budgets(path: Path = BUDGETS) -> list[Budget]:
    """The budgets in their order: the first whose pattern fits a kernel counts."""
    return [Budget(**row) for row in read_rows(path, "budget")]


def budget_of(label: str, budgets: list[Budget]) -> Budget:
    """The budget of a kernel. Raises LookupError if no pattern fits."""
    found = first_fit(label, budgets)
    if found is None:
        raise LookupError(f"{BUDGETS.name} has no budget for {label!r}; add a row whose pattern fits it")
    return found


def problems(usage: Usage, target: str, budget: Budget) -> list[str]:
    """Why a kernel fails: it spills, or takes private memory or more registers than its budget allows."""
    found = []
    if usage.spilled:
        found.append(f"spills {usage.spilled} bytes")
    if usage.scratch:
        found.append(f"takes {usage.scratch} bytes of private memory")
    if usage.registers is not None and usage.registers > budget.registers(target):
        found.append(f"takes {usage.registers} registers, and its budget is {budget.registers(target)}")
    if usage.lanes is not None and usage.lanes < budget.intel:
        found.append(f"computes {usage.lanes} work-items together, and its budget is {budget.intel}")
    return found
