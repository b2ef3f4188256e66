"""The limits of kernels, in TOML files beside these: rows with a pattern of the kernels' labels."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol, TypeVar

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


class Limit(Protocol):
    """A row: what the kernels may take whose labels fit the pattern `kernels`."""

    @property
    def kernels(self) -> str: ...


AnyLimit = TypeVar("AnyLimit", bound=Limit)


def read_rows(path: Path, name: str) -> list[dict[str, Any]]:
    """The rows of this name, in their order."""
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))[name]
    return found


def first_fit(label: str, limits: Iterable[AnyLimit]) -> AnyLimit | None:
    """The row that counts for a kernel: the first whose pattern fits; None if none does."""
    return next((limit for limit in limits if fnmatchcase(label, limit.kernels)), None)
