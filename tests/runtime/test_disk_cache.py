"""The disk cache saves work and never does harm."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import platformdirs
import pytest

from clgrad.errors import ArgumentError
from clgrad.runtime import disk_cache
from clgrad.runtime.disk_cache import HEADER, MAGIC, DiskCache, cache_folder, default_cache
from tests.processes import ROOT, environment, output_of, run

PAYLOAD = bytes(range(256)) * 40


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "programs", 1 << 20)


def test_one_process_at_a_time_builds_a_program(cache: DiskCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "LOCK_SECONDS", 0.05)
    with cache.exclusive("key") as first, cache.exclusive("other") as other:
        assert first
        assert other
        with cache.exclusive("key") as second:
            assert not second, "waits for a while, and then builds without saving"
    with cache.exclusive("key") as again:
        assert again


def test_where_nothing_can_be_saved_nobody_waits() -> None:
    for cache in (DiskCache(Path("/dev/null/clgrad"), 1 << 20), DiskCache(Path("/tmp"), 0)):
        with cache.exclusive("key") as may_save:
            assert not may_save


def only_file(cache: DiskCache) -> Path:
    (file,) = cache.folder.iterdir()
    return file


def test_what_was_saved_is_loaded(cache: DiskCache) -> None:
    assert cache.load("key") is None
    cache.save("key", PAYLOAD)
    assert cache.load("key") == PAYLOAD
    cache.save("key", b"newer")
    assert cache.load("key") == b"newer"
    assert cache.load("other") is None


def test_folder_and_files_are_the_users_alone(cache: DiskCache) -> None:
    cache.save("key", PAYLOAD)
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert only_file(cache).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("length", [0, 1, len(MAGIC), HEADER - 1, HEADER, HEADER + len(PAYLOAD) - 1])
def test_a_truncated_entry_is_a_miss_and_is_replaced(cache: DiskCache, length: int) -> None:
    cache.save("key", PAYLOAD)
    file = only_file(cache)
    file.write_bytes(file.read_bytes()[:length])
    assert cache.load("key") is None
    cache.save("key", PAYLOAD)
    assert cache.load("key") == PAYLOAD


@pytest.mark.parametrize("position", [0, len(MAGIC), HEADER - 1, HEADER, HEADER + 100, -1])
def test_a_damaged_entry_is_a_miss(cache: DiskCache, position: int) -> None:
    cache.save("key", PAYLOAD)
    file = only_file(cache)
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)
    assert cache.load("key") is None


def test_a_foreign_entry_is_a_miss(cache: DiskCache) -> None:
    cache.save("key", PAYLOAD)
    file = only_file(cache)
    file.rename(file.with_name(file.name.replace("key", "other")))
    assert cache.load("other") is None
    file.mkdir()
    assert cache.load("key") is None
    cache.save("key", PAYLOAD)


def test_the_least_recently_used_go_first(cache: DiskCache) -> None:
    cache.limit = 5 * (HEADER + len(PAYLOAD))
    for position in range(5):
        cache.save(str(position), PAYLOAD)
        used = time.time() - 1000 + position
        os.utime(cache.folder / f"{position}.entry", (used, used))
    cache.load("0")
    cache.save("5", PAYLOAD)
    cache.save("6", PAYLOAD)
    assert [key for key in "0123456" if cache.load(key)] == ["0", "3", "4", "5", "6"]
    assert sum(file.stat().st_size for file in cache.folder.iterdir()) <= cache.limit


def test_what_is_larger_than_the_limit_is_not_saved(cache: DiskCache) -> None:
    cache.limit = 1000
    cache.save("key", PAYLOAD)
    assert cache.load("key") is None


def test_a_limit_of_zero_turns_it_off(cache: DiskCache) -> None:
    cache.save("key", PAYLOAD)
    cache.limit = 0
    assert cache.load("key") is None


def test_a_smaller_limit_acts_when_a_process_starts(cache: DiskCache) -> None:
    """Whoever only loads never saves, and would keep what the limit of an earlier day allowed."""
    for position in range(4):
        cache.save(str(position), PAYLOAD)
        used = time.time() - 1000 + position
        os.utime(cache.folder / f"{position}.entry", (used, used))
    later = DiskCache(cache.folder, 2 * (HEADER + len(PAYLOAD)))
    assert later.load("3") == PAYLOAD
    assert sorted(file.name for file in cache.folder.iterdir()) == ["2.entry", "3.entry"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_the_place_of_a_file_is_a_miss_and_is_replaced(tmp_path: Path) -> None:
    """In a process of its own, which would wait for ever for somebody to write into the pipe, or to read from it."""
    code = """
import os, sys
from pathlib import Path
from clgrad.runtime.disk_cache import DiskCache
cache = DiskCache(Path(sys.argv[1]), 1 << 20)
cache.save("other", b"payload")
os.mkfifo(cache.folder / "key.entry")
print(cache.load("key"))
cache.save("key", b"payload")
print(cache.load("key"))
os.mkfifo(cache._lock_path("key"))
with cache.exclusive("key") as may_save:
    print(may_save)
