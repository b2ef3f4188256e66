"""What the planner fuses, keeps, repeats and overwrites; and that no fusion changes a result."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy
import pytest

from clgrad.graph.execute import flush, read, upload
from clgrad.graph.explain import explain
from clgrad.ops import arithmetic, creation, movement, reduction
from clgrad.ops.operation import Value, fill
from clgrad.ops.transcendental import exp
from clgrad.runtime.device import Device
from clgrad.runtime.statistics import statistics
from clgrad.testing import assert_close


def value(array: Any, device: Device) -> Value:
    array = numpy.asarray(array)
    return Value(None, (), None, array.shape, array.dtype, device, upload(array, device))


def launches(nodes: list[Value]) -> int:
    before = statistics()["launches"]
    flush(nodes)
    return int(statistics()["launches"] - before)


def normal(*shape: int) -> Any:
    return numpy.random.default_rng(7).standard_normal(shape).astype("float32")


def test_a_chain_of_pointwise_ops_is_one_kernel(device: Device) -> None:
    x = value(normal(1000), device)
    y = x
    for _ in range(10):
        y = y * 1.5 + x
    assert launches([y]) == 1


def test_results_that_share_work_come_from_one_kernel(device: Device) -> None:
    x = value(normal(40, 50), device)
    shared = exp(x)
    assert launches([shared + 1.0, shared * x, shared]) == 1


def softmax(x: Value) -> Value:
    raised = exp(x - reduction.max(x, -1, True))
    return raised / reduction.sum(raised, -1, True)


def test_softmax_is_one_kernel_and_right(device: Device) -> None:
    x = normal(70, 90) * 10
    result = softmax(value(x, device))
    assert launches([result]) == 1
    wide = x.astype("float64")
    raised = numpy.exp(wide - wide.max(-1, keepdims=True))
    numpy.testing.assert_allclose(read(result), raised / raised.sum(-1, keepdims=True), rtol=2e-6, atol=1e-9)


def test_a_sum_takes_its_producers_in_and_its_consumers_along(device: Device) -> None:
    x, y = value(normal(64, 32), device), value(normal(64, 32), device)
    assert launches([arithmetic.sqrt(reduction.sum(x * y + 1.0, 0)) * 2.0]) == 1


def test_two_sums_over_one_array_share_a_pass(device: Device) -> None:
    x = value(normal(64, 32), device)
    squares = arithmetic.square(x)
    assert launches([reduction.sum(squares, 1), reduction.max(squares, 1)]) == 1


def test_whatever_reads_an_array_shares_a_pass_over_it(device: Device) -> None:
    x, y = value(normal(70, 300), device), value(normal(70, 300), device)
    results = [reduction.sum(x, 1), exp(x), reduction.max(x * y, 1), y + 1.0]
    assert launches(results) == 1
    assert_close(read(results[0]), read(x).sum(1))
    assert_close(read(results[2]), (read(x) * read(y)).max(1))
    assert numpy.array_equal(read(results[3]), read(y) + 1)


def test_updates_of_small_parameters_share_a_launch(device: Device) -> None:
    """Each in place, with numbers of its own; as many as the arguments of a kernel may be."""
    shapes = [(64, 10), (10,), (10, 7), (7,), (300, 5), (1000,), (3, 4, 5), (1,), (2, 2)]
    parameters = [value(normal(*shape), device) for shape in shapes]
    slopes = [value(normal(*shape)[::-1], device) for shape in shapes]
    expected = [read(w) - numpy.float32(0.1 * k) * read(g) for k, (w, g) in enumerate(zip(parameters, slopes))]
    before = [w.storage.buffer.cl.int_ptr for w in parameters]
    for k, slope in enumerate(slopes):
        parameters[k] = parameters[k] - 0.1 * k * slope
    allocations = statistics()["allocations"]
    assert launches(parameters) <= 2
    assert statistics()["allocations"] == allocations
    assert [w.storage.buffer.cl.int_ptr for w in parameters] == before
    assert all(numpy.array_equal(read(w), e) for w, e in zip(parameters, expected))


def test_loops_in_one_launch_leave_alone_what_others_read(device: Device) -> None:
    x = value(normal(30), device)
    source = read(x)
    results = [x + 1.0, movement.part(x, 0, 0, 20) + 1.0]
    del x
    assert launches(results) == 1
    assert numpy.array_equal(read(results[0]), source + 1)
    assert numpy.array_equal(read(results[1]), source[:20] + 1)


def test_what_must_run_first_is_no_sibling(device: Device) -> None:
    """A transposed reader of a result needs all of it, though it reads the same array as its producer."""
    x = value(normal(80, 80), device)
    raised = exp(x)
    results = [raised, x + movement.transpose(raised)]
    assert launches(results) == 2
    assert numpy.array_equal(read(results[1]), read(x) + read(raised).T)


def test_new_numbers_need_no_new_plan_and_no_build(device: Device) -> None:
    x = value(normal(100), device)
    flush([x * 0.1 + 3.0])
    before = statistics()
    results = [read(x * rate + 3.0) for rate in (0.2, 0.3)]
    after = statistics()
    assert after["builds"] == before["builds"]
    assert after["plans"] == before["plans"]
    assert after["plan_hits"] == before["plan_hits"] + 2
    assert not numpy.array_equal(*results)


def test_fused_and_unfused_give_the_same_bits(device: Device) -> None:
    x, y = value(normal(1003), device), value(normal(1003), device)
    fused = read(exp(x * y + 0.3) / (y * y + 1.0) - x)
    parts = [x * y, y * y]
    flush(parts)
    parts = [parts[0] + 0.3, parts[1] + 1.0]
    flush(parts)
    raised = exp(parts[0])
    flush([raised])
    quotient = raised / parts[1]
    flush([quotient])
    assert numpy.array_equal(fused, read(quotient - x))


def test_float16_is_rounded_after_every_op(device: Device) -> None:
    x, y = (normal(517).astype("float16") for _ in range(2))
    result = read((value(x, device) + value(y, device)) * value(x, device) - 0.1)
    assert numpy.array_equal(result, (x + y) * x - numpy.float16(0.1))


def test_an_update_overwrites_what_nobody_else_needs(device: Device) -> None:
    x = value(normal(50, 4), device)
    buffer = x.storage.buffer.cl
    one = fill(1.0, (2, 4), x.dtype, device)
    y = movement.slice_update(x, one, **movement.along(x.shape, 0, 3, 2))
    del x
    gc.disable()
    try:
        assert launches([y]) == 1
    finally:
        gc.enable()
    assert y.storage.buffer.cl is buffer


def test_an_update_copies_what_somebody_still_holds(device: Device) -> None:
    array = normal(50, 4)
    x = value(array, device)
    y = movement.slice_update(x, fill(1.0, (2, 4), x.dtype, device), **movement.along(x.shape, 0, 3, 2))
    changed = array.copy()
    changed[3:5] = 1
    assert numpy.array_equal(read(y), changed)
    assert numpy.array_equal(read(x), array)


def test_a_pending_reader_keeps_the_old_value(device: Device) -> None:
    array = normal(30)
    x = value(array, device)
    later = exp(x)
    y = x + 1.0
    del x
    flush([y])
    numpy.testing.assert_allclose(read(later), numpy.exp(array), rtol=1e-6)


def test_pointwise_results_overwrite_inputs_in_place(device: Device) -> None:
    weight, gradient = value(normal(300), device), value(normal(300), device)
    expected = read(weight) - numpy.float32(0.1) * read(gradient)
    buffer = weight.storage.buffer.cl
    weight = weight - gradient * 0.1
    assert numpy.array_equal(read(weight), expected)
    assert weight.storage.buffer.cl is buffer


def test_results_larger_than_the_caches_from_any_address(device: Device) -> None:
    """Such results go past the caches, by stores that need aligned addresses."""
    source = numpy.arange((16 << 20) // 4 + 40, dtype="float32")
    x = value(source, device)
    shifted = movement.part(x, 0, 3, source.size - 10)
    del x
    for _ in range(2):
        shifted = shifted + 1.0
        flush([shifted])
    assert numpy.array_equal(read(shifted), source[3:-7] + 2)


def test_constants_take_no_memory_and_no_kernel_of_their_own(device: Device) -> None:
    x = value(normal(20, 30), device)
    mask = creation.lower_mask((20, 30), 0, device)
    masked = arithmetic.multiply(x, arithmetic.cast(mask, dtype=x.dtype)) + fill(2.0, (30,), x.dtype, device)
    assert launches([masked]) == 1
    assert numpy.array_equal(read(masked), numpy.tril(read(x)) + 2)


@pytest.mark.parametrize("shape", [(100003,), (3, 50001), (50001, 3), (2, 300, 301), (1, 1), (7, 1, 9)])
@pytest.mark.parametrize("axes", [None, 0, -1])
def test_sums_are_at_least_as_accurate_as_pairwise_ones(shape: Any, axes: Any, device: Device) -> None:
    x = numpy.random.default_rng(1).uniform(0, 1, shape).astype("float32")
    exact = x.astype("float64").sum(axes)
    error = numpy.abs(read(reduction.sum(value(x, device), axes)) - exact).max()
    assert error <= max(numpy.abs(x.sum(axes) - exact).max(), numpy.spacing(numpy.float32(exact.max())))


@pytest.mark.parametrize(("shape", "axes"), [((100_000,), None), ((2, 50_000), 1), ((50_000, 3), 0)])
def test_reductions_of_float16_that_are_cut_into_parts(shape: Any, axes: Any, device: Device) -> None:
    """Parts are added as float32; means and variances do not overflow where their terms do not."""
    x = numpy.random.default_rng(3).uniform(0.25, 1, shape).astype("float16")
    wide = x.astype("float64")
    assert_close(read(reduction.sum(value(x * 0.5, device), axes)), (wide * 0.5).sum(axes), rtol=1e-3)
    assert numpy.array_equal(read(reduction.max(value(x, device), axes)), x.max(axes))
    assert_close(read(reduction.mean(value(x, device), axes)), wide.mean(axes), rtol=1e-3)
    assert_close(read(reduction.var(value(x, device), axes)), wide.var(axes), rtol=2e-3)


def test_sums_of_infinities_follow_ieee(device: Device) -> None:
    x = numpy.ones((4, 100), "float32")
    x[0, 3], x[1, 5], x[2, 7] = numpy.inf, -numpy.inf, numpy.nan
    x[3, 2], x[3, 9] = numpy.inf, -numpy.inf
    result = read(reduction.sum(value(x, device), 1))
    numpy.testing.assert_array_equal(result, [numpy.inf, -numpy.inf, numpy.nan, numpy.nan])


def test_ten_thousand_chained_ops(device: Device) -> None:
    x = value(numpy.zeros(3, "float32"), device)
    for _ in range(10_000):
        x = x + 1.0
    assert numpy.array_equal(read(x), [10_000] * 3)


def test_results_repeat_bit_for_bit(device: Device) -> None:
    x = value(normal(257, 1031), device)
    first = [read(softmax(x)), read(reduction.sum(x)), read(reduction.sum(x, 0))]
    again = [read(softmax(x)), read(reduction.sum(x)), read(reduction.sum(x, 0))]
    assert all(numpy.array_equal(a, b) for a, b in zip(first, again))


def test_explain_names_kernels_ops_bytes_and_reuse(device: Device) -> None:
    x = value(normal(64, 64), device)
    told = explain(softmax(x))
    assert [kernel.name for kernel in told.kernels] == ["rows"]
    assert told.kernels[0].reads == told.kernels[0].writes == 64 * 64 * 4
    assert "exp" in str(told)
    assert "digraph" in told.dot()
    assert "exp" in told.dot()
    assert "nothing is pending" in str(explain(x))


def test_explain_launches_nothing(device: Device) -> None:
    x = value(normal(64), device)
    before = statistics()["launches"]
    explain(x + 1.0)
    assert statistics()["launches"] == before


def test_a_view_with_two_readers_whose_base_was_computed_first(device: Device) -> None:
    base = exp(value(normal(4, 6), device))
    view = movement.transpose(base)
    flush([base])
    assert numpy.array_equal(read(view * (view + 1.0)), read(base).T * (read(base).T + 1))


def test_planning_leaves_no_cycle_that_holds_arrays(device: Device) -> None:
    x = value(normal(123), device)
    y = x * 3.25 - 1.0
    weak = weakref.ref(x)
    gc.disable()
    try:
        flush([y])
        del x
        assert weak() is None
    finally:
        gc.enable()
