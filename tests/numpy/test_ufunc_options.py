"""The options and methods of functions that are ufuncs in NumPy, and keywords that nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from clgrad import autograd, np, npx


def test_where_without_out_is_an_error() -> None:
    x, mask = np.array([1, 4, 9]), np.array([True, False, True], dtype=bool)
    for call in (lambda: np.sqrt(x, where=mask), lambda: np.add(x, 1, where=mask), lambda: np.modf(x, where=mask)):
        with pytest.raises(ValueError, match=r"where needs out.*np\.where\(mask, np\."):
            call()
    out = np.zeros(3)
    assert np.sqrt(x, out, where=mask) is out
    assert out.tolist() == [1, 0, 3]
    assert np.sqrt(x, out=(out,)) is out
    assert out.tolist() == [1, 2, 3]


def test_functions_with_two_results_take_the_same_options() -> None:
    x, mask = np.array([5.5, -7.25]), np.array([False, True], dtype=bool)
    fractions, wholes = np.zeros(2), np.zeros(2)
    assert np.modf(x, (fractions, wholes), where=mask)[0] is fractions
    assert (fractions.tolist(), wholes.tolist()) == ([0, -0.25], [0, -7])
    assert [one.dtype for one in np.divmod(np.ones(2, dtype="int32"), 2, dtype="int64")] == ["int64", "int64"]
    with pytest.raises(ValueError, match="divmod: out must be 2 arrays, got 1"):
        np.divmod(x, 2, out=(fractions,))


def test_functions_of_numbers_give_numbers() -> None:
    assert [type(one) for one in (np.exp(0), np.add(1, 2), np.round(2.5), np.around(7))] == [float, int, float, int]


def test_casting_says_which_conversions_are_allowed() -> None:
    x, whole = np.array([1.5, 2.5]), np.zeros(2, dtype="int32")
    with pytest.raises(TypeError, match="float32"):
        np.add(x, 1, out=whole)
    assert np.add(x, 1, out=whole, casting="unsafe").tolist() == [2, 3]
    with pytest.raises(TypeError, match=r"float32 is not converted to int32.*'unsafe'"):
        np.add(x, 1, dtype="int32")
    assert np.add(x, 1, dtype="int32", casting="unsafe").tolist() == [2, 3]
    assert np.bitwise_count(np.array([3], dtype="uint8"), out=whole[:1]).tolist() == [2]


def test_products_compute_in_a_dtype_that_is_asked_for() -> None:
    x = np.ones((2, 2), dtype="int8") * 100
    assert (x @ x).dtype == np.int8
    assert np.matmul(x, x, dtype="int32").tolist() == [[20_000, 20_000], [20_000, 20_000]]
    assert np.einsum("ij,jk", x, x, dtype="int32").tolist() == [[20_000, 20_000], [20_000, 20_000]]
    assert np.vecdot(x, x, dtype="int64").dtype == np.int64


UNKNOWN: list[Callable[[Any], Any]] = [
    lambda x: np.add(x, x, keepdims=True), lambda x: np.exp(x, axis=0), lambda x: np.matmul(x, x, transpose=True),
    lambda x: np.einsum("i,i", x, x, mode=1), lambda x: np.sum(x, axes=0), lambda x: x.sum(axes=0),
    lambda x: npx.activation(x, "relu", slope=1), lambda x: npx.leaky_relu(x, alpha=1),
    lambda x: npx.fully_connected(x, x, in_units=1), lambda x: npx.dropout(x, 0.5, rate=1),
    lambda x: npx.embedding(x, x, units=1), lambda x: np.random.rand(2, size=3), lambda x: np.modf(x, axis=1),
]  # fmt: skip


@pytest.mark.parametrize("call", UNKNOWN)
def test_unknown_keywords_raise(call: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        call(np.ones((2, 2)))


@pytest.mark.parametrize("module", [np, numpy])
def test_methods_of_functions_of_two_arrays(module: Any) -> None:
    x = np.array([[1, 5], [7, 2]])
    assert module.add.reduce(x).tolist() == [8, 7]
    assert module.maximum.reduce(x, axis=1, initial=6).tolist() == [6, 7]
    assert module.multiply.accumulate(x, axis=1).tolist() == [[1, 5], [7, 14]]
    assert module.subtract.outer(x, [1, 2]).tolist() == numpy.subtract.outer(x.asnumpy(), [1, 2]).tolist()
    assert module.logical_and.reduce(x).tolist() == [True, True]
    module.add.at(x, ([0, 0], [1, 1]), 10)
    module.subtract.at(x, 1, np.array([1, 2]))
    assert x.tolist() == [[1, 25], [6, 0]]
    with pytest.raises(TypeError, match=r"numpy\.subtract\.reduce has no clgrad version"):
        module.subtract.reduce(x)
    with pytest.raises(TypeError, match=r"numpy\.multiply\.at has no clgrad version"):
        module.multiply.at(x, 0, 1)
    with pytest.raises(TypeError, match="float32 cannot be added to an array of int32"):
        module.add.at(np.zeros(2, dtype="int32"), 0, 1.5)


def test_adding_at_indices_is_recorded() -> None:
    x, y = np.zeros(3), np.array([1, 2])
    y.attach_grad()
    with autograd.record():
        z = x * 1
        np.add.at(z, [2, 2], y)
        (z * z).sum().backward()
    assert y.grad.tolist() == [6, 6]


def test_ufuncs_of_other_libraries_are_not_taken_for_numpy() -> None:
    add = numpy.frompyfunc(lambda x, y: x - y, 2, 1)
    with pytest.raises(TypeError, match=r"^.*\(vectorized\) has no clgrad version"):
        add(np.ones(2), np.ones(2))
