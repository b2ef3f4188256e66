"""The command line of `python -m clgrad`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rich.console import Console

from clgrad.cli.devices import show_devices
from clgrad.cli.doctor import show_diagnosis
from clgrad.errors import ClgradError

WIDTH_WITHOUT_TERMINAL = 160
COMMANDS: dict[str, tuple[Callable[[Console], int], str]] = {
    "devices": (show_devices, "list all platforms and devices, which is chosen, and why others are not used"),
    "doctor": (show_diagnosis, "check drivers, devices, caches and settings, and say how to fix them"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `python -m clgrad ...` and returns its exit code: 0 when a device works, 1 when none does."""
    parser = argparse.ArgumentParser(
        prog="clgrad",
        description="NumPy arrays with gradients on any OpenCL device.",
        epilog="The exit code is 0 when a device works, 1 when none does or a setting is wrong.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, description=summary)
    show, _ = COMMANDS[parser.parse_args(arguments).command]
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL)
    try:
        return show(console)
    except ClgradError as problem:
        console.print(str(problem), style="red", markup=False)
        return 1
