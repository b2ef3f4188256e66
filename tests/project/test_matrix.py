"""The matrix of drivers and Pythons: what it counts, what it says, and that it deletes no folder with mounts in it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import ROOT
from tools.matrix import chroots, results, runner
from tools.matrix.__main__ import PAGE, RESULTS
from tools.matrix.chroots import Chroot, Machine, NotRunError, mounts_in, run_group
from tools.matrix.entries import ENTRIES, FRESH_13, HERE, TRIXIE, WHOLE, Entry, Part
from tools.matrix.results import Result, page, row
from tools.matrix.runner import files_of, last_line, read_report, run_entry


@pytest.fixture(autouse=True)
def without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite also runs where there is no git: the commit tested is one without files."""
    monkeypatch.setattr(runner, "head", lambda: "0123456789")
    monkeypatch.setattr(runner, "archive", lambda: b"\0" * 10240)


ONE = Entry("one", HERE, "python3", Part(("test_smoke.py",), "the smallest"))


def test_names_are_unique_and_parts_name_files_that_exist() -> None:
    names = [entry.name for entry in ENTRIES]
    assert len(names) == len(set(names))
    files = {file for entry in ENTRIES for file in entry.part.files or ()}
    assert [file for file in sorted(files) if not (ROOT / "tests" / file).exists()] == []


def test_a_part_says_why_it_is_not_the_whole() -> None:
    assert [entry.name for entry in ENTRIES if entry.part.files and not entry.part.reason] == []
    assert WHOLE.files is None


def test_the_whole_suite_has_the_files_of_all_folders() -> None:
    files = files_of(WHOLE, ROOT)
    assert {"tests/test_shapes.py", "tests/plan/test_order.py", "clgrad"} <= set(files)
    assert files_of(Part(("plan/test_order.py",), "one"), ROOT) == ["tests/plan/test_order.py"]


def test_the_page_shows_the_results_that_are_kept() -> None:
    assert PAGE.read_text() == page(ENTRIES, results.load(RESULTS))


def test_results_are_read_back(tmp_path: Path) -> None:
    kept = {"one": Result(commit="abc", passed=3, failures=["a::b"]), "two": Result(not_run="no root")}
    results.save(tmp_path / "results.json", kept)
    assert results.load(tmp_path / "results.json") == kept
    assert results.load(tmp_path / "none.json") == {}


def test_a_row_that_did_not_run_says_why_and_counts_nothing() -> None:
    cells = row(ONE, Result(not_run="there is no\nroot | here")).split(" | ")
    assert cells[3] == "not run: there is no root / here"
    assert not any(cell.strip(" |") for cell in cells[6:])
    assert "not run: was not tried yet" in page([ONE], {})


def test_the_page_names_failures_and_parts() -> None:
    shown = page([ONE], {"one": Result(passed=1, failed=1, failures=["tests.test_smoke::test_it"])})
    assert "* `one`: tests.test_smoke::test_it" in shown
    assert "* **1 files** - the smallest: `smoke`." in shown


REPORT = """<testsuites><testsuite>
<testcase classname="tests.a" name="passes"/>
<testcase classname="tests.a" name="fails"><failure message="no"/></testcase>
<testcase classname="tests.a" name="breaks"><error message="no"/></testcase>
<testcase classname="tests.a" name="is skipped"><skipped message="why"/></testcase>
</testsuite></testsuites>"""


