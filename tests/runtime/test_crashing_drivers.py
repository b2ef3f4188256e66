"""Drivers that end the process, and the cache without which PoCL does so or lists no devices."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from clgrad.runtime.device import devices
from clgrad.runtime.pocl_cache import other_pocl_cache, pocl_cache_folder, pocl_cache_problem
from tests.processes import ROOT, run

COMMANDS = ["devices", "doctor"]
USE = "from clgrad import np; print((np.ones(3) + 1).tolist())"
Usage = namedtuple("Usage", "total used free")


def without_lines(printed: str) -> str:
    """The words of the tables, where a cell has room for them in one line."""
    return " ".join(printed.translate(str.maketrans("│┃", "  ")).split())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_driver_that_aborts_is_reported_from_outside(command: str, tmp_path: Path) -> None:
    (tmp_path / "pyopencl").mkdir()
    (tmp_path / "pyopencl" / "__init__.py").write_text('import os\nos.write(2, b"a driver gives up")\nos.abort()\n')
    done = run("-m", "clgrad", command, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 1, done.stderr
    said = without_lines(done.stdout)
    assert "ends with SIGABRT: a driver gives up" in said
    assert "driver " in said


def pocl_works() -> bool:
    return any("Portable" in device.platform_name for device in devices())


@pytest.mark.skipif(not pocl_works(), reason="PoCL is not installed")
def test_a_damaged_cache_of_pocl_is_named_with_the_commands_that_fix_it(tmp_path: Path) -> None:
    cache = tmp_path / "pocl"
    # Both caches are new: a program in that of clgrad would keep PoCL from looking into its own.
    settings = {"POCL_CACHE_DIR": str(cache), "CLGRAD_CACHE_LIMIT": "0", "CLGRAD_DEVICE": "portable"}
    assert run("-c", USE, **settings).returncode == 0
    for file in cache.rglob("*"):
        if file.suffix in (".so", ".bc"):
            os.truncate(file, 50)
    if run("-c", USE, **settings).returncode in (0, 1):
        pytest.skip("this PoCL survives a damaged cache")
    for command in COMMANDS:
        done = run("-m", "clgrad", command, **settings)
        assert done.returncode == 1, done.stderr
        assert "pocl" in done.stdout
        assert f"  rm -r {cache}\n" in done.stdout
        assert "  export POCL_CACHE_DIR=" in done.stdout


@pytest.mark.skipif(not pocl_works(), reason="PoCL is not installed")
def test_without_a_cache_of_pocl_every_answer_says_so() -> None:
    settings = {"POCL_CACHE_DIR": "/dev/null/pocl", "CLGRAD_DEVICE": "portable"}
    said = "lists no devices: its cache /dev/null/pocl cannot be written; set POCL_CACHE_DIR to a folder that can"
    assert said in run("-c", USE, **settings).stderr
    for command in COMMANDS:
        assert said in without_lines(run("-m", "clgrad", command, **settings).stdout)


def test_what_keeps_pocl_from_its_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POCL_CACHE_DIR", str(tmp_path / "not" / "yet"))
    assert pocl_cache_problem() is None
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1 << 40, 1 << 40, 4096))
    assert "is full (4.0 KiB free)" in str(pocl_cache_problem())
    (tmp_path / "not").write_text("a file")
    assert "cannot be written" in str(pocl_cache_problem())
    monkeypatch.delenv("POCL_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert pocl_cache_folder() == tmp_path / "pocl" / "kcache"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become somebody else")
def test_a_home_that_may_not_be_entered_is_no_cache(tmp_path: Path) -> None:
    """As where a service runs with the home of another user."""
    (tmp_path / "home").mkdir(mode=0o700)
    (tmp_path / "home").chmod(0o700)
    code = """
import os
from clgrad.runtime.pocl_cache import pocl_cache_problem
os.setuid(65534)
print(pocl_cache_problem())
"""
    done = run("-c", code, POCL_CACHE_DIR=str(tmp_path / "home" / "pocl"))
    assert "cannot be written; set POCL_CACHE_DIR" in done.stdout, done.stderr


def test_the_other_cache_is_a_new_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "pocl-cache").mkdir()
    (tmp_path / "pocl-cache-2").mkdir()
    assert str(tmp_path / "pocl-cache-3") in other_pocl_cache()
