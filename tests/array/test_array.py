"""Arrays: creation, dtypes, printing, facts, numbers, copies, threads."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import np, npx
from clgrad.array.device import located
from clgrad.runtime.device import Device
from clgrad.testing import assert_close

# -- creation and dtypes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", [3, 1.5, True, [1, 2], [[1.5], [2]], [True, False], (1, 2), range(3)])
def test_python_numbers_and_lists_give_float32(source: Any) -> None:
    x = np.array(source)
    assert x.dtype == np.float32
    assert x.tolist() == numpy.array(source, dtype="float32").tolist()


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "int64", "uint8", "uint64", "bool"])
def test_numpy_arrays_keep_their_dtype(dtype: str) -> None:
    numbers = numpy.array([[0, 1, 2], [3, 4, 5]]).astype(dtype)
    x = np.array(numbers.T)
    assert x.dtype == dtype
    assert (x.asnumpy() == numbers.T).all()


def test_float64_becomes_float32_unless_it_is_asked_for() -> None:
    numbers = numpy.array([0.1, 0.2])
    assert np.array(numbers).dtype == np.float32
    assert np.array(numbers, dtype="float64").tolist() == [0.1, 0.2]
    assert np.array(numbers, dtype=np.float64).dtype == np.float64


def test_switches_of_the_original_do_no_harm() -> None:
    @npx.use_np
    def double(x):
        return 2 * x

    npx.set_np()
    assert double(np.ones(1)).item() == 2
    npx.reset_np()
    assert npx.is_np_array()
    assert npx.is_np_shape()


def test_array_copies_and_asarray_does_not() -> None:
    x = np.ones(2)
    y, z = np.array(x), np.asarray(x)
    x[0] = 5
    assert y.tolist() == [1, 1]
    assert z is x
    assert np.asarray(x, dtype="int32").tolist() == [5, 1]
    assert np.array([x, x]).shape == (2, 2)


def test_creation_functions_against_numpy() -> None:
    for function, args in (
        ("zeros", ((2, 3),)), ("ones", (3,)), ("eye", (3, 4, 1)), ("identity", (2,)), ("tri", (3, 2, -1)),
        ("arange", (2, 9, 3)), ("arange", (0.5, 2, 0.25)), ("linspace", (0, 1, 7)), ("full", ((2,), 1.5)),
    ):  # fmt: skip
        ours, theirs = getattr(np, function)(*args), getattr(numpy, function)(*args)
        assert ours.dtype == np.float32
        assert_close(ours, theirs.astype("float32"))
    assert np.full((2,), 7).dtype == np.int64
    assert np.full((2,), True).dtype == np.bool_
    assert np.full((2, 2), np.array([1, 2])).tolist() == [[1, 2], [1, 2]]
    assert np.linspace(0, 1, 5, endpoint=False, retstep=True)[1] == 0.2


def test_like_functions_keep_shape_and_dtype() -> None:
    x = np.ones((2, 3), dtype="int32")
    for like in (np.zeros_like(x), np.ones_like(x), np.empty_like(x), np.full_like(x, 7)):
        assert like.shape == (2, 3)
        assert like.dtype == np.int32
    assert np.full_like(x, 7, dtype="float16").tolist() == [[7.0] * 3] * 2


# -- promotion -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        ("int32", "float16", "float16"), ("int64", "float32", "float32"), ("float32", "float64", "float64"),
        ("float16", "float32", "float32"), ("uint8", "int8", "int16"), ("bool", "int8", "int8"),
        ("bool", "float16", "float16"), ("uint64", "int8", "float64"),
    ],
)  # fmt: skip
def test_promotion(first: str, second: str, result: str) -> None:
    x, y = np.ones(2, dtype=first), np.ones(2, dtype=second)
    assert (x + y).dtype == result
    assert (y + x).dtype == result


@pytest.mark.parametrize(
    ("dtype", "scalar", "result"),
    [
        ("float16", 2.5, "float16"), ("float16", 3, "float16"), ("int32", 3, "int32"), ("int32", 2.5, "float32"),
        ("bool", 3, "int64"), ("bool", 1.5, "float32"), ("float32", True, "float32"), ("uint8", True, "uint8"),
        ("float32", numpy.float64(2), "float32"), ("int32", numpy.int64(2), "int32"),
    ],
)  # fmt: skip
def test_python_scalars_are_weak(dtype: str, scalar: Any, result: str) -> None:
    x = np.ones(2, dtype=dtype)
    assert (x + scalar).dtype == result
    assert (scalar + x).dtype == result


def test_dtypes_of_reductions() -> None:
    integers = np.ones(3, dtype="int32")
    assert integers.mean().dtype == np.float32
    assert np.ones(3, dtype="bool").sum().dtype == np.int64
    assert np.ones(3, dtype="float16").sum().dtype == np.float16
    assert (integers / integers).dtype == np.float32


# -- printing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: np.arange(4), "array([0., 1., 2., 3.])"),
        (lambda: np.arange(6).reshape(2, 3), "array([[0., 1., 2.],\n       [3., 4., 5.]])"),
        (lambda: np.array(1.5), "array(1.5)"),
        (lambda: np.array(3, dtype="int32"), "array(3, dtype=int32)"),
        (lambda: np.arange(3, dtype="int64"), "array([0, 1, 2], dtype=int64)"),
        (lambda: np.ones(2, dtype="float16"), "array([1., 1.], dtype=float16)"),
        (lambda: np.arange(3) > 1, "array([False, False,  True])"),
        (lambda: np.zeros((0, 3)), "array([], shape=(0, 3))"),
        (lambda: np.array([]), "array([])"),
    ],
)
def test_repr(make: Callable[[], np.ndarray], text: str) -> None:
    assert repr(make()) == text


def test_repr_of_long_lines_puts_the_dtype_on_a_line_of_its_own() -> None:
    text = repr(np.arange(12, dtype="int64") * 1000000)
    assert text.splitlines()[-1] == "      dtype=int64)"
    assert "..." in repr(np.zeros(2000))


def test_repr_names_a_device_that_is_not_the_default(devices: dict[str, Device]) -> None:
    for device in devices.values():
        text = repr(np.ones(1, device=device))
        expected = "" if device is located(clgrad.default_device()) else f", device={device}"
        assert text == f"array([1.]{expected})"


def test_str_and_format() -> None:
    x = np.arange(3)
    assert str(x) == "[0. 1. 2.]"
    assert f"{x.sum():.3f}" == "3.000"
    assert f"{x}" == "[0. 1. 2.]"
    with pytest.raises(TypeError, match=r"shape \(3,\)"):
        f"{x:.2f}"


# -- facts and reading ---------------------------------------------------------------------------------------


def test_facts() -> None:
    x = np.zeros((2, 3), dtype="float16")
    assert (x.shape, x.ndim, x.size, x.itemsize, x.nbytes, len(x)) == ((2, 3), 2, 6, 2, 12, 2)
    assert x.T.shape == (3, 2)
    assert x.dtype == np.float16
    assert x.device is x.ctx is x.context is clgrad.default_device()
    with pytest.raises(TypeError, match="single number"):
        len(np.array(1))


def test_numbers() -> None:
    x = np.array([[1.5]])
    assert (x.item(), float(x), int(x), bool(x), complex(x)) == (1.5, 1.5, 1, True, 1.5)
    assert round(np.array(1.26), 1) == 1.3
    assert np.arange(6).reshape(2, 3).item(4) == 4
    assert np.arange(6).reshape(2, 3).item(1, 2) == 5
    assert [10, 20, 30][np.array(1, dtype="int32")] == 20
    assert list(range(np.array(3, dtype="int64"))) == [0, 1, 2]
    with pytest.raises(TypeError, match="must be one integer"):
        [1][np.array(0.0)]
    with pytest.raises(ValueError, match=r"truth value.*shape \(2,\).*any\(\)"):
        bool(np.ones(2))


def test_in() -> None:
    x = np.arange(3)
    assert 2 in x
    assert 7 not in x


# -- memory and threads --------------------------------------------------------------------------------------


def test_views_and_handles_make_no_cycles() -> None:
    def work():
        x = np.array(numpy.ones(1000))
        view, cut = x[10:20], x.detach()
        view += 1
        cut[:5] = 3
        x.attach_grad()
        assert x.sum().item() == 1020
        npx.waitall()

    work()
    gc.collect()
    gc.disable()
    try:
        before = clgrad.statistics()["live_bytes"]
        for _ in range(3):
            work()
        assert clgrad.statistics()["live_bytes"] == before
    finally:
        gc.enable()


def test_one_array_in_several_threads() -> None:
    x = np.zeros(100)
    view = x[10:90]
    problems = []

    def work(number):
        try:
            for turn in range(30):
                view[:] = number
                x[number] = turn
                assert view.shape == (80,)
                float(x.sum())
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.parametrize("length", [100, 301])
def test_rows_of_float16_start_at_any_address(length: int) -> None:
    """PoCL's vstore_half needs addresses of whole vectors."""
    x = np.ones((3, length), dtype="float16")
    totals = x.sum(axis=1)
    assert totals.tolist() == [length] * 3
    assert x[:, 1:].tolist() == [[1.0] * (length - 1)] * 3
