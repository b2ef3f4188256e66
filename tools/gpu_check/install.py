"""Installs what the compilers need on Debian, without ever removing a package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence

from tools.environment import is_root
from tools.gpu_check.needs import Need


def install(needs: Iterable[Need]) -> None:
    """Install the packages and wheels of these needs. What fails is told afterwards as missing."""
    wanted = [*needs]
    if any(need.packages for need in wanted) and shutil.which("apt-get"):
        apt_get("update", "--quiet=2")
        packages = [name for need in wanted for name in offered(need.packages)]
        apt_get("install", "--quiet=2", "--yes", "--no-install-recommends", "--no-remove", *packages)
    for need in wanted:
        if need.wheel:
            subprocess.run([sys.executable, *need.pip_arguments("--quiet")], check=False)


def apt_get(*arguments: str) -> None:
    """Run the package manager."""
    command = ["apt-get", *arguments]
    subprocess.run(command if is_root() else ["sudo", *command], check=False)


def offered(choices: Sequence[Sequence[str]]) -> Sequence[str]:
    """The first set of packages that this system offers; none if it offers none of them."""
    return next((names for names in choices if all(map(is_offered, names))), ())


def is_offered(package: str) -> bool:
    """Whether the package manager knows a version that can be installed."""
    if not shutil.which("apt-cache"):
        return False
    said = subprocess.run(["apt-cache", "policy", package], capture_output=True, text=True, check=False).stdout
    return "Candidate:" in said and "Candidate: (none)" not in said
