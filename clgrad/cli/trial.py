"""Tests each driver in a separate process: a driver that crashes ends its process, which could not report it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from clgrad.cli.remedies import fix_crash
from clgrad.runtime.drivers import VENDORS_VARIABLE, Driver, find_drivers

USE_EVERY_DEVICE = "from clgrad.runtime.device import devices; devices()"
# Of the output of a driver before it crashes, the last so many characters are shown.
SHOWN = 600


@dataclass(frozen=True)
class Crash:
    """The crash of a process that used all devices, or the devices of one driver."""

    driver: Driver | None
    text: str

    @property
    def subject(self) -> str:
        """The driver that crashed. If each driver works alone, it is their combination."""
        return f"driver {self.driver.icd.name} ({self.driver.origin})" if self.driver else "drivers together"

    @property
    def fixes(self) -> tuple[str, ...]:
        """The commands that fix it."""
        return fix_crash(self.driver) if self.driver else ()


def find_crashes() -> list[Crash]:
    """The drivers that crash when their devices are used."""
    together = _try()
    if together is None:
        return []
    alone = [
        Crash(driver, text)
        for driver in find_drivers()
        if not driver.problem and (text := _try({VENDORS_VARIABLE: driver.library}))
    ]
    return alone or [Crash(None, together)]


def _try(changes: dict[str, str] | None = None) -> str | None:
    """How a process that uses all devices crashed; None if it did not, even if it ended with a Python error."""
    command = [sys.executable, "-c", USE_EVERY_DEVICE]
    # Without the cache each device is tested again, even if it worked in an earlier process.
    changes = {"CLGRAD_CACHE_LIMIT": "0"} | (changes or {})
    done = subprocess.run(command, capture_output=True, errors="replace", env=os.environ | changes, check=False)
    if done.returncode in (0, 1):
        return None
    said = done.stderr.strip()[-SHOWN:]
    return f"a process that uses it ends with {_ending(done.returncode)}" + (f": {said}" if said else "")


def _ending(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"exit code {code}"
