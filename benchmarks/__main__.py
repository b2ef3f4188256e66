"""Measures the device's limits, then each row in clgrad and its peers, in turns. Prints a table."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import ExitStack, closing
from datetime import datetime, timezone
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from benchmarks import report
from benchmarks.frameworks import FRAMEWORKS
from benchmarks.limits import Limits
from benchmarks.race import ROOT, Result, Runner, race
from benchmarks.row import Row
from benchmarks.rows import ROWS


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", default="*", help="names or patterns, with commas: 'gemm*,sum4M'")
    parser.add_argument("--list", action="store_true", help="list the rows and stop")
    parser.add_argument("--peers", default="", help="with commas: numpy,torch,jax,mxnet")
    parser.add_argument(
        "--peer-python",
        action="append",
        default=[],
        metavar="[PEER=]PATH",
        help="the Python that has the peers, or one peer, installed; may be given several times",
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns per row and framework (5)")
    parser.add_argument("--seconds", type=float, default=0.3, help="length of a turn (0.3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    return parser.parse_args(arguments)


def chosen_rows(patterns: str) -> list[Row]:
    """The rows with names that match one of the patterns."""
    wanted = patterns.split(",")
    rows = [row for row in ROWS.values() if any(fnmatch(row.name, pattern) for pattern in wanted)]
    if not rows:
        sys.exit(f"no row fits {patterns!r}; there are {', '.join(ROWS)}")
    return rows


def chosen_peers(names: str, pythons: list[str]) -> dict[str, str]:
    """For each peer the Python that runs it."""
    default, named = sys.executable, {}
    for given in pythons:
        peer, separator, path = given.rpartition("=")
        if separator:
            named[peer] = path
        else:
            default = path
    peers = [name for name in names.split(",") if name]
    for name in peers:
        if name not in FRAMEWORKS or name == report.CLGRAD:
            sys.exit(f"no peer is named {name!r}; there are {', '.join(list(FRAMEWORKS)[1:])}")
    return {name: named.get(name, default) for name in peers}


def limits_of_device() -> Limits | None:
    """The device's limits, measured in a process of their own, which frees the device's memory when it ends."""
    command = [sys.executable, "-m", "benchmarks.limits"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return None
    return Limits(**json.loads(done.stdout))


def describe_limits(limits: Limits) -> str:
    """The limits as a sentence."""
    return (
        f"{limits.device}\nlimits: read {limits.read_gigabytes:.0f} GB/s, copy {limits.copy_gigabytes:.0f} GB/s "
        f"(16 MiB arrays), {limits.large_copy_gigabytes:.0f} GB/s (256 MiB); "
        f"multiply-add {limits.gigaflops:.0f} GFLOP/s"
    )


def run(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure all rows, show the table while it grows, and return the data for the JSON file."""
    limits = limits_of_device()
    if limits:
        console.print(describe_limits(limits), highlight=False)
    measured: list[tuple[Row, dict[str, Result]]] = []
    with ExitStack() as stack:
        pythons = {report.CLGRAD: sys.executable, **chosen_peers(options.peers, options.peer_python)}
        runners = [stack.enter_context(closing(Runner(name, path))) for name, path in pythons.items()]
        versions = {runner.framework: runner.ask(do="describe") for runner in runners}
        table = report.table(list(pythons))
        with Live(table, console=console, auto_refresh=False, vertical_overflow="visible") as live:
            for row, results in race(chosen_rows(options.rows), runners, options.rounds, options.seconds):
                report.add_row(table, row, results, limits)
                measured.append((row, results))
                live.refresh()
    console.print()
    rows = [report.record(row, results, limits) for row, results in measured]
    if limits and report.beyond_limits(rows):
        # Measure again: other programs on the machine may have slowed down the first measurement.
        limits = limits.better(limits_of_device() or limits)
        console.print(f"measured again: {describe_limits(limits)}", highlight=False)
        rows = [report.record(row, results, limits) for row, results in measured]
    return {
        "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "limits": vars(limits) if limits else None,
        "frameworks": versions,
        "rows": rows,
    }


def failures(rows: list[dict[str, Any]]) -> list[str]:
    """A line for each row that failed in a framework."""
    return [
        f"{row['row']} failed in {name}: {facts['error']}"
        for row in rows
        for name, facts in row.items()
        if isinstance(facts, dict) and "error" in facts
    ]


def main() -> int:
    """Run the command; the exit status is 1 if a row failed or is faster than the device's limit."""
    # In a file or a pipe the lines of the table are not wrapped.
    options, console = parse(), Console(width=None if sys.stdout.isatty() else 160)
    if options.list:
        for row in chosen_rows(options.rows):
            console.print(f"{row.name:22}{row.summary}", highlight=False)
        return 0
    results = run(options, console)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    failed = failures(results["rows"]) + report.beyond_limits(results["rows"])
    for line in failed:
        console.print(line, style="red", highlight=False)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
