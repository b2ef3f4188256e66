"""Operators and methods of arrays, compared with NumPy."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad import np
from clgrad.errors import DTypeError, ShapeError
from clgrad.testing import assert_close

# -- operators -----------------------------------------------------------------------------------------------


BINARY = [
    "__add__", "__sub__", "__mul__", "__truediv__", "__floordiv__", "__mod__", "__pow__", "__divmod__",
    "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__",
]  # fmt: skip
BITWISE = ["__and__", "__or__", "__xor__", "__lshift__", "__rshift__"]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", [2.0, 3, [1.0, 2.0, 4.0]])
def test_binary_operators(name: str, other: Any) -> None:
    numbers = numpy.array([1, 3, 5], dtype="float32")
    ours = getattr(np.array(numbers), name)(np.array(other) if isinstance(other, list) else other)
    theirs = getattr(numbers, name)(numpy.float32(other))
    for mine, wanted in zip(*((ours, theirs) if name == "__divmod__" else ([ours], [theirs]))):
        assert_close(mine, wanted, rtol=1e-6)


@pytest.mark.parametrize("name", BITWISE)
def test_bitwise_operators(name: str) -> None:
    numbers = numpy.array([1, 6, 12], dtype="int32")
    x = np.array(numbers)
    assert (getattr(x, name)(3).asnumpy() == getattr(numbers, name)(3)).all()
    assert (getattr(x, name)(x).asnumpy() == getattr(numbers, name)(numbers)).all()


def test_reflected_operators() -> None:
    x, i = np.array([1, 2, 4]), np.array([1, 2, 4], dtype="int32")
    assert (8 - x).tolist() == [7, 6, 4]
    assert (8 / x).tolist() == [8, 4, 2]
    assert (9 // x).tolist() == [9, 4, 2]
    assert (9 % x).tolist() == [0, 1, 1]
    assert (2**x).tolist() == [2, 4, 16]
    assert (1 << i).tolist() == [2, 4, 16]
    assert (6 & i).tolist() == [0, 2, 4]
    assert divmod(9, x)[1].tolist() == [0, 1, 1]
    assert np.add([1, 2, 3], x).tolist() == [2, 4, 7]


def test_unary_operators() -> None:
    x = np.array([-1.5, 2])
    assert (-x).tolist() == [1.5, -2]
    assert (+x).tolist() == [-1.5, 2]
    assert abs(x).tolist() == [1.5, 2]
    assert (~np.array([0, 5], dtype="int32")).tolist() == [-1, -6]
    assert (~(x > 0)).tolist() == [True, False]


def test_matmul_operator() -> None:
    a, b = numpy.arange(6).reshape(2, 3), numpy.arange(12).reshape(3, 4)
    assert ((np.array(a, dtype="float32") @ np.array(b, dtype="float32")).asnumpy() == a @ b).all()
    c = np.eye(3)
    c @= np.ones((3, 3))
    assert c.tolist() == [[1] * 3] * 3


def test_comparison_with_what_is_no_array() -> None:
    x = np.ones(2)
    assert (x != "text") is True
    with pytest.raises(TypeError):
        x + None
    assert len({x, x}) == 1


@pytest.mark.parametrize("symbol", ["+", "-", "*", "/", "//", "%", "**"])
def test_in_place_operators_keep_the_array_and_its_dtype(symbol: str) -> None:
    numbers = numpy.array([1, 2, 3], dtype="float16")
    x = np.array(numbers)
    same = x
    scope = {"x": x, "numbers": numbers}
    exec(f"x {symbol}= 2\nnumbers {symbol}= numpy.float16(2)", {"numpy": numpy}, scope)
    assert scope["x"] is same
    assert same.dtype == np.float16
    assert_close(same, scope["numbers"], rtol=1e-3)


def test_in_place_bits() -> None:
    x = np.array([1, 6], dtype="int32")
    x |= 8
    x &= 12
    x ^= 1
    x <<= 2
    x >>= 1
    assert x.tolist() == [18, 26]


def test_in_place_never_loses_what_the_dtype_cannot_hold() -> None:
    x = np.array([1, 2], dtype="int32")
    with pytest.raises(DTypeError, match=r"/=.*float32.*int32"):
        x /= 2
    y = np.ones(2)
    with pytest.raises(ShapeError, match=r"\+=: shape \(3, 2\) cannot be written into shape \(2,\)"):
        y += np.ones((3, 2))
    assert x.tolist() == [1, 2]


# -- methods -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("sum", {}), ("sum", {"axis": 1, "keepdims": True}), ("mean", {"axis": (0, 1)}), ("prod", {"axis": -1}),
        ("max", {"axis": 0}), ("min", {}), ("var", {"ddof": 1}), ("std", {"axis": 1}), ("any", {"axis": 0}),
        ("all", {}), ("argmax", {}), ("argmin", {"axis": 1}), ("cumsum", {}), ("cumsum", {"axis": 1}),
        ("flatten", {}), ("flatten", {"order": "F"}), ("ravel", {}), ("transpose", {}), ("squeeze", {}),
        ("round", {}), ("repeat", {"repeats": 2, "axis": 1}), ("clip", {"min": 2, "max": 4}), ("diagonal", {}),
        ("take", {"indices": [1, 0], "axis": 1}),
    ],
)  # fmt: skip
def test_methods_against_numpy(name: str, arguments: dict[str, Any]) -> None:
    numbers = numpy.array([[1, 5, 2], [4, 3, 6]], dtype="float32")
    ours = getattr(np.array(numbers), name)(**arguments)
    theirs = getattr(numbers, name)(**arguments)
    assert_close(ours, theirs)
    assert ours.dtype == theirs.dtype


def test_reshape_spellings() -> None:
    x = np.arange(6)
    for shape in (x.reshape(2, 3), x.reshape((2, 3)), x.reshape(-1, 3), x.reshape([2, -1])):
        assert shape.shape == (2, 3)
    assert x.reshape(2, 3, order="F").tolist() == [[0, 2, 4], [1, 3, 5]]
    assert x.reshape(2, 3).swapaxes(0, 1).shape == (3, 2)
    assert x.reshape(2, 3).transpose(1, 0).shape == x.reshape(2, 3).transpose((1, 0)).shape == (3, 2)


def test_nonzero_and_dot_and_fill() -> None:
    x = np.array([[0, 1], [2, 0]])
    assert [found.tolist() for found in x.nonzero()] == [[0, 1], [1, 0]]
    assert x.dot(x).tolist() == [[2, 0], [0, 2]]
    x.fill(3)
    assert x.tolist() == [[3, 3], [3, 3]]


def test_out_and_where() -> None:
    x, out = np.array([1, 2, 3]), np.zeros(3)
    assert np.add(x, 1, out=out) is out
    assert out.tolist() == [2, 3, 4]
    np.multiply(x, 10, out=out, where=x > 1)
    assert out.tolist() == [2, 20, 30]
    np.sum(np.ones((3, 2)), axis=1, out=out)
    assert out.tolist() == [2, 2, 2]
    assert np.sum(x, where=x > 1, initial=100).item() == 105
    with pytest.raises(TypeError, match="unexpected keyword argument 'sideways'"):
        np.add(x, 1, sideways=True)


def test_numbers_in_numbers_out() -> None:
    assert np.sqrt(4.0) == 2.0
    assert type(np.exp(0)) is float
    assert type(np.add(1, 2)) is int
    assert (np.sqrt(2.0) * np.ones(1, dtype="float16")).dtype == np.float16
