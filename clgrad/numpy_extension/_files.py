"""Saving and loading arrays in NumPy's .npy and .npz formats, without pickles. NumPy can read the files."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from clgrad.array import ndarray
from clgrad.array.conversion import chosen_device, from_host
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError
from clgrad.graph.execute import looking_at
from clgrad.numpy_extension._archive import ARRAY_START, Numbers, check_member, members, naming, read_array, write_array
from clgrad.runtime.byte_sizes import parse_bytes
from clgrad.runtime.device import Device
from clgrad.whole_files import replacing

File = str | os.PathLike[str] | BinaryIO

# The comment of an archive says whether it holds a single array, a list or a dictionary. NumPy ignores comments.
_SINGLE, _LIST, _MAPPING = b"clgrad array", b"clgrad list", b"clgrad mapping"

# The default limit for the arrays of a compressed file: EXPANDED bytes, or EXPANSION times the size of the file.
EXPANDED, EXPANSION = 256 << 20, 32


def save(file: File, arr: Any) -> None:
    """Save an array, a list of arrays or a dictionary of arrays; `load` returns the same kind.

    `file` is a path or a binary stream. A file is written whole or not at all; after an error the old file is
    unchanged. A single array whose path ends in `.npy` is saved as a `.npy` file, everything else as a `.npz` file.

    >>> import os, tempfile
    >>> from clgrad import np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'weights')
    ...     save(path, {'w': np.ones(2)})
    ...     load(path)
    {'w': array([1., 1.])}
    """
    if isinstance(arr, ndarray) and str(file).endswith(".npy"):
        with _stream_to("save", file) as stream, looking_at(arr._value) as numbers:
            write_array(stream, numbers)
    elif isinstance(arr, ndarray):
        _write("save", file, {"arr_0": arr}, _SINGLE)
    elif isinstance(arr, Mapping):
        _write("save", file, dict(arr), _MAPPING)
    elif isinstance(arr, (list, tuple)):
        _write("save", file, {f"arr_{position}": one for position, one in enumerate(arr)}, _LIST)
    else:
        raise ArgumentError(f"save: takes an array, a list or a dictionary of arrays, got {type(arr).__name__}")


def savez(file: File, *args: ndarray, **kwds: ndarray) -> None:
    """Save arrays under names, `arr_0` and so on for those without; `load` gives a dictionary.

    >>> import io
    >>> from clgrad import np
    >>> memory = io.BytesIO()
    >>> savez(memory, np.zeros(1), w=np.ones(1))
    >>> load(memory)
    {'arr_0': array([0.]), 'w': array([1.])}
    """
    unnamed = {f"arr_{position}": one for position, one in enumerate(args)}
    double = unnamed.keys() & kwds.keys()
    if double:
        raise ArgumentError(f"savez: {double.pop()!r} is the name of an array given without a name; choose another")
    _write("savez", file, unnamed | kwds, _MAPPING)


def _write(op: str, file: File, arrays: dict[Any, Any], kind: bytes) -> None:
    for name, array in arrays.items():
        if not isinstance(name, str) or not isinstance(array, ndarray):
            raise ArgumentError(f"{op}: {name!r} must be a name and {type(array).__name__} an array")
        check_member(name)
    for array in arrays.values():
        # An array may fail only when it is read. All are read before the first byte is written to a stream.
        array.wait_to_read()
    with _stream_to(op, file) as stream, zipfile.ZipFile(stream, "w") as archive:
        archive.comment = kind
        for name, array in arrays.items():
            with looking_at(array._value) as numbers, archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                write_array(member, numbers)


@contextmanager
def _stream_to(op: str, file: File) -> Iterator[BinaryIO]:
    """A stream to the file. Devices and pipes have no old content to keep, and are written directly."""
    if not isinstance(file, (str, os.PathLike)):
        yield _stream(op, file, "write")
    elif os.path.exists(file) and not os.path.isfile(file):
        # Some devices, such as /dev/null, report a wrong position, on which zipfile depends.
        content = io.BytesIO()
        yield content
        with open(file, "wb") as stream:
            stream.write(content.getbuffer())
    else:
        with replacing(Path(os.fsdecode(file))) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())


def _stream(op: str, file: Any, method: str) -> BinaryIO:
    if not hasattr(file, method) or hasattr(file, "encoding"):
        raise ArgumentError(f"{op}: takes a path or a binary stream, got {type(file).__name__}")
    stream: BinaryIO = file
    return stream


def load(file: File, limit: int | str | None = None) -> Any:
    """Load a file of `save`, `savez` or NumPy (.npy or .npz) as arrays on the current device.

    `file` is a path or a binary stream that can seek. `limit`: the bytes, such as `'2G'`, that the arrays of a
    compressed file may take; by default 256 MiB, or 32 times the bytes of the file if that is more.

    Raises `ArgumentError`, a ValueError, for a file that is damaged or holds something else, such as pickles;
    `DTypeError` for dtypes that clgrad does not support; OSError for a file that cannot be read.

    >>> import io
    >>> from clgrad import np
    >>> memory = io.BytesIO()
    >>> save(memory, [np.ones(2), np.zeros(1)])
    >>> load(memory)
    [array([1., 1.]), array([0.])]
    """
    most = parse_bytes(str(limit), "limit") if limit is not None else None
    with _opened(file) as stream, naming(f"load: {file!r} is damaged or no file of arrays"):
        kind, arrays = _read(stream, most)
    if kind == _SINGLE:
        return arrays["arr_0"]
    return list(arrays.values()) if kind == _LIST else arrays


@contextmanager
def _opened(file: File) -> Iterator[BinaryIO]:
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as stream:
            yield stream
    else:
        yield _stream("load", file, "seek")


def _read(stream: BinaryIO, limit: int | None) -> tuple[bytes, dict[str, ndarray]]:
    size, device = stream.seek(0, os.SEEK_END), chosen_device()
    stream.seek(0)
    start = stream.read(len(ARRAY_START))
    stream.seek(0)
    # The first bytes decide: a .npy file may contain the bytes of an archive among its elements.
    if start == ARRAY_START:
        _check_room(size, device)
        return _SINGLE, {"arr_0": _array(read_array(stream, size), device)}
    arrays = {}
    with zipfile.ZipFile(stream) as archive:
        listed = members(archive, size, max(EXPANDED, EXPANSION * size) if limit is None else limit)
        _check_room(sum(member.file_size for member in listed.values()), device)
        for name, member in listed.items():
            with naming(f"array {name!r}"), archive.open(member) as content:
                arrays[name] = _array(read_array(content, member.file_size), device)
    if archive.comment == _SINGLE and list(arrays) != ["arr_0"]:
        raise ArgumentError(f"a file of one array has the arrays {list(arrays)}")
    return archive.comment, arrays


def _check_room(nbytes: int, device: Device) -> None:
    """Raise, before reading, for arrays that do not fit the device's memory."""
    if nbytes > device.memory.limit:
        raise device.memory.out_of_memory(nbytes)


def _array(numbers: Numbers, device: Device) -> ndarray:
    return ndarray(from_host(numbers, device, as_dtype(numbers.dtype)))
