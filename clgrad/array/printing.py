"""Arrays as text: the numbers as NumPy prints them, then the dtype and the device unless they are the default."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad import dtypes
from clgrad.array.device import current_device
from clgrad.array.handle import Handle
from clgrad.graph.execute import looking_at, read


class Printing(Handle):
    """`repr`, `str` and format strings."""

    __slots__ = ()

    def __repr__(self) -> str:
        value = self._value
        with looking_at(value) as numbers:
            text = numpy.array2string(numbers, separator=", ", prefix="array(", suffix=")")
        notes = []
        if 0 in value.shape and value.shape != (0,):
            notes.append(f"shape={value.shape}")
        if value.dtype not in (dtypes.DEFAULTS.floating, dtypes.bool_):
            notes.append(f"dtype={value.dtype.name}")
        if value.device is not current_device():
            notes.append(f"device={value.device}")
        return f"array({_joined(text, ', '.join(notes))})"

    def __str__(self) -> str:
        with looking_at(self._value) as numbers:
            return str(numbers)

    def __format__(self, specification: str) -> str:
        value = self._value
        if value.shape == ():
            return format(read(value).item(), specification)
        if not specification:
            return str(self)
        raise TypeError(
            f"format: {specification!r} formats one number, and this array has shape {value.shape}; "
            "format x.item(), an element, or x.asnumpy()"
        )


def _joined(text: str, notes: str) -> str:
    """The numbers and the notes; the notes start a new line if they do not fit NumPy's line width."""
    if not notes:
        return text
    last_line = text.rsplit("\n", 1)[-1]
    width: Any = numpy.get_printoptions()["linewidth"]
    prefix = len("array(") if "\n" not in text else 0
    fits = prefix + len(last_line) + len(notes) + len(", )") <= width
    return f"{text}, {notes}" if fits else f"{text},\n      {notes}"
