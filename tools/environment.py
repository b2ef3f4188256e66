"""The virtual environment of this checkout: made with venv, virtualenv or uv, and filled once per set of extras."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class SetupError(Exception):
    """A part of the set-up is missing. The message says which, and how to get it."""


class Environment:
    """A virtual environment in which clgrad is installed from this checkout."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
        self.python = self.programs / ("python.exe" if sys.platform == "win32" else "python")

    def install(self, extras: str, purpose: str) -> None:
        """Installs clgrad with these extras, unless that was done since pyproject.toml last changed."""
        stamp = self.folder / f".installed-{extras.replace(',', '-')}"
        wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
        if self.works() and stamp.exists() and stamp.read_text() == wanted:
            return
        if not self.works():
            say(f"Making the environment {self.folder} ...")
            create_environment(self.folder)
        say(f"Installing {purpose} ...")
        self.pip("--editable", f".[{extras}]")
        stamp.write_text(wanted)

    def works(self) -> bool:
        """Whether it is complete, and the Python that it was made with still exists."""
        return self.python.exists() and answers([str(self.python), "-c", "import pip"])

    def pip(self, *arguments: str) -> None:
        """Installs packages."""
        self.run("-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments)

    def run(self, *arguments: str, variables: Mapping[str, str] | None = None) -> None:
        """Runs the environment's Python in the root of the checkout; exits with its status unless that is 0."""
        execute([str(self.python), *arguments], variables)

    def program(self, name: str, *arguments: str) -> None:
        """Runs a program that a package installed, in the same way."""
        found = shutil.which(name, path=str(self.programs))
        if found is None:
            raise SetupError(f"{name} is missing from {self.folder}; delete that folder and run the command again")
        execute([found, *arguments])


def execute(command: list[str], variables: Mapping[str, str] | None = None) -> None:
    """Runs a command in the root of the checkout; exits with its status unless that is 0."""
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(variables or {})}, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def answers(command: list[str]) -> bool:
    """Whether a command exists and succeeds."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def say(text: str) -> None:
    """Prints without buffering, so that the text comes before the output of the next command."""
    print(text, flush=True)


def create_environment(folder: Path) -> None:
    """Makes the environment, in the first way that works on this machine; an old one is deleted."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / "pyvenv.cfg").exists():
            raise SetupError(f"{folder} is not a Python environment and not empty; name another folder")
        shutil.rmtree(folder)
    for commands in ways_to_create(folder):
        for command in commands:
            execute(command)
        return
    raise SetupError(missing_part())


def ways_to_create(folder: Path) -> Iterator[list[list[str]]]:
    """The commands of each way that can work here. On Debian venv may lack ensurepip, which is in another package."""
    python = sys.executable
    if find_spec("ensurepip"):
        yield [[python, "-m", "venv", str(folder)]]
    if find_spec("virtualenv"):
        yield [[python, "-m", "virtualenv", "--quiet", str(folder)]]
    if shutil.which("uv"):
        yield [["uv", "venv", "--quiet", "--seed", "--python", python, str(folder)]]
    if find_spec("pip") and find_spec("venv"):
        inside = str(Environment(folder).python)
        yield [
            [python, "-m", "venv", "--without-pip", str(folder)],
            [python, "-m", "pip", "--python", inside, "install", "--quiet", "pip"],
        ]


def missing_part() -> str:
    """How to get the missing part of the running Python."""
    problem = f"{sys.executable} cannot make a virtual environment: a part of Python is missing."
    if shutil.which("apt-get"):
        with_root = "" if is_root() else "sudo "
        return f"{problem} Install it, then run the same command again:\n  {with_root}{debian_command()}"
    return f"{problem} Install Python's own venv and ensurepip, or uv (https://docs.astral.sh/uv); then run it again."


def debian_command() -> str:
    """The command that installs venv. The name of the package has a version unless Debian's default Python runs."""
    default = os.path.realpath("/usr/bin/python3") == os.path.realpath(sys.executable)
    version = "3" if default else f"3.{sys.version_info.minor}"
    return f"apt-get install python{version}-venv"


def is_root() -> bool:
    """Whether commands need no sudo."""
    return sys.platform != "win32" and os.geteuid() == 0
