"""The places where entries run: this machine, or a Debian in a folder (chroot).

Making such a folder needs root; the tests in it run as an ordinary user.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tools.environment import is_root
from tools.matrix.entries import System

USER = 1000
HOME = "/home/matrix"
# A Debian in a folder uses the name resolution of this machine.
COPIED = ("/etc/resolv.conf", "/etc/hosts")


class NotRunError(Exception):
    """An entry cannot run on this machine. The message says why."""


class Machine:
    """This machine, with a folder for checkouts and environments."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.home = folder / "here"

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Makes the folder. Nothing needs to be mounted."""
        self.home.mkdir(parents=True, exist_ok=True)
        yield

    def inside(self, path: Path) -> str:
        """The path as commands that run there see it."""
        return str(path)

    def own(self, path: Path) -> None:
        """Gives a path to the user who runs the tests."""

    def find_python(self, name: str) -> str:
        """A working Python of this name, from PATH or from pyenv."""
        found = [path for path in (shutil.which(name),) if path]
        found += map(str, sorted(Path.home().glob(f".pyenv/versions/{name.removeprefix('python')}.*/bin/{name}")))
        for python in found:
            if self.run([python, "-c", "import ensurepip, venv"], {}, 60, None) == 0:
                return python
        raise NotRunError(f"{name} is not on this machine")

    def run(
        self, command: Sequence[str], variables: Mapping[str, str], seconds: float, log: Path | None, folder: str = "/"
    ) -> int | None:
        """Runs a command and appends its output to the log. Returns the exit status; None after a timeout."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CLGRAD_", "PYTHON"))}
        return run_group(command, kept | dict(variables), seconds, log, folder)


class Chroot(Machine):
    """A Debian that debootstrap made in a folder."""

    def __init__(self, folder: Path, system: System, copied: Sequence[Path]):
        super().__init__(folder)
        self.system = system
        self.root = folder / system.name
        self.home = self.root / HOME.removeprefix("/")
        self.copied = [*map(Path, COPIED), *copied]

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Fills the folder if needed, and mounts /proc and /sys in it while the block runs."""
        if not is_root():
            raise NotRunError("making a Debian in a folder needs root")
        if not shutil.which("debootstrap"):
            raise NotRunError("debootstrap is not installed (apt-get install debootstrap)")
        self._fill()
        with self._mounted():
            self._install()
            yield

    def _fill(self) -> None:
        done = self.root / "etc/debian_version"
        if done.exists():
            return
        self.root.mkdir(parents=True, exist_ok=True)
        base = ["debootstrap", "--variant=minbase", "--include=ca-certificates", self.system.suite, str(self.root)]
        if subprocess.run(base, check=False, stdout=subprocess.DEVNULL).returncode:
            done.unlink(missing_ok=True)
            raise NotRunError(f"debootstrap {self.system.suite} failed")

    @contextmanager
    def _mounted(self) -> Iterator[None]:
        mounted = mounts_in(self.root)
        points = [self.root / name for name in ("proc", "sys") if self.root / name not in mounted]
        try:
            for point in points:
                options = ["-o", "ro"] if point.name == "sys" else []
                kind = {"proc": "proc", "sys": "sysfs"}[point.name]
                if subprocess.run(["mount", "-t", kind, *options, kind, str(point)], check=False).returncode:
                    raise NotRunError(f"mounting {kind} needs a root that may mount")
            yield
        finally:
            for point in reversed(points):
                subprocess.run(["umount", str(point)], check=False)

    def _install(self) -> None:
        """Installs missing packages, and makes the home folder of the user who runs the tests."""
        for path in self.copied:
            target = self.root / path.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        installed = ["dpkg-query", "--show", *self.system.packages]
        if self._as_root(installed).returncode:
            self._as_root(["update-ca-certificates"])
            self._as_root(["apt-get", "update", "--quiet=2"])
            command = ["apt-get", "install", "--quiet=2", "--yes", "--no-install-recommends", *self.system.packages]
            done = self._as_root(command)
            if done.returncode:
                raise NotRunError(f"apt-get install: {done.stderr.strip().splitlines()[-1]}")
        self.home.mkdir(parents=True, exist_ok=True)
        self.own(self.home)
        # Locks between processes are files in /dev/shm, so every user must be able to write there.
        (self.root / "dev/shm").chmod(0o1777)

    def _as_root(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
        whole = ["chroot", str(self.root), *command]
        return subprocess.run(whole, env=environment, capture_output=True, text=True, check=False)

    def inside(self, path: Path) -> str:
        return "/" + str(path.relative_to(self.root))

    def own(self, path: Path) -> None:
        subprocess.run(["chown", "--recursive", f"{USER}:{USER}", str(path)], check=True)

    def find_python(self, name: str) -> str:
        if self.run([name, "-c", "import ensurepip, venv"], {}, 60, None):
            raise NotRunError(f"{self.system.title} has no {name}")
        return name

    def run(
        self, command: Sequence[str], variables: Mapping[str, str], seconds: float, log: Path | None, folder: str = "/"
    ) -> int | None:
        words = [f"{name}={value}" for name, value in variables.items()]
        base = [f"HOME={HOME}", "USER=matrix", "PATH=/usr/bin:/bin", "LANG=C.UTF-8"]
        entered = ["chroot", f"--userspec={USER}:{USER}", "--groups=", str(self.root)]
        moved = ["env", "--ignore-environment", f"--chdir={folder}", *base, *words, *command]
        return run_group([*entered, *moved], dict(os.environ), seconds, log, "/")

    def remove(self) -> None:
        """Deletes the folder. Refuses while something is mounted inside, since its files would be deleted too."""
        for point in sorted(mounts_in(self.root), reverse=True):
            subprocess.run(["umount", str(point)], check=False)
        left = mounts_in(self.root)
        if left:
            raise NotRunError(f"{left[0]} is mounted and in use; end what uses it, then try again")
        shutil.rmtree(self.root)


def mounts_in(folder: Path, table: str | None = None) -> list[Path]:
    """The mount points at or below a folder."""
    lines = (Path("/proc/self/mounts").read_text() if table is None else table).splitlines()
    points = [Path(line.split()[1].encode().decode("unicode_escape")) for line in lines]
    real = folder.resolve()
    return [point for point in points if point == real or real in point.parents]


def run_group(
    command: Sequence[str], variables: Mapping[str, str], seconds: float, log: Path | None, folder: str
) -> int | None:
    """Runs a command. After a timeout it kills the command with all its child processes, and returns None."""
    with open(log or os.devnull, "ab") as output:
        try:
            process = subprocess.Popen(
                command, env=dict(variables), cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True,
            )  # fmt: skip
        except OSError:
            return 127
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            if process.poll() is None and sys.platform != "win32":
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
