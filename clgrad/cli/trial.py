"""Tries drivers in processes of their own: one that crashes takes its process along, and nothing could report it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import dataclass

from clgrad.cli.remedies import mend_crash
from clgrad.runtime.drivers import VENDORS_VARIABLE, Driver, find_drivers

USE_EVERY_DEVICE = "from clgrad.runtime.device import devices; devices()"
# The end of what a driver says before it crashes.
SHOWN = 600


@dataclass(frozen=True)
class Crash:
    """A process that used every device, or those of one driver, and did not come to its end."""

    driver: Driver | None
    text: str

    @property
    def subject(self) -> str:
        """Which driver it is; where each works alone, their combination."""
        return f"driver {self.driver.icd.name} ({self.driver.origin})" if self.driver else "drivers together"

    @property
    def fixes(self) -> tuple[str, ...]:
        """The commands that mend it."""
        return mend_crash(self.driver) if self.driver else ()


def find_crashes() -> list[Crash]:
    """The drivers that end a process which uses their devices."""
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
    """How a process that uses every device came to die; None where it ends by itself, be it with an error."""
    command = [sys.executable, "-c", USE_EVERY_DEVICE]
    # Without a cache each device is tried, also where it worked in an earlier process.
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
