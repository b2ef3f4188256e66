"""Commands as the user's shell spells them: PowerShell on Windows, a POSIX shell elsewhere."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path


def run_python(*arguments: str) -> str:
    """Runs this Python."""
    start = "& " if sys.platform == "win32" else ""
    return start + " ".join(quoted(part) for part in (sys.executable, *arguments))


def set_variable(name: str, value: str | Path) -> str:
    """Sets an environment variable for the commands that follow."""
    return f"$env:{name} = {quoted(str(value))}" if sys.platform == "win32" else f"export {name}={quoted(str(value))}"


def unset_variable(name: str) -> str:
    """The command that removes an environment variable."""
    return f"Remove-Item Env:{name}" if sys.platform == "win32" else f"unset {name}"


def remove_file(path: Path) -> str:
    """The command that deletes a file."""
    return f"{'Remove-Item' if sys.platform == 'win32' else 'rm'} {quoted(str(path))}"


def remove_folder(path: Path) -> str:
    """The command that deletes a folder with its contents."""
    return f"{'Remove-Item -Recurse' if sys.platform == 'win32' else 'rm -r'} {quoted(str(path))}"


def quoted(text: str) -> str:
    """One word of a command."""
    return "'" + text.replace("'", "''") + "'" if sys.platform == "win32" else shlex.quote(text)
