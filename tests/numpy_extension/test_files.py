"""Saving keeps the old file until the new one is whole; loading believes no file."""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy
import pytest

from clgrad import np, npx
from clgrad.errors import IndexOutOfRangeError
from clgrad.runtime.device import default_device


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights"


def out_of_range() -> np.ndarray:
    """An array whose data turns out to be bad when it is read."""
    return np.arange(3)[np.array([7])]


# -- saving ------------------------------------------------------------------------------------------------------


def test_a_failed_save_keeps_the_old_file(path: Path) -> None:
    npx.save(path, {"w": np.ones(2), "b": np.ones(2)})
    with pytest.raises(IndexOutOfRangeError):
        npx.save(path, {"w": np.zeros(2), "b": out_of_range()})
    assert {name: one.tolist() for name, one in npx.load(path).items()} == {"w": [1, 1], "b": [1, 1]}
    assert os.listdir(path.parent) == ["weights"]


def test_a_save_that_is_interrupted_keeps_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npx.save(path, np.ones(2))

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(numpy.lib.format, "write_array", interrupted)
    for name in (path, path.with_suffix(".npy")):
        with pytest.raises(KeyboardInterrupt):
            npx.save(name, np.zeros(2))
    assert npx.load(path).tolist() == [1, 1]
    assert os.listdir(path.parent) == ["weights"]


def test_a_failed_save_leaves_nothing_in_a_stream() -> None:
    stream = io.BytesIO()
    with pytest.raises(IndexOutOfRangeError):
        npx.save(stream, [np.zeros(2), out_of_range()])
    assert stream.getvalue() == b""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of POSIX")
def test_a_new_file_has_the_permissions_of_the_old_one(path: Path) -> None:
    npx.save(path, np.ones(2))
    plain = path.with_name("plain")
    plain.write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    npx.save(path, np.zeros(2))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    npx.save(path, np.ones(2))
    link = tmp_path / "latest"
    link.symlink_to(path)
    npx.save(link, np.zeros(2))
    assert link.is_symlink()
    assert npx.load(path).tolist() == [0, 0]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="not run: pipes have no names here")
def test_a_pipe_is_written_in_place(path: Path) -> None:
    os.mkfifo(path)
    with ThreadPoolExecutor(1) as reader:
        content = reader.submit(path.read_bytes)
        npx.save(path, [np.ones(2)])
        assert [one.tolist() for one in npx.load(io.BytesIO(content.result(timeout=60)))] == [[1, 1]]
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_the_null_device_takes_everything() -> None:
    npx.save(os.devnull, [np.ones(2)])
    assert not os.path.isfile(os.devnull)


def test_errors_of_the_system_name_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        npx.save(path / "absent" / "x", np.ones(1))
    assert caught.value.filename == str(path / "absent" / "x")
    npx.save(path, np.ones(2))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left.*weights"):
        npx.save(path, np.zeros(2))
    assert npx.load(path).tolist() == [1, 1]
    assert os.listdir(path.parent) == ["weights"]


