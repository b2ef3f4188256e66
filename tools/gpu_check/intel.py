"""Intel: ocloc, the offline compiler of Intel's driver, gives a binary that describes its kernels in YAML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.gpu_check.needs import OCLOC
from tools.gpu_check.usage import CompileError, Usage, Usages, output_of

NEEDS = (OCLOC,)
_DESCRIPTION = re.compile(r"^kernels:\n(.*?)^(?:kernels_misc_info:|\.\.\.)", re.DOTALL | re.MULTILINE)
_KERNEL = re.compile(r"^  - name: +(\w+)\n(.*?)(?=^  - name: |\Z)", re.DOTALL | re.MULTILINE)
_BUFFER = re.compile(r"^ +usage: +(\w+)\n +size: +(\d+)(\n +is_simt_thread: +true)?", re.MULTILINE)


def compile_program(source: Path, targets: Sequence[str], groups: Mapping[str, int]) -> dict[str, Usages]:
    """The usage of each kernel on each target."""
    return {target: _compiled(source, target) for target in targets}


def _compiled(source: Path, target: str) -> Usages:
    binary = source.with_suffix(f".{target}")
    output_of([
        OCLOC.find() or "ocloc", "compile", "-file", source, "-device", target, "-options", "-cl-std=CL1.2 -w",
        "--format", "zebin", "-out_dir", binary.parent, "-output", binary.name, "-output_no_suffix",
    ])  # fmt: skip
    # The description lies as text between sections of machine code.
    return usages(binary.read_bytes().decode("latin1"))


def usages(binary: str) -> Usages:
    """The usages in the description that a binary contains.

    Private memory is counted as scratch: if the registers do not suffice, the compiler tries again with arrays in
    private memory, and does not call that a spill.
    """
    description = _DESCRIPTION.search(binary)
    if description is None:
        raise CompileError("ocloc gave a binary that does not describe its kernels")
    return {name: _usage(text) for name, text in _KERNEL.findall(description[1])}


def _usage(text: str) -> Usage:
    def number(name: str) -> int:
        found = re.search(rf"^ +{name}: +(\d+)$", text, re.MULTILINE)
        return int(found[1]) if found else 0

    lanes = number("simd_size")
    spilled = scratch = 0
    for name, size, is_of_item in _BUFFER.findall(text):
        nbytes = int(size) if is_of_item else -(-int(size) // max(lanes, 1))
        if name == "spill_fill_space":
            spilled += nbytes
        else:
            scratch += nbytes
    return Usage(lanes=lanes, spilled=spilled, scratch=scratch, local=number("slm_size"))
