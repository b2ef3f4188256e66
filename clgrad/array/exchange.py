"""Arrays from objects of other libraries, by DLPack."""

from __future__ import annotations

from typing import Any

import numpy

from clgrad.array.arguments import check_copy
from clgrad.array.assembly import ndarray
from clgrad.array.conversion import chosen_device, from_host
from clgrad.array.device import Place
from clgrad.dtypes import as_dtype


def from_dlpack(x: Any, *, device: Place = None, copy: bool | None = None) -> ndarray:
    """A copy, with the same dtype, of any object that exports DLPack in host memory.

    >>> import numpy
    >>> from_dlpack(numpy.arange(3.0, dtype='float32'))
    array([0., 1., 2.])
    """
    check_copy("from_dlpack", copy)
    numbers = numpy.from_dlpack(x)
    return ndarray(from_host(numbers, chosen_device(device), as_dtype(numbers.dtype)))
