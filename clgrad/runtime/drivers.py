"""Finds OpenCL drivers, also inside pip packages, and loads pyopencl so that it sees all of them.

An OpenCL loader learns about drivers from `.icd` files, which name a library each. It reads the folder of the
system. Packages from pip bring such files too, but into the environment's own folder, which no loader reads,
and some of these files hold a path of the machine that built the package.
"""

from __future__ import annotations

import ctypes
import os
import platform
import site
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from types import ModuleType
from typing import Literal, NamedTuple

from clgrad.errors import DeviceError
from clgrad.runtime import shell
from clgrad.runtime.invokers import share_invokers
from clgrad.runtime.process import after_fork, check_process, mark_drivers_used

VENDORS_VARIABLE = "OCL_ICD_VENDORS"
SYSTEM_FOLDER = "/etc/OpenCL/vendors"
ENVIRONMENT_FOLDER = "etc/OpenCL/vendors"

# A library is a driver if it has one of these functions, through which a loader finds the others.
ENTRIES = ("clGetExtensionFunctionAddress", "clIcdGetPlatformIDsKHR")

# The place of an `.icd` file: the system's folder, a pip or conda environment, pyopencl's wheel, or OCL_ICD_VENDORS.
Origin = Literal["system", "environment", "pyopencl", "variable"]


class Driver(NamedTuple):
    """One `.icd` file and the library that it stands for."""

    origin: Origin
    icd: Path
    library: str
    problem: str | None = None


def find_drivers() -> list[Driver]:
    """Every driver of the machine and the Python environment, whether it works or not."""
    given = os.environ.get(VENDORS_VARIABLE)
    if given:
        return _drivers_of_variable(Path(given))
    system = Path(os.environ.get("OPENCL_VENDOR_PATH") or SYSTEM_FOLDER)
    return [*_drivers_in(system, "system"), *_bundled_drivers(), *_environment_drivers()]


def _drivers_of_variable(given: Path) -> list[Driver]:
    if given.is_dir():
        return [*_drivers_in(given, "variable"), *_bundled_drivers()]
    if given.suffix == ".icd":
        return [_read_icd(given, "variable", given.parent)]
    return [Driver("variable", given, str(given))]


def _bundled_drivers() -> list[Driver]:
    """Drivers that the PoCL wheel puts into pyopencl's folder, where the loader in pyopencl's wheel looks."""
    folder = _pyopencl_libraries()
    return _drivers_in(folder, "pyopencl", folder) if folder else []


def _environment_drivers() -> list[Driver]:
    drivers: list[Driver] = []
    for prefix in dict.fromkeys((sys.prefix, os.environ.get("CONDA_PREFIX"), site.getuserbase())):
        if prefix:
            drivers += _drivers_in(Path(prefix, ENVIRONMENT_FOLDER), "environment", Path(prefix, "lib"))
    return drivers


def _drivers_in(folder: Path, origin: Origin, libraries: Path | None = None) -> list[Driver]:
    return [_read_icd(icd, origin, libraries) for icd in sorted(folder.glob("*.icd"))]


def _read_icd(icd: Path, origin: Origin, libraries: Path | None) -> Driver:
    """Read the name of a driver's library from a file. If `libraries` has that library, it is taken from there."""
    try:
        named = icd.read_text().strip()
    except (OSError, UnicodeDecodeError) as problem:
        return Driver(origin, icd, "", f"cannot be read: {problem}")
    if not named:
        return Driver(origin, icd, "", "is empty")
    beside = libraries / Path(named).name if libraries else None
    if beside and beside.exists():
        return Driver(origin, icd, str(beside))
    # A bare name is looked up by the dynamic linker; a path has to exist.
    if os.sep in named and not Path(named).exists():
        return Driver(origin, icd, named, f"names {named}, which does not exist")
    return Driver(origin, icd, named)


def _pyopencl_libraries() -> Path | None:
    spec = find_spec("pyopencl")
    return Path(spec.origin).parent / ".libs" if spec and spec.origin else None


def _missed_by_loader(drivers: list[Driver]) -> list[Driver]:
    """The drivers that the loader would not find by itself."""
    libraries = _pyopencl_libraries()
    wheel_has_loader = libraries is not None and any(libraries.glob("libOpenCL*"))
    unread = {"environment"} if wheel_has_loader else {"environment", "pyopencl"}
    return [driver for driver in drivers if driver.origin in unread and not driver.problem]


