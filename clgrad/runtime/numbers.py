"""Setting the number arguments of a kernel."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any

import numpy

if TYPE_CHECKING:
    import pyopencl

# Ten times as fast as making a NumPy number.
int_bytes = Struct("<i").pack
long_bytes = Struct("<q").pack


def set_number(kernel: pyopencl.Kernel, position: int, number: numpy.generic[Any] | bytes) -> None:
    """Set an argument to a number of the type that the kernel declares, or to the bytes of one.

    `Kernel.set_arg` first tries whether it is anything else, with an exception for each kind of argument: that takes
    sixty times as long.
    """
    kernel._set_arg_buf(position, number)  # type: ignore[attr-defined]
