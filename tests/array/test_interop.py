"""Arrays among NumPy's and other libraries' objects."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np
from clgrad.testing import assert_close


@pytest.fixture
def x() -> np.ndarray:
    x = np.array([1, 4, 9])
    x.attach_grad()
    return x


# -- numpy arrays out of ours ------------------------------------------------------------------------------


def test_conversion_to_numpy(x: np.ndarray) -> None:
    assert type(numpy.asarray(x)) is numpy.ndarray
    assert numpy.asarray(x).dtype == numpy.float32
    assert numpy.array(x, dtype="int64").tolist() == [1, 4, 9]
    assert numpy.array([x, x]).shape == (2, 3)
    assert x.asnumpy().flags.writeable
    with pytest.raises(ValueError, match="copy"):
        x.__array__(copy=False)


def test_dlpack(x: np.ndarray) -> None:
    assert x.__dlpack_device__() == (1, 0)
    assert numpy.from_dlpack(x).tolist() == [1, 4, 9]
    back = np.from_dlpack(numpy.arange(3, dtype="int16"))
    assert back.dtype == np.int16
    assert np.from_dlpack(x).tolist() == [1, 4, 9]
    assert np.from_dlpack(numpy.ones(2)).dtype == np.float64


@pytest.mark.parametrize("dtype", ["float16", "float32", "int32", "bool", "uint64"])
def test_pickling(dtype: str) -> None:
    x = np.array(numpy.arange(6).reshape(2, 3), dtype=dtype)
    back = pickle.loads(pickle.dumps(x[:, 1:]))
    assert type(back) is np.ndarray
    assert back.dtype == dtype
    assert back.device is clgrad.default_device()
    assert (back.asnumpy() == x.asnumpy()[:, 1:]).all()


def test_deep_copies_of_containers(x: np.ndarray) -> None:
    twin = copy.deepcopy({"weights": [x]})
    x += 1
    assert twin["weights"][0].tolist() == [1, 4, 9]


def test_array_namespace(x: np.ndarray) -> None:
    assert x.__array_namespace__() is np
    assert x.__array_namespace__().sqrt(x).tolist() == [1, 2, 3]


# -- numpy's operators and ufuncs on ours ------------------------------------------------------------------


def test_numpy_arrays_beside_ours(x: np.ndarray) -> None:
    numbers = numpy.array([1.0, 2.0, 3.0])
    for result in (numbers + x, x + numbers, numbers * 1 + x):
        assert type(result) is np.ndarray
        assert result.dtype == np.float32
        assert result.tolist() == [2, 6, 12]
    assert (numbers - x).tolist() == [0, -2, -6]
    assert (numbers < x).tolist() == [False, True, True]
    assert (numbers @ x).item() == 36
    assert (numpy.float64(2) * x).dtype == np.float32


def test_numpy_operators_are_differentiable(x: np.ndarray) -> None:
    with autograd.record():
        y = numpy.array([1.0, 2.0, 3.0]) * numpy.sqrt(x)
    y.backward()
    assert_close(x.grad, [0.5, 0.5, 0.5])


def test_numpy_arrays_receive_our_results(x: np.ndarray) -> None:
    numbers = numpy.zeros(3)
    numbers += x
    assert type(numbers) is numpy.ndarray
    assert numbers.tolist() == [1, 4, 9]
    numpy.add(x, 1, out=numbers)
    assert numbers.tolist() == [2, 5, 10]
    numbers[:2] = x[:2]
    assert numbers.tolist() == [1, 4, 10]


def test_ufunc_options(x: np.ndarray) -> None:
    out = np.zeros(3)
    assert numpy.add(x, 1, out=out) is out
    assert out.tolist() == [2, 5, 10]
    numpy.multiply(x, 2, out=out, where=np.array([True, False, True], dtype=bool))
    assert out.tolist() == [2, 5, 18]
    assert numpy.add.reduce(x).item() == 14
    assert numpy.maximum.reduce(np.array([[1, 5], [7, 2]]), axis=1).tolist() == [5, 7]
    assert numpy.add.accumulate(x).tolist() == [1, 5, 14]
    assert numpy.multiply.outer(x, x).shape == (3, 3)
    assert numpy.subtract.outer(np.ones((2, 3)), np.ones(4)).shape == (2, 3, 4)
    with pytest.raises(TypeError, match=r"numpy.add.reduceat.*x.asnumpy\(\)"):
        numpy.add.reduceat(x, [0, 1])


# -- numpy's functions on ours -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda m, x: m.sum(x, axis=0), lambda m, x: m.mean(x), lambda m, x: m.concatenate([x, x]),
        lambda m, x: m.where(x > 2, x, 0), lambda m, x: m.exp(x / 9), lambda m, x: m.reshape(x, (3, 1)),
        lambda m, x: m.linalg.norm(x), lambda m, x: m.dot(x, x), lambda m, x: m.einsum("i,i->", x, x),
        lambda m, x: m.stack([x, x], axis=1), lambda m, x: m.clip(x, 2, 5), lambda m, x: m.pad(x, 1),
        lambda m, x: m.zeros_like(x), lambda m, x: m.cumsum(x), lambda m, x: m.std(x, ddof=1),
        lambda m, x: m.expand_dims(x, 0), lambda m, x: m.tensordot(x, x, axes=1), lambda m, x: m.atleast_2d(x),
        lambda m, x: m.argmax(x), lambda m, x: m.tile(x, 2), lambda m, x: m.round(x / 7, 2),
    ],
)  # fmt: skip
def test_numpy_functions_stay_on_the_device(call: Callable[..., Any], x: np.ndarray) -> None:
    ours, theirs = call(numpy, x), call(numpy, x.asnumpy())
    assert type(ours) is np.ndarray
    assert_close(ours, theirs, rtol=1e-5)


def test_numpy_functions_are_differentiable(x: np.ndarray) -> None:
    with autograd.record():
        y = numpy.sum(numpy.concatenate([x, 2 * x]))
    y.backward()
    assert x.grad.tolist() == [3, 3, 3]


def test_questions_of_numpy(x: np.ndarray) -> None:
    assert numpy.shape(x) == (3,)
    assert numpy.ndim(x) == 1
    assert numpy.size(x) == 3
    assert numpy.allclose(x, [1, 4, 9])
    assert numpy.array_equal(x, x.asnumpy())
    assert numpy.result_type(x, numpy.float16) == numpy.float32
    assert numpy.array_repr(x) == "array([1., 4., 9.], dtype=float32)"


def test_numpy_saves_our_arrays(x: np.ndarray, tmp_path: Path) -> None:
    numpy.save(tmp_path / "x.npy", x)
    assert numpy.load(tmp_path / "x.npy").tolist() == [1, 4, 9]


def test_a_numpy_function_without_a_version_here_says_so(x: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r"numpy.linalg.matrix_rank.*matrix_rank\(x.asnumpy\(\)\)"):
        numpy.linalg.matrix_rank(x)


def test_numpy_testing_and_iteration(x: np.ndarray) -> None:
    numpy.testing.assert_allclose(x, [1, 4, 9])
    assert [float(one) for one in x] == [1, 4, 9]
    assert sum(x).item() == 14
    assert max(x).item() == 9


def test_a_look_at_memory_that_the_host_shares_copies_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.arange(100_000)
    if not x._value.device.capabilities.unified_memory:
        pytest.skip("this device has memory of its own")
    monkeypatch.setattr(type(x._value.device.queue), "read", None)
    assert repr(x).startswith("array([0.0000e+00,")
    assert x[::-1].tolist()[:2] == [99_999.0, 99_998.0]
    out = numpy.zeros(100_000, "float32")
    numpy.add(x, 1, out=out)
    assert out[-1] == 100_000
    assert (x + 1).item(5) == 6
