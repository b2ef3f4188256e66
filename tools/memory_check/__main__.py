"""`python -m tools.memory_check`: counts memory transactions of kernels in Oclgrind, and fails beyond their bounds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tools.gpu_check.install import install
from tools.memory_check.bounds import problems, read_bounds, unneeded
from tools.memory_check.cases import CASES
from tools.memory_check.counts import Measured, parse
from tools.memory_check.needs import missing
from tools.memory_check.report import show, write_page
from tools.memory_check.simulator import build_plugin, counts_of


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if a kernel exceeds its bound, or if something is missing that is required."""
    given = parser().parse_args(arguments)
    if given.write and given.cases:
        raise SystemExit("memory-check: the document has all cases, so --write goes without chosen ones")
    names = chosen(given.cases)
    console = Console(width=None if sys.stdout.isatty() else 200)
    if given.install:
        install(missing())
    lacking = missing()
    for need in lacking:
        console.print(f"NOT RUN: {need.told_missing()}", markup=False, highlight=False, soft_wrap=True)
    if lacking:
        return int(given.require)
    measured, bounds = measure(names), read_bounds()
    found = problems(measured, bounds)
    if not given.cases:
        found += unneeded(measured, bounds)
    show(measured, bounds, console)
    for line in found:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(measured)} kernels of {len(names)} cases, {len(found)} problems")
    if given.write:
        write_page(measured, bounds)
    return int(bool(found))


def measure(names: Sequence[str]) -> list[Measured]:
    """The counts of these cases, in a process of their own, because a driver is chosen once in a process."""
    with TemporaryDirectory() as folder:
        plugin = build_plugin(Path(folder))
        return parse(counts_of(["-m", "tools.memory_check.worker", *names], plugin))


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="run.py memory-check", description=__doc__)
    found.add_argument("cases", nargs="*", help="patterns of cases, instead of all: 'sum*' 'product*'")
    found.add_argument("--install", action="store_true", help="first install what is missing (Debian)")
    found.add_argument("--require", action="store_true", help="fail if something is missing")
    found.add_argument("--write", action="store_true", help="write the table of docs/gpu.md, of all cases")
    return found


def chosen(patterns: Sequence[str]) -> list[str]:
    """The names of the cases that fit one of the patterns; all without patterns."""
    names = [case.name for case in CASES if not patterns or any(fnmatchcase(case.name, one) for one in patterns)]
    if not names:
        raise SystemExit(f"memory-check: no case fits {' '.join(patterns)}; cases: {', '.join(c.name for c in CASES)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
