"""The setting CLGRAD_DEBUG, which is read here alone."""

from __future__ import annotations

import os

from clgrad.errors import ArgumentError

LEVELS = ("0", "1", "2")


def debug_level() -> int:
    """The level in CLGRAD_DEBUG: 1 waits after each launch, 2 also prints the name of each launch before it."""
    given = os.environ.get("CLGRAD_DEBUG") or "0"
    if given not in LEVELS:
        raise ArgumentError(f"CLGRAD_DEBUG={given!r} is not a level of debugging; use 0, 1 or 2")
    return int(given)


def is_debugging() -> bool:
    """Whether CLGRAD_DEBUG is set and not 0. A wrong level counts as set: opening the first device raises for it."""
    return (os.environ.get("CLGRAD_DEBUG") or "0") != "0"
