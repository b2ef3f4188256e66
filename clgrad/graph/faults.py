"""Messages for bad data that only a kernel can see; read back when somebody looks at a result."""

from __future__ import annotations

from clgrad.errors import ClgradError

_MESSAGES: list[tuple[type[ClgradError], str]] = []


def register(error: type[ClgradError], message: str) -> int:
    """The code, at least 1, that a kernel stores into the fault word to raise `error(message)` at the read."""
    _MESSAGES.append((error, message))
    return len(_MESSAGES)


def raise_fault(code: int) -> None:
    """Raise the error that `code` stands for."""
    error, message = _MESSAGES[code - 1]
    raise error(message)
