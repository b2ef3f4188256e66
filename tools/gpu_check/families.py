"""The families of compilers, each with its targets and needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.gpu_check import amd, intel, nvidia, spirv
from tools.gpu_check.needs import Need
from tools.gpu_check.usage import Usages

CompileProgram = Callable[[Path, Sequence[str], Mapping[str, int]], dict[str, Usages]]


class Family(NamedTuple):
    """The compiler of a vendor."""

    name: str
    targets: tuple[str, ...]
    needs: tuple[Need, ...]
    compile_program: CompileProgram

    def missing(self) -> list[Need]:
        """What this machine lacks."""
        return [need for need in self.needs if need.find() is None]


FAMILIES = (
    Family("NVIDIA", ("sm_75", "sm_80", "sm_90"), nvidia.NEEDS, nvidia.compile_program),
    Family("AMD", ("gfx900", "gfx1030", "gfx1100"), amd.NEEDS, amd.compile_program),
    Family("Intel", ("dg2", "tgllp"), intel.NEEDS, intel.compile_program),
    Family("SPIR-V", ("spirv",), spirv.NEEDS, spirv.compile_program),
)
TARGETS = tuple(target for family in FAMILIES for target in family.targets)
