"""Arrays in files: the .npz format of NumPy, without pickles, and readable by NumPy."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy

from clgrad.array import ndarray
from clgrad.array.conversion import chosen_device, from_host
from clgrad.dtypes import as_dtype
from clgrad.errors import ArgumentError
from clgrad.graph.execute import looking_at

File = str | os.PathLike[str] | BinaryIO

# What an archive holds is said in its comment, which NumPy ignores.
_SINGLE, _LIST, _MAPPING = b"clgrad array", b"clgrad list", b"clgrad mapping"


def save(file: File, arr: Any) -> None:
    """Save an array, a list of arrays or a dictionary of arrays; `load` gives back the same.

    >>> import os, tempfile
    >>> from clgrad import np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, 'weights')
    ...     save(path, {'w': np.ones(2)})
    ...     load(path)
    {'w': array([1., 1.])}
    """
    if isinstance(arr, ndarray):
        _write(file, {"arr_0": arr}, _SINGLE)
    elif isinstance(arr, Mapping):
        _write(file, dict(arr), _MAPPING)
    elif isinstance(arr, (list, tuple)):
        _write(file, {f"arr_{position}": one for position, one in enumerate(arr)}, _LIST)
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
        raise ArgumentError(f"savez: the name {double.pop()!r} is taken by an array without a name")
    _write(file, unnamed | kwds, _MAPPING)


def _write(file: File, arrays: dict[Any, Any], kind: bytes) -> None:
    for name, array in arrays.items():
        if not isinstance(name, str) or not isinstance(array, ndarray):
            raise ArgumentError(f"save: {name!r} must be a name and {type(array).__name__} an array")
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = kind
        for name, array in arrays.items():
            with looking_at(array._value) as numbers, archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                numpy.lib.format.write_array(member, numbers, allow_pickle=False)


def load(file: File) -> Any:
    """What `save` or `savez` saved, or NumPy's .npy and .npz files, as arrays on the default device.

    >>> import io
    >>> from clgrad import np
    >>> memory = io.BytesIO()
    >>> save(memory, [np.ones(2), np.zeros(1)])
    >>> load(memory)
    [array([1., 1.]), array([0.])]
    """
    try:
        with _opened(file) as stream:
            kind, arrays = _read(stream)
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as problem:
        raise ArgumentError(f"load: {file!r} is damaged or no file of arrays: {problem}") from problem
    if kind == _SINGLE:
        return arrays["arr_0"]
    return list(arrays.values()) if kind == _LIST else arrays


@contextmanager
def _opened(file: File) -> Iterator[BinaryIO]:
    if isinstance(file, (str, os.PathLike)):
        with open(file, "rb") as stream:
            yield stream
    else:
        file.seek(0)
        yield file


def _read(stream: BinaryIO) -> tuple[bytes, dict[str, ndarray]]:
    if not zipfile.is_zipfile(stream):
        stream.seek(0)
        return _SINGLE, {"arr_0": _array(numpy.load(stream, allow_pickle=False))}
    with zipfile.ZipFile(stream) as archive:
        arrays = {}
        for member in archive.namelist():
            with archive.open(member) as content:
                arrays[member.removesuffix(".npy")] = _array(numpy.lib.format.read_array(content, allow_pickle=False))
        return archive.comment, arrays


def _array(numbers: numpy.ndarray[Any, Any]) -> ndarray:
    return ndarray(from_host(numbers, chosen_device(), as_dtype(numbers.dtype)))
