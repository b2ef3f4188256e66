"""The counts as a table on the terminal and in docs/gpu.md."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tools.environment import ROOT
from tools.memory_check.bounds import Bound, bound_of
from tools.memory_check.counts import KINDS, Measured

PAGE = ROOT / "docs" / "gpu.md"
BEGIN, END = "<!-- memory-check -->", "<!-- end of memory-check -->"
HEADS = ("case", "kernel", *(kind.replace("_", " ") for kind in KINDS))


def rows(measured: Sequence[Measured], bounds: Sequence[Bound]) -> list[list[str]]:
    """A row for each kernel of a case."""
    return [
        [one.case, one.kernel, *(_cell(one, kind, bound_of(one.label, bounds)) for kind in KINDS)] for one in measured
    ]


def _cell(one: Measured, kind: str, bound: Bound) -> str:
    """Measured, ideal and bound."""
    count = one.counts.get(kind)
    if count is None:
        return ""
    return f"{count.measured:.1f} / {count.ideal:.1f} / {count.ideal * bound.of(kind):.1f}"


def show(measured: Sequence[Measured], bounds: Sequence[Bound], console: Console) -> None:
    """Print the table."""
    table = Table(*HEADS, title="measured / ideal / bound", title_justify="left")
    for row in rows(measured, bounds):
        table.add_row(*row)
    console.print(table)


def write_page(measured: Sequence[Measured], bounds: Sequence[Bound]) -> None:
    """Replace the table between the marks in the document."""
    before, begin, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} lacks the marks {BEGIN!r} and {END!r}, between which the table belongs")
    lines = [f"| {' | '.join(row)} |" for row in (HEADS, ["---"] * len(HEADS), *rows(measured, bounds))]
    PAGE.write_text(f"{before}{BEGIN}\n{chr(10).join(lines)}\n{END}{after}", encoding="utf-8")
