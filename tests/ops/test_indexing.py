"""Indices that repeat, masks, and elements that are picked bit by bit."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad.graph.execute import read, state_of
from clgrad.ops import arithmetic, indexing
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device
from tests.ops.calls import gradient, same

Array = numpy.ndarray[Any, Any]


def test_a_repeated_index_sums_gradients_and_the_last_write_stands(device: Device) -> None:
    at = numpy.array([2, 0, 2, -1])
    same(gradient(lambda x: indexing.getitem(x, at), device, [5, 6, 7])[0], [1, 0, 3])
    x, value = gradient(lambda x, value: indexing.setitem(x, at, value), device, [5, 6, 7], [1, 2, 3, 4])
    same(x, [0, 1, 0])
    same(value, [0, 1, 0, 1])


def test_writing_through_a_mask_has_gradients(device: Device) -> None:
    mask = constant(numpy.array([True, False, True]), device)
    x, value = gradient(lambda x, value: indexing.setitem(x, mask, value), device, [5, 6, 7], 1)
    same(x, [0, 1, 0])
    same(value, 2)


def test_many_gradients_into_few_rows_are_in_order(device: Device) -> None:
    generator = numpy.random.default_rng(0)
    at = generator.integers(0, 5, 3000)
    g = generator.standard_normal((3000, 3)).astype("float32")
    call = lambda x: indexing.take(x, constant(at, device), 0) * constant(g, device)  # noqa: E731
    first, second = (gradient(call, device, numpy.zeros((5, 3)))[0] for _ in "ab")
    assert first.tobytes() == second.tobytes()
    wanted = numpy.zeros((5, 3))
    numpy.add.at(wanted, at, g)
    numpy.testing.assert_allclose(first, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "row",
    [
        numpy.array([-0.0, 0.0, numpy.nan, numpy.inf, -numpy.inf, 1e-40], "float32"),
        numpy.array([-0.0, 6e-8, numpy.nan, -numpy.inf], "float16"),
        numpy.array([-(2**63), 2**63 - 1, 0, -1]),
        numpy.array([0, 2**64 - 1], "uint64"),
        numpy.array([False, True]),
    ],
    ids=lambda row: row.dtype.name,
)
def test_pick_gives_the_bits_of_the_element_computed_or_pending(row: Array, device: Device) -> None:
    x = constant(numpy.tile(row, (len(row), 1)), device)
    every = constant(numpy.arange(len(row)), device)
    for values in (x, arithmetic.identity(x)):
        picked = read(indexing.pick(values, every))
        assert picked.dtype == row.dtype
        # PoCL's conversion to float16 gives a NaN of other bits.
        number = row == row
        assert (picked[~number] != picked[~number]).all()
        assert picked[number].tobytes() == row[number].tobytes()


def test_places_of_large_arrays_give_the_same_bits(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernels for arrays whose places do not fit int, on an array of a shape that no other test uses."""
    generator = numpy.random.default_rng(3)
    at, g = generator.integers(-19, 19, 57), generator.standard_normal((57, 23)).astype("float32")
    x = generator.standard_normal((19, 23)).astype("float32")
    call = lambda x: indexing.take(x, constant(at, device), 0) * constant(g, device)  # noqa: E731

    def both() -> tuple[bytes, bytes]:
        found = read(indexing.take(constant(x, device), constant(at, device), 0))
        return found.tobytes(), gradient(call, device, x)[0].tobytes()

    small = both()
    state_of(device).plans.clear()
    monkeypatch.setattr("clgrad.kernels.indexing._index_type", lambda *sizes: "long")
    assert both() == small
    assert small[0] == x[at].tobytes()
    state_of(device).plans.clear()
