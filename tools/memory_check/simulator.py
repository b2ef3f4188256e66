"""Builds the plugin, and runs Python with the simulator as its only driver and the plugin in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools import oclgrind
from tools.environment import ROOT, SetupError
from tools.memory_check import needs

SOURCE = Path(__file__).with_name("plugin.cpp")
COUNTS = "MEMORY_COUNTS"


def build_plugin(folder: Path) -> Path:
    """The plugin's library, built in this folder. All needs must be there. Raises SetupError if it does not compile."""
    library, own = folder / "transactions.so", oclgrind.own_folder(needs.FOLDER)
    command = [
        str(needs.compiler()), "-O2", "-std=c++17", "-shared", "-fPIC", "-fno-rtti",
        "-D_GLIBCXX_USE_CXX11_ABI=0",  # the wheel is built for systems with the older std::string
        f"-I{SOURCE.parent / 'declared'}", f"-I{own / 'include'}", str(SOURCE), "-o", str(library),
        *map(str, own.glob("liboclgrind-*.so")), f"-Wl,-rpath,{own}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"The plugin of Oclgrind does not compile:\n{done.stderr}")
    return library


def counts_of(arguments: Sequence[str], plugin: Path) -> str:
    """What the plugin wrote while Python ran with these arguments. Raises SetupError if Python failed."""
    file = plugin.with_suffix(".txt")
    file.write_text("")
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=variables(plugin, file), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"A program in Oclgrind failed:\n{done.stdout[-2000:]}\n{done.stderr[-5000:]}")
    return file.read_text()


def variables(plugin: Path, file: Path) -> dict[str, str]:
    """The environment of a program in the simulator."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLGRAD_", "OCLGRIND_"))}
    library = needs.simulator()
    assert library is not None
    own = {
        "OCLGRIND_PLUGINS": str(plugin),
        "OCLGRIND_NUM_THREADS": "1",  # the plugin counts one work-group at a time
        COUNTS: str(file),
    }
    return kept | oclgrind.only_driver(library, "gpu") | own
