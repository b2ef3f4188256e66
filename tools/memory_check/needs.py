"""The simulator, and the compiler and header that its plugin is built with: where they are, and how to get them."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tools import oclgrind
from tools.gpu_check.needs import Need

COMPILERS = ("g++", "clang++", "c++")
HEADER = Path("CL/cl.h")
FOLDER = Path(sys.prefix, oclgrind.FOLDER)


def compiler() -> Path | None:
    """A compiler of C++."""
    found = next(filter(None, map(shutil.which, COMPILERS)), None)
    return Path(found) if found else None


def opencl_header() -> Path | None:
    """OpenCL's header, in the places where compilers look for headers."""
    # The variable has more places, for the compilers too.
    named = [Path(part) for part in os.environ.get("CPATH", "").split(os.pathsep) if part]
    places = (*named, Path("/usr/include"), Path("/usr/local/include"))
    return next((place / HEADER for place in places if (place / HEADER).exists()), None)


def simulator() -> Path | None:
    """The library of Oclgrind that a loader of OpenCL loads."""
    return oclgrind.library_in(FOLDER)


COMPILER = Need("a C++ compiler", compiler, (("g++",),))
OPENCL_HEADER = Need("OpenCL's C header", opencl_header, (("opencl-c-headers",),))
SIMULATOR = Need("Oclgrind", simulator, wheel=oclgrind.PACKAGE, folder=FOLDER)
NEEDS = (COMPILER, OPENCL_HEADER, SIMULATOR)


def missing() -> list[Need]:
    """The needs that this machine lacks."""
    return [need for need in NEEDS if need.find() is None]
