"""The commands of `run.py`. The docstring of each is its line in `run.py help`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from tools import oclgrind as simulator
from tools.environment import ROOT, Environment, SetupError, say
from tools.matrix.__main__ import main as matrix_main

SYSTEM_POCL = Path("/etc/OpenCL/vendors/pocl.icd")
PLATFORMS = ("linux", "win32", "darwin")
LEFT_BY_TOOLS = ("build", "dist", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis")

Command = Callable[[Environment, list[str]], None]


def demo(environment: Environment, arguments: list[str]) -> None:
    """set up, show the device and train a classifier on handwritten digits"""
    devices(environment, [])
    environment.run("examples/digits.py", *arguments)


def devices(environment: Environment, arguments: list[str]) -> None:
    """list the OpenCL devices, and show which is chosen and why"""
    environment.install(
        "cpu,examples", "clgrad with an OpenCL runtime for the CPU (about 400 MB to download the first time)"
    )
    environment.run("-m", "clgrad", "devices", *arguments)


def test(environment: Environment, arguments: list[str]) -> None:
    """set up, run the static checks and the whole test suite"""
    lint(environment, [])
    pytest(environment, arguments)


def pytest(environment: Environment, arguments: list[str]) -> None:
    """run the test suite alone, or a part: run.py pytest -k softmax"""
    install_test_tools(environment)
    environment.run(
        "-m", "pytest", "-n", "2", "--dist", "worksteal", *arguments, variables=test_variables(SYSTEM_POCL.exists())
    )


def test_variables(has_pocl: bool) -> dict[str, str]:
    """The settings of a test run. A system PoCL is tested if there is one, unless the user names another device."""
    # Tests build hundreds of programs, each once: keeping them on disk would only cost time.
    chosen = {"CLGRAD_CACHE_LIMIT": "0"}
    if has_pocl and not os.environ.get("CLGRAD_DEVICE"):
        chosen["CLGRAD_DEVICE"] = "portable"
    return chosen


def lint(environment: Environment, arguments: list[str]) -> None:
    """run the static checks: ruff, mypy --strict for three systems, the import contracts"""
    install_test_tools(environment)
    environment.run("-m", "ruff", "check", ".")
    for platform in PLATFORMS:
        # Each platform has its own cache, because mypy drops a cache of another platform.
        environment.run("-m", "mypy", "--platform", platform, "--cache-dir", f".mypy_cache/{platform}")
    environment.program("lint-imports")


def oclgrind(environment: Environment, arguments: list[str]) -> None:
    """run every kernel in Oclgrind, which finds races and out-of-bounds accesses: run.py oclgrind [cpu|gpu]"""
    install_test_tools(environment)
    library = simulator.install(environment)
    for shape in arguments or ("cpu", "gpu"):
        simulator.check_kernels(environment, library, shape)


def gpu_check(environment: Environment, arguments: list[str]) -> None:
    """compile every kernel for NVIDIA, AMD and Intel GPUs and count registers: run.py gpu-check --install"""
    environment.install("cpu,test,gpu-check", "clgrad with an OpenCL runtime for the CPU, the test tools and ptxas")
    environment.run("-m", "tools.gpu_check", *arguments)


def memory_check(environment: Environment, arguments: list[str]) -> None:
    """count the memory transactions of the kernels for GPUs in Oclgrind: run.py memory-check --install"""
    install_test_tools(environment)
    environment.run("-m", "tools.memory_check", *arguments)


def fuzz(environment: Environment, arguments: list[str]) -> None:
    """compare random programs with NumPy for a minute: run.py fuzz --minutes 30 --seed 7"""
    install_test_tools(environment)
    environment.run("-m", "tests.fuzz", *arguments, variables=test_variables(SYSTEM_POCL.exists()))


def bench(environment: Environment, arguments: list[str]) -> None:
    """measure against the device's limits: run.py bench --peers numpy,torch"""
    environment.install("cpu,bench", "clgrad with an OpenCL runtime for the CPU")
    environment.run("-m", "benchmarks", *(arguments or ["--peers", "numpy"]))


def build(environment: Environment, arguments: list[str]) -> None:
    """build the sdist and the wheel into dist/"""
    install_test_tools(environment)
    remove("build", "dist")
    environment.run("-m", "build", "--outdir", "dist", ".")


def matrix(environment: Environment, arguments: list[str]) -> None:
    """run the suite on other systems, drivers and Pythons, and write docs/matrix.md: run.py matrix --list"""
    raise SystemExit(matrix_main(arguments))


def clean(environment: Environment, arguments: list[str]) -> None:
    """remove the environment and all build results"""
    if (environment.folder / "pyvenv.cfg").exists():
        shutil.rmtree(environment.folder)
    remove(*LEFT_BY_TOOLS, *(path.name for path in ROOT.glob("*.egg-info")))


def show_help(environment: Environment, arguments: list[str]) -> None:
    """list the commands"""
    for name, command in COMMANDS.items():
        say(f"  {name:12} {command.__doc__}")


COMMANDS: dict[str, Command] = {
    "help": show_help, "demo": demo, "devices": devices, "test": test, "pytest": pytest, "lint": lint,
    "oclgrind": oclgrind, "gpu-check": gpu_check, "memory-check": memory_check, "fuzz": fuzz, "bench": bench,
    "build": build, "matrix": matrix, "clean": clean,
}  # fmt: skip


def install_test_tools(environment: Environment) -> None:
    """Installs the packages that the checks need."""
    environment.install("cpu,test", "clgrad with an OpenCL runtime for the CPU and the test tools")


def remove(*names: str) -> None:
    """Deletes folders of the checkout where they exist."""
    for name in names:
        shutil.rmtree(ROOT / name, ignore_errors=True)


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit status."""
    parser = argparse.ArgumentParser(prog="run.py", description="Sets clgrad up in .venv and runs it.")
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv", help="another folder than .venv")
    parser.add_argument("command", nargs="?", default="help", choices=COMMANDS)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="passed to the program that the command starts")
    given = parser.parse_args(arguments)
    try:
        COMMANDS[given.command](Environment(given.environment.absolute()), given.arguments)
    except SetupError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
