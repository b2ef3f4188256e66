"""The folder of PoCL's own cache. If PoCL cannot use the folder, it lists no devices, or ends the process."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from clgrad.runtime import shell
from clgrad.runtime.byte_sizes import format_bytes

PLATFORM_NAME = "Portable Computing Language"
# A program with its kernels takes some hundred kilobytes.
LEAST_FREE = 8 << 20


def keeps_programs(platform_name: str) -> bool:
    """Whether a driver of this name has a disk cache of its own, which finds a compiled program by its text.

    PoCL does, and generates code when a kernel first runs; for the binary of a program it generates that of every
    kernel once more, which takes as long. Other drivers that keep programs give their binaries at no cost.
    """
    return platform_name.strip() == PLATFORM_NAME and os.environ.get("POCL_KERNEL_CACHE") != "0"


def pocl_cache_folder() -> Path:
    """The folder of PoCL's cache: POCL_CACHE_DIR, else a folder among the user's caches."""
    parent = Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
    return Path(os.environ.get("POCL_CACHE_DIR") or parent / "pocl" / "kcache")


def pocl_cache_problem() -> str | None:
    """Why PoCL cannot use its cache, or None. Damaged files are not found: they only show when PoCL reads them."""
    folder = pocl_cache_folder()
    # os.path.exists raises no error: it is False for a path in a folder that may not be entered.
    existing = next(path for path in (folder, *folder.absolute().parents) if os.path.exists(path))
    if not os.path.isdir(existing) or not os.access(existing, os.W_OK):
        return f"its cache {folder} cannot be written; set POCL_CACHE_DIR to a folder that can"
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE:
        return f"the disk of its cache {folder} is full ({format_bytes(free)} free); set POCL_CACHE_DIR to another"
    return None


def other_pocl_cache() -> str:
    """The command that gives PoCL a new cache folder, in which no file can be damaged."""
    folder = Path(tempfile.gettempdir(), "pocl-cache")
    number = 2
    while folder.exists():
        folder = folder.with_name(f"pocl-cache-{number}")
        number += 1
    return shell.set_variable("POCL_CACHE_DIR", folder)
