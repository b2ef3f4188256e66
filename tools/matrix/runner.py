"""Runs one entry: in a checkout of the last commit and a separate environment, with one process per test file."""

from __future__ import annotations

import json
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from tools.environment import ROOT, say
from tools.matrix.chroots import Machine, NotRunError
from tools.matrix.entries import Entry, Part
from tools.matrix.results import Result

INSTALL_SECONDS = 1800
FACTS = """
import json, platform
from clgrad.runtime.device import default_device
one = default_device()
print(json.dumps({
    "python": platform.python_version(),
    "device": f"{one.name}, {one.platform_name} {one.driver_version}",
    "shape": f"{one.capabilities.vector_width}, {one.capabilities.kernel_shape}",
}))
"""


def run_entry(entry: Entry, where: Machine, seconds: float) -> Result:
    """The result of an entry. Each test file may take `seconds`."""
    try:
        with where.opened():
            return _Run(entry, where, seconds).result()
    except NotRunError as problem:
        return Result(commit=head(), not_run=str(problem))


def files_of(part: Part, checkout: Path) -> list[str]:
    """The files that a part runs, one after the other; of the whole suite all, and then the package's doctests."""
    if part.files:
        return [f"tests/{name}" for name in part.files]
    files = sorted(path.relative_to(checkout).as_posix() for path in (checkout / "tests").rglob("test_*.py"))
    return [*files, "clgrad"]


class _Run:
    """The state that the steps of a run share."""

    def __init__(self, entry: Entry, where: Machine, seconds: float):
        self.entry = entry
        self.where = where
        self.seconds = seconds
        self.checkout = where.home / "checkout"
        self.environment = where.home / f"environment-{entry.python}"
        self.log = where.folder / f"{entry.name}.log"
        self.variables = dict(entry.variables) | {"CLGRAD_CACHE_DIR": where.inside(where.home / "cache")}

    def result(self) -> Result:
        python = self.where.find_python(self.entry.python)
        self.log.unlink(missing_ok=True)
        self._check_out()
        self._install(python)
        result = self._facts()
        start = time.monotonic()
        for file in files_of(self.entry.part, self.checkout):
            self._run_file(python, file, result)
            say(f"  {file}: {result.passed} passed, {result.failed} failed, {result.skipped} skipped so far")
        result.minutes = round((time.monotonic() - start) / 60, 1)
        return result

    def _check_out(self) -> None:
        subprocess.run(["rm", "-rf", str(self.checkout)], check=True)
        self.checkout.mkdir(parents=True)
        subprocess.run(["tar", "--extract", "--directory", str(self.checkout)], input=archive(), check=True)
        self.where.own(self.checkout)

    def _command(self, python: str, *arguments: str, seconds: float) -> int | None:
        command = [python, "run.py", "--environment", self.where.inside(self.environment), *arguments]
        return self.where.run(command, self.variables, seconds, self.log, self.where.inside(self.checkout))

    def _install(self, python: str) -> None:
        if self._command(python, "pytest", "--version", seconds=INSTALL_SECONDS) != 0:
            raise NotRunError(f"the packages for the tests cannot be installed: {last_line(self.log)}")

    def _facts(self) -> Result:
        """A result with commit, Python and device, but without counts yet."""
        report = self.log.with_suffix(".facts")
        report.unlink(missing_ok=True)
        inside = self.where.inside(self.environment / "bin/python")
        if self.where.run([inside, "-c", FACTS], self.variables, 300, report) != 0:
            raise NotRunError(f"no such device: {last_line(report)}")
        return Result(commit=head(), **json.loads(report.read_text().splitlines()[-1]))

    def _run_file(self, python: str, file: str, result: Result) -> None:
        report = self.checkout / "report.xml"
        report.unlink(missing_ok=True)
        status = self._command(
            python, "pytest", file, "-q", f"--junitxml={self.where.inside(report)}", seconds=self.seconds
        )
        counts = read_report(report) if report.exists() and status is not None else None
        if counts is None:
            result.failed += 1
            ended = f"took more than {self.seconds:.0f} s" if status is None else f"crashed with status {status}"
            result.failures.append(f"{file} {ended}")
            return
        result.passed += counts.passed
        result.failed += len(counts.failures)
        result.skipped += counts.skipped
        result.failures += counts.failures


@dataclass
class Counts:
    """The counts in a report of pytest."""

    passed: int
    skipped: int
    failures: list[str]


def read_report(file: Path) -> Counts | None:
    """The counts in a JUnit file; None if the file is incomplete."""
    try:
        cases = list(ElementTree.parse(file).getroot().iter("testcase"))
    except ElementTree.ParseError:
        return None
    failures = [
        f"{case.get('classname', '')}::{case.get('name', '')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    skipped = sum(case.find("skipped") is not None for case in cases)
    return Counts(len(cases) - skipped - len(failures), skipped, failures)


def last_line(file: Path) -> str:
    """The last line of a log that is not empty, cut to fit a table."""
    lines = [line.strip() for line in file.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it printed nothing"


def archive() -> bytes:
    """The files of the commit that is tested, as a tar archive."""
    return subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout


def head() -> str:
    """The commit that is tested."""
    command = ["git", "rev-parse", "--short=10", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
