"""The disk cache of programs and kernel keys. It never fails a program: a bad entry is a miss, a bad folder no cache.

One file for each key: a line that names the format, a SHA-256 of key and content, the content. A file is
written under a name of its own and then renamed, so readers and other writers only ever see whole files.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import platformdirs

from clgrad.runtime.byte_sizes import parse_bytes
from clgrad.whole_files import UNFINISHED, replacing

if sys.platform != "win32":
    import fcntl

MAGIC = b"clgrad entry 1\n"
HEADER = len(MAGIC) + hashlib.sha256().digest_size
DEFAULT_LIMIT = "256M"
# A temporary file this old was left by a process that died while writing.
ABANDONED_SECONDS = 3600
# A process that has waited so long for another one builds for itself and saves nothing.
LOCK_SECONDS = 60.0


class DiskCache:
    """Whole files of at most `limit` bytes together in a folder that only this user may write to."""

    def __init__(self, folder: Path, limit: int):
        self.folder = folder
        self.limit = limit
        self._limit_holds = False

    def load(self, key: str) -> bytes | None:
        """The content saved under a key; None if there is none or it is damaged."""
        if not self.limit:
            return None
        path = self._path(key)
        try:
            self._check_folder()
            self._start()
            with open(path, "rb", opener=_open_file) as file:
                content = file.read()
        except OSError:
            return None
        payload = content[HEADER:]
        if content[:HEADER] != self._header(key, payload):
            return None
        self._mark_used(path)
        return payload

    def save(self, key: str, payload: bytes) -> None:
        """Save the content for later processes, if the folder allows it."""
        self.save_all({key: payload})

    def save_all(self, payloads: Mapping[str, bytes]) -> None:
        """Save several contents by their keys."""
        fitting = {key: payload for key, payload in payloads.items() if HEADER + len(payload) <= self.limit}
        if not fitting:
            return
        try:
            self._create_folder()
            for key, payload in fitting.items():
                self._write(key, payload)
            self._evict()
        except OSError:
            # A full or read-only disk costs speed, not results. `python -m clgrad doctor` reports it.
            return

    @contextmanager
    def exclusive(self, key: str) -> Iterator[bool]:
        """Wait for other processes that are about to save this key; yields False if nothing can be saved.

        Beside saving them work, this keeps drivers apart: PoCL crashes in a process that asks for the binary of
        a program while another process builds the same one.
        """
        if not self.limit:
            yield False
            return
        with ExitStack() as opened:
            try:
                self._create_folder()
                file = opened.enter_context(open(self._lock_path(key), "ab", opener=_open_file))
            except OSError:
                locked = False
            else:
                locked = _lock(file.fileno())
            yield locked

    def _lock_path(self, key: str) -> Path:
        """One of 256 lock files. They are never removed: removing a file that others wait for would undo their lock."""
        return self.folder / f"lock-{hashlib.sha256(key.encode()).hexdigest()[:2]}"

    def check(self) -> None:
        """Raise OSError when the folder cannot be used."""
        self._create_folder()
        with tempfile.TemporaryFile(dir=self.folder):
            return

    def _create_folder(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._check_folder()

    def _check_folder(self) -> None:
        """Refuse a folder that other users may write to, because a program from it would run their code."""
        if not hasattr(os, "geteuid"):
            return
        found = self.folder.stat()
        if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(f"{self.folder} belongs to another user or may be written to by others")

    def _write(self, key: str, payload: bytes) -> None:
        with replacing(self._path(key), 0o600) as file:
            file.write(self._header(key, payload) + payload)

    def _start(self) -> None:
        """Evict once per process: the limit may be smaller than in the processes that saved the files."""
        if not self._limit_holds:
            self._limit_holds = True
            # A folder whose files cannot be deleted can still be read.
            with suppress(OSError):
                self._evict()

    def _evict(self) -> None:
        """Delete the files that were not used for the longest time, until the limit holds."""
        entries = []
        for entry in os.scandir(self.folder):
            if entry.name.startswith("lock-"):
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                # Another process has deleted it.
                continue
            if not stat.S_ISREG(found.st_mode):
                continue
            entries.append((found.st_mtime, found.st_size, Path(entry.path)))
        total = sum(size for _, size, _ in entries)
        for used, size, path in sorted(entries):
            abandoned = path.name.startswith(UNFINISHED) and time.time() - used > ABANDONED_SECONDS
            if total > self.limit or abandoned:
                path.unlink(missing_ok=True)
                total -= size

    def _mark_used(self, path: Path) -> None:
        try:
            os.utime(path)
        except OSError:
            # The time of last use only matters for the order of eviction.
            return

    def _header(self, key: str, payload: bytes) -> bytes:
        return MAGIC + hashlib.sha256(key.encode() + payload).digest()

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.entry"


def _open_file(path: str, flags: int) -> int:
    """Open a regular file only: opening a pipe could wait for ever, and a device file may have no end."""
    descriptor = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(f"{path} is not a file")
    return descriptor


def _lock(descriptor: int) -> bool:
    """Lock an open file until it is closed; False if another process holds the lock for too long."""
    deadline = time.monotonic() + LOCK_SECONDS
    while time.monotonic() < deadline:
        try:
            _try_lock(descriptor)
        except BlockingIOError:
            time.sleep(0.01)
        except OSError:
            # The file system has no locks: go on without.
            return True
        else:
            return True
    return False


def _try_lock(descriptor: int) -> None:
    """Raise BlockingIOError while another process holds the lock. Windows has no such locks."""
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def cache_folder() -> Path:
    """The folder of CLGRAD_CACHE_DIR, else the user's own for caches."""
    given = os.environ.get("CLGRAD_CACHE_DIR")
    folder = Path(os.path.expanduser(given or platformdirs.user_cache_dir("clgrad", appauthor=False)))
    # Without a home folder, platformdirs gives a relative path.
    return folder if folder.is_absolute() or given else Path(tempfile.gettempdir(), "clgrad")


def default_cache() -> DiskCache:
    """The cache that the variables CLGRAD_CACHE_DIR and CLGRAD_CACHE_LIMIT describe; a limit of 0 turns it off.

    Programs lie in a folder of their own, because the user's folder may hold other files.
    """
    limit = parse_bytes(os.environ.get("CLGRAD_CACHE_LIMIT") or DEFAULT_LIMIT, "CLGRAD_CACHE_LIMIT")
    return DiskCache(cache_folder() / "programs", limit)
