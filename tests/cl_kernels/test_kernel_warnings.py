"""clang has nothing to say of the kernel files, whichever processor they are compiled for."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from clgrad.capabilities import Capabilities
from clgrad.runtime.program_text import preamble
from clgrad.runtime.shared_files import (
    FIRST_FILE,
    FUNCTION_FILES,
    KERNEL_DIRECTORY,
    kernel_text,
    numbered,
    shared_pieces,
)

FILES = sorted({f"{path.parent.name}/{path.name}" for path in KERNEL_DIRECTORY.glob("*/*.cl")} - {FIRST_FILE})
CLANG = shutil.which("clang")

DEVICE = Capabilities(
    kernel_shape="cpu",
    fp64=True,
    fma=True,
    vector_width=1,
    compute_units=2,
    local_memory=1 << 15,
    max_group_size=1024,
    max_parameter_bytes=1024,
    global_memory=1 << 33,
    max_allocation=1 << 31,
    unified_memory=True,
    keeps_programs=False,
)

# SSE4, AVX2 and AVX-512, each with its own width of vectors and with a wider one.
PROCESSORS = [("x86-64-v2", 4), ("x86-64-v2", 8), ("haswell", 8), ("haswell", 16), ("skylake-avx512", 16)]


def warnings_of(text: str, processor: str) -> str:
    """What clang says of an OpenCL program; functions that nobody calls are compiled too."""
    assert CLANG
    options = ["-cl-std=CL1.2", "-Xclang", "-finclude-default-header", "-Xclang", "-femit-all-decls", "-Wall"]
    target = ["-target", "x86_64-unknown-linux-gnu", f"-march={processor}"]
    command = [CLANG, "-x", "cl", *options, "-Wno-unused-function", *target, "-S", "-emit-llvm", "-o", "-", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr


def program(file: str, width: int) -> str:
    """A kernel file with what it needs before it; for one of functions, these and what they need."""
    capabilities = DEVICE._replace(vector_width=width)
    if file not in FUNCTION_FILES:
        return f"{preamble(capabilities, kernel_text(file))}\n{numbered(file)}"
    return preamble(capabilities, " ".join(name for piece in shared_pieces() for name in piece.names))


needs_clang = pytest.mark.skipif(CLANG is None, reason="not run: clang is absent (apt-get install clang)")


@needs_clang
def test_a_warning_is_seen() -> None:
    assert "unused variable" in warnings_of("kernel void k(global int *p) { int unused; p[0] = 1; }", "haswell")
    wide = "long8 f(long8 x) { return x; } kernel void k(global long8 *p) { p[0] = f(p[1]); }"
    assert "changes the ABI" in warnings_of(wide, "haswell")


@needs_clang
@pytest.mark.parametrize(("processor", "width"), PROCESSORS)
def test_kernel_files_have_no_warnings(processor: str, width: int) -> None:
    said = {file: warnings_of(program(file, width), processor) for file in FILES}
    assert not {file: text for file, text in said.items() if text}
