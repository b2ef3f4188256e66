"""The programs of one device: builds them from text, and finds programs on disk by the kernels that they contain.

The disk cache has two kinds of entries: for a program its binary or its text, and for a kernel the key of a program
that contains it. So a kernel is found in any program, and a program is loaded only once.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from clgrad.errors import BuildError
from clgrad.runtime.build_log import build_error
from clgrad.runtime.debugging import is_debugging
from clgrad.runtime.disk_cache import DiskCache
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.statistics import counters

if TYPE_CHECKING:
    import pyopencl

    Program = pyopencl._cl._Program

OPTIONS = "-cl-std=CL1.2"
# PoCL prints the number of warnings to the terminal at each build, so warnings are on only under CLGRAD_DEBUG.
WARNINGS = "" if is_debugging() else "-w"

_KEY = re.compile(rb"[0-9a-f]{64}")


def options() -> str:
    """The options of every build."""
    return f"{OPTIONS} {WARNINGS}"


def driver_facts(device: pyopencl.Device) -> list[str]:
    """Facts that identify a driver and device, because different machines may share a home folder."""
    platform = device.platform
    return [
        device.name, device.vendor, device.version, device.driver_version, device.extensions,
        str(device.max_compute_units), platform.name, platform.vendor, platform.version,
    ]  # fmt: skip


class Programs:
    """Builds programs, keeps them in memory and on disk.

    If the driver has a cache of its own (`Capabilities.keeps_programs`), the disk holds texts instead of binaries.
    """

    def __init__(self, context: pyopencl.Context, device: pyopencl.Device, cache: DiskCache, driver_keeps: bool):
        self._opencl = load_opencl()
        self._context = context
        self._device = device
        self._cache = cache
        self._driver_keeps = driver_keeps
        self._known: dict[str, Program] = {}

    def key(self, *parts: str) -> str:
        """The cache key for these texts, which covers the build options and the driver, too."""
        return hashlib.sha256("\0".join((*parts, options(), *self._facts)).encode()).hexdigest()

    @cached_property
    def _facts(self) -> list[str]:
        return [str(self._driver_keeps), *driver_facts(self._device)]

    def having(self, kernels: Mapping[str, str]) -> dict[str, Program]:
        """For each key in `kernels` (key to kernel name) a program from disk that has the kernel, if there is one."""
        found = {}
        for key, name in kernels.items():
            noted = self._cache.load(key)
            if noted is not None and _KEY.fullmatch(noted):
                program = self._load(noted.decode(), [name])
                if program is not None:
                    found[key] = program
        return found

    def note(self, keys: Iterable[str], text: str) -> None:
        """Note on disk that the program of this text has the kernels with these keys."""
        program = self.key(text).encode()
        self._cache.save_all(dict.fromkeys(keys, program))

    def of_text(self, text: str, kernel_names: Sequence[str]) -> Program:
        """The built program of this text, from disk if that has one with these kernels."""
        key = self.key(text)
        return self._load(key, kernel_names) or self._load_or_build(key, text, kernel_names)

    def _load_or_build(self, key: str, text: str, kernel_names: Sequence[str]) -> Program:
        with self._cache.exclusive(key) as may_save:
            # Another process may have built it meanwhile.
            program = self._load(key, kernel_names)
            if program is None:
                program = self._known[key] = self._build(text, kernel_names)
                if may_save:
                    self._save(key, text, program)
            return program

    def _load(self, key: str, kernel_names: Sequence[str]) -> Program | None:
        program = self._known.get(key) or self._read(key)
        if program is None or self._missing_kernel(program, kernel_names):
            return None
        if key not in self._known:
            self._known[key] = program
            counters.disk_cache_hits += 1
        return program

    def _read(self, key: str) -> Program | None:
        content = self._cache.load(key)
        if content is None:
            return None
        try:
            program: Program
            if self._driver_keeps:
                program = self._opencl._cl._Program(self._context, content.decode())
            else:
                program = self._opencl._cl._Program(self._context, [self._device], [content])
            program._build(options().encode(), [self._device])
        except (self._opencl.Error, UnicodeDecodeError):
            # The driver refuses the entry, so it is a miss; the build that follows replaces it.
            return None
        return program

    def _save(self, key: str, text: str, program: Program) -> None:
        if self._driver_keeps:
            self._cache.save(key, text.encode())
            return
        binaries: Any = program.get_info(self._opencl.program_info.BINARIES)
        if binaries and binaries[0]:
            self._cache.save(key, binaries[0])

    def _log(self, program: Program) -> str:
        return str(program.get_build_info(self._device, self._opencl.program_build_info.LOG))

    def _missing_kernel(self, program: Program, kernel_names: Sequence[str]) -> str | None:
        """Make each kernel; returns the first failure. Some drivers add a kernel's code to the binary only now."""
        for name in kernel_names:
            try:
                self._opencl.Kernel(program, name)
            except self._opencl.Error as problem:
                return f"{name}: {problem}"
        return None

    def _build(self, text: str, kernel_names: Sequence[str]) -> Program:
        start = perf_counter()
        # pyopencl.Program would add its own cache and its own warnings.
        program: Program = self._opencl._cl._Program(self._context, text)
        try:
            program._build(options().encode(), [self._device])
        except self._opencl.Error as problem:
            raise build_error(self._device.name, text, str(problem), self._log(program)) from problem
        if not WARNINGS and "warning" in self._log(program):
            print(self._log(program), file=sys.stderr)
        missing = self._missing_kernel(program, kernel_names)
        if missing:
            raise BuildError(f"a program for {self._device.name} lacks a kernel of its file: {missing}")
        counters.builds += 1
        counters.kernels_built += len(kernel_names)
        counters.build_seconds += perf_counter() - start
        return program
