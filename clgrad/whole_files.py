"""Files that are written whole or not at all: a new file is written beside the old file, and then replaces it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

# The prefix of the names of unfinished files.
UNFINISHED = "writing-"


@contextmanager
def replacing(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A stream whose content becomes the file at `path` when the block ends. After an error the old file stays.

    The new file has the permissions of the old file; without an old file they are `mode` less the user's umask. A
    symbolic link stays, and leads to the new file.

    Raises PermissionError if the system does not replace files that are open, as on Windows.
    """
    path = Path(os.path.realpath(path))
    unfinished = path.with_name(f"{UNFINISHED}{os.urandom(16).hex()}")
    try:
        with open(unfinished, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as stream:
            if path.exists():
                shutil.copymode(path, unfinished)
            yield stream
        _replace(unfinished, path)
    except OSError as problem:
        # Errors such as a full disk or a missing folder name the file itself, not the unfinished one.
        raise OSError(problem.errno, problem.strerror, str(path)) from problem
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _replace(unfinished: Path, path: Path) -> None:
    try:
        os.replace(unfinished, path)
    except PermissionError as problem:
        said = "cannot be replaced, and was not changed. Usual cause: another program has it open"
        raise PermissionError(problem.errno, said, str(path)) from problem
