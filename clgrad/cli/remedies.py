"""The commands that fix drivers and caches."""

from __future__ import annotations

import tempfile
from pathlib import Path

from clgrad.runtime import shell
from clgrad.runtime.drivers import VENDORS_VARIABLE, Driver, pip_command
from clgrad.runtime.pocl_cache import other_pocl_cache, pocl_cache_folder


def fix_driver(driver: Driver) -> tuple[str, ...]:
    """For a driver that does not load."""
    if "intelocl_emu" in driver.library:
        # Intel's runtime for CPUs lists an emulator that it does not contain. Nothing needs to be fixed.
        return ()
    if "intelocl" in driver.library:
        return (f"{pip_command()} --force-reinstall",)
    if driver.origin == "pyopencl":
        return (shell.run_python("-m", "pip", "install", "--force-reinstall", "pyopencl[pocl]"),)
    if driver.origin == "variable":
        return (shell.unset_variable(VENDORS_VARIABLE),)
    return (shell.remove_file(driver.icd),)


def fix_crash(driver: Driver) -> tuple[str, ...]:
    """For a driver that ends the process. PoCL does so if its cache has damaged files or no space."""
    if "pocl" not in driver.library:
        return fix_driver(driver)
    folder = pocl_cache_folder()
    return (shell.remove_folder(folder), other_pocl_cache()) if folder.is_dir() else (other_pocl_cache(),)


def fix_cache(folder: Path) -> tuple[str, ...]:
    """For a folder of clgrad's own cache that cannot be used."""
    other = shell.set_variable("CLGRAD_CACHE_DIR", Path(tempfile.gettempdir(), "clgrad-cache"))
    return (f"chmod 700 {shell.quoted(str(folder))}", other) if folder.is_dir() else (other,)
