"""Runs random programs in clgrad and in NumPy and prints those that differ; the exit status is 1 if any does.

Each process draws other programs. Every second one compiles without optimisation, in a fraction of the time, so that it
checks more programs; the others find what optimisation changes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter

from clgrad.runtime.device import default_device
from tests.fuzz.counts import Counts
from tests.fuzz.runner import run


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on (1)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds draw other programs (0)")
    cores = os.cpu_count() or 1
    parser.add_argument("--processes", type=int, default=cores, help=f"how many to run at a time ({cores})")
    return parser.parse_args()


def main() -> int:
    """Runs the command."""
    options = parse()
    device = default_device()
    shape = device.capabilities.kernel_shape
    print(f"{device.name}, {shape} shape, seed {options.seed}, {options.processes} processes", flush=True)
    start = perf_counter()
    # A forked process could not use OpenCL.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, spawn) as pool:
        tasks = [pool.submit(run, number, options.seed, options.minutes) for number in range(options.processes)]
        done = [task.result() for task in tasks]
    minutes = (perf_counter() - start) / 60
    total = sum(done, Counts())
    if len(done) > 1:
        for number, counts in enumerate(done):
            print(f"process {number}: {counts.summary(minutes)}")
    print(total.summary(minutes))
    return bool(total.differences)


if __name__ == "__main__":
    sys.exit(main())
