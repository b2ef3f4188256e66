"""The benchmark command works, and its rows are complete. How fast anything is, is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.race import Result
from benchmarks.report import duration, figures
from benchmarks.row import Row
from benchmarks.rows import ROWS

ROOT = Path(__file__).resolve().parents[1]


def run_benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_command_measures_and_compares(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    options = ["--rounds", "1", "--seconds", "0.01", "--peers", "numpy", "--json", str(file)]
    done = run_benchmarks("--rows", "sum4M,tiny*", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    results: dict[str, Any] = json.loads(file.read_text())
    assert results["limits"]["copy_gigabytes"] > 0
    total, tiny = results["rows"]
    assert total["clgrad"]["percent_of_limit"] > 0
    assert total["numpy"]["ratio"] > 0
    assert total["numpy"]["agrees"]
    assert tiny["clgrad"]["seconds"] > 0
    assert tiny["numpy"] == {}


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_every_row_can_run_in_clgrad_and_says_what_it_is(row: Row) -> None:
    assert type(row).clgrad is not Row.clgrad
    assert row.summary
    assert bool(row.unit) == bool(row.amount)


def test_unknown_names_are_refused() -> None:
    assert "no row fits 'gem'" in run_benchmarks("--rows", "gem").stderr
    assert "no peer is named 'numby'" in run_benchmarks("--rows", "gemm*", "--peers", "numby").stderr


def test_a_failed_row_has_its_reason_instead_of_a_time() -> None:
    result = Result()
    result.add({"error": "ValueError: no"})
    assert figures(ROWS["add4M"], result, None) == {"error": "ValueError: no"}


def test_results_that_differ_are_told_apart() -> None:
    assert Result(sample=[[1.0, 2.0]]).agrees(Result(sample=[[1.0, 2.0001]]))
    assert not Result(sample=[[1.0, 2.0]]).agrees(Result(sample=[[1.0, 3.0]]))


@pytest.mark.parametrize(("seconds", "text"), [(2, "2 s"), (0.0123, "12.3 ms"), (5e-4, "500 us")])
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert duration(seconds) == text
