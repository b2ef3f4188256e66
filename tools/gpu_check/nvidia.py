"""NVIDIA: clang with libclc gives PTX, and NVIDIA's own ptxas the machine code, with its registers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tools.gpu_check.needs import CLANG, LIBCLC, LIBRARY, PTXAS
from tools.gpu_check.usage import Usage, Usages, output_of

NEEDS = (CLANG, LIBRARY, PTXAS)
WARP = 32
REGISTERS = 65536  # of a multiprocessor, on all targets
STEP = 8  # registers are given out in steps of so many per work-item


class Multiprocessor(NamedTuple):
    """How much a multiprocessor holds at a time."""

    warps: int
    groups: int
    local_memory: int
    taken: int = 0
    """bytes of local memory that the driver takes of each group"""


MULTIPROCESSORS = {
    "sm_75": Multiprocessor(32, 16, 64 << 10),
    "sm_80": Multiprocessor(64, 32, 164 << 10, 1 << 10),
    "sm_90": Multiprocessor(64, 32, 228 << 10, 1 << 10),
}
_KERNEL = re.compile(r"Compiling entry function '(\w+)'(.*?)(?=Compiling entry function|\Z)", re.DOTALL)


def compile_program(source: Path, targets: Sequence[str], groups: Mapping[str, int]) -> dict[str, Usages]:
    """The usage of each kernel on each target; `groups` are the work-groups of the kernels."""
    code = source.with_suffix(".ptx")
    output_of([
        CLANG.find() or "clang", "-x", "cl", "-cl-std=CL1.2", "-w", "-target", "nvptx64-nvidia-nvcl", "-O3",
        "-Xclang", "-finclude-default-header", "-Xclang", "-fdeclare-opencl-builtins",
        "-Xclang", "-mlink-builtin-bitcode", "-Xclang", LIBCLC,
        # PTX for the oldest target serves the others, too.
        "-Xclang", "-target-cpu", "-Xclang", min(targets), "-S", "-o", code, source,
    ])  # fmt: skip
    found = {}
    for target in targets:
        told = output_of([PTXAS.find() or "ptxas", "-v", f"-arch={target}", code, "-o", code.with_suffix(f".{target}")])
        found[target] = usages(told, target, groups)
    return found


def usages(told: str, target: str, groups: Mapping[str, int]) -> Usages:
    """The usages in the output of `ptxas -v`."""
    return {name: _usage(text, target, groups.get(name, 1)) for name, text in _KERNEL.findall(told)}


def _usage(text: str, target: str, group: int) -> Usage:
    def number(pattern: str) -> int:
        found = re.search(pattern, text)
        return int(found[1]) if found else 0

    registers, local = number(r"Used (\d+) registers"), number(r"(\d+) bytes smem")
    spilled = max(number(r"(\d+) bytes spill stores"), number(r"(\d+) bytes spill loads"))
    scratch = number(r"(\d+) bytes stack frame")
    return Usage(registers, None, spilled, scratch, local, occupancy(target, registers, local, group))


def occupancy(target: str, registers: int, local: int, group: int) -> int:
    """The percentage of a multiprocessor's warps that run together.

    >>> occupancy("sm_80", 128, 12 << 10, 256)
    25
    """
    one = MULTIPROCESSORS[target]
    warps = -(-group // WARP)
    each = -(-max(registers, 1) // STEP) * STEP * WARP * warps
    together = min(REGISTERS // each, one.local_memory // (local + one.taken or 1), one.warps // warps, one.groups)
    return 100 * together * warps // one.warps