def test_a_file_that_is_open_elsewhere_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to replace an open file."""
    npx.save(path, np.ones(2))

    def refuse(source: object, target: object) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match=r"was not changed. Usual cause: another program.*weights"):
        npx.save(path, np.zeros(2))
    assert npx.load(path).tolist() == [1, 1]
    assert os.listdir(path.parent) == ["weights"]


def test_one_array_under_numpys_name_is_numpys_file(tmp_path: Path) -> None:
    npx.save(tmp_path / "a.npy", np.arange(6).reshape(2, 3).T)
    assert numpy.load(tmp_path / "a.npy").tolist() == [[0, 3], [1, 4], [2, 5]]
    assert npx.load(tmp_path / "a.npy").tolist() == [[0, 3], [1, 4], [2, 5]]
    npx.save(tmp_path / "b.npy", [np.ones(1)])
    assert [one.tolist() for one in npx.load(tmp_path / "b.npy")] == [[1]]


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 40_000])
def test_names_that_an_archive_cannot_hold_are_refused(path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be the name of an array"):
        npx.save(path, {name: np.ones(1)})
    assert not path.exists()


@pytest.mark.parametrize("file", [3, None, io.StringIO()])
def test_what_is_no_file_is_refused(file: Any) -> None:
    with pytest.raises(ValueError, match="save: takes a path or a binary stream, got"):
        npx.save(file, np.ones(1))
    with pytest.raises(ValueError, match="load: takes a path or a binary stream, got"):
        npx.load(file)


# -- loading -----------------------------------------------------------------------------------------------------


def npy(header: str, content: bytes = b"", version: tuple[int, int] = (1, 0)) -> bytes:
    """A .npy file with this header, right or not."""
    length = struct.pack("<H" if version == (1, 0) else "<I", len(header))
    return b"\x93NUMPY" + bytes(version) + length + header.encode("latin1") + content


def described(shape: str, dtype: str = "'<f4'", by_columns: bool = False) -> str:
    return f"{{'descr': {dtype}, 'fortran_order': {by_columns}, 'shape': {shape}, }}\n"


def archive(*contents: tuple[str, bytes], comment: bytes = b"", compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        file.comment = comment
        for name, content in contents:
            file.writestr(name, content)
    return stream.getvalue()


def flagged(content: bytes, offset: int, value: int) -> bytes:
    """An archive of one member with 16 bits of its two headers changed."""
    changed = bytearray(content)
    local, central = 0, content.index(b"PK\x01\x02")
    struct.pack_into("<H", changed, local + offset, value)
    struct.pack_into("<H", changed, central + offset + 2, value)
    return bytes(changed)


ONE = npy(described("(2,)"), numpy.ones(2, "<f4").tobytes())
FILE = archive(("arr_0.npy", ONE))

DAMAGED = {
    "more elements than memory": npy(described(f"({1 << 40},)"), bytes(64)),
    "more elements than an integer": npy(described(f"({1 << 70},)"), bytes(64)),
    "a negative length": npy(described("(-2, -2)"), bytes(16)),
    "too few bytes": ONE[:-1],
    "too many bytes": ONE + b"0",
    "a header of brackets": npy("(" * 9000),
    "a header that is no text": npy("\x00\xff'"),
    "a header of something else": npy("[1, 2]\n"),
    "a header that is cut": ONE[:20],
    "no header": b"\x93NUMPY",
    "another version": npy(described("(2,)"), bytes(8), (9, 9)),
    "pickles": npy(described("(1,)", "'|O'"), b"cos\nsystem\n(S'false'\ntR."),
    "an archive of one array without that array": archive(("other.npy", ONE), comment=b"clgrad array"),
    "an archive of text": archive(("arr_0.npy", b"hello")),
    "an encrypted archive": flagged(FILE, 6, 1),
    "an unknown compression": flagged(FILE, 8, 77),
    "a checksum that is wrong": FILE.replace(ONE, ONE[:-1] + b"1"),
    "compressed rubbish": archive(("x.npy", ONE * 9), compression=zipfile.ZIP_DEFLATED).replace(
        zlib.compress(ONE * 9)[2:11], b"\xff" * 9
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_refused_with_their_name(path: Path, name: str) -> None:
    path.write_bytes(DAMAGED[name])
    with pytest.raises(ValueError, match=r"load: .*weights.* is damaged or no file of arrays: .") as caught:
        npx.load(path)
    assert type(caught.value).__module__ == "clgrad.errors"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name_are_refused(path: Path) -> None:
    path.write_bytes(archive(("x.npy", ONE), ("x.npy", ONE)))
    with pytest.raises(ValueError, match="several arrays of the name 'x'"):
        npx.load(path)
    path.write_bytes(archive(("x", ONE), ("x.npy", ONE)))
    with pytest.raises(ValueError, match="several arrays of the name 'x'"):
        npx.load(path)


def test_the_damaged_array_of_a_file_is_named(path: Path) -> None:
    path.write_bytes(archive(("good.npy", ONE), ("bad.npy", ONE[:-1])))
    with pytest.raises(ValueError, match=r"weights.*: array 'bad': "):
        npx.load(path)


def test_an_array_may_hold_the_bytes_of_an_archive(tmp_path: Path) -> None:
    content = numpy.frombuffer(FILE, "uint8")
    numpy.save(tmp_path / "bytes.npy", content)
    assert npx.load(tmp_path / "bytes.npy").tolist() == content.tolist()


def test_what_cannot_fit_into_the_device_is_not_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npx.save(path, np.zeros(1000))
    monkeypatch.setattr(default_device().memory, "limit", 1000)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)
    with pytest.raises(MemoryError, match=r"weights.*bytes.* do not fit"):
        npx.load(path)


def test_dtypes_that_no_device_has_are_named(path: Path) -> None:
    numpy.savez(path, x=numpy.ones(2, "complex64"))
    with pytest.raises(TypeError, match="'complex64' is not supported"):
        npx.load(path.with_suffix(".npz"))


def test_a_file_may_not_become_far_larger_than_it_is(path: Path) -> None:
    zeros = npy(described(f"({100 << 20},)", "'|i1'"), bytes(100 << 20))
    path.write_bytes(archive(*((f"{number}.npy", zeros) for number in range(3)), compression=zipfile.ZIP_DEFLATED))
    assert path.stat().st_size < 1 << 19
    with pytest.raises(ValueError, match=r"would expand to 300\.0 MiB, and the limit is 256\.0 MiB.*limit='2G'"):
        npx.load(path)
    assert sum(one.size for one in npx.load(path, limit="400M").values()) == 300 << 20
    with pytest.raises(ValueError, match="limit='many' is not an amount of memory"):
        npx.load(path, limit="many")


@pytest.mark.parametrize("dtype", [">f4", ">f8", ">i2", ">u8", ">f2"])
def test_big_endian_files_and_arrays(path: Path, dtype: str) -> None:
    numbers = numpy.array([[1, 2, 258], [4, 5, 6]], dtype)
    numpy.savez(path, x=numbers, y=numpy.asfortranarray(numbers))
    loaded = npx.load(path.with_suffix(".npz"))
    assert loaded["x"].tolist() == loaded["y"].tolist() == numbers.tolist()
    assert loaded["x"].dtype == numbers.dtype.newbyteorder("=")
    assert np.array(numbers).tolist() == np.array(numbers, dtype=dtype).tolist() == numbers.tolist()
    assert (np.ones((2, 3), dtype=numbers.dtype.newbyteorder("=")) * numbers).tolist() == numbers.tolist()


def test_compressed_and_second_version_files(path: Path) -> None:
    numpy.savez_compressed(path, x=numpy.arange(1000))
    assert npx.load(path.with_suffix(".npz"))["x"].tolist() == list(range(1000))
    path.write_bytes(npy(described("(2,)"), numpy.ones(2, "<f4").tobytes(), (2, 0)))
    assert npx.load(path).tolist() == [1, 1]


def test_booleans_of_any_byte_are_true(path: Path) -> None:
    path.write_bytes(npy(described("(3,)", "'|b1'"), b"\x00\x01\x02"))
    loaded = npx.load(path)
    assert loaded.sum().item() == 2
    assert loaded.tolist() == [False, True, True]


def test_empty_and_single_numbers(path: Path) -> None:
    npx.save(path, [np.zeros((0, 3)), np.array(5.0), np.zeros((2, 0), dtype="int8")])
    assert [one.shape for one in npx.load(path)] == [(0, 3), (), (2, 0)]
    assert npx.load(path)[1].item() == 5
