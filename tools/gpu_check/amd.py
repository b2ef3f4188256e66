"""AMD: clang with ROCm's device libraries gives machine code, with its registers in comments."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.gpu_check.needs import CLANG, ROCM
from tools.gpu_check.usage import Usage, Usages, output_of

NEEDS = (CLANG, ROCM)
# The most waves of a SIMD unit.
WAVES = {"gfx900": 10, "gfx1030": 16, "gfx1100": 16}
# The libraries that the driver links, and its options as libraries of one constant each.
LIBRARIES = (
    "opencl", "ocml", "ockl", "oclc_daz_opt_off", "oclc_unsafe_math_off", "oclc_finite_only_off",
    "oclc_correctly_rounded_sqrt_off", "oclc_abi_version_500",
)  # fmt: skip
_KERNEL = re.compile(r"^\t\.amdhsa_kernel (\w+)$(.*?^; Occupancy: \d+)", re.DOTALL | re.MULTILINE)


def compile_program(source: Path, targets: Sequence[str], groups: Mapping[str, int]) -> dict[str, Usages]:
    """The usage of each kernel on each target."""
    return {target: _compiled(source, target) for target in targets}


def _compiled(source: Path, target: str) -> Usages:
    code = source.with_suffix(f".{target}.s")
    linked = [word for path in libraries(ROCM.find() or Path(), target) for word in _linked(path)]
    output_of([
        CLANG.find() or "clang", "-x", "cl", "-cl-std=CL1.2", "-w", "-target", "amdgcn-amd-amdhsa", f"-mcpu={target}",
        "-O3", "-Xclang", "-finclude-default-header", "-Xclang", "-fdeclare-opencl-builtins",
        "-mcode-object-version=5", "-nogpulib", *linked, "-S", "-o", code, source,
    ])  # fmt: skip
    return usages(code.read_text(), target)


def _linked(path: Path) -> tuple[str, ...]:
    return "-Xclang", "-mlink-builtin-bitcode", "-Xclang", str(path)


def libraries(folder: Path, target: str) -> list[Path]:
    """The device libraries for a target.

    They are named to clang one by one, because those of Debian 12 lack the constant with the version of gfx1100, and
    clang then refuses all of them. The constant of the newest older processor takes its place.
    """
    versions = {int(path.stem.rpartition("_")[2], 16): path for path in folder.glob("oclc_isa_version_*.bc")}
    older = [version for version in versions if version <= int(target.removeprefix("gfx"), 16)]
    wide = "on" if target.startswith("gfx9") else "off"
    named = [folder / f"{name}.bc" for name in (*LIBRARIES, f"oclc_wavefrontsize64_{wide}")]
    # Newer libraries have fewer options.
    return [path for path in named if path.exists()] + [versions[version] for version in sorted(older)[-1:]]


def usages(code: str, target: str) -> Usages:
    """The usages in the comments of the machine code."""
    spilled = {name: int(count) for name, count in _spills(code)}
    return {name: _usage(text, spilled.get(name, 0), target) for name, text in _KERNEL.findall(code)}


def _spills(code: str) -> list[tuple[str, str]]:
    """Each kernel with its number of spilled registers, from the metadata at the end."""
    pattern = r"^    \.name: +(\w+)$(?:(?!^    \.name:).)*?^    \.vgpr_spill_count: (\d+)$"
    return re.findall(pattern, code, re.DOTALL | re.MULTILINE)


def _usage(text: str, spilled: int, target: str) -> Usage:
    def number(name: str) -> int:
        found = re.search(rf"^; {name}: (\d+)", text, re.MULTILINE)
        return int(found[1]) if found else 0

    waves = number("Occupancy")
    registers, scratch, local = number("NumVgprs"), number("ScratchSize"), number("LDSByteSize")
    return Usage(registers, None, 4 * spilled, scratch, local, 100 * waves // WAVES[target])
