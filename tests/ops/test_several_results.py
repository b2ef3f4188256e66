"""Ops with several results: one call computes all that anybody holds, and no others; gradients through any of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.array import ndarray
from clgrad.errors import GradientError
from clgrad.ops import indexing, sorting
from clgrad.testing import assert_close, check_gradients
from tests.autograd.variables import variable

X = numpy.array([[3, -1.5, 2, 7.25], [0, 5, -4, 1]], dtype="float32")


def sorted_pair(x: Any) -> tuple[Any, Any]:
    """The elements in their order along the last axis, and their indices."""
    values, indices = sorting.sorted_along(x._value, x.ndim - 1, x.shape[-1], descending=False)
    return ndarray(values), ndarray(indices)


def launches(work: Callable[[], Any]) -> int:
    before = clgrad.statistics()["launches"]
    work()
    return clgrad.statistics()["launches"] - before


PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "sort": (sorted_pair, lambda x: (numpy.sort(x), numpy.argsort(x))),
    "modf": (np.modf, numpy.modf),
    "frexp": (np.frexp, numpy.frexp),
    "divmod": (lambda x: divmod(x, 2), lambda x: divmod(x, numpy.float32(2))),
}


@pytest.mark.parametrize(("ours", "reference"), PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize("first", [0, 1])
def test_results_looked_at_one_after_the_other_take_one_launch(ours: Any, reference: Any, first: int) -> None:
    x = np.array(X)
    npx.waitall()
    found = ours(x)
    assert launches(lambda: [found[first].asnumpy(), found[1 - first].asnumpy()]) == 1
    for one, wanted in zip(found, reference(X)):
        numpy.testing.assert_array_equal(one.asnumpy(), wanted)


@pytest.mark.parametrize("ours", [pair[0] for pair in PAIRS.values()], ids=PAIRS)
@pytest.mark.parametrize("which", [0, 1])
def test_a_result_that_nobody_holds_is_left_out(ours: Any, which: int) -> None:
    x = np.array(X)
    npx.waitall()
    explained = clgrad.explain(ours(x)[which])
    assert explained.result_bytes == ours(x)[which].nbytes
    both = ours(x)
    assert clgrad.explain(both[which]).result_bytes == both[0].nbytes + both[1].nbytes


def test_a_result_that_dies_before_it_is_computed() -> None:
    values, indices = sorted_pair(np.array(X))
    del values
    assert clgrad.explain(indices).result_bytes == indices.nbytes
    numpy.testing.assert_array_equal(indices.asnumpy(), numpy.argsort(X))


def test_results_are_computed_along_for_work_that_waits() -> None:
    x = np.array(X)
    values, indices = sorted_pair(x)
    doubled = values * 2
    del values
    assert launches(indices.asnumpy) == 1
    # The elements were sorted along with their indices: what is left is to double them.
    assert launches(doubled.asnumpy) == 1
    numpy.testing.assert_array_equal(doubled.asnumpy(), 2 * numpy.sort(X))


def test_results_within_one_plan() -> None:
    values, indices = sorted_pair(np.array(X) * 2)
    total = (values * indices).sum(axis=1)
    del values, indices
    wanted = (numpy.sort(2 * X) * numpy.argsort(X)).sum(axis=1)
    assert_close(total, wanted.astype("float32"))


def test_expressions_fuse_with_what_is_before_and_after() -> None:
    x = np.array(X)
    npx.waitall()
    fractions, wholes = np.modf(x * 1.25)
    total = fractions + 2 * wholes
    del fractions, wholes
    assert launches(total.asnumpy) == 1
    fraction, whole = numpy.modf(X * numpy.float32(1.25))
    assert_close(total, fraction + 2 * whole)


def test_divmod_broadcasts_and_takes_numbers_on_either_side() -> None:
    x, y = np.array(X), np.array([[2], [3]])
    for found, wanted in (
        (divmod(x, y), divmod(X, numpy.array([[2], [3]], dtype="float32"))),
        (divmod(7, y), divmod(numpy.float32(7), numpy.array([[2], [3]], dtype="float32"))),
        (np.divmod(np.array([True, False], dtype="bool"), True), (numpy.int8([1, 0]), numpy.int8([0, 0]))),
    ):
        for one, other in zip(found, wanted):
            numpy.testing.assert_array_equal(one.asnumpy(), other)
            assert one.dtype == other.dtype


def test_gradients_through_each_result_add_up() -> None:
    x = variable([1.5, -2.25, 7.5])
    with autograd.record():
        quotients, remainders = divmod(x, 2)
        loss = (remainders * remainders).sum() + (quotients * 3).sum()
    loss.backward()
    assert_close(x.grad, 2 * numpy.remainder(numpy.array([1.5, -2.25, 7.5]), 2).astype("float32"))
    check_gradients(lambda x: list(np.modf(x)), [1.25, -2.5])
    check_gradients(lambda x, y: list(np.divmod(x, y)), [7.25, -5.5], [2.0, 3.0])
    check_gradients(lambda x: np.frexp(x)[0], [1.25, -5.5])


def test_backward_after_the_values_were_read_does_not_sort_again() -> None:
    x = variable(X)
    with autograd.record():
        y = np.sort(x)
        loss = (y * np.array([1, 2, 3, 4])).sum()
    y.asnumpy()
    loss.backward()
    before = [kernel.name for kernel in clgrad.explain(x.grad).kernels]
    assert not any(name.startswith("sort") for name in before)
    wanted = numpy.zeros_like(X)
    numpy.put_along_axis(wanted, numpy.argsort(X), numpy.float32([1, 2, 3, 4]), 1)
    assert_close(x.grad, wanted)


def test_forward_and_backward_in_one_plan_sort_once() -> None:
    x = variable(X)
    with autograd.record():
        loss = (np.sort(x) ** 2).sum()
    names: list[str] = []
    with autograd.record(), autograd.pause():
        (gradient,) = autograd.grad([loss], [x])
    names = [kernel.name for kernel in clgrad.explain(gradient).kernels]
    assert sum(name.startswith("sort") for name in names) == 1
    assert_close(gradient, 2 * X)


@pytest.mark.parametrize("reads", [False, True])
def test_memory_is_freed_without_the_cycle_collector(reads: bool) -> None:
    def step() -> None:
        x = variable(X)
        with autograd.record():
            values, _ = sorted_pair(x * 3)
            loss = (values * values).sum() + np.modf(x)[0].sum()
        if reads:
            values.asnumpy()
        loss.backward()
        x.grad.asnumpy()

    step()
    npx.waitall()
    # Other tests' garbage must not go in between.
    gc.collect()
    before = clgrad.statistics()["live_bytes"]
    gc.disable()
    try:
        step()
        step()
        npx.waitall()
        assert clgrad.statistics()["live_bytes"] == before
    finally:
        gc.enable()


def test_a_loop_that_nobody_looks_at_is_cut_into_pieces_that_share_a_plan() -> None:
    x = variable(numpy.arange(6.0))
    before = clgrad.statistics()["plans"]
    with autograd.record():
        y = x
        for _ in range(400):
            fractions, wholes = np.modf(np.sort(y, descending=True) + 0.5)
            y = fractions + wholes
        loss = (y * np.arange(6)).sum()
    loss.backward()
    assert y.tolist() == [205, 204, 203, 202, 201, 200]
    # Only the fractions pass a gradient on, and these have slope 1.
    assert x.grad.tolist() == [5, 4, 3, 2, 1, 0]
    assert clgrad.statistics()["plans"] <= before + 8


def test_the_call_is_one_entry_on_the_tape() -> None:
    x = variable(X)
    with autograd.record():
        fractions, wholes = np.modf(x)
    first, second = (one._value.entry for one in (fractions, wholes))
    assert first.inputs[0] is second.inputs[0]
    assert first.inputs[0].entry.operation.name == "modf"


def test_a_computed_call_drops_its_inputs() -> None:
    x = variable(X)
    with autograd.record():
        fractions, wholes = np.modf(x * 2)
        more = wholes * 3
    call = fractions._value.entry.inputs[0]
    assert call.inputs
    fractions.asnumpy()
    assert not call.inputs
    numpy.testing.assert_array_equal(more.asnumpy(), 3 * numpy.modf(2 * X)[1])


def test_under_jit() -> None:
    x = variable([3, 1, 2])

    @clgrad.jit
    def step(w: Any) -> Any:
        with autograd.record():
            loss = (np.sort(x) * w).sum()
        loss.backward()
        fractions, wholes = np.modf(w * 1.5)
        return loss, np.argsort(w, descending=True), fractions, wholes

    for factor in (1, 2, 3):
        weights = factor * numpy.float32([1, 3, 2])
        loss, order, fractions, wholes = step(np.array(weights))
        assert loss.item() == (weights * [1, 2, 3]).sum()
        assert x.grad.tolist() == weights[[2, 0, 1]].tolist()
        assert order.tolist() == [1, 2, 0]
        for ours, theirs in zip((fractions, wholes), numpy.modf(weights * 1.5)):
            assert ours.tolist() == theirs.tolist()


def test_integer_results_have_no_gradient() -> None:
    x = variable(X)
    with autograd.record():
        _, indices = sorted_pair(x)
        doubled = indices.astype("float32") * 2
    with pytest.raises(GradientError):
        doubled.backward()


def test_retain_graph() -> None:
    x = variable(X, "add")
    with autograd.record():
        loss = (np.sort(x) * np.array([1, 2, 3, 4])).sum()
    loss.backward(retain_graph=True)
    first = x.grad.asnumpy()
    loss.backward()
    assert_close(x.grad, 2 * first)
    with pytest.raises(GradientError, match="freed"):
        loss.backward()


def test_a_kept_result_is_not_overwritten() -> None:
    x = variable(X)
    with autograd.record():
        values, indices = sorted_pair(x)
        loss = (values * np.array([1, 2, 3, 4])).sum()
    loss.asnumpy()
    indices *= 0
    indices.asnumpy()
    loss.backward()
    wanted = numpy.zeros_like(X)
    numpy.put_along_axis(wanted, numpy.argsort(X), numpy.float32([1, 2, 3, 4]), 1)
    assert_close(x.grad, wanted)


def test_the_second_largest_bid_has_gradients_of_any_order() -> None:
    check_gradients(lambda bids: np.sort(bids)[-2] ** 3, [1.0, 4.0, 2.0, 3.0], order=3)


def test_max_with_positions() -> None:
    x = variable([[1.0, 5.0, 5.0], [7.0, 2.0, 3.0]])
    with autograd.record():
        largest, positions = map(ndarray, indexing.max_with_positions(x._value))
        loss = (largest * np.array([2, 3])).sum()
    npx.waitall()
    assert largest.tolist() == [5, 7]
    assert positions.tolist() == [1, 0]
    assert positions.dtype == "int64"
    loss.backward()
    assert x.grad.tolist() == [[0, 2, 0], [3, 0, 0]]


def test_max_and_positions_come_from_one_kernel() -> None:
    x = np.array(X)
    npx.waitall()
    largest, positions = map(ndarray, indexing.max_with_positions(x._value))
    assert launches(npx.waitall) == 1
    assert largest.tolist() == X.max(axis=1).tolist()
    assert positions.tolist() == X.argmax(axis=1).tolist()
