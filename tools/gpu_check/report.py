"""The results as a table on the terminal, as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tools.gpu_check.check import Result
from tools.gpu_check.families import FAMILIES, Family
from tools.gpu_check.usage import Usage


class Line(NamedTuple):
    """The kernels of one label, on all targets of a family: the worst of them."""

    label: str
    kernels: int
    local: int
    cells: list[str]


def lines(results: Sequence[Result], family: Family, targets: Sequence[str]) -> list[Line]:
    """The table of a family."""
    own = [one for one in results if one.family == family.name]
    labels = sorted({one.label for one in own})
    return [_line(label, [one for one in own if one.label == label], targets) for label in labels]


def _line(label: str, results: Sequence[Result], targets: Sequence[str]) -> Line:
    local = max((one.usage.local for one in results if one.usage), default=0)
    cells = [_cell([one for one in results if one.target == target]) for target in targets]
    return Line(label, len({one.name for one in results}), local, cells)


def _cell(results: Sequence[Result]) -> str:
    """The worst numbers among these kernels; the mark says that one of them fails."""
    usages = [one.usage for one in results if one.usage is not None]
    words = _words(usages)
    failed = sum(bool(one.problems) for one in results)
    return f"{words} ({failed} fail)".strip() if failed else words


def _words(usages: Sequence[Usage]) -> str:
    registers = [one.registers for one in usages if one.registers is not None]
    lanes = [one.lanes for one in usages if one.lanes is not None]
    occupancies = [one.occupancy for one in usages if one.occupancy is not None]
    words = [f"{max(registers)} registers"] if registers else []
    words += [f"SIMD{min(lanes)}"] if lanes else []
    words += [f"{min(occupancies)} %"] if occupancies else []
    spilled = max((one.spilled + one.scratch for one in usages), default=0)
    words += [f"{spilled} B in memory"] if spilled else []
    return ", ".join(words)


def targets_in(results: Iterable[Result], family: Family) -> list[str]:
    """The targets of a family that were compiled for."""
    there = {one.target for one in results}
    return [target for target in family.targets if target in there]


def verdict(results: Sequence[Result], family: Family) -> str:
    """What stands in place of a table for a compiler that only says whether a kernel is valid; empty for others."""
    own = [one for one in results if one.family == family.name]
    if any(one.usage and one.usage != Usage() for one in own):
        return ""
    invalid = sum(bool(one.problems) for one in own)
    return f"{family.name}: {len({one.name for one in own})} kernels, of which {invalid or 'none'} fail."


def show(results: Sequence[Result], console: Console) -> None:
    """Print a table for each family, and then every problem."""
    for family in FAMILIES:
        targets = targets_in(results, family)
        if not targets:
            continue
        if verdict(results, family):
            console.print(verdict(results, family), highlight=False)
            continue
        table = Table("kernel", "kernels", "local memory", *targets, title=family.name, title_justify="left")
        for line in lines(results, family, targets):
            table.add_row(line.label, str(line.kernels), str(line.local), *line.cells)
        console.print(table)
    for problem in problems_in(results):
        console.print(problem, markup=False, highlight=False, soft_wrap=True)


def problems_in(results: Iterable[Result]) -> list[str]:
    """A line for each problem of a kernel, with an example of a program that launches it."""
    found = []
    for one in results:
        for problem in one.problems:
            example = f", as in {one.cases[0]!r}" if one.cases else ""
            found.append(f"FAILED {one.target}: {one.label} ({one.name}{example}) {problem}")
    return found


def markdown(results: Sequence[Result]) -> str:
    """The tables as Markdown."""
    parts = [_markdown(results, family) for family in FAMILIES if targets_in(results, family)]
    return "\n\n".join(parts) + "\n"


def _markdown(results: Sequence[Result], family: Family) -> str:
    said, targets = verdict(results, family), targets_in(results, family)
    if said:
        return f"### {family.name}\n\n{said}"
    heads = ["kernel", "kernels", "local memory", *targets]
    rows = [[line.label, str(line.kernels), str(line.local), *line.cells] for line in lines(results, family, targets)]
    table = [heads, ["---"] * len(heads), *rows]
    return "\n".join((f"### {family.name}\n", *(f"| {' | '.join(row)} |" for row in table)))


def write_json(results: Sequence[Result], not_run: Sequence[str], path: Path) -> None:
    """Write every kernel on every target."""
    rows = [{**one._asdict(), "usage": one.usage._asdict() if one.usage else None} for one in results]
    path.write_text(json.dumps({"not_run": [*not_run], "results": rows}, indent=1) + "\n", encoding="utf-8")
