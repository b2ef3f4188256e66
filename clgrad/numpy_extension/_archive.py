"""NumPy's .npy and .npz formats. Everything in a file is checked before it is used, and pickles are never read."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import IO, Any

import numpy

from clgrad.dtypes import as_dtype, bool_
from clgrad.errors import ArgumentError, ClgradError, OutOfDeviceMemoryError
from clgrad.runtime.byte_sizes import format_bytes

Numbers = numpy.ndarray[Any, Any]

ARRAY_START = numpy.lib.format.MAGIC_PREFIX

_HEADERS: dict[tuple[int, int], Callable[[IO[bytes]], tuple[tuple[int, ...], bool, Any]]] = {
    (1, 0): numpy.lib.format.read_array_header_1_0,
    (2, 0): numpy.lib.format.read_array_header_2_0,
}


@contextmanager
def naming(what: str) -> Iterator[None]:
    """Puts the name of the file or array in front of every error, and raises ArgumentError for damaged data.

    zipfile, zlib and NumPy raise a dozen types of exceptions for it.
    """
    try:
        yield
    except OutOfDeviceMemoryError as problem:
        raise OutOfDeviceMemoryError(f"{what}, or too large: {problem}") from problem
    except MemoryError:
        raise
    except ClgradError as problem:
        raise type(problem)(f"{what}: {problem}") from problem
    except Exception as problem:
        raise ArgumentError(f"{what}: {problem!r}") from problem


def write_array(stream: IO[bytes], numbers: Numbers) -> None:
    """Write an array as a .npy file."""
    numpy.lib.format.write_array(stream, numbers, allow_pickle=False)


def check_member(name: str) -> None:
    """Raise for a name that an archive would change: two arrays could then get the same name."""
    try:
        kept = zipfile.ZipInfo(name).filename == name and len(name.encode()) < 1 << 15
    except UnicodeEncodeError:
        kept = False
    if not kept:
        raise ArgumentError(f"save: {name!r} cannot be the name of an array in a file; use fewer, printable characters")


def read_array(stream: IO[bytes], length: int) -> Numbers:
    """The array of a .npy file of `length` bytes that starts at the stream's position."""
    start = stream.tell()
    shape, by_columns, stored = _header(stream)
    if stored.hasobject:
        raise ArgumentError("it holds Python objects as pickles, which are never read")
    dtype = as_dtype(stored)
    size = prod(shape)
    follows = length - (stream.tell() - start)
    if min(shape, default=0) < 0 or size * dtype.itemsize != follows:
        raise ArgumentError(f"its {follows} bytes of elements do not fit shape {shape} and dtype {dtype}")
    content = stream.read(follows)
    if len(content) != follows:
        raise ArgumentError(f"it ends after {len(content)} of {follows} bytes of an array")
    numbers = numpy.frombuffer(content, stored)
    # A file may have other bytes than 0 and 1 for booleans, but kernels need 0 and 1.
    numbers = numbers.view("uint8") != 0 if dtype == bool_ else numbers
    return numbers.reshape(shape, order="F" if by_columns else "C")


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, numpy.dtype[Any]]:
    """Shape, whether the order is column-major, and dtype, from a header that may hold anything."""
    version = numpy.lib.format.read_magic(stream)
    if version not in _HEADERS:
        raise ArgumentError(f"it has version {version} of the format; arrays of numbers have version 1 or 2")
    try:
        return _HEADERS[version](stream)
    except Exception as problem:
        # NumPy parses it as Python source, which can fail with a dozen types of exceptions.
        raise ArgumentError(f"its header cannot be read: {problem}") from problem


def members(archive: zipfile.ZipFile, size: int, limit: int) -> dict[str, zipfile.ZipInfo]:
    """The arrays of a .npz file of `size` bytes, by name. Raises if they take more than both `size` and `limit`."""
    found = archive.infolist()
    total = sum(member.file_size for member in found)
    if total > max(size, limit):
        raise ArgumentError(
            f"its {format_bytes(size)} would expand to {format_bytes(total)}, and the limit is {format_bytes(limit)}. "
            "If you trust the file, raise the limit: load(file, limit='2G')"
        )
    names = [member.filename.removesuffix(".npy") for member in found]
    double = next((name for name, count in Counter(names).items() if count > 1), None)
    if double is not None:
        raise ArgumentError(f"it has several arrays of the name {double!r}")
    return dict(zip(names, found))
