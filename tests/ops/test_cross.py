"""The vector product: vectors of two and three, batches, axes, lengths that have none, gradients."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad import np
from clgrad.errors import AxisError, ShapeError
from clgrad.testing import assert_close, check_gradients, random_array

# (shape, shape, options). Of vectors of two the third element is zero; two such give the third element alone.
CASES: dict[str, tuple[tuple[int, ...], tuple[int, ...], dict[str, int]]] = {
    "three": ((3,), (3,), {}),
    "two": ((2,), (2,), {}),
    "two with three": ((2,), (3,), {}),
    "three with two": ((3,), (2,), {}),
    "batches": ((4, 3), (4, 3), {}),
    "batches of two": ((4, 2), (4, 2), {}),
    "batches of two with three": ((4, 2), (5, 1, 3), {}),
    "one with a batch": ((3,), (4, 3), {}),
    "other axes": ((3, 4), (4, 3), {"axisa": 0, "axisc": 0}),
    "one axis": ((3, 4), (3, 4), {"axis": 0}),
    "two along other axes": ((2, 4), (4, 2), {"axisa": 0}),
    "two with three along other axes": ((4, 2), (3, 4), {"axisb": 0, "axisc": 0}),
    "no vectors": ((0, 3), (0, 3), {}),
}


def product(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """NumPy's, which no longer takes vectors of two."""
    axisa, axisb, axisc = (axisa, axisb, axisc) if axis is None else (axis, axis, axis)
    a, b = numpy.moveaxis(a, axisa, -1), numpy.moveaxis(b, axisb, -1)
    flat = a.shape[-1] == b.shape[-1] == 2
    a, b = (numpy.pad(one, [(0, 0)] * (one.ndim - 1) + [(0, 3 - one.shape[-1])]) for one in (a, b))
    full = numpy.cross(a, b)
    return full[..., 2] if flat else numpy.moveaxis(full, -1, axisc)


@pytest.mark.parametrize("case", CASES)
def test_as_numpy_computes_it(case: str) -> None:
    first, second, options = CASES[case]
    a, b = random_array(first, seed=1), random_array(second, seed=2)
    assert_close(np.cross(np.array(a), np.array(b), **options), product(a, b, **options))


@pytest.mark.parametrize("case", ["three", "two", "two with three", "one with a batch", "other axes"])
def test_gradients(case: str) -> None:
    first, second, options = CASES[case]
    check_gradients(lambda a, b: np.cross(a, b, **options), random_array(first, seed=1), random_array(second))


def test_integers_stay() -> None:
    area = np.cross(np.array([1, 2], dtype="int32"), np.array([3, 2], dtype="int32"))
    assert (area.dtype, area.item()) == (np.int32, -4)


@pytest.mark.parametrize(("first", "second"), [((1,), (3,)), ((4,), (4,)), ((3,), (5,)), ((2, 0), (3,))])
def test_vectors_of_other_lengths_have_no_product(first: tuple[int, ...], second: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="cross: vectors have two or three elements, got lengths"):
        np.cross(np.ones(first), np.ones(second))


def test_batches_and_axes_must_fit() -> None:
    with pytest.raises(ShapeError, match="cross: shapes"):
        np.cross(np.ones((2, 3)), np.ones((4, 3)))
    with pytest.raises(AxisError, match="cross: axis 2"):
        np.cross(np.ones((2, 3)), np.ones((2, 3)), axisc=2)
    with pytest.raises(AxisError, match="cross: axis -1"):
        np.cross(np.array(1), np.ones(3))
