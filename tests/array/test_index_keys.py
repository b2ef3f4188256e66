"""Index keys that mix masks, arrays, integers, slices, ... and None: NumPy's rules for reading and writing."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad import autograd, np
from clgrad.errors import ClgradError
from clgrad.testing import assert_close

NUMBERS = numpy.arange(36, dtype="float32").reshape(2, 3, 2, 3)
ALL = slice(None)
MASK = numpy.array([[True, False, True], [False, True, True]])  # axes 0, 1 or axes 2, 3
TURNED = MASK.T.copy()  # axes 1, 2
DEEP = (numpy.arange(12) % 3 == 1).reshape(2, 3, 2)  # axes 0, 1, 2

# NumPy puts the axes of neighbouring masks and arrays in their place, and those of parted ones in front.
KEYS = {
    "mask": (MASK,),
    "slice, mask": (ALL, TURNED),
    "None, mask": (None, MASK),
    "..., mask": (..., MASK),
    "slices, mask": (slice(1), slice(None, None, -1), MASK),
    "deep mask": (DEEP,),
    "None, deep mask, slice": (None, DEEP, slice(1, None)),
    "mask beside integer": (0, TURNED, ALL),
    "integer beside mask": (ALL, TURNED, 1),
    "integer apart from mask": (0, ALL, MASK),
    "mask beside list": (ALL, TURNED, [0, 2, 1, 0]),
    "mask apart from list": (TURNED.T, ALL, [0, 2, 1, 0]),
    "vector masks": (ALL, numpy.array([True, False, True]), numpy.array([True, True])),
    "vector masks, parted": (ALL, numpy.array([True, False, True]), None, numpy.array([True, True])),
    "truth": (ALL, True, TURNED),
    "truth, parted": (True, ALL, TURNED),
    "nothing": (ALL, numpy.zeros((3, 2), dtype=bool)),
    "lists": (None, [0, 1], [2, 0]),
    "lists parted by an ellipsis of no axes": (None, [0, 1], [2, 0], ..., [1, 0], [0, 2]),
    "list beside an ellipsis of no axes": (ALL, [0, 1], [1, 0], 0, ...),
    "range": (range(2), range(1, -1, -1)),
    "index out of range that nothing meets": ([7], ALL, numpy.array([False, False])),
}  # fmt: skip


def on_device(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(np.array(part) if isinstance(part, numpy.ndarray) else part for part in key)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_read_and_written_as_in_numpy(key: tuple[Any, ...]) -> None:
    expected = NUMBERS[key]
    for mine in (key, on_device(key)):
        x = np.array(NUMBERS)
        assert_close(x[mine], expected)
        for value in (-1.0, -numpy.arange(1, expected.size + 1, dtype="float32").reshape(expected.shape)):
            numbers = NUMBERS.copy()
            numbers[key] = value
            x[mine] = np.array(value)
            assert_close(x, numbers)


@pytest.mark.parametrize("key", [KEYS["slice, mask"], KEYS["mask apart from list"], KEYS["..., mask"]], ids=str)
def test_gradients_go_where_the_elements_came_from(key: tuple[Any, ...]) -> None:
    x = np.array(NUMBERS)
    x.attach_grad()
    weights = numpy.arange(NUMBERS[key].size, dtype="float32").reshape(NUMBERS[key].shape)
    with autograd.record():
        y = x[on_device(key)] * np.array(weights)
    y.backward()
    expected = numpy.zeros_like(NUMBERS)
    numpy.add.at(expected, key, weights)
    assert_close(x.grad, expected)


BAD_KEYS = {
    "long mask": (numpy.ones(3, dtype=bool),),
    "short mask": (numpy.ones(1, dtype=bool),),
    "mask of the wrong second axis": (numpy.ones((2, 2), dtype=bool),),
    "mask of too many axes": (numpy.ones((2, 3, 2, 3, 1), dtype=bool),),
    "arrays that do not broadcast": ([0, 1], [0, 1, 2]),
    "two ellipses": (..., 0, ...),
    "too many": (0, 0, 0, 0, 0),
    "fraction": (1.5,),
    "text": ("a",),
}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
def test_what_fits_no_array_is_an_index_error(key: tuple[Any, ...]) -> None:
    x = np.array(NUMBERS)
    with pytest.raises(IndexError):
        NUMBERS[key]
    for mine in (key, on_device(key)):
        with pytest.raises(IndexError) as caught:
            x[mine]
        assert isinstance(caught.value, ClgradError)
        with pytest.raises(IndexError):
            x[mine] = 1.0


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64"])
def test_narrow_indices_reach_all_of_a_longer_axis(dtype: str) -> None:
    numbers = numpy.arange(300, dtype="float32")
    at = numpy.array([1, 100], dtype=dtype) if dtype[0] == "u" else numpy.array([-1, -100, 1], dtype=dtype)
    for mine in (at, np.array(at)):
        assert_close(np.array(numbers)[mine], numbers[at])


def test_an_index_out_of_range_is_found_before_a_value_that_does_not_fit() -> None:
    with pytest.raises(IndexError, match="index 5 is out of range"):
        np.zeros((2, 3))[[0, 5]] = np.ones(7)


def test_a_single_number_has_no_axis_to_slice() -> None:
    x = np.array(1)
    x[...] = 2
    x[()] = x + 1
    for use in (lambda: x[:], lambda: x.__setitem__(slice(None), 5)):
        with pytest.raises(IndexError, match="too many indices"):
            use()
    assert x.item() == 3
