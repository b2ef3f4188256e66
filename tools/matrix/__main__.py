"""`python3 run.py matrix`: runs the entries that have no result for this commit, and writes docs/matrix.md."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.environment import ROOT, say
from tools.matrix import results
from tools.matrix.chroots import Chroot, Machine, NotRunError
from tools.matrix.entries import ENTRIES, System
from tools.matrix.runner import head, run_entry

RESULTS = ROOT / "docs" / "matrix.json"
PAGE = ROOT / "docs" / "matrix.md"


def main(arguments: Sequence[str]) -> int:
    """Runs the chosen entries; returns 1 if a test failed."""
    given = parser().parse_args(arguments)
    if given.list:
        say("\n".join(f"{entry.name:24}{entry.system.title}, {entry.python}" for entry in ENTRIES))
        return 0
    if given.remove:
        return remove(given.folder, given.remove)
    if sys.platform != "win32":
        os.nice(10)
    # SIGTERM raises SystemExit, so that the `finally` blocks unmount everything.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [entry for entry in ENTRIES if not given.only or entry.name in given.only]
    known = results.load(RESULTS)
    for entry in chosen:
        if not given.only and entry.name in known and known[entry.name].commit == head():
            continue
        say(f"{entry.name}: {entry.system.title}, {entry.python}")
        result = run_entry(entry, place(entry.system, given), 60 * given.minutes)
        known = results.load(RESULTS) | {entry.name: result}
        write(known)
        say(f"  {results.row(entry, known[entry.name])}")
    return int(any(known[entry.name].failed for entry in chosen if entry.name in known))


def place(system: System, given: argparse.Namespace) -> Machine:
    """The machine, real or chroot, that runs the entries of a system."""
    folder: Path = given.folder.absolute()
    return Chroot(folder, system, given.copy) if system.suite else Machine(folder)


def write(known: dict[str, results.Result]) -> None:
    """Writes docs/matrix.json and docs/matrix.md, without the results of removed entries."""
    kept = {entry.name: known[entry.name] for entry in ENTRIES if entry.name in known}
    results.save(RESULTS, kept)
    PAGE.write_text(results.page(ENTRIES, kept))


def remove(folder: Path, name: str) -> int:
    """Deletes the folder of a system."""
    system = next(entry.system for entry in ENTRIES if entry.system.name == name)
    try:
        Chroot(folder.absolute(), system, ()).remove()
    except NotRunError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The parser of the command line."""
    made = argparse.ArgumentParser(prog="run.py matrix", description=__doc__)
    made.add_argument("--only", nargs="+", metavar="NAME", choices=[one.name for one in ENTRIES], help="run only these")
    made.add_argument("--list", action="store_true", help="list the entries")
    made.add_argument("--folder", type=Path, default=Path("/var/tmp/clgrad-matrix"), help="holds the Debian systems")
    made.add_argument(
        "--copy", type=Path, nargs="+", default=[], metavar="FILE",
        help="files of this machine that a Debian needs for downloads, such as /etc/pip.conf or a certificate",
    )  # fmt: skip
    made.add_argument("--minutes", type=float, default=20, help="time limit of one test file")
    systems = sorted({one.system.name for one in ENTRIES if one.system.suite})
    made.add_argument("--remove", metavar="SYSTEM", choices=systems, help="unmount and delete the folder of a Debian")
    return made


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