"""
    done = run("-c", code, str(tmp_path))
    assert done.stdout.splitlines() == ["None", "b'payload'", "False"], done.stderr


def test_folders_among_the_files_are_left_alone(cache: DiskCache) -> None:
    cache.limit = 2 * (HEADER + len(PAYLOAD))
    cache.folder.mkdir(mode=0o700)
    folder = cache.folder / "key.entry"
    folder.mkdir()
    os.utime(folder, (1, 1))
    cache.save("key", PAYLOAD)
    assert cache.load("key") is None
    for position in range(4):
        cache.save(str(position), PAYLOAD)
    assert len(list(cache.folder.glob("*.entry"))) == 3


def test_leftovers_of_dead_writers_are_removed(cache: DiskCache) -> None:
    cache.save("key", PAYLOAD)
    old, new = cache.folder / "writing-old", cache.folder / "writing-new"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (1, 1))
    cache.save("other", PAYLOAD)
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("folder", ["/dev/null/clgrad", "/proc/clgrad"])
def test_a_folder_that_cannot_exist_means_no_cache(folder: str) -> None:
    cache = DiskCache(Path(folder), 1 << 20)
    cache.save("key", PAYLOAD)
    assert cache.load("key") is None
    with pytest.raises(OSError, match=folder):
        cache.check()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_still_gives_what_it_has(cache: DiskCache) -> None:
    cache.save("key", PAYLOAD)
    cache.folder.chmod(0o500)
    cache.save("other", PAYLOAD)
    assert cache.load("key") == PAYLOAD
    assert cache.load("other") is None
    cache.folder.chmod(0o700)


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_may_write_to_is_not_trusted(cache: DiskCache, mode: int) -> None:
    cache.save("key", PAYLOAD)
    cache.folder.chmod(mode)
    assert cache.load("key") is None
    with pytest.raises(PermissionError, match="others"):
        cache.check()


def test_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLGRAD_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("CLGRAD_CACHE_LIMIT", "1k")
    assert (default_cache().folder, default_cache().limit) == (tmp_path / "programs", 1024)
    monkeypatch.setenv("CLGRAD_CACHE_LIMIT", "much")
    with pytest.raises(ArgumentError, match="CLGRAD_CACHE_LIMIT='much'"):
        default_cache()
    monkeypatch.delenv("CLGRAD_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "clgrad"


def test_a_user_without_a_home_has_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLGRAD_CACHE_DIR", raising=False)
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: "~nobody-at-all/.cache/clgrad")
    assert cache_folder().is_absolute()


USE_DEVICE = """
from clgrad import np
from clgrad.runtime.statistics import statistics
(np.arange(3) + 1).wait_to_read()
now = statistics()
print(now["builds"], now["disk_cache_hits"])
"""


def first_use(folder: Path) -> list[int]:
    return [int(count) for count in output_of(USE_DEVICE, CLGRAD_CACHE_DIR=str(folder)).split()]


def test_a_second_process_builds_nothing(tmp_path: Path) -> None:
    builds, hits = first_use(tmp_path)
    assert builds >= 2, "that of the kernel that tries the device, and that of the sum"
    assert hits == 0
    assert first_use(tmp_path) == [0, 1], "the device is not tried again"


def test_entries_with_damaged_binaries_are_built_again(tmp_path: Path) -> None:
    """First whole files that hold what no driver accepts, then truncated ones."""
    builds, _ = first_use(tmp_path)
    cache = DiskCache(tmp_path / "programs", 1 << 20)
    keys = [file.stem for file in cache.folder.glob("*.entry")]
    for key in keys:
        cache.save(key, b"not a binary of any driver")
    assert first_use(tmp_path) == [builds, 0]
    assert first_use(tmp_path) == [0, 1]
    for file in cache.folder.glob("*.entry"):
        file.write_bytes(file.read_bytes()[:-10])
    assert first_use(tmp_path) == [builds, 0]


def test_without_a_usable_folder_everything_works() -> None:
    builds, hits = first_use(Path("/dev/null"))
    assert builds >= 1
    assert hits == 0


def test_many_processes_may_start_at_once(tmp_path: Path) -> None:
    alone, _ = first_use(tmp_path / "alone")
    command = [sys.executable, "-W", "error", "-c", USE_DEVICE]
    variables = environment(CLGRAD_CACHE_DIR=str(tmp_path), POCL_CACHE_DIR=str(tmp_path / "pocl"))
    started = [
        subprocess.Popen(command, env=variables, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    counts = []
    for process in started:
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        counts.append([int(count) for count in out.split()])
    assert sum(builds for builds, _ in counts) == alone, "each program was built by one of them"
    assert not list((tmp_path / "programs").glob("writing-*"))
    builds, hits = first_use(tmp_path)
    assert builds == 0
    assert hits >= 1