@contextmanager
def _all_drivers_visible() -> Iterator[None]:
    """While the loader starts, let OCL_ICD_VENDORS name a private folder with all drivers.

    Afterwards the variable is removed: the loader reads it only once, and child processes make their own folder.
    """
    drivers = find_drivers()
    missed = _missed_by_loader(drivers)
    if os.environ.get(VENDORS_VARIABLE) or not missed or sys.platform != "linux":
        yield
        return
    try:
        folder = TemporaryDirectory(prefix="clgrad-drivers-")
    except OSError:
        # No folder can be written: the loader finds the system's drivers only.
        yield
        return
    with folder as path:
        shown = [driver for driver in drivers if driver.origin == "system" and driver.library] + missed
        for position, driver in enumerate(shown):
            Path(path, f"{position:02}-{driver.icd.name}").write_text(driver.library)
        os.environ[VENDORS_VARIABLE] = path
        try:
            yield
        finally:
            del os.environ[VENDORS_VARIABLE]


class _Loaded:
    """pyopencl, once it is loaded."""

    def __init__(self) -> None:
        self.lock = RLock()
        self.module: ModuleType | None = None

    def after_fork(self) -> None:
        self.lock = RLock()


_loaded = _Loaded()
after_fork(_loaded.after_fork)


def load_opencl() -> ModuleType:
    """pyopencl, imported at the first call so that it finds every driver; nothing else may import it."""
    check_process()
    if _loaded.module is None:
        with _loaded.lock:
            _loaded.module = _loaded.module or _import_pyopencl()
    return _loaded.module


def _import_pyopencl() -> ModuleType:
    mark_drivers_used()
    # pyopencl's own caches use pickle, and a damaged entry makes every later process fail.
    os.environ.setdefault("PYOPENCL_NO_CACHE", "1")
    with _all_drivers_visible():
        try:
            import pyopencl
            import pyopencl.invoker
        except ImportError as problem:
            raise DeviceError(
                f"pyopencl cannot be imported: {problem}. Reinstall it with\n"
                f"  {shell.run_python('-m', 'pip', 'install', '--force-reinstall', 'pyopencl')}"
            ) from problem
        with suppress(pyopencl.LogicError):
            # This starts the loader. If it finds no driver, the list of devices reports that.
            pyopencl.get_platforms()
    share_invokers(pyopencl)
    return pyopencl


def driver_problem(driver: Driver) -> str | None:
    """Why a driver cannot be used, or None. Loaders give no message if a library is missing or is not a driver."""
    if driver.problem:
        return driver.problem
    try:
        library = ctypes.CDLL(driver.library)
    except OSError as problem:
        return f"the library does not load: {problem}"
    if not any(hasattr(library, entry) for entry in ENTRIES):
        return f"{driver.library} is no OpenCL driver: it has no function {ENTRIES[0]}"
    return None


def driver_problems() -> list[str]:
    """The problems of the drivers that were found."""
    return [f"{driver.icd}: {problem}" for driver in find_drivers() if (problem := driver_problem(driver))]


def install_commands() -> tuple[str, ...]:
    """Commands that each install a working driver here: one that needs root, if it is known, and one that does not."""
    return tuple(dict.fromkeys((_system_command(), pip_command())))


SYSTEM_COMMANDS = {
    "debian": "sudo apt-get install pocl-opencl-icd",
    "ubuntu": "sudo apt-get install pocl-opencl-icd",
    "fedora": "sudo dnf install pocl",
    "arch": "sudo pacman -S pocl",
    "suse": "sudo zypper install pocl",
    "alpine": "sudo apk add pocl",
}
# Installs a loader too: on macOS and Windows it finds PoCL, which the loader of pip's pyopencl does not.
CONDA_COMMAND = "conda install -c conda-forge pyopencl pocl"


def _system_command() -> str:
    if sys.platform != "linux":
        return CONDA_COMMAND
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    names = (release.get("ID", ""), *release.get("ID_LIKE", "").split())
    known = [SYSTEM_COMMANDS[name] for name in names if name in SYSTEM_COMMANDS]
    return known[0] if known else CONDA_COMMAND


def pip_command() -> str:
    """The command that installs a CPU driver without root. Intel has wheels for x86-64 on Linux and Windows only."""
    if sys.platform != "darwin" and platform.machine().lower() in ("x86_64", "amd64"):
        return shell.run_python("-m", "pip", "install", "intel-opencl-rt", "intel-cmplr-lib-rt")
    return CONDA_COMMAND
