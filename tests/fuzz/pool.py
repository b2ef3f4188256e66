"""A pool of kernels: programs run on those that are built, and others wait until many are built at once.

Compiling one kernel takes as long as a hundred programs, and many in one program a fraction of that each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from unittest import mock

from clgrad.runtime.compiler import CompiledKernel, Compiler, Source

BATCH = 32
Kernel = tuple[Compiler, Source]


class Postponed(Exception):  # noqa: N818 - no error of anybody
    """A program needs kernels that are not built yet."""

    def __init__(self, kernels: Iterable[Kernel]) -> None:
        super().__init__("kernels are not built yet")
        self.kernels = frozenset(kernels)


class Pool:
    """The kernels that are built on each device, and those that programs have asked for, by how many did."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._built: set[Kernel] = set()
        self._wanted: Counter[Kernel] = Counter()

    @contextmanager
    def only_built(self) -> Iterator[None]:
        """Programs that need another kernel raise Postponed."""
        get = Compiler.kernels

        def get_built(compiler: Compiler, sources: Sequence[Source]) -> list[CompiledKernel]:
            wanted = {(compiler, source) for source in sources} - self._built
            if wanted:
                self._wanted.update(wanted)
                raise Postponed(wanted)
            return get(compiler, sources)

        with mock.patch.object(Compiler, "kernels", get_built):
            yield

    @property
    def wanted(self) -> int:
        """How many kernels programs have asked for in vain."""
        return len(self._wanted)

    def has(self, kernels: frozenset[Kernel]) -> bool:
        """Whether all of these are built."""
        return kernels <= self._built

    def build(self, urgent: Iterable[Kernel]) -> None:
        """Build those that most programs asked for, and the urgent ones."""
        start = perf_counter()
        chosen = {kernel for kernel, _ in self._wanted.most_common(BATCH)} | {*urgent}
        for compiler in {compiler for compiler, _ in chosen}:
            compiler.kernels([source for owner, source in chosen if owner is compiler])
        self._built |= chosen
        for kernel in chosen:
            del self._wanted[kernel]
        self.seconds += perf_counter() - start
