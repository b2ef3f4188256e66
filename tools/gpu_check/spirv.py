"""SPIR-V, the language that many drivers read: clang and llvm-spirv write it, and spirv-val checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.gpu_check.needs import TRANSLATOR, VALIDATOR, clang_of, translator_version
from tools.gpu_check.usage import Usage, Usages, output_of

NEEDS = (TRANSLATOR, VALIDATOR)


def compile_program(source: Path, targets: Sequence[str], groups: Mapping[str, int]) -> dict[str, Usages]:
    """Usages without numbers, because the program is valid or refused as a whole."""
    version = translator_version() or 0
    bitcode, translated = source.with_suffix(".bc"), source.with_suffix(".spv")
    output_of([
        clang_of(version) or "clang", "-x", "cl", "-cl-std=CL1.2", "-w", "-target", "spir64",
        # The optimiser merges blocks in a way that is no valid SPIR-V.
        "-O0", "-Xclang", "-finclude-default-header", "-c", "-emit-llvm", "-o", bitcode, source,
    ])  # fmt: skip
    output_of([TRANSLATOR.find() or "llvm-spirv", "--spirv-max-version=1.2", bitcode, "-o", translated])
    output_of([VALIDATOR.find() or "spirv-val", "--target-env", "opencl2.2", translated])
    return {target: dict.fromkeys(groups, Usage()) for target in targets}
