"""Makes a program that shows a difference as short as it gets."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.program import Program


def shrunk(program: Program, differs: Callable[[Program], bool]) -> Program:
    """The program without every statement that it differs without: runs of them first, then one by one."""
    width = len(program.statements) // 2
    while width:
        for first in range(len(program.statements) - width, -1, -1):
            shorter = program.without(range(first, min(first + width, len(program.statements))))
            if len(shorter.statements) < len(program.statements) and differs(shorter):
                program = shorter
        width //= 2
    return program
