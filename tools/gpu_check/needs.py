"""The programs and files of the compilers: where they are on this machine, and how to get those that are missing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

# The versions of clang that were tried, best first. Registers differ a little from version to version.
CLANG_VERSIONS = (19, 18, 17, 16, 15)
PTXAS_WHEEL = "nvidia-cuda-nvcc-cu12==12.9.86"
LIBCLC = Path("/usr/lib/clc/nvptx64--nvidiacl.bc")
DEVICE_LIBRARIES = (
    *(Path(f"/usr/lib/llvm-{version}/lib/clang/{version}/amdgcn/bitcode") for version in CLANG_VERSIONS),
    Path("/usr/lib/x86_64-linux-gnu/amdgcn/bitcode"),
    Path("/usr/lib/aarch64-linux-gnu/amdgcn/bitcode"),
    Path("/opt/rocm/amdgcn/bitcode"),
)


class Need(NamedTuple):
    """A program or file, how to find it, and the packages that bring it: sets of Debian packages, or a wheel."""

    name: str
    find: Callable[[], Path | None]
    packages: tuple[tuple[str, ...], ...] = ()
    wheel: str = ""
    folder: Path | None = None
    """where the wheel goes, if not among the other packages"""

    def told_missing(self) -> str:
        """A sentence for a machine that lacks it."""
        return f"{self.name} is missing. Install it: {self.how_to_install()}"

    def how_to_install(self) -> str:
        """The command that brings it."""
        if self.wheel:
            return " ".join((sys.executable, *self.pip_arguments()))
        return " or ".join(f"apt-get install {' '.join(names)}" for names in self.packages)

    def pip_arguments(self, *options: str) -> list[str]:
        """How Python is called to install the wheel."""
        where = ["--no-deps", "--target", str(self.folder)] if self.folder else []
        return ["-m", "pip", "install", *options, *where, self.wheel]


def clang() -> Path | None:
    """The best clang that is installed."""
    return next((found for version in CLANG_VERSIONS if (found := clang_of(version))), None)


def clang_of(version: int) -> Path | None:
    """clang of one version: a program with the version in its name, or the system's only one."""
    found = shutil.which(f"clang-{version}")
    if found is None:
        plain = shutil.which("clang")
        found = plain if plain and major_version(plain) == version else None
    return Path(found) if found else None


def major_version(program: str) -> int:
    """The first number that a program says with --version; 0 if it says none."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    number = re.search(r"version (\d+)", said)
    return int(number[1]) if number else 0


def translator_version() -> int | None:
    """The newest version of which both clang and llvm-spirv are installed: the translator reads only its own."""
    both = (version for version in CLANG_VERSIONS if clang_of(version) and shutil.which(f"llvm-spirv-{version}"))
    return next(both, None)


def _in_path(name: str) -> Callable[[], Path | None]:
    def find() -> Path | None:
        found = shutil.which(name)
        return Path(found) if found else None

    return find


def _first_of(*paths: Path) -> Callable[[], Path | None]:
    return lambda: next((path for path in paths if path.exists()), None)


def _ptxas() -> Path | None:
    """The program of the wheel or of an installed CUDA."""
    package = find_spec("nvidia.cuda_nvcc") if find_spec("nvidia") else None
    folders = list(package.submodule_search_locations or ()) if package else []
    found = shutil.which("ptxas", path=str(Path(folders[0]) / "bin")) if folders else shutil.which("ptxas")
    return Path(found) if found else None


def _translator() -> Path | None:
    version = translator_version()
    return _in_path(f"llvm-spirv-{version}")() if version else None


CLANG = Need("clang", clang, (("clang-19",),))
# libclc-19 would remove the OpenCL driver of Mesa on Debian 12, where libclc-15 serves as well.
LIBRARY = Need("libclc", _first_of(LIBCLC), (("libclc-15",), ("libclc-19",)))
PTXAS = Need("ptxas", _ptxas, wheel=PTXAS_WHEEL)
ROCM = Need("ROCm's device libraries", _first_of(*DEVICE_LIBRARIES), (("rocm-device-libs-17",), ("rocm-device-libs",)))
OCLOC = Need("ocloc", _in_path("ocloc"), (("intel-opencl-icd",),))
TRANSLATOR = Need(
    "llvm-spirv", _translator, (("llvm-spirv-19", "clang-19"), ("llvm-spirv-15", "clang-15"))
)  # fmt: skip
VALIDATOR = Need("spirv-val", _in_path("spirv-val"), (("spirv-tools",),))