def test_a_report_is_counted(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    counts = read_report(tmp_path / "report.xml")
    assert counts is not None
    assert (counts.passed, counts.skipped, counts.failures) == (1, 1, ["tests.a::fails", "tests.a::breaks"])


def test_a_report_that_was_cut_off_counts_nothing(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT[:80])
    assert read_report(tmp_path / "report.xml") is None


def test_the_last_line_that_says_something(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("first\nlast\n\n  \n")
    assert last_line(tmp_path / "log") == "last"
    (tmp_path / "log").write_text("")
    assert last_line(tmp_path / "log") == "it printed nothing"


MOUNTS = """/dev/vda / ext4 rw 0 0
proc /folder/trixie/proc proc rw 0 0
proc /folder/trixie-2/proc proc rw 0 0
tmp /folder/trixie/with\\040space tmpfs rw 0 0
"""


def test_mounts_inside_a_folder() -> None:
    assert mounts_in(Path("/folder/trixie"), MOUNTS) == [
        Path("/folder/trixie/proc"),
        Path("/folder/trixie/with space"),
    ]


def test_a_folder_with_a_mount_is_not_deleted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    system = Chroot(tmp_path, TRIXIE, ())
    (system.root / "proc").mkdir(parents=True)
    monkeypatch.setattr(chroots, "mounts_in", lambda folder: [system.root / "proc"])
    monkeypatch.setattr(chroots.subprocess, "run", lambda *command, **options: None)
    with pytest.raises(NotRunError, match="is mounted and in use"):
        system.remove()
    assert (system.root / "proc").exists()


def test_a_folder_without_mounts_is_deleted(tmp_path: Path) -> None:
    system = Chroot(tmp_path, TRIXIE, ())
    (system.root / "etc").mkdir(parents=True)
    system.remove()
    assert not system.root.exists()


def test_without_root_no_debian_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(chroots, "is_root", lambda: False)
    entry = Entry("fresh", FRESH_13, "python3", WHOLE)
    found = run_entry(entry, Chroot(tmp_path, FRESH_13, ()), 1)
    assert (found.passed, found.not_run) == (0, "making a Debian in a folder needs root")


def test_a_python_that_is_not_there_is_the_reason(tmp_path: Path) -> None:
    found = run_entry(Entry("none", HERE, "python3.99", WHOLE), Machine(tmp_path), 1)
    assert (found.passed, found.not_run) == (0, "python3.99 is not on this machine")


def test_paths_are_named_as_inside_the_folder(tmp_path: Path) -> None:
    system = Chroot(tmp_path, TRIXIE, ())
    assert system.inside(system.home / "checkout") == "/home/matrix/checkout"


class Fake(Machine):
    """A machine where every test file does as `outcomes` says."""

    def __init__(self, folder: Path, outcomes: dict[str, int | None]):
        super().__init__(folder)
        self.outcomes = outcomes

    @contextmanager
    def opened(self) -> Iterator[None]:
        self.home.mkdir(parents=True)
        yield

    def find_python(self, name: str) -> str:
        return sys.executable

    def run(  # type: ignore[no-untyped-def]
        self, command, variables, seconds, log, folder="/"
    ) -> int | None:
        if "-c" in command:
            log.write_text('{"python": "3.13.5", "device": "PoCL", "shape": "8, cpu"}\n')
        (report,) = [word.partition("=")[2] for word in command if word.startswith("--junitxml")] or [""]
        file = next((word for word in command if word in self.outcomes), "")
        if report and self.outcomes[file] == 0:
            Path(report).write_text(REPORT)
        return self.outcomes.get(file, 0)


def test_files_that_crash_or_take_too_long_are_failures(tmp_path: Path) -> None:
    part = Part(("array/test_array.py", "autograd/test_tape.py", "runtime/test_queue.py"), "three outcomes")
    outcomes = {"tests/array/test_array.py": 0, "tests/autograd/test_tape.py": -6, "tests/runtime/test_queue.py": None}
    machine = Fake(tmp_path, outcomes)
    found = run_entry(Entry("fake", HERE, "python3", part), machine, 30)
    assert (found.python, found.device, found.shape) == ("3.13.5", "PoCL", "8, cpu")
    assert (found.passed, found.failed, found.skipped) == (1, 4, 1)
    assert found.failures[2] == "tests/autograd/test_tape.py crashed with status -6"
    assert found.failures[3] == "tests/runtime/test_queue.py took more than 30 s"


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_what_takes_too_long_ends_with_all_that_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    command = ["sh", "-c", f"sleep 600 & echo $! > {child}; wait"]
    assert run_group(command, dict(os.environ), 2, None, "/") is None
    process = int(child.read_text())
    deadline = time.monotonic() + 20
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(process)


def alive(process: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_command_that_does_not_exist_is_a_status(tmp_path: Path) -> None:
    assert run_group(["no-such-command"], {}, 1, tmp_path / "log", "/") == 127
