"""Golden plans: which operands of a matrix product its kernel computes itself, and which are stored before it."""

from __future__ import annotations

import pytest

from clgrad.dtypes import float32
from clgrad.ops import linalg, movement, scan
from clgrad.ops.arithmetic import cast
from clgrad.ops.neural import relu
from clgrad.ops.operation import Value
from clgrad.ops.transcendental import exp
from tests.plan.described import CPU, GPU, DescribedDevice, array, kernels, planned


@pytest.fixture(params=[CPU, GPU], ids=["cpu", "gpu"])
def device(request: pytest.FixtureRequest) -> DescribedDevice:
    found: DescribedDevice = request.param
    return found


def layer(x: Value, weight: Value) -> Value:
    return linalg.matmul(relu(x), weight)


def square(x: Value) -> Value:
    return linalg.matmul(x, x)


def test_a_product_computes_an_operand_that_it_loads_once(device: DescribedDevice) -> None:
    x, weight, bias = array(100, 50, on=device), array(50, 10, on=device), array(10, on=device)
    plan = planned(layer(x * 2.0, weight) + bias)
    assert kernels(plan) == ["matmul_tiles: multiply + relu + matmul + add: a0 a1 a2 -> r0"]


def test_both_operands_may_be_computed(device: DescribedDevice) -> None:
    x, weight = array(100, 50, on=device), array(10, 50, on=device, dtype="int8")
    plan = planned(linalg.matmul(relu(x), movement.transpose(cast(weight, dtype=float32))))
    assert kernels(plan) == ["matmul_tiles: relu + cast to float32 + matmul: a0 a1 -> r0"]


def test_a_matrix_that_meets_few_rows_is_computed_on_the_way(device: DescribedDevice) -> None:
    """Each of its elements is loaded once: this halves the traffic of a kernel that memory limits."""
    x, weight = array(1, 500, on=device), array(700, 500, on=device)
    plan = planned(linalg.matmul(x, movement.transpose(weight * 0.5)))
    assert kernels(plan) == ["matmul_dots: multiply + matmul: a1 a0 -> r0"]
    plan = planned(linalg.matmul(x, array(500, 700, on=device) * 0.5))
    assert kernels(plan) == ["matmul_sums: multiply + matmul: a1 a0 -> r0"]


def test_a_product_that_is_cut_computes_before_its_parts_are_added(device: DescribedDevice) -> None:
    x, weight = array(20, 100_000, on=device), array(100_000, 16, on=device)
    plan = planned(layer(x, weight))
    assert kernels(plan) == ["matmul_tiles, matmul_combine: relu + matmul: a0 a1 -> r0"]


def test_what_many_tiles_load_is_stored(device: DescribedDevice) -> None:
    x, weight = array(100, 50, on=device), array(50, 4000, on=device)
    plan = planned(layer(x, weight))
    assert kernels(plan) == ["pointwise: relu: a0 -> t0", "matmul_tiles: matmul: t0 a1 -> r0"]


def test_a_cpu_stores_rows_that_it_would_copy_again_for_each_panel() -> None:
    found = {}
    for device in (CPU, GPU):
        x, weight = array(100, 50, on=device), array(50, 100, on=device)
        found[device] = kernels(planned(layer(x, weight)))
    assert found[CPU] == ["pointwise: relu: a0 -> t0", "matmul_tiles: matmul: t0 a1 -> r0"]
    assert found[GPU] == ["matmul_tiles: relu + matmul: a0 a1 -> r0"]


def test_a_matrix_that_many_products_of_a_batch_read_is_stored(device: DescribedDevice) -> None:
    x, weight = array(32, 2, 9, 50, on=device), array(2, 50, 10, on=device)
    plan = planned(linalg.matmul(x, relu(weight)))
    assert kernels(plan) == ["pointwise: relu: a0 -> t0", "matmul_tiles: matmul: a1 t0 -> r0"]
    x = array(2, 9, 50, on=device)
    plan = planned(linalg.matmul(x, relu(weight)))
    assert kernels(plan) == ["matmul_tiles: relu + matmul: a1 a0 -> r0"]


def test_what_is_costly_is_stored(device: DescribedDevice) -> None:
    x, weight = array(100, 50, on=device), array(50, 10, on=device)
    plan = planned(linalg.matmul(exp(x), weight))
    assert kernels(plan) == ["pointwise: exp: a0 -> t0", "matmul_tiles: matmul: t0 a1 -> r0"]


def test_what_others_read_is_stored(device: DescribedDevice) -> None:
    x, weight = array(50, 50, on=device), array(50, 10, on=device)
    raised = relu(x)
    held = planned(linalg.matmul(raised, weight), raised)
    both = planned(square(relu(x)))
    assert kernels(held) == ["pointwise: relu: a0 -> r0", "matmul_tiles: matmul: r0 a1 -> r1"]
    assert kernels(both) == ["pointwise: relu: a0 -> t0", "matmul_tiles: matmul: t0 -> r0"]


def test_a_prologue_follows_whatever_stores_its_operands(device: DescribedDevice) -> None:
    x, weight = array(100, 50, on=device), array(50, 10, on=device)
    plan = planned(layer(scan.cumsum(x, 1), weight))
    assert kernels(plan) == ["scan_blocks: scan: a0 -> t0", "matmul_tiles: relu + matmul: t0 a1 -> r0"]


def test_what_a_product_is_followed_by_stays_its_epilogue(device: DescribedDevice) -> None:
    """Between two products the work is done once for each element, at the store of the first."""
    x, first, second = array(100, 50, on=device), array(50, 60, on=device), array(60, 10, on=device)
    plan = planned(layer(linalg.matmul(x, first), second))
    assert kernels(plan) == ["matmul_tiles: matmul + relu: a0 a1 -> t0", "matmul_tiles: matmul: t0 a2 -> r0"]
