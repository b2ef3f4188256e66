"""What can be checked here of Windows and macOS, where nothing of this runs in tests: the platform is patched."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from clgrad.cli import doctor
from clgrad.runtime import drivers, shell
from clgrad.runtime.disk_cache import DiskCache
from clgrad.runtime.drivers import Driver
from tests.processes import output_of

# Packages are loaded as on this system; clgrad then finds itself on Windows.
AS_ON_WINDOWS = """
import os, sys, numpy, platformdirs, pyopencl
for name in ("fork", "register_at_fork", "geteuid", "getuid", "getegid", "getgid", "chown", "sched_getaffinity",
             "statvfs", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "mkfifo"):
    delattr(os, name)
for module in ("fcntl", "pwd", "grp", "resource", "termios"):
    sys.modules[module] = None
sys.platform = "win32"

from clgrad import autograd, np, npx, statistics
x = np.arange(4)
x.attach_grad()
with autograd.record():
    y = 2 * np.dot(x, x)
y.backward()
npx.save("weights", {"x": x})
npx.save("weights", {"x": x.grad})
print(x.grad.tolist(), npx.load("weights")["x"].tolist(), os.listdir("."))
"""


def a_driver_that_works() -> Driver:
    """One whose library can be named to the loader."""
    known = [one for one in drivers.find_drivers() if "pocl" in one.library or "libintelocl.so" in one.library]
    found = [one for one in known if drivers.driver_problem(one) is None]
    if not found:
        pytest.skip("neither PoCL nor Intel's runtime is installed")
    return found[0]


def test_nothing_is_called_that_windows_lacks(tmp_path: Path) -> None:
    working = tmp_path / "working"
    working.mkdir()
    code = f"import os; os.chdir({str(working)!r})\n{AS_ON_WINDOWS}"
    cache = tmp_path / "cache"
    vendor = a_driver_that_works().library
    for _ in ("cold", "warm"):
        printed = output_of(code, OCL_ICD_VENDORS=vendor, CLGRAD_CACHE_DIR=str(cache))
        assert printed == "[0.0, 4.0, 8.0, 12.0] [0.0, 4.0, 8.0, 12.0] ['weights']"
    assert list(cache.rglob("*.entry"))


@pytest.mark.parametrize(("system", "changes"), [("linux", True), ("win32", False), ("darwin", False)])
def test_the_loader_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: str, changes: bool
) -> None:
    missed = Driver("environment", tmp_path / "one.icd", "libone.so")
    monkeypatch.delenv(drivers.VENDORS_VARIABLE, raising=False)
    monkeypatch.setattr(drivers, "find_drivers", lambda: [missed])
    monkeypatch.setattr(sys, "platform", system)
    with drivers._all_drivers_visible():
        assert (drivers.VENDORS_VARIABLE in os.environ) == changes
    assert drivers.VENDORS_VARIABLE not in os.environ


@pytest.mark.parametrize(
    ("system", "home", "folder"),
    [("win32", "LOCALAPPDATA", "clgrad/Cache"), ("darwin", "HOME", "Library/Caches/clgrad")],
)
def test_the_cache_lies_where_the_system_keeps_caches(tmp_path: Path, system: str, home: str, folder: str) -> None:
    # platformdirs decides at its first call; the rest of clgrad is already there.
    code = f"""
import sys
from clgrad.runtime import disk_cache
for name in [name for name in sys.modules if name.startswith("platformdirs")]:
    del sys.modules[name]
sys.platform = {system!r}
sys.modules["ctypes"] = sys.modules["winreg"] = None  # which leaves it the variables
import platformdirs
disk_cache.platformdirs = platformdirs
print(disk_cache.cache_folder())
"""
    assert output_of(code, **{home: str(tmp_path)}).replace("\\", "/") == f"{tmp_path}/{folder}"


def test_an_entry_of_the_cache_that_is_open_elsewhere_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Windows refuses to replace an open file."""
    cache = DiskCache(tmp_path / "programs", 1 << 20)
    cache.save("key", b"first")

    def refuse(source: object, target: object) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(os, "replace", refuse)
    cache.save("key", b"second")
    assert cache.load("key") == b"first"
    assert [path.name for path in (tmp_path / "programs").iterdir() if path.name.startswith("writing-")] == []


@pytest.mark.parametrize(
    ("system", "machine", "commands"),
    [
        ("win32", "AMD64", ["conda install -c conda-forge pyopencl pocl", "pip"]),
        ("win32", "ARM64", ["conda install -c conda-forge pyopencl pocl"]),
        ("darwin", "x86_64", ["conda install -c conda-forge pyopencl pocl"]),
        ("darwin", "arm64", ["conda install -c conda-forge pyopencl pocl"]),
    ],
)
def test_hints_name_drivers_that_exist_for_the_system(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, commands: list[str]
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "executable", r"C:\Program Files\Python\python.exe")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    intel = r"& 'C:\Program Files\Python\python.exe' '-m' 'pip' 'install' 'intel-opencl-rt' 'intel-cmplr-lib-rt'"
    assert list(drivers.install_commands()) == [intel if one == "pip" else one for one in commands]


@pytest.mark.parametrize(
    ("system", "commands"),
    [
        ("linux", ["unset A", "export A='a folder'", "rm it.icd", "'/a python' -m pip"]),
        ("darwin", ["unset A", "export A='a folder'", "rm it.icd", "'/a python' -m pip"]),
        ("win32", ["Remove-Item Env:A", "$env:A = 'a folder'", "Remove-Item 'it.icd'", "& '/a python' '-m' 'pip'"]),
    ],
)
def test_commands_are_spelt_for_the_systems_shell(
    monkeypatch: pytest.MonkeyPatch, system: str, commands: list[str]
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "executable", "/a python")
    spelt = [
        shell.unset_variable("A"),
        shell.set_variable("A", "a folder"),
        shell.remove_file(Path("it.icd")),
        shell.run_python("-m", "pip"),
    ]
    assert spelt == commands


def test_the_doctor_speaks_the_shell_of_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLGRAD_CACHE_LIMIT", "many")
    monkeypatch.setattr(sys, "platform", "win32")
    (finding,) = doctor._check_cache()
    assert finding.fixes == ("Remove-Item Env:CLGRAD_CACHE_LIMIT",)
