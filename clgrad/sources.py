"""Names a kernel by its file and the defines that specialise it. `runtime/program_text.py` turns this into its text."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple


@dataclass(frozen=True)
class KernelSource:
    """One kernel of a file in `cl_kernels/kernels/`, and the defines that specialise it.

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


class Part(NamedTuple):
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


Source = KernelSource | JointSource
