"""Arguments that NumPy, or the interface's original, spells in more than one way; and spellings that mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from clgrad import autograd, np, npx
from clgrad.errors import ArgumentError, AxisError, ClgradError, DTypeError, ShapeError
from clgrad.testing import assert_close

X = numpy.arange(6, dtype="float32").reshape(2, 3)

# Called with clgrad.numpy and with NumPy, and an array of shape (2, 3).
SPELLINGS: dict[str, Callable[[Any, Any], Any]] = {
    "pad, one axis": lambda m, x: m.pad(x, [(0, 0), (1, 1)]),
    "pad, every axis": lambda m, x: m.pad(x, (1, 2), mode="edge"),
    "unravel_index of a vector's length": lambda m, x: m.unravel_index(m.array([3, 4], dtype="int64"), 10)[0],
    "unravel_index": lambda m, x: m.unravel_index(m.array([3, 4], dtype="int64"), (2, 3))[1],
    "arange with no step": lambda m, x: m.arange(2, 5, None, dtype="float32"),
    "arange with no stop": lambda m, x: m.arange(4, None, dtype="float32"),
    "squeeze of a number": lambda m, x: m.squeeze(m.array(1.5, dtype="float32"), axis=-1),
    "squeeze of a number, first axis": lambda m, x: m.squeeze(m.array(1.5, dtype="float32"), axis=0),
    "copy in the only order": lambda m, x: x.copy(order="C"),
    "a cast that loses nothing": lambda m, x: x.astype("float64", casting="safe").astype("float32"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_as_in_numpy(spelling: str) -> None:
    call = SPELLINGS[spelling]
    assert_close(call(np, np.array(X)), call(numpy, X))


# NumPy 1 has no dictionaries here; the second argument says the same with pairs.
@pytest.mark.parametrize(
    ("widths", "pairs"),
    [({0: 1}, [(1, 1), (0, 0)]), ({-1: (0, 2)}, [(0, 0), (0, 2)]), ({1: 1, 0: (2, 0)}, [(2, 0), (1, 1)]), ({}, 0)],
)
def test_margins_by_axis(widths: Any, pairs: Any) -> None:
    assert_close(np.pad(np.array(X), widths), numpy.pad(X, pairs))
    assert_close(np.pad(np.array(X), widths, mode="reflect"), numpy.pad(X, pairs, mode="reflect"))


def test_a_length_of_minus_two_is_that_of_the_array() -> None:
    x = np.array(X)
    for result in (np.broadcast_to(x, (4, 2, -2)), np.broadcast_to(x, (4, -2, -2)), x.broadcast_to((4, -2, 3))):
        assert_close(result, numpy.broadcast_to(X, (4, 2, 3)))


def test_broadcast_like_takes_axes_as_numbers_or_tuples() -> None:
    x, model = np.array(X[:, :1]), np.ones((5, 4))
    for axes in ((1, 1), ((1,), (-1,)), ([-1], [1])):
        assert_close(npx.broadcast_like(x, model, *axes), numpy.broadcast_to(X[:, :1], (2, 4)))
    with pytest.raises(ArgumentError, match="broadcast_like: give both"):
        npx.broadcast_like(x, model, 1)
    with pytest.raises(ArgumentError, match="must come in pairs"):
        npx.broadcast_like(x, model, (1,), (0, 1))
    with pytest.raises(AxisError, match="broadcast_like: axis 2"):
        npx.broadcast_like(x, model, 2, 1)


def test_one_position_may_be_a_number() -> None:
    at, amount = np.array(1, dtype="int32"), np.array([5.0, 6.0])
    x = np.zeros((3, 2))
    x.attach_grad()
    with autograd.record():
        added, replaced = npx.index_add(x, at, amount), npx.index_update(x, at, amount)
    assert added.tolist() == replaced.tolist() == [[0, 0], [5, 6], [0, 0]]
    replaced.backward()
    assert x.grad.tolist() == [[1, 1], [0, 0], [1, 1]]


MISTAKES: dict[str, tuple[Callable[[Any], Any], type[ClgradError], str]] = {
    "a product with a number": (lambda x: x @ 2, ShapeError, "matmul: an input is a single number"),
    "a number times a matrix": (lambda x: 2 @ x, ShapeError, "matmul: an input is a single number"),
    "margins of a third axis": (lambda x: np.pad(x, {2: 1}), AxisError, "pad: axis 2"),
    "margins that are fractions": (lambda x: np.pad(x, 1.5), DTypeError, "pad: widths must be integers"),
    "margins of three axes": (lambda x: np.pad(x, [(1, 1)] * 3), ArgumentError, "pad: widths.*each of 2 axes"),
    "negative margins by axis": (lambda x: np.pad(x, {0: -1}), ArgumentError, "pad: widths must not be negative"),
    "a broadcast to nothing": (lambda x: np.broadcast_to(x, (-1, 3)), ShapeError, r"broadcast_to.*\(-1, 3\)"),
    "the length of no axis": (lambda x: np.broadcast_to(x, (-2, 2, 3)), ShapeError, r"broadcast_to.*\(-2, 2, 3\)"),
    "a squeeze of a number's second axis": (lambda x: np.squeeze(x[0, 0], axis=1), AxisError, "squeeze: axis 1"),
    "a fraction of a number of points": (lambda x: np.linspace(0, 10, 5.5), DTypeError, "linspace: num must be an int"),
    "points on a logarithmic scale": (lambda x: np.logspace(0, 1, 5.0), DTypeError, "logspace: num must be an int"),
    "a copy in another order": (lambda x: x.copy(order="F"), ArgumentError, "copy: order must be 'C'"),
    "a cast in another order": (lambda x: x.astype("int32", order="F"), ArgumentError, "astype: order must be 'C'"),
    "a cast that loses": (lambda x: x.astype("int32", casting="safe"), DTypeError, "astype.*float32.*int32.*'safe'"),
    "a cast of no kind": (lambda x: x.astype("int32", casting="no way"), ArgumentError, "astype: casting must be"),
    "an interface of the past": (lambda x: x.__array_namespace__("1999.01"), ArgumentError, "1999.01"),
    "a probability": (lambda x: npx.random.bernoulli(2.5), ArgumentError, "from 0 to 1, got 2.5"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_at_the_call(mistake: str) -> None:
    call, error, message = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call(np.array(X))


@pytest.mark.parametrize("wrong", [2.5, -0.1, numpy.nan])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_probabilities_that_are_none_are_an_error_at_the_read(wrong: float, dtype: str) -> None:
    with pytest.raises(ArgumentError, match="bernoulli: a probability is not from 0 to 1"):
        npx.random.bernoulli(np.array([0.5, wrong], dtype=dtype)).asnumpy()
    assert npx.random.bernoulli(np.array([0, 1], dtype=dtype)).tolist() == [0, 1]
    assert npx.random.bernoulli(np.array([0, 1, 1], dtype="int32")).tolist() == [0, 1, 1]


def test_the_interfaces_that_numpy_has() -> None:
    x = np.array(X)
    assert x.__array_namespace__() is x.__array_namespace__(api_version="2023.12") is np


@pytest.mark.parametrize("points", [7, 50, 1001, 5000])
def test_linspace_in_float16_rounds_once(points: int) -> None:
    for start, stop in ((0, 1), (-3, 10), (0.1, 0.7), (5, -5)):
        exact = numpy.linspace(start, stop, points)
        ours = np.linspace(start, stop, points, dtype="float16").asnumpy()
        # Half a step of float16, and the roundings of float32 before it.
        step = numpy.spacing(numpy.abs(exact).astype("float16")).astype("float64")
        allowed = 0.5 * step + 2e-7 * max(abs(start), abs(stop))
        assert (numpy.abs(ours - exact) <= allowed).all()


@pytest.mark.parametrize(("start", "stop", "points"), [(-16, 44, 59), (8, -16, 43), (0, 10**9, 1000), (-49, 7, 49)])
def test_linspace_of_integers_cuts_where_numpy_does(start: int, stop: int, points: int) -> None:
    if not np.zeros(1).device.capabilities.fp64:
        pytest.skip("the device has no float64")
    for endpoint in (True, False):
        wanted = numpy.linspace(start, stop, points, endpoint=endpoint, dtype="int64")
        assert np.linspace(start, stop, points, endpoint=endpoint, dtype="int64").tolist() == wanted.tolist()


def test_ranges_in_float16_are_exact_beyond_two_thousand() -> None:
    wanted = numpy.arange(5000, dtype="float64") * 0.5
    assert_close(np.arange(0, 2500, 0.5, dtype="float16"), wanted.astype("float16"), rtol=0, atol=0)
