"""Runs a piece of Python in a process of its own: drivers and settings are read once in a process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SETTINGS_OF_DRIVERS = ("OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH", "CONDA_PREFIX", "POCL_DEVICES")


def environment(**changes: str) -> dict[str, str]:
    """The variables of a user who has set nothing but these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CLGRAD_") and name not in SETTINGS_OF_DRIVERS
    }
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return kept | {"PYTHONPATH": path} | changes


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Python with these arguments, in the root of the project, with these changes to the environment."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        env=environment(**changes),
    )


def output_of(code: str, **changes: str) -> str:
    """What the code prints; it must not fail."""
    done = run("-c", code, **changes)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
