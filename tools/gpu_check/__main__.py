"""`python -m tools.gpu_check`: compiles the kernels for GPUs that are not there, and fails if one does not fit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from rich.console import Console

from tools.gpu_check.budgets import read_budgets
from tools.gpu_check.check import jobs, run
from tools.gpu_check.families import FAMILIES, TARGETS, Family
from tools.gpu_check.install import install
from tools.gpu_check.pages import write_page
from tools.gpu_check.report import show, write_json


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 1 if a kernel fails, or if a compiler is missing that is required."""
    given = parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 200)
    wanted = chosen(given.targets)
    if given.install:
        install({need.name: need for family in families_of(wanted) for need in family.missing()}.values())
    not_run = missing(families_of(wanted))
    absent = {family.name for family in families_of(wanted) if family.missing()}
    ready = [target for target in wanted if family_of(target).name not in absent]
    start = perf_counter()
    work = jobs(ready)
    results = run(work, read_budgets())
    show(results, console)
    for line in not_run:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    failed = sum(bool(one.problems) for one in results)
    kernels = len({(one.target, one.name) for one in results})
    console.print(
        f"{kernels} kernels in {len(work)} programs, {failed} failed, {len(absent)} of "
        f"{len(families_of(wanted))} compilers not run; {perf_counter() - start:.0f} s"
    )
    if given.json:
        write_json(results, not_run, given.json)
    if given.write:
        write_page(results, not_run)
    return int(failed > 0 or (given.require and bool(not_run)))


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="run.py gpu-check", description=__doc__)
    names = ", ".join((*(family.name.lower() for family in FAMILIES), *TARGETS))
    found.add_argument("targets", nargs="*", help=f"compilers or targets, instead of all: {names}")
    found.add_argument("--install", action="store_true", help="first install the missing compilers (Debian)")
    found.add_argument("--require", action="store_true", help="fail if a compiler is missing")
    found.add_argument("--json", type=Path, help="write every kernel's resources to this file")
    found.add_argument("--write", action="store_true", help="write the tables of docs/gpu.md")
    return found


def chosen(names: Sequence[str]) -> list[str]:
    """The targets with these names, or of families with these names; all without names."""
    if not names:
        return [*TARGETS]
    lower = {name.lower() for name in names}
    unknown = lower - {*TARGETS, *(family.name.lower() for family in FAMILIES)}
    if unknown:
        raise SystemExit(f"gpu-check: no compiler or target is named {', '.join(sorted(unknown))}; see --help")
    return [
        target
        for family in FAMILIES
        for target in family.targets
        if target in lower or family.name.lower() in lower
    ]  # fmt: skip


def family_of(target: str) -> Family:
    """The family that a target belongs to."""
    return next(family for family in FAMILIES if target in family.targets)


def families_of(targets: Sequence[str]) -> list[Family]:
    """The families of these targets, in order."""
    return [family for family in FAMILIES if set(targets) & set(family.targets)]


def missing(families: Sequence[Family]) -> list[str]:
    """A line for each missing program of a family, with the command that installs it."""
    return [f"NOT RUN {family.name}: {need.told_missing()}" for family in families for need in family.missing()]


if __name__ == "__main__":
    sys.exit(main())
