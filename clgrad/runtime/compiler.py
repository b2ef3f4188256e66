"""Turns sources into kernels: builds those that are neither in memory nor on disk, and keeps them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import RLock
from typing import TYPE_CHECKING

from clgrad.capabilities import Capabilities
from clgrad.errors import BuildError
from clgrad.runtime.disk_cache import DiskCache
from clgrad.runtime.drivers import load_opencl
from clgrad.runtime.process import check_process
from clgrad.runtime.program_text import device_text, program_text, text_of
from clgrad.runtime.programs import Programs
from clgrad.runtime.shared_files import shared_text_hash
from clgrad.sources import Source

if TYPE_CHECKING:
    import pyopencl


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
            text = program_text(self._capabilities, missing)
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
        return self._programs.key(source.kernel_name, text_of(source), *shared)

    def program(self, text: str, kernel_names: Sequence[str]) -> pyopencl._cl._Program:
        """The built program of a complete text, from the disk cache if that has one with these kernels."""
        return self._programs.of_text(text, kernel_names)
