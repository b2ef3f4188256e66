"""Finds OpenCL drivers, those inside pip packages included, and loads pyopencl so that it sees them all.

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
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from types import ModuleType
from typing import Literal

from clgrad.errors import DeviceError
from clgrad.runtime import shell
from clgrad.runtime.invokers import share_invokers
from clgrad.runtime.process import after_fork, check_process, mark_drivers_used

VENDORS_VARIABLE = "OCL_ICD_VENDORS"
SYSTEM_FOLDER = "/etc/OpenCL/vendors"
ENVIRONMENT_FOLDER = "etc/OpenCL/vendors"

# A loader looks for a driver's functions through one of these.
ENTRIES = ("clGetExtensionFunctionAddress", "clIcdGetPlatformIDsKHR")

# Of the system; of a pip or conda environment; inside pyopencl's wheel; named by OCL_ICD_VENDORS.
Origin = Literal["system", "environment", "pyopencl", "variable"]


@dataclass(frozen=True)
class Driver:
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
    """What the PoCL wheel lays into the folder of pyopencl, whose own loader always looks there."""
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
    """Reads which library a file names; one that lies in the folder `libraries` is taken from there."""
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
    """Those drivers that the loader would not find by itself."""
    libraries = _pyopencl_libraries()
    wheel_has_loader = libraries is not None and any(libraries.glob("libOpenCL*"))
    unread = {"environment"} if wheel_has_loader else {"environment", "pyopencl"}
    return [driver for driver in drivers if driver.origin in unread and not driver.problem]


@contextmanager
def _all_drivers_visible() -> Iterator[None]:
    """While the loader starts, shows it a private folder with the system's drivers and the missed ones.

    Afterwards the variable is gone again: the loader reads it once, and child processes look for themselves.
    """
    drivers = find_drivers()
    missed = _missed_by_loader(drivers)
    if os.environ.get(VENDORS_VARIABLE) or not missed or sys.platform != "linux":
        yield
        return
    try:
        folder = TemporaryDirectory(prefix="clgrad-drivers-")
    except OSError:
        # Nowhere to write: the drivers of the system have to do.
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
    """pyopencl, imported at the first call with every driver in sight; nobody imports it in another way."""
    check_process()
    if _loaded.module is None:
        with _loaded.lock:
            _loaded.module = _loaded.module or _import_pyopencl()
    return _loaded.module


def _import_pyopencl() -> ModuleType:
    mark_drivers_used()
    # Its caches use pickle, and a damaged entry makes them fail for ever.
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
            # Starts the loader. That it finds no driver is reported where devices are listed.
            pyopencl.get_platforms()
    share_invokers(pyopencl)
    return pyopencl


def driver_problem(driver: Driver) -> str | None:
    """Why a driver cannot be used, or None. Loaders are silent about a library that is missing or is no driver."""
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
    """What is wrong with the drivers that were found."""
    return [f"{driver.icd}: {problem}" for driver in find_drivers() if (problem := driver_problem(driver))]


def install_commands() -> tuple[str, ...]:
    """The commands of which each gives this system a working driver: with root, where there is one, and without."""
    return tuple(dict.fromkeys((_system_command(), pip_command())))


SYSTEM_COMMANDS = {
    "debian": "sudo apt-get install pocl-opencl-icd",
    "ubuntu": "sudo apt-get install pocl-opencl-icd",
    "fedora": "sudo dnf install pocl",
    "arch": "sudo pacman -S pocl",
    "suse": "sudo zypper install pocl",
    "alpine": "sudo apk add pocl",
}
# Brings a loader as well, which on macOS and Windows finds PoCL where pip's pyopencl does not look.
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
    """Installs a driver for the CPU without root. Intel's wheels are for x86-64 on Linux and Windows only."""
    if sys.platform != "darwin" and platform.machine().lower() in ("x86_64", "amd64"):
        return shell.run_python("-m", "pip", "install", "intel-opencl-rt", "intel-cmplr-lib-rt")
    return CONDA_COMMAND
