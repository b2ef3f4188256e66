"""Golden plans: a graph in, kernels out. They hold for every device of the kind that is described; none is needed."""

from __future__ import annotations

import pytest

from clgrad.ops import linalg, movement, reduction, scan
from clgrad.ops.operation import Value
from clgrad.ops.transcendental import exp, tanh
from clgrad.plan import fuse
from tests.plan.described import CPU, GPU, DescribedDevice, array, kernels, planned, with_units


@pytest.fixture(params=[CPU, GPU], ids=["cpu", "gpu"])
def device(request: pytest.FixtureRequest) -> DescribedDevice:
    found: DescribedDevice = request.param
    return found


def softmax(x: Value) -> Value:
    raised = exp(x - reduction.max(x, -1, True))
    return raised / reduction.sum(raised, -1, True)


def test_a_softmax_is_one_kernel(device: DescribedDevice) -> None:
    x = array(70, 90, on=device)
    assert kernels(planned(softmax(x))) == ["rows: max + subtract + exp + sum + divide: a0 -> r0"]


def test_what_follows_a_product_is_its_epilogue(device: DescribedDevice) -> None:
    x, weight, bias = array(32, 16, on=device), array(16, 64, on=device), array(64, on=device)
    layer = tanh(linalg.matmul(x, weight) + bias)
    assert kernels(planned(layer)) == ["matmul_tiles: matmul + add + tanh: a0 a1 a2 -> r0"]


def test_what_a_product_reads_is_stored(device: DescribedDevice) -> None:
    x, weight = array(8, 16, on=device), array(16, 4, on=device)
    plan = planned(linalg.matmul(exp(x), weight))
    assert kernels(plan) == ["pointwise: exp: a0 -> t0", "matmul_tiles: matmul: t0 a1 -> r0"]


def test_whoever_reads_an_array_shares_a_walk_over_it(device: DescribedDevice) -> None:
    x, y = array(70, 300, on=device), array(70, 300, on=device)
    results = [reduction.sum(x, 1), exp(x), reduction.max(x * y, 1), y + 1.0]
    assert kernels(planned(*results)) == ["rows: sum + exp + multiply + max + add: a0 a1 -> r0 r1 r2 r3"]


def test_a_transposed_reader_waits_for_all_of_an_array(device: DescribedDevice) -> None:
    x = array(80, 80, on=device)
    raised = exp(x)
    assert kernels(planned(raised, x + movement.transpose(raised))) == [
        "pointwise: exp: a0 -> r0",
        "pointwise: add: a0 r0 -> r1",
    ]


def test_a_group_may_wait_for_one_that_was_found_later(device: DescribedDevice) -> None:
    """What reads a value and a scan joins the kernel of the value, unless the scan reads that value."""
    x = array(30, 40, on=device)
    plan = planned(exp(x) * scan.cumsum(x, 1))
    assert kernels(plan) == ["scan_blocks: scan: a0 -> t0", "pointwise: exp + multiply: a0 t0 -> r0"]
    raised = exp(x)
    plan = planned(raised, raised * scan.cumsum(raised, 1))
    assert kernels(plan) == [
        "pointwise: exp: a0 -> r0",
        "scan_blocks: scan: r0 -> t0",
        "pointwise: multiply: r0 t0 -> r1",
    ]


def centred(x: Value) -> list[Value]:
    shifted = x - reduction.max(x, 0, True)
    return [reduction.sum(movement.transpose(shifted), 0), reduction.max(shifted, 0)]


def test_what_is_cheap_is_computed_by_each_reader(device: DescribedDevice) -> None:
    x = array(64, 32, on=device)
    plan = planned(*centred(x))
    assert kernels(plan) == [
        "columns: max: a0 -> t0",
        "columns: subtract + max: a0 t0 -> r1",
        "columns: subtract + sum: a0 t0 -> r0",
    ]


def test_updates_of_small_parameters_share_a_launch(device: DescribedDevice) -> None:
    weights, slopes = ([array(length, on=device) for length in (30, 7, 500)] for _ in range(2))
    results = [weight - slope * 0.1 for weight, slope in zip(weights, slopes)]
    assert kernels(planned(*results)) == ["joint: multiply + subtract: a0 a1 a2 a3 a4 a5 -> r0 r1 r2"]


def test_long_rows_are_cut_where_units_would_have_none() -> None:
    results = [reduction.sum(array(300, 10**5, on=with_units(GPU, units)), 1) for units in (64, 128)]
    plans = [planned(result) for result in results]
    assert [kernels(plan) for plan in plans] == [["rows: sum: a0 -> r0"], ["rows, columns: sum: a0 -> r0"]]


def test_a_kernel_computes_so_many_ops() -> None:
    x = array(100)
    y = x * 2.0
    for _ in range(fuse.MOST_MEMBERS):
        y = y * 2.0
    assert kernels(planned(y)) == ["pointwise: multiply: a0 -> t0", "pointwise: multiply: t0 -> r0"]


def test_a_kernel_that_an_op_does_not_join_keeps_its_shape() -> None:
    """A kernel may walk in the shape of a reader. Where that reader does not join after all, others still may."""
    x, row = array(6, 4), array(3)
    doubled = x * 2.0
    turned = movement.flip(movement.reshape(doubled, (8, 3)), 0) + row
    assert kernels(planned(doubled, turned, x * 3.0)) == [
        "pointwise: multiply: a0 -> r0 r2",
        "pointwise: add: r0 a1 -> r1",
    ]
