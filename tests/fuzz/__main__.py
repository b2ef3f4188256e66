"""Runs random programs in clgrad and in NumPy and prints those that differ; the exit status is 1 if any does."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from clgrad.runtime.device import default_device
from tests.fuzz.runner import Runner


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on (1)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds draw other programs (0)")
    return parser.parse_args()


def main() -> int:
    """Runs the command."""
    options = parse()
    device = default_device()
    print(f"{device.name}, {device.capabilities.kernel_shape} shape, seed {options.seed}", flush=True)
    runner = Runner(options.seed, report=lambda finding: print(finding, flush=True))
    start = perf_counter()
    runner.run(options.minutes)
    print(runner.summary((perf_counter() - start) / 60))
    return bool(runner.findings)


if __name__ == "__main__":
    sys.exit(main())
