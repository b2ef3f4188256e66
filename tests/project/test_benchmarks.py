"""The benchmark command works, and its rows are complete. How fast anything is, is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest

from benchmarks.limits import Bench, Launch, Limits
from benchmarks.race import Result
from benchmarks.report import beyond_limits, duration, figures, record
from benchmarks.row import ProcessRow, Row
from benchmarks.rows import ROWS
from benchmarks.rows.cold import first_step
from clgrad.runtime.device import default_device
from tests.processes import ROOT


def run_benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_command_measures_and_compares(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    options = ["--rounds", "1", "--seconds", "0.01", "--peers", "numpy", "--json", str(file)]
    done = run_benchmarks("--rows", "sum4M,tiny*backward", *options)
    # Beside other work the limits may come out too low, which is a failure of its own; no row failed otherwise.
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "failed" not in done.stdout, done.stdout
    results: dict[str, Any] = json.loads(file.read_text())
    assert results["limits"]["copy_gigabytes"] > 0
    assert done.returncode == ("nothing passes a limit" in done.stdout)
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


def test_what_starts_cold_has_caches_of_its_own_that_are_empty() -> None:
    program = "import os; os.chdir(os.environ['CLGRAD_CACHE_DIR']); print(len(os.listdir())); open('new', 'w')"
    step = ProcessRow("cold").run(program, empty_caches=True)
    assert [step(), step()] == [0, 0]


def test_a_first_step_counts_what_its_process_computes() -> None:
    assert 0 < first_step("cold_tiny", "clgrad") < 60


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


LIMITS = Limits("a device", read_gigabytes=40, copy_gigabytes=20, large_copy_gigabytes=10, gigaflops=100)


def test_rows_are_held_against_the_limit_of_their_kind() -> None:
    limits = [LIMITS.rate(ROWS[name]) for name in ("sum4M", "add4M", "gemm512", "import_time")]
    assert limits == [40, 20, 100, None]


def test_the_better_of_two_measurements_is_the_limit() -> None:
    other = Limits("a device", read_gigabytes=30, copy_gigabytes=25, large_copy_gigabytes=10, gigaflops=120)
    assert LIMITS.better(other) == Limits("a device", 40, 25, 10, 120)


@pytest.mark.parametrize(("gigaflops", "passes"), [(104, False), (106, True)])
def test_a_row_that_passes_its_limit_is_a_failure(gigaflops: float, passes: bool) -> None:
    row = ROWS["gemm512"]
    fast = Result(best=row.amount / gigaflops, median=1.0)
    told = beyond_limits([record(row, {"clgrad": fast, "numpy": Result()}, LIMITS)])
    assert [line.partition(" of the limit")[0] for line in told] == ["gemm512 in clgrad reaches 106 %"] * passes


def result_of(bench: Bench, launch: Launch, floats: int) -> Any:
    bench.run(launch)
    found = numpy.empty(floats, "float32")
    bench.opencl.enqueue_copy(bench.queue, found, launch.buffers[-1])
    return found


@pytest.mark.filterwarnings("ignore:Non-empty compiler output")
def test_kernels_of_the_limits_do_the_work_that_counts() -> None:
    bench, count = Bench(default_device()), 1 << 18
    numbers = numpy.random.default_rng(1).integers(0, 8, count).astype("float32")
    for launch in bench.copies(count):
        bench.opencl.enqueue_copy(bench.queue, launch.buffers[0], numbers)
        assert numpy.array_equal(result_of(bench, launch, count), numbers)
    for launch in bench.reads(count):
        bench.opencl.enqueue_copy(bench.queue, launch.buffers[0], numbers)
        assert result_of(bench, launch, launch.items * launch.width).sum() == numbers.sum()
    for launch in bench.multiply_adds(operations=1e7):
        # x / 2 + 1, again and again, ends at 2 in every chain.
        assert set(result_of(bench, launch, launch.items * launch.width)) == {2 * launch.chains}


@pytest.mark.parametrize(("seconds", "text"), [(2, "2 s"), (0.0123, "12.3 ms"), (5e-4, "500 us")])
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert duration(seconds) == text
