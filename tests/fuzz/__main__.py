"""Runs random programs in clgrad and in NumPy and prints those that differ; the exit status is 1 if any does.

Each process draws other programs. Every second one compiles without optimisation, in a fraction of the time, so that it
checks more programs; the others find what optimisation changes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from time import perf_counter

from clgrad.runtime import programs
from clgrad.runtime.device import default_device
from tests.fuzz.counts import Counts
from tests.fuzz.runner import Runner


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on (1)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds draw other programs (0)")
    cores = os.cpu_count() or 1
    parser.add_argument("--processes", type=int, default=cores, help=f"how many to run at a time ({cores})")
    return parser.parse_args()


def run(number: int, seed: int, minutes: float) -> Counts:
    """The work of one process."""
    if number % 2:
        programs.OPTIONS += " -cl-opt-disable"
    runner = Runner(f"{seed} {number}", report=lambda finding: print(finding, flush=True))
    runner.run(minutes)
    return runner.counts()


def main() -> int:
    """Runs the command."""
    options = parse()
    device = default_device()
    shape = device.capabilities.kernel_shape
    print(f"{device.name}, {shape} shape, seed {options.seed}, {options.processes} processes", flush=True)
    start = perf_counter()
    tasks = [(number, options.seed, options.minutes) for number in range(options.processes)]
    with multiprocessing.get_context("spawn").Pool(options.processes) as pool:
        done = pool.starmap(run, tasks, chunksize=1)
    minutes = (perf_counter() - start) / 60
    total = sum(done, Counts())
    if len(done) > 1:
        for number, counts in enumerate(done):
            print(f"process {number}: {counts.summary(minutes)}")
    print(total.summary(minutes))
    return bool(total.differences)


if __name__ == "__main__":
    sys.exit(main())
