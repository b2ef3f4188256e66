"""Turns kernel files and defines into programs: assembles the text, builds, and keeps what was built."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from time import perf_counter
from typing import TYPE_CHECKING, Any

from clgrad.errors import BuildError
from clgrad.runtime.build_log import build_error
from clgrad.runtime.capabilities import Capabilities, KernelShape
from clgrad.runtime.debugging import is_debugging
from clgrad.runtime.disk_cache import DiskCache
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.process import check_process
from clgrad.runtime.shared_files import kernel_text, needed_files
from clgrad.runtime.statistics import counters

if TYPE_CHECKING:
    import pyopencl

OPTIONS = "-cl-std=CL1.2"
# PoCL prints the number of warnings to the terminal at each build: only who works on kernels asks for them.
WARNINGS = "" if is_debugging() else "-w"


def options() -> str:
    """The options of every build."""
    return f"{OPTIONS} {WARNINGS}"


@dataclass(frozen=True)
class KernelSource:
    """One kernel of a file in `cl_kernels/`, and the defines that specialise it.

    >>> KernelSource("pointwise.cl", "pointwise", (("EXPRESSION", "x + y"),)).kernel_name
    'pointwise_...'
    """

    file: str
    name: str
    defines: tuple[tuple[str, str], ...] = ()

    @cached_property
    def suffix(self) -> str:
        """Tells specialisations apart; it is the same in every process, so that cached programs match."""
        parts = [self.file, self.name]
        for define in self.defines:
            parts += define
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    @property
    def kernel_name(self) -> str:
        """The name of the kernel in the program."""
        return f"{self.name}_{self.suffix}"

    def text(self) -> str:
        """The file between the defines of this kernel and their removal."""
        defines = (f"ENTRY_{self.name}", "1"), ("KERNEL(n)", f"n##_{self.suffix}"), *self.defines
        lines = [f"#define {name} {_continued(text)}" for name, text in defines]
        removals = [f"#undef {name.partition('(')[0]}" for name, _ in defines]
        return "\n".join((f'#line 1 "{self.kernel_name}.defines"', *lines, _numbered(self.file), *removals))


@dataclass(frozen=True)
class Part:
    """A function of a kernel file, and the declarations of its parameters in order.

    The last two of its parameters, which the caller fills in, say which of how many work-items runs it.
    """

    source: KernelSource
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class JointSource:
    """One kernel that runs several parts: the first work-items do the first part, and so on.

    Its arguments are those of all parts, each followed by the number of work-items that do it.
    """

    parts: tuple[Part, ...]
    name = "joint"

    @cached_property
    def kernel_name(self) -> str:
        """The name of the kernel in the program."""
        names = "\0".join(part.source.suffix for part in self.parts)
        return f"{self.name}_{hashlib.sha256(names.encode()).hexdigest()[:16]}"

    def text(self) -> str:
        """The functions, and the kernel that calls them."""
        functions = [_once(source) for source in dict.fromkeys(part.source for part in self.parts)]
        parameters: list[str] = []
        calls: list[str] = []
        for number, part in enumerate(self.parts):
            own = [f"{declaration}_{number}" for declaration in part.parameters]
            parameters += [*own, f"const long items_{number}"]
            given = ", ".join(declaration.split()[-1].lstrip("*") for declaration in own)
            call = f"{part.source.kernel_name}({given}, item, items_{number})"
            calls.append(f"    if (item < items_{number}) {{ {call}; return; }}\n    item -= items_{number};")
        head = f"LOOP_KERNEL void {self.kernel_name}({', '.join(parameters)}) {{\n    long item = get_global_id(0);"
        return "\n".join((*functions, f'#line 1 "{self.kernel_name}"', head, *calls, "}"))


Source = KernelSource | JointSource


def _once(source: KernelSource) -> str:
    """The text of a function that several kernels of a program may need."""
    guard = f"HAS_{source.kernel_name}"
    return f"#ifndef {guard}\n#define {guard}\n{source.text()}\n#endif"


def _continued(text: str) -> str:
    return text.replace("\n", " \\\n")


def _numbered(file: str) -> str:
    return f'#line 1 "{file}"\n{kernel_text(file)}'


def preamble(capabilities: Capabilities, kernel_shape: KernelShape, kernels: str) -> str:
    """What comes before the text of the kernels: pragmas, what the device can do, the shared files they need."""
    lines = ["#pragma OPENCL FP_CONTRACT OFF"]
    if capabilities.fp64:
        lines += ["#pragma OPENCL EXTENSION cl_khr_fp64 : enable", "#define HAS_FP64 1"]
    if capabilities.fma:
        lines += ["#define HAS_FMA 1"]
    lines.append(f"#define VECTOR_WIDTH {capabilities.vector_width}")
    lines.append(f"#define GPU_SHAPE {int(kernel_shape == 'gpu')}")
    return "\n".join((*lines, *map(_numbered, needed_files(kernels))))


class CompiledKernel:
    """A kernel of a built program, from which kernel objects with arguments of their own are made."""

    __slots__ = ("_device", "_most_together", "_program", "source")

    def __init__(self, source: Source, program: pyopencl._cl._Program, device: pyopencl.Device):
        self.source = source
        self._program = program
        self._device = device
        self._most_together: int | None = None

    def instantiate(self) -> pyopencl.Kernel:
        """A new kernel object; its arguments are not shared with any other."""
        kernel: pyopencl.Kernel = load_opencl().Kernel(self._program, self.source.kernel_name)
        return kernel

    def max_group_size(self) -> int:
        """The largest work-group in which this kernel can run: less than the device allows where it needs much."""
        if self._most_together is None:
            parameter = load_opencl().kernel_work_group_info.WORK_GROUP_SIZE
            self._most_together = int(self.instantiate().get_work_group_info(parameter, self._device))
        return self._most_together


class Compiler:
    """Builds programs for one device; keeps kernels in memory and program binaries on disk."""

    def __init__(
        self,
        context: pyopencl.Context,
        device: pyopencl.Device,
        capabilities: Capabilities,
        kernel_shape: KernelShape,
        cache: DiskCache,
    ):
        self._opencl = load_opencl()
        self._context = context
        self._device = device
        self._capabilities = capabilities
        self._kernel_shape = kernel_shape
        self._cache = cache
        self._kernels: dict[Source, CompiledKernel] = {}
        self._lock = RLock()

    def kernels(self, sources: Sequence[Source]) -> list[CompiledKernel]:
        """The kernels of these sources. All that are missing are built as one program."""
        check_process()
        with self._lock:
            missing = set(sources) - self._kernels.keys()
            if missing:
                self._add(sorted(missing, key=lambda source: source.kernel_name))
            return [self._kernels[source] for source in sources]

    def _add(self, sources: list[Source]) -> None:
        kernels = "\n".join(source.text() for source in sources)
        text = f"{preamble(self._capabilities, self._kernel_shape, kernels)}\n{kernels}\n"
        program = self.program(text, [source.kernel_name for source in sources])
        for source in sources:
            self._kernels[source] = CompiledKernel(source, program, self._device)

    def program(self, text: str, kernel_names: Sequence[str]) -> pyopencl._cl._Program:
        """A built program of this text, from the disk cache where that holds one with these kernels."""
        key = self._key(text)
        return self._load(key, kernel_names) or self._load_or_build(key, text, kernel_names)

    def _load_or_build(self, key: str, text: str, kernel_names: Sequence[str]) -> pyopencl._cl._Program:
        with self._cache.exclusive(key) as may_save:
            # Another process may have built it meanwhile.
            program = self._load(key, kernel_names)
            if program is None:
                program = self._build(text, kernel_names)
                if may_save:
                    self._save(key, program)
            return program

    def _key(self, text: str) -> str:
        return hashlib.sha256("\0".join((text, options(), *self._driver_facts)).encode()).hexdigest()

    @cached_property
    def _driver_facts(self) -> list[str]:
        """What a binary depends on beside its text. A home folder may be shared by different machines."""
        device, platform = self._device, self._device.platform
        return [
            device.name, device.vendor, device.version, device.driver_version, device.extensions,
            str(device.max_compute_units), platform.name, platform.vendor, platform.version,
        ]  # fmt: skip

    def _load(self, key: str, kernel_names: Sequence[str]) -> pyopencl._cl._Program | None:
        binary = self._cache.load(key)
        if binary is None:
            return None
        try:
            program: pyopencl._cl._Program = self._opencl._cl._Program(self._context, [self._device], [binary])
            program._build(options().encode(), [self._device])
        except self._opencl.Error:
            # A binary that the driver refuses is a miss; the build that follows replaces it.
            return None
        if self._missing_kernel(program, kernel_names):
            return None
        counters.disk_cache_hits += 1
        return program

    def _save(self, key: str, program: pyopencl._cl._Program) -> None:
        binaries: Any = program.get_info(self._opencl.program_info.BINARIES)
        if binaries and binaries[0]:
            self._cache.save(key, binaries[0])

    def _log(self, program: pyopencl._cl._Program) -> str:
        return str(program.get_build_info(self._device, self._opencl.program_build_info.LOG))

    def _missing_kernel(self, program: pyopencl._cl._Program, kernel_names: Sequence[str]) -> str | None:
        """The first of these kernels that cannot be made. Some drivers add code to the binary only here."""
        for name in kernel_names:
            try:
                self._opencl.Kernel(program, name)
            except self._opencl.Error as problem:
                return f"{name}: {problem}"
        return None

    def _build(self, text: str, kernel_names: Sequence[str]) -> pyopencl._cl._Program:
        start = perf_counter()
        # pyopencl.Program would put a cache and warnings of its own in between.
        program: pyopencl._cl._Program = self._opencl._cl._Program(self._context, text)
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
        counters.build_seconds += perf_counter() - start
        return program
