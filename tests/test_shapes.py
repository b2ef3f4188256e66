"""Shapes, strides and axes against NumPy, and the planner's index arithmetic against brute force."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided

from clgrad import dtypes, shapes, strides
from clgrad.errors import AxisError, DTypeError, ShapeError

settings.register_profile("project", deadline=None, derandomize=True, max_examples=200)
settings.load_profile("project")

lengths = st.lists(st.integers(0, 4), max_size=4).map(tuple)
positive = st.lists(st.integers(1, 4), max_size=4).map(tuple)


def elements(shape: Any, steps: Any, offset: int = 0) -> Any:
    """The flat positions that strides and offset read, in order."""
    grids = numpy.indices(shape).reshape(len(shape), -1) if shape else numpy.zeros((0, 1), int)
    return offset + (numpy.array(steps, int).reshape(-1, 1) * grids).sum(0)


@given(st.lists(lengths, min_size=1, max_size=3))
def test_broadcast_shapes_is_numpys(given_shapes: list[Any]) -> None:
    try:
        wanted = numpy.broadcast_shapes(*given_shapes)
    except ValueError:
        with pytest.raises(ShapeError, match=r"add: shapes .* do not broadcast"):
            shapes.broadcast_shapes("add", *given_shapes)
    else:
        assert shapes.broadcast_shapes("add", *given_shapes) == wanted


@given(positive, st.data())
def test_reshaped_strides_read_the_same_elements_or_need_a_copy(shape: Any, data: Any) -> None:
    axes = data.draw(st.permutations(range(len(shape))))
    base = numpy.arange(prod(shape)).reshape(shape).transpose(axes)
    steps = tuple(step // base.itemsize for step in base.strides)
    factors = data.draw(st.permutations([n for n in (2, 3, 4, 1) if base.size % n == 0]))
    newshape = (factors[0], base.size // factors[0])
    found = shapes.reshaped_strides(base.shape, steps, newshape)
    wanted = base.reshape(newshape)
    if found is None:
        assert not numpy.shares_memory(wanted, base)
    else:
        assert numpy.array_equal(elements(newshape, found), wanted.ravel())


@given(positive, st.data())
def test_merged_axes_visit_the_same_elements(shape: Any, data: Any) -> None:
    operands = [
        tuple(0 if data.draw(st.booleans()) else step for step in shapes.contiguous_strides(shape)) for _ in range(2)
    ]
    merged, steps = strides.merge(shape, operands)
    assert 1 not in merged
    for before, after in zip(operands, steps):
        assert numpy.array_equal(elements(shape, before), elements(merged, after))


@given(positive, st.data())
def test_composed_strides_read_through_the_view(shape: Any, data: Any) -> None:
    """An operand of a pending array, seen through a transposed, flipped and sliced view of that array."""
    operand = tuple(0 if data.draw(st.booleans()) else step for step in shapes.contiguous_strides(shape))
    pending = elements(shape, operand).reshape(shape)
    view = numpy.arange(prod(shape)).reshape(shape)
    view = view.transpose(data.draw(st.permutations(range(len(shape)))))
    view = view[tuple(slice(None, None, data.draw(st.sampled_from([1, -1, 2]))) for _ in shape)]
    steps = tuple(step // view.itemsize for step in view.strides)
    offset = int(view.ravel()[0])
    found = strides.compose(view.shape, steps, offset, shape, operand)
    assert found is not None
    assert numpy.array_equal(elements(view.shape, *found), pending.ravel()[view.ravel()])


def test_a_view_across_axes_that_step_differently_does_not_compose() -> None:
    assert strides.compose((6,), (1,), 0, (2, 3), (0, 1)) is None


def test_other_axes_than_one_of_length_zero_keep_their_strides() -> None:
    """A sum over the axis of length 0 still has an element along the other axis."""
    assert strides.compose((0, 3), (0, 2), 2, (4, 2), (5, 1)) == ((0, 5), 5)
    assert strides.compose((0, 3), (3, 1), 0, (0, 3), (3, 1)) == ((0, 0), 0)


@given(positive, st.data())
def test_contiguity_is_numpys(shape: Any, data: Any) -> None:
    steps = data.draw(st.permutations(shapes.contiguous_strides(shape)))
    array = as_strided(numpy.zeros(300, "int8"), shape, steps)
    assert shapes.is_contiguous(shape, tuple(steps)) == array.flags.c_contiguous


@pytest.mark.parametrize("axis", [3, -4, 1.5])
def test_axes_that_do_not_exist(axis: Any) -> None:
    with pytest.raises(AxisError, match=r"sum: axis"):
        shapes.normalize_axis("sum", axis, 3)


def test_repeated_axes() -> None:
    with pytest.raises(AxisError, match="twice"):
        shapes.normalize_axes("sum", (0, -3), 3)


@pytest.mark.parametrize("newshape", [(4, -1), (-1, -1), (5, 2), (2, -2)])
def test_shapes_that_do_not_fit(newshape: Any) -> None:
    with pytest.raises(ShapeError, match="reshape"):
        shapes.infer_reshape("reshape", (2, 3), newshape)


@pytest.mark.parametrize("name", ["complex64", "object", "U3", "datetime64[s]", "no such dtype"])
def test_dtypes_that_devices_do_not_have(name: str) -> None:
    with pytest.raises(DTypeError, match="dtype"):
        dtypes.as_dtype(name)


@given(st.sampled_from(dtypes.ALL), st.sampled_from(dtypes.ALL))
def test_promotion_is_commutative_and_never_loses_the_float(first: Any, second: Any) -> None:
    result = dtypes.promote(first, second)
    assert result == dtypes.promote(second, first)
    assert result in dtypes.ALL
    floats = [one for one in (first, second) if dtypes.is_floating(one)]
    assert not floats or result == max(floats, key=lambda one: one.itemsize)
