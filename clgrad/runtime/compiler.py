"""Turns kernel files and defines into kernels: assembles the text of programs, and keeps built kernels."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING

from clgrad.errors import BuildError
from clgrad.runtime.capabilities import Capabilities
from clgrad.runtime.disk_cache import DiskCache
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.process import check_process
from clgrad.runtime.programs import Programs
from clgrad.runtime.shared_files import numbered, shared_text, shared_text_hash

if TYPE_CHECKING:
    import pyopencl


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
        """A hash that identifies the specialisation. It is equal in every process, so that cached programs match."""
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
        return "\n".join((f'#line 1 "{self.kernel_name}.defines"', *lines, numbered(self.file), *removals))


@dataclass(frozen=True)
class Part:
    """A function of a kernel file, and the declarations of its parameters in order.

    The function has two more parameters, last: the number of the work-item, and how many work-items run this part.
    """

    source: KernelSource
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class JointSource:
    """One kernel that runs several parts: the first work-items do the first part, and so on.

    Its arguments are the arguments of each part, followed by the number of work-items that do the part.
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
    """The text of a function, guarded so that a program has it once although several kernels need it."""
    guard = f"HAS_{source.kernel_name}"
    return f"#ifndef {guard}\n#define {guard}\n{source.text()}\n#endif"


def _continued(text: str) -> str:
    return text.replace("\n", " \\\n")


def device_text(capabilities: Capabilities) -> str:
    """The beginning of every program: pragmas, and the device's capabilities as defines."""
    lines = ["#pragma OPENCL FP_CONTRACT OFF"]
    if capabilities.fp64:
        lines += ["#pragma OPENCL EXTENSION cl_khr_fp64 : enable", "#define HAS_FP64 1"]
    if capabilities.fma:
        lines += ["#define HAS_FMA 1"]
    lines.append(f"#define VECTOR_WIDTH {capabilities.vector_width}")
    lines.append(f"#define GPU_SHAPE {int(capabilities.kernel_shape == 'gpu')}")
    return "\n".join(lines)


def preamble(capabilities: Capabilities, kernels: str) -> str:
    """The text before the kernels: the device's text, and the pieces of shared files that the kernels need."""
    return f"{device_text(capabilities)}\n{shared_text(kernels)}"


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
        """The largest work-group in which this kernel can run: less than the device's if it needs many registers."""
        if self._most_together is None:
            parameter = load_opencl().kernel_work_group_info.WORK_GROUP_SIZE
            self._most_together = int(self.instantiate().get_work_group_info(parameter, self._device))
        return self._most_together


class Compiler:
    """Gives the kernels of one device. Each kernel is built once, in a program with others."""

    def __init__(
        self,
        context: pyopencl.Context,
        device: pyopencl.Device,
        capabilities: Capabilities,
        cache: DiskCache,
    ):
        self._device = device
        self._capabilities = capabilities
        self._programs = Programs(context, device, cache, capabilities.keeps_programs)
        self._kernels: dict[Source, CompiledKernel] = {}
        self._lock = RLock()
        self._confirm: Callable[[], None] | None = None

    def when_refused(self, confirm: Callable[[], None]) -> None:
        """Call `confirm` when the driver first refuses kernels. It raises if the driver refuses a tiny kernel too."""
        self._confirm = confirm

    def kernels(self, sources: Sequence[Source]) -> list[CompiledKernel]:
        """The kernels of these sources. Kernels that are neither in memory nor on disk are built as one program.

        One program per kernel would take up to twice the processor time, because each program contains the shared
        files. Threads would not help: the compilers of Intel and PoCL let only one thread build at a time.
        """
        check_process()
        with self._lock:
            missing = set(sources) - self._kernels.keys()
            if missing:
                self._add(sorted(missing, key=lambda source: source.kernel_name))
            return [self._kernels[source] for source in sources]

    def _add(self, sources: list[Source]) -> None:
        keys = {source: self._key(source) for source in sources}
        programs = self._programs.having({key: source.kernel_name for source, key in keys.items()})
        missing = [source for source in sources if keys[source] not in programs]
        if missing:
            text = self._text(missing)
            built = self._build(text, [source.kernel_name for source in missing])
            new = [keys[source] for source in missing]
            self._programs.note(new, text)
            programs |= dict.fromkeys(new, built)
        for source, key in keys.items():
            self._kernels[source] = CompiledKernel(source, programs[key], self._device)

    def _build(self, text: str, kernel_names: Sequence[str]) -> pyopencl._cl._Program:
        try:
            return self._programs.of_text(text, kernel_names)
        except BuildError:
            confirm, self._confirm = self._confirm, None
            if confirm:
                confirm()
            raise

    def _key(self, source: Source) -> str:
        """The key of a kernel's text. It covers all shared files, because finding the needed pieces takes longer."""
        shared = device_text(self._capabilities), shared_text_hash()
        return self._programs.key(source.kernel_name, source.text(), *shared)

    def _text(self, sources: Sequence[Source]) -> str:
        kernels = "\n".join(source.text() for source in sources)
        return f"{preamble(self._capabilities, kernels)}\n{kernels}\n"

    def program(self, text: str, kernel_names: Sequence[str]) -> pyopencl._cl._Program:
        """The built program of a complete text, from the disk cache if that has one with these kernels."""
        return self._programs.of_text(text, kernel_names)
