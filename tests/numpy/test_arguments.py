"""Integer arguments in every spelling, keywords, and the functions that join and split, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from clgrad import np, npx
from clgrad.numpy_extension import _devices as device_functions
from clgrad.testing import assert_close

# Called with clgrad.numpy and with NumPy, a cube of eight numbers, and integers in some spelling.
CALLS: dict[str, tuple[Callable[..., Any], list[int]]] = {
    "repeat": (lambda m, x, n: m.repeat(x, n, axis=1), [2, 1]),
    "repeat of all": (lambda m, x, n: m.repeat(x, n), [3]),
    "split": (lambda m, x, n: m.split(x.reshape(8), n), [1, 5]),
    "array_split": (lambda m, x, n: m.array_split(x.reshape(8), n), [3, 3]),
    "hsplit": (lambda m, x, n: m.hsplit(x, n), [1]),
    "vsplit": (lambda m, x, n: m.vsplit(x, n), [1]),
    "dsplit": (lambda m, x, n: m.dsplit(x, n), [1, 2]),
    "tile": (lambda m, x, n: m.tile(x, n), [2, 1, 3]),
    "roll": (lambda m, x, n: m.roll(x, n, axis=(0, 2)), [1, -1]),
    "roll of all": (lambda m, x, n: m.roll(x, n), [1, 2]),
    "axes of roll": (lambda m, x, n: m.roll(x, 1, axis=n), [0, 2]),
    "moveaxis": (lambda m, x, n: m.moveaxis(x, n, n[::-1]), [0, 2]),
    "transpose": (lambda m, x, n: m.transpose(x, n), [2, 0, 1]),
    "reshape": (lambda m, x, n: m.reshape(x, n), [4, -1]),
    "the method reshape": (lambda m, x, n: x.reshape(n), [4, 2]),
    "broadcast_to": (lambda m, x, n: m.broadcast_to(x, n), [3, 2, 2, 2]),
    "zeros": (lambda m, x, n: m.zeros(n), [2, 3]),
    "expand_dims": (lambda m, x, n: m.expand_dims(x, n), [0, 2]),
    "flip": (lambda m, x, n: m.flip(x, n), [0, 2]),
    "sum": (lambda m, x, n: m.sum(x, axis=tuple(n)), [0, 2]),
    "norm": (lambda m, x, n: m.linalg.norm(x, axis=tuple(n)), [0, 2]),
}


def on_host(result: Any) -> list[Any]:
    parts = result if isinstance(result, list) else [result]
    return [part.tolist() for part in parts]


@pytest.mark.parametrize("name", CALLS)
def test_integers_in_every_spelling(name: str) -> None:
    call, numbers = CALLS[name]
    x = numpy.arange(8, dtype="float32").reshape(2, 2, 2)
    wanted = on_host(call(numpy, x, tuple(numbers)))
    spellings = (tuple(numbers), numbers, numpy.array(numbers), np.array(numbers, dtype="int32"))
    for spelling in spellings:
        assert on_host(call(np, np.array(x), spelling)) == wanted


def test_one_integer_in_every_spelling() -> None:
    x = np.arange(6)
    for two in (2, numpy.int64(2), numpy.array(2), np.array(2, dtype="int32")):
        assert np.repeat(x, two).shape == np.tile(x, two).shape == (12,)
        assert [part.shape for part in np.split(x, two)] == [(3,), (3,)]
        assert np.roll(x, two).tolist() == [4, 5, 0, 1, 2, 3]
        assert x.reshape(two, -1).shape == (2, 3)


def test_column_stack_and_dsplit_are_inverse_to_taking_columns() -> None:
    a, b = numpy.arange(3.0), numpy.arange(6.0).reshape(3, 2)
    assert np.column_stack([np.array(a), np.array(b)]).tolist() == numpy.column_stack([a, b]).tolist()
    cube = numpy.arange(24.0).reshape(2, 3, 4)
    for ours, wanted in zip(np.dsplit(np.array(cube), 2), numpy.dsplit(cube, 2), strict=True):
        assert ours.tolist() == wanted.tolist()


def test_shuffle_keeps_rows_and_changes_their_order() -> None:
    np.random.seed(4)
    x = np.arange(40).reshape(20, 2)
    view = x[:10]
    before = x.tolist()
    np.random.shuffle(x)
    assert x.tolist() != before
    assert sorted(x.tolist()) == before
    assert view.tolist() == x.tolist()[:10]


def test_gpus_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    count = npx.num_gpus()
    assert [np.zeros(1, device=npx.gpu(number)).device for number in range(count)] == list(map(npx.gpu, range(count)))
    for use in (lambda number: np.zeros(1, device=npx.gpu(number)), npx.gpu_memory_info):
        with pytest.raises(LookupError, match="no device matches"):
            use(count)
    monkeypatch.setattr(device_functions, "gpu", lambda number: npx.current_device())
    keep = np.zeros(1000) + 1
    keep.wait_to_read()
    free, total = npx.gpu_memory_info(0)
    assert 4000 <= total - free <= total


KEYWORDS: dict[str, Callable[[Any, Any], Any]] = {
    "array": lambda m, x: m.array(x, ndmin=4),
    "average": lambda m, x: m.average(x, axis=1, weights=x + 1, keepdims=True),
    "average-plain": lambda m, x: m.average(x, axis=(0, 2), keepdims=True),
    "clip": lambda m, x: m.clip(x, min=2, max=5),
    "concatenate": lambda m, x: m.concatenate([x, x], dtype="int32", casting="unsafe"),
    "stack": lambda m, x: m.stack([x, x], dtype="float16"),
    "hstack": lambda m, x: m.hstack([x, x], dtype="int32", casting="unsafe"),
    "vstack": lambda m, x: m.vstack([x, x], dtype="float16"),
    "zeros_like": lambda m, x: m.zeros_like(x, shape=(3,)),
    "ones_like": lambda m, x: m.ones_like(x, shape=2),
    "full_like": lambda m, x: m.full_like(x, [1, 2], shape=(3, 2)),
    "trace": lambda m, x: m.trace(m.ones((2, 2), dtype="int8"), dtype="int32"),
    "cumprod": lambda m, x: x.cumprod(axis=1),
    "trace-method": lambda m, x: x.trace(1, 1, 2),
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_keywords_of_numpy(name: str) -> None:
    numbers = numpy.arange(8, dtype="float32").reshape(2, 2, 2)
    ours, theirs = KEYWORDS[name](np, np.array(numbers)), KEYWORDS[name](numpy, numbers)
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    assert_close(ours, theirs)


def test_sparse_indices() -> None:
    ours, theirs = np.indices((2, 3), sparse=True), numpy.indices((2, 3), sparse=True)
    assert [one.tolist() for one in ours] == [one.tolist() for one in theirs]


def test_a_copy_that_is_forbidden() -> None:
    x = np.ones(4)
    assert np.array(x, copy=False) is np.array(x, copy=None) is x
    assert np.array(x) is not x
    for call in (
        lambda: np.array([1, 2], copy=False), lambda: np.reshape(x, (2, 2), copy=False),
        lambda: x.reshape(2, 2, copy=False), lambda: np.from_dlpack(x, copy=False),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="copy=False forbids"):
            call()
    with pytest.raises(ValueError, match="clip: a_min and min"):
        np.clip(x, 1, min=2)
    with pytest.raises(TypeError, match="float32 is not converted to int32"):
        np.stack([x, x], dtype="int32")
