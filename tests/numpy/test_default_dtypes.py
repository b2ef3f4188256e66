"""The dtype of what nobody chose a dtype for: float32, and float64 after npx.set_np(dtype=True)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy
import pytest

from clgrad import autograd, np, npx


@pytest.fixture
def numpy_dtypes() -> Iterator[None]:
    if not np.zeros(1).device.capabilities.fp64:
        pytest.skip("the device has no float64")
    npx.set_np(dtype=True)
    yield
    npx.reset_np()


def whole() -> Any:
    return np.array([1, 2], dtype="int32")


def truth() -> Any:
    return np.array([0, 1], dtype="bool")


DEFAULTS: dict[str, Callable[[], Any]] = {
    "a number": lambda: np.array(3),
    "a truth value": lambda: np.array(True),
    "a list": lambda: np.array([1, 2, 3]),
    "a list of fractions": lambda: np.array([[1.5], [2]]),
    "a list of truth values": lambda: np.asarray([True, False]),
    "NumPy's default": lambda: np.array(numpy.ones(2)),
    "zeros": lambda: np.zeros(2),
    "ones": lambda: np.ones((2, 2)),
    "empty": lambda: np.empty(2),
    "full": lambda: np.full(2, 1.5),
    "full of a list": lambda: np.full((2, 2), [1, 2]),
    "eye": lambda: np.eye(2),
    "identity": lambda: np.identity(2),
    "tri": lambda: np.tri(2),
    "arange of fractions": lambda: np.arange(0, 1, 0.25),
    "linspace": lambda: np.linspace(0, 1, 3),
    "logspace": lambda: np.logspace(0, 1, 3),
    "a function of a list": lambda: np.exp([1, 2]),
    "uniform": lambda: np.random.uniform(size=2),
    "normal": lambda: np.random.normal(size=2),
    "rand": lambda: np.random.rand(2),
    "randn": lambda: np.random.randn(2),
    "bernoulli": lambda: npx.random.bernoulli(0.5, size=2),
    "arange_like": lambda: npx.arange_like(whole()),
    "int / int": lambda: whole() / 2,
    "int / ints": lambda: whole() / whole(),
    "number / ints": lambda: 2 / whole(),
    "bools / int": lambda: truth() / 2,
    "ints + fraction": lambda: whole() + 1.5,
    "bools * fraction": lambda: truth() * 0.5,
    "ints ** fraction": lambda: whole() ** 0.5,
    "ints % fraction": lambda: whole() % 1.5,
    "ints - list": lambda: whole() - [1.5, 2.5],
    "true_divide": lambda: np.true_divide(whole(), 2),
    "exp of ints": lambda: np.exp(whole()),
    "sqrt of bools": lambda: np.sqrt(truth()),
    "arctan2": lambda: np.arctan2(whole(), whole()),
    "float_power": lambda: np.float_power(whole(), 2),
    "where of numbers": lambda: np.where(truth(), 1.0, 2.0),
    "mean": lambda: whole().mean(),
    "mean of bools": lambda: np.mean(truth()),
    "std": lambda: whole().std(),
    "var": lambda: np.var(whole()),
    "average": lambda: np.average(whole(), weights=whole()),
    "norm": lambda: np.linalg.norm(whole()),
    "softmax": lambda: npx.softmax(whole()),
    "log_softmax": lambda: npx.log_softmax(whole()),
    "modf": lambda: np.modf(whole())[1],
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_float64_where_it_is_the_default(numpy_dtypes: None, name: str) -> None:
    assert DEFAULTS[name]().dtype == np.float64


@pytest.mark.parametrize("name", DEFAULTS)
def test_float32_else(name: str) -> None:
    assert DEFAULTS[name]().dtype == np.float32


OTHERS: dict[str, tuple[Callable[[], Any], str]] = {
    "float32 + fraction": (lambda: np.ones(2, dtype="float32") + 1.5, "float32"),
    "float16 / int": (lambda: np.ones(2, dtype="float16") / 2, "float16"),
    "float32 + ints": (lambda: np.ones(2, dtype="float32") + whole(), "float32"),
    "mean of float16": (lambda: np.ones(2, dtype="float16").mean(), "float16"),
    "ints + int": (lambda: whole() + 1, "int32"),
    "ints // int": (lambda: whole() // 2, "int32"),
    "bools + int": (lambda: truth() + 1, "int64"),
    "sum of ints": (lambda: whole().sum(), "int64"),
    "full of an int": (lambda: np.full(2, 7), "int64"),
    "full of a truth value": (lambda: np.full(2, True), "bool"),
    "indices": (lambda: np.indices((2, 2)), "int64"),
    "randint": (lambda: np.random.randint(3, size=2), "int64"),
    "NumPy's integers": (lambda: np.array(numpy.ones(2, "int16")), "int16"),
    "NumPy's truth values": (lambda: np.array(numpy.ones(2, "bool")), "bool"),
    "NumPy's float32": (lambda: np.array(numpy.ones(2, "float32")), "float32"),
    "one_hot": (lambda: npx.one_hot(whole(), 3), "float32"),
    "a chosen dtype": (lambda: np.zeros(2, dtype="float32"), "float32"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_a_dtype_keeps_it_under_either_default(numpy_dtypes: None, name: str) -> None:
    call, dtype = OTHERS[name]
    assert call().dtype == dtype
    npx.reset_np()
    assert call().dtype == dtype


def test_ranges_of_integers_are_integers_by_numpys_default(numpy_dtypes: None) -> None:
    assert np.arange(3).dtype == np.arange(1, 5, 2).dtype == np.int64
    assert np.arange(3.0).dtype == np.arange(numpy.float64(3)).dtype == np.float64
    npx.reset_np()
    assert np.arange(3).dtype == np.float32


def test_the_digits_of_float64_are_there(numpy_dtypes: None) -> None:
    third = np.array([1], dtype="int32") / 3
    assert third.item() == 1 / 3
    assert np.exp(np.array([1], dtype="int8")).item() == pytest.approx(numpy.exp(1), rel=1e-15)
    x = np.array([2, 3])
    x.attach_grad()
    with autograd.record():
        y = (x**0.5).sum()
    y.backward()
    assert x.grad.dtype == np.float64
    assert x.grad.asnumpy() == pytest.approx(0.5 / numpy.sqrt([2, 3]), rel=1e-15)
    assert repr(np.ones(2)) == "array([1., 1.])"


def test_the_switch_says_how_it_stood(numpy_dtypes: None) -> None:
    assert npx.is_np_default_dtype()
    assert npx.set_np_default_dtype(False)
    assert not npx.set_np_default_dtype(True)
    npx.set_np()
    assert not npx.is_np_default_dtype()
