"""How much was checked, by one process or by several together."""

from __future__ import annotations

from dataclasses import astuple, dataclass


@dataclass
class Counts:
    """A program counts once for each set of values with which it was compared with the reference."""

    programs: int = 0
    fused: int = 0
    structures: int = 0
    refused: int = 0
    kernels: int = 0
    building: float = 0.0
    """Seconds that it took to build the kernels."""
    plans: int = 0
    plan_hits: int = 0
    launches: int = 0
    differences: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(mine + others for mine, others in zip(astuple(self), astuple(other))))

    def summary(self, minutes: float) -> str:
        """One sentence."""
        return (
            f"{self.programs} programs in {minutes:.1f} minutes ({self.programs / minutes:.0f} a minute), {self.fused} "
            f"of them fused too; {self.structures} structures, each with {self.programs / max(1, self.structures):.1f} "
            f"sets of values; {self.refused} refused by the reference; {self.kernels} kernels built "
            f"({self.building:.0f} s); {self.plans} plans, used again {self.plan_hits} times; "
            f"{self.launches} launches; {self.differences} differences"
        )
