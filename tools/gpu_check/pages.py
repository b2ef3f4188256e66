"""Writes the tables of the last run into docs/gpu.md."""

from __future__ import annotations

from collections.abc import Sequence

from tools.environment import ROOT
from tools.gpu_check.check import Result
from tools.gpu_check.report import markdown

PAGE = ROOT / "docs" / "gpu.md"
HEADING = "## Results"


def write_page(results: Sequence[Result], not_run: Sequence[str]) -> None:
    """Replace all after the heading of the results."""
    before = PAGE.read_text(encoding="utf-8").partition(HEADING)[0]
    told = [*failures(results), *(f"* {line}" for line in not_run)] or ["No kernel fails, and every compiler ran."]
    PAGE.write_text(f"{before}{HEADING}\n\n" + "\n".join(told) + f"\n\n{markdown(results)}", encoding="utf-8")


def failures(results: Sequence[Result]) -> list[str]:
    """A line for each name of kernels of which some fail, with the targets on which they do."""
    failed: dict[str, dict[str, None]] = {}
    for one in results:
        if one.problems:
            failed.setdefault(one.label, {})[one.target] = None
    return [f"* {label} fails on {', '.join(sorted(targets))}" for label, targets in sorted(failed.items())]
