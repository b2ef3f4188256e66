"""Reading and writing parts of arrays: views, copies, and what writes must not change."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad import np
from clgrad.testing import assert_close

# -- writes never reach what was computed before -------------------------------------------------------------


def test_writing_does_not_change_results_computed_before() -> None:
    x = np.array([1, 2, 3])
    y = x * 2
    z = x.reshape(3, 1)
    t = x.T
    x[:] = 0
    x += 5
    assert y.tolist() == [2, 4, 6]
    assert z.tolist() == [[1], [2], [3]]
    assert t.tolist() == [1, 2, 3]
    assert x.tolist() == [5, 5, 5]


def test_assignment_copies() -> None:
    x, y = np.zeros(3), np.array([1, 2, 3])
    x[:] = y
    y += 1
    assert x.tolist() == [1, 2, 3]
    x[:] = 7
    assert x.tolist() == [7, 7, 7]
    x[...] = [[1, 2, 3]]
    assert x.tolist() == [1, 2, 3]


def test_what_is_written_is_converted_without_loss_where_possible() -> None:
    x = np.zeros(3, dtype="int64")
    x[:] = [1 << 40, 2, 3]
    x[2] = 1.7
    assert x.tolist() == [1 << 40, 2, 1]
    assert np.ones(2, dtype="int32").__add__([1, 2]).dtype == np.int64
    with pytest.raises(OverflowError):
        np.zeros(3, dtype="int8")[:] = 300


# -- views ---------------------------------------------------------------------------------------------------


BASIC_KEYS = [
    0, -1, slice(1, 3), slice(None, None, -1), slice(3, None, -2), Ellipsis, None, (1, 2), (slice(None), 1),
    (Ellipsis, 0), (slice(1, None), None, slice(None, None, 2)), (None, 2, Ellipsis), (-2, slice(10)), slice(5, 2),
]  # fmt: skip


@pytest.mark.parametrize("key", BASIC_KEYS, ids=str)
def test_basic_indices_are_views(key: Any) -> None:
    numbers = numpy.arange(24, dtype="float32").reshape(4, 3, 2)
    x = np.array(numbers)
    view, expected = x[key], numbers[key]
    assert_close(view, expected)
    view += 100
    numbers[key] += 100
    assert_close(x, numbers)
    x *= 2
    numbers *= 2
    assert_close(view, numbers[key])
    x[key] = -1
    numbers[key] = -1
    assert_close(view, numbers[key])
    assert_close(x, numbers)


def test_views_of_views_and_of_detached_arrays() -> None:
    x = np.zeros((4, 4))
    rows = x[1:3]
    cell = rows[1][2:]
    cell[:] = 5
    x.detach()[0] = 7
    assert x.tolist() == [[7] * 4, [0] * 4, [0, 0, 5, 5], [0] * 4]
    flat = x.reshape_view(-1)
    flat[15] = 9
    assert x[3, 3].item() == 9
    assert x.reshape_view((2, 8)).shape == (2, 8)


def test_iteration_gives_views() -> None:
    x = np.zeros((2, 2))
    for number, row in enumerate(x):
        row[:] = number
    assert x.tolist() == [[0, 0], [1, 1]]
    with pytest.raises(TypeError):
        iter(np.array(1))


def test_in_place_on_a_region() -> None:
    x = np.arange(5)
    x[1:3] += 10
    x[[0, 4]] *= 3
    x[x > 11] -= 5
    assert x.tolist() == [0, 11, 7, 3, 7]


# -- advanced indexing ---------------------------------------------------------------------------------------


ADVANCED_KEYS = [
    [0, 2], [[0, 1], [-1, 2]], (slice(None), [0, 2, 2]), ([0, 1, 3], [2, 0, 1]), ([[0], [3]], [0, 2]),
    (1, [0, 1]), (slice(1, 3), [0, 1], None), numpy.array([3, 0]), numpy.arange(4) > 1, numpy.int64(2),
]  # fmt: skip


@pytest.mark.parametrize("key", ADVANCED_KEYS, ids=str)
def test_advanced_indices_are_copies(key: Any) -> None:
    numbers = numpy.arange(24, dtype="float32").reshape(4, 3, 2)
    x = np.array(numbers)
    picked = x[key]
    assert_close(picked, numbers[key])
    on_device = np.array(key) if isinstance(key, numpy.ndarray) else key
    assert_close(x[on_device], numbers[key])
    x[key] = 50
    assert_close(picked, numbers[key])
    numbers[key] = 50
    assert_close(x, numbers)


def test_index_arrays_may_be_floats_as_in_the_interface() -> None:
    x = np.array([10, 20, 30])
    assert x[np.array([2, 0], dtype="int32")].tolist() == [30, 10]
    assert x[np.array(1, dtype="int64")].item() == 20


def test_masks() -> None:
    numbers = numpy.arange(12, dtype="float32").reshape(3, 4)
    x = np.array(numbers)
    assert_close(x[x > 4], numbers[numbers > 4])
    x[x > 4] = np.arange(7)
    numbers[numbers > 4] = numpy.arange(7)
    assert_close(x, numbers)
    rows = numpy.array([True, False, True])
    assert_close(x[np.array(rows)], numbers[rows])
