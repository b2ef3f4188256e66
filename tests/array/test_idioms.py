"""What programs do with arrays beside NumPy: tests, drawings, pictures, bytes, rounding."""

from __future__ import annotations

import sys

import matplotlib
import numpy
import pytest
from matplotlib import pyplot
from PIL import Image
from scipy import special

from clgrad import np

matplotlib.use("Agg")


def test_assertions_of_numpy() -> None:
    x = np.array([1, 4, 9])
    for check in (
        numpy.testing.assert_equal, numpy.testing.assert_almost_equal, numpy.testing.assert_allclose,
        numpy.testing.assert_array_equal, numpy.testing.assert_array_almost_equal,
    ):  # fmt: skip
        check(x, numpy.array([1, 4, 9]))
        with pytest.raises(AssertionError):
            check(x, numpy.array([1, 4, 8]))
    numpy.testing.assert_almost_equal(x.sum(), 14)
    numpy.testing.assert_array_equal(x, np.array([1, 4, 9]))


def test_drawings() -> None:
    x = np.array([1, 2, 3])
    figure, axes = pyplot.subplots()
    bars = axes.bar(x, 2 * x)
    assert [bar.get_height() for bar in bars] == [2, 4, 6]
    (line,) = axes.plot(x, x * x)
    assert line.get_ydata().tolist() == [1, 4, 9]
    pyplot.close(figure)


def test_arrays_of_numpy_keep_what_no_device_holds_when_they_are_broadcast() -> None:
    ours, theirs = numpy.broadcast_arrays(np.ones(2), numpy.array(None))
    assert type(ours) is np.ndarray
    assert theirs.tolist() == [None, None]


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 3)])
def test_pictures(shape: tuple[int, ...]) -> None:
    pixels = numpy.arange(numpy.prod(shape), dtype="uint8").reshape(shape)
    picture = Image.fromarray(np.array(pixels))
    assert (numpy.asarray(picture) == pixels).all()
    assert (np.array(picture) == pixels).all()


@pytest.mark.parametrize("dtype", ["float16", "float32", "bool", "int64"])
def test_bytes_and_interfaces(dtype: str) -> None:
    numbers = numpy.arange(6).reshape(2, 3).astype(dtype)
    x = np.array(numbers)
    assert x.tobytes() == numbers.tobytes()
    assert x.tobytes("F") == numbers.tobytes("F")
    again = numpy.asarray(x)
    assert (again.dtype, again.tolist()) == (numbers.dtype, numbers.tolist())
    assert numpy.asarray(x[:0]).shape == (0, 3)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes have buffers from Python 3.12 on")
def test_memoryview() -> None:
    assert memoryview(np.array([1, 2])).tolist() == [1, 2]


def test_round() -> None:
    assert round(np.array([1.25, 2.06]), 1).tolist() == np.array([1.2, 2.1]).tolist()
    assert round(np.array([[1.5]])).tolist() == [[2]]
    assert round(np.array(1.5)) == 2
    assert type(round(np.array(1.5))) is int


def test_none_equals_no_element() -> None:
    x = np.array([1, 2])
    assert (x == None).tolist() == [False, False]  # noqa: E711
    assert (x != None).tolist() == [True, True]  # noqa: E711


def test_an_error_names_a_function_of_another_library_as_it_is() -> None:
    with pytest.raises(TypeError, match=r"^expit has no clgrad version.*expit\(x\.asnumpy\(\)\)"):
        special.expit(np.ones(2))
