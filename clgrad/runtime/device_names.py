"""Names of devices and drivers as people type them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyopencl

_TRADEMARK = re.compile(r"\((?:r|tm|c)\)")
_NO_LETTER_OR_DIGIT = re.compile(r"[^a-z0-9]")


def matches(wanted: str, names: str) -> bool:
    """Whether each typed word is part of the names; case and missing spaces do not matter.

    >>> matches("intel opencl", "Intel(R) OpenCL"), matches("RTX4090", "NVIDIA GeForce RTX 4090"), matches(" ", "any")
    (True, True, False)
    """
    text = _TRADEMARK.sub("", names.lower())
    joined = _NO_LETTER_OR_DIGIT.sub("", text)
    words = _TRADEMARK.sub("", wanted.lower()).split()
    return bool(words) and all(word in text or (word.isalnum() and word in joined) for word in words)


def driver_names(platform: pyopencl.Platform) -> str:
    """The names of a driver: its platform, its vendor, and the product in its version, such as PoCL."""
    # "OpenCL 3.0 PoCL 3.1+debian Linux ...", "OpenCL 3.0 CUDA 12.2": the standard's version, then the driver's own.
    product = platform.version.split()[2:3]
    return " ".join((platform.name, platform.vendor, *product))
