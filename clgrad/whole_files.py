"""Files that are written whole or not at all: beside the old one, which the new one then replaces."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

# How the names of unfinished files begin.
UNFINISHED = "writing-"


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file at `path` when the block ends; after an error the old file stays.

    The new file has the permissions of the old one, or else of `mode` those that the user's mask leaves. A link
    stays a link, to the new file.

    Raises PermissionError where the system refuses to replace a file that is open, as Windows does.
    """
    path = Path(os.path.realpath(path))
    unfinished = path.with_name(f"{UNFINISHED}{uuid4().hex}")
    try:
        with open(unfinished, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
            if path.exists():
                shutil.copymode(path, unfinished)
            yield stream
        _replace(unfinished, path)
    except OSError as problem:
        # The name that people know, also for a disk that is full or a folder that does not exist.
        raise OSError(problem.errno, problem.strerror, str(path)) from problem
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _replace(unfinished: Path, path: Path) -> None:
    try:
        os.replace(unfinished, path)
    except PermissionError as problem:
        said = "cannot be replaced, and is as it was before; usual cause: another program has it open"
        raise PermissionError(problem.errno, said, str(path)) from problem
