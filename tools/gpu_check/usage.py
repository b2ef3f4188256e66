"""The resources that a compiled kernel takes, and the outcome of compiling a program."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """The resources of one kernel on one target. A compiler says some of them; the others are None."""

    registers: int | None = None
    """per work-item"""
    lanes: int | None = None
    """work-items that a thread of the processor computes together, where the compiler chooses that"""
    spilled: int = 0
    """bytes of registers that are kept in memory, per work-item"""
    scratch: int = 0
    """bytes of private memory per work-item"""
    local: int = 0
    """bytes of local memory per work-group"""
    occupancy: int | None = None
    """of the work-items that a processor can hold, the percentage that run together"""


class CompileError(Exception):
    """A compiler refused a program; the message is its own."""


Usages = dict[str, Usage]
"""by the name of the kernel"""


def output_of(command: Sequence[str | Path], variables: Mapping[str, str] | None = None) -> str:
    """The output of a compiler with its messages. Raises CompileError if it fails."""
    done = subprocess.run(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        errors="replace", env=variables,
    )  # fmt: skip
    if done.returncode:
        raise CompileError(done.stdout.strip() or f"{command[0]} ended with status {done.returncode}")
    return done.stdout
