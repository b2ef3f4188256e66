"""Amounts of memory, as people write and read them."""

from __future__ import annotations

from clgrad.errors import ArgumentError

UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def parse_bytes(text: str, setting: str) -> int:
    """A number of bytes, written plainly or with a unit.

    >>> parse_bytes("1.5G", "CLGRAD_MEMORY_LIMIT"), parse_bytes("4096", "CLGRAD_MEMORY_LIMIT")
    (1610612736, 4096)
    """
    digits = text.strip().lower().removesuffix("ib").removesuffix("b")
    unit = UNITS.get(digits[-1:], 1)
    try:
        count = int(float(digits.rstrip("kmgt")) * unit)
    except (ValueError, OverflowError):
        count = -1
    if count < 0:
        raise ArgumentError(f"{setting}={text!r} is not an amount of memory; write such as 4096, 512M or 4G")
    return count


def format_bytes(count: int) -> str:
    """Bytes for people.

    >>> format_bytes(1536), format_bytes(5)
    ('1.5 KiB', '5 bytes')
    """
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        scale = UNITS[unit[0].lower()]
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} bytes"
