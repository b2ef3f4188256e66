"""The results of runs, kept in docs/matrix.json, and the page docs/matrix.md that shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tools.matrix.entries import Entry

INTRODUCTION = """\
# Where the tests ran

`python3 run.py matrix` writes this page. It runs the suite, or a part of it, on many drivers, vector widths and
Pythons. Debian systems are made in folders with `debootstrap`, which needs root. Each test file runs in its own
process, as an ordinary user. Most tests run in both kernel shapes; the column "shape" is the shape of the other tests.
An entry that could not run says why, and counts no tests.

| entry | system | Python | device, driver | width, shape | tests | passed | failed | skipped | minutes | commit |
|---|---|---|---|---|---|---|---|---|---|---|
"""


@dataclass
class Result:
    """The outcome of one entry."""

    commit: str = ""
    python: str = ""
    device: str = ""
    shape: str = ""
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    minutes: float = 0.0
    failures: list[str] = field(default_factory=list)
    """the names of failed tests, and of files that crashed or took too long"""
    not_run: str = ""
    """the reason why nothing ran"""


def load(file: Path) -> dict[str, Result]:
    """The results of earlier runs, by the name of the entry."""
    if not file.exists():
        return {}
    return {name: Result(**fields) for name, fields in json.loads(file.read_text()).items()}


def save(file: Path, results: dict[str, Result]) -> None:
    """Keeps the results for later runs."""
    text = json.dumps({name: asdict(result) for name, result in sorted(results.items())}, indent=1)
    file.write_text(text + "\n")


def page(entries: Sequence[Entry], results: dict[str, Result]) -> str:
    """The whole of docs/matrix.md."""
    never = Result(not_run="was not tried yet")
    rows = [row(entry, results.get(entry.name, never)) for entry in entries]
    parts = dict.fromkeys((entry.part.reason, entry.part.files) for entry in entries if entry.part.files)
    said = [f"* **{len(files or ())} files** - {reason}: {listed(files or ())}." for reason, files in parts]
    failures = [f"* `{name}`: {one}" for name, result in sorted(results.items()) for one in result.failures]
    sections = ["\n".join(rows), "## Parts\n\n" + "\n".join(said)]
    if failures:
        sections.append("## Failures\n\n" + "\n".join(failures))
    return INTRODUCTION + "\n\n".join(sections) + "\n"


def row(entry: Entry, result: Result) -> str:
    """One line of the table."""
    tests = f"{len(entry.part.files)} files" if entry.part.files else "all"
    if result.not_run:
        cells = [entry.name, entry.system.title, entry.python, f"not run: {result.not_run}", "", tests, *[""] * 5]
    else:
        cells = [
            entry.name, entry.system.title, result.python, result.device, result.shape, tests, str(result.passed),
            str(result.failed), str(result.skipped), f"{result.minutes:.0f}", result.commit,
        ]  # fmt: skip
    return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def listed(files: Sequence[str]) -> str:
    """The names of files, for a sentence."""
    return ", ".join(f"`{name.replace('test_', '').removesuffix('.py')}`" for name in files)
