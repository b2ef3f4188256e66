"""A pool of kernels: programs run on those that are built, and others wait until many are built at once.

Compiling one kernel takes as long as a hundred programs, and many in one program a fraction of that each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from unittest import mock

from clgrad.runtime.compiler import CompiledKernel, Compiler
from clgrad.sources import Source

SMALLEST_BATCH, LARGEST_BATCH = 12, 64
Kernel = tuple[Compiler, Source]


class Postponed(Exception):  # noqa: N818 - no error of anybody
    """A program needs kernels that are not built yet; `rehearse`: it may go on to find out about others."""

    def __init__(self, kernels: Iterable[Kernel], rehearse: bool = False) -> None:
        super().__init__("kernels are not built yet")
        self.kernels = frozenset(kernels)
        self.rehearse = rehearse


class Pool:
    """The kernels that are built, and how long that took."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.built: set[Kernel] = set()

    @contextmanager
    def only_built(self, rehearse: bool) -> Iterator[None]:
        """Programs that need another kernel raise Postponed."""
        get = Compiler.kernels

        def get_built(compiler: Compiler, sources: Sequence[Source]) -> list[CompiledKernel]:
            missing = {(compiler, source) for source in sources} - self.built
            if missing:
                raise Postponed(missing, rehearse)
            return get(compiler, sources)

        with mock.patch.object(Compiler, "kernels", get_built):
            yield

    def built_within(self, seconds: float) -> int:
        """About how many kernels can be built in this time: few as long as nothing is known about the compiler."""
        if not self.built:
            return SMALLEST_BATCH
        return max(SMALLEST_BATCH, min(LARGEST_BATCH, int(seconds * len(self.built) / self.seconds)))

    def build(self, kernels: Iterable[Kernel]) -> None:
        """Build kernels, as one program on each device."""
        start = perf_counter()
        missing = set(kernels) - self.built
        for compiler in {compiler for compiler, _ in missing}:
            compiler.kernels([source for owner, source in missing if owner is compiler])
        self.built |= missing
        self.seconds += perf_counter() - start
