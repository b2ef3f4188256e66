"""Operands that a matrix product computes where it loads them: the bits of the stored operand, and one launch less."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from clgrad import autograd, dtypes, np, npx
from clgrad.graph.execute import flush, read, upload
from clgrad.ops import arithmetic, linalg, movement
from clgrad.ops.neural import relu
from clgrad.ops.operation import Value
from clgrad.plan import resolve
from clgrad.runtime.device import Device
from clgrad.runtime.statistics import statistics
from clgrad.testing import assert_close, check_gradients

# Tiles that are not full, and more than a block of k; few rows; one row; one column; and k cut into parts.
TILES, FEW, ROW, COLUMN, CUT = (37, 35, 301), (3, 37, 517), (1, 101, 71), (51, 1, 77), (6, 5, 5003)
CASES = [
    *((TILES, turned) for turned in ("", "left", "right", "left and right")),
    *((sizes, turned) for sizes in (FEW, ROW) for turned in ("", "right")),
    *((COLUMN, turned) for turned in ("", "left")),
    (CUT, ""),
]


@pytest.fixture
def any_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prologues for all operands for which the kernels take them, also if computing these once would be cheaper."""
    monkeypatch.setattr(resolve, "CHEAP", 1 << 20)


def value(array: Any, device: Device) -> Value:
    return Value(None, (), None, array.shape, array.dtype, device, upload(array, device))


def drawn(*shape: int, dtype: str = "float32") -> Any:
    return (3 * numpy.random.default_rng(len(shape)).standard_normal(shape)).astype(dtype)


def launches(y: Value) -> int:
    before = statistics()["launches"]
    flush([y])
    return int(statistics()["launches"] - before)


def product(left: Value, right: Value, which: str, turned: str, looking: bool = False) -> Value:
    """left @ right, with 2 * max(operand, 0) for operands that `which` names, and transposed operands in `turned`."""
    operands = []
    for name, operand in (("left", left), ("right", right)):
        if name in which:
            operand = relu(operand) * 2
            if looking:
                flush([operand])
        operands.append(movement.swapaxes(operand, -1, -2) if name in turned else operand)
    return linalg.matmul(*operands)


def check(
    device: Device, sizes: tuple[int, int, int], batch: tuple[int, ...] = (), turned: str = "", dtype: str = "float32"
) -> None:
    """Computed operands give the bits of stored ones, and each that the kernel computes saves the launch of its store.

    A kernel in GPU shape computes either, a kernel in CPU shape at least one of them.
    """
    m, n, k = sizes
    shapes = {"left": (m, k), "right": (k, n)}
    left, right = (
        value(drawn(*batch, *(shape[::-1] if name in turned else shape), dtype=dtype), device)
        for name, shape in shapes.items()
    )
    alone = launches(product(left, right, "", turned))
    saved = []
    for which in ("left", "right", "left and right"):
        stored = read(product(left, right, which, turned, looking=True))
        computed = product(left, right, which, turned)
        saved.append(alone + 1 - launches(computed))
        assert read(computed).tobytes() == stored.tobytes(), (which, sizes, turned)
    assert saved[:2] == [1, 1] or (device.capabilities.kernel_shape == "cpu" and 1 in saved[:2])


@pytest.mark.parametrize(("sizes", "turned"), CASES)
def test_computed_operands_have_the_bits_of_stored_ones(
    sizes: tuple[int, int, int], turned: str, quick_device: Device, any_cost: None
) -> None:
    check(quick_device, sizes, turned=turned)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int32"])
def test_computed_operands_of_each_kind_of_dtype(dtype: str, quick_device: Device, any_cost: None) -> None:
    if dtype == "float64" and not quick_device.capabilities.fp64:
        pytest.skip("not run: the device has no float64")
    check(quick_device, TILES, turned="right", dtype=dtype)


def test_computed_operands_of_a_batch(device: Device, any_cost: None) -> None:
    check(device, (9, 10, 37), (2, 3))


def test_an_operand_is_converted_masked_and_broadcast_on_the_way(device: Device) -> None:
    """Several arrays, of other dtypes and strides than the operand, behind a slice and a transposition."""
    x, scale = drawn(31, 40), drawn(40)
    weight = numpy.random.default_rng(1).integers(-9, 9, (70, 40)).astype("int8")
    left = arithmetic.multiply(value(x, device), value(scale, device))
    right = arithmetic.cast(movement.part(value(weight, device), 0, 3, 8), dtype=dtypes.float32)
    y = linalg.matmul(left, movement.transpose(right))
    del left, right
    assert launches(y) == 1
    assert_close(read(y), (x * scale) @ weight[3:11].T.astype("float32"), rtol=1e-4, atol=1e-4)


def test_a_new_number_needs_no_new_plan(device: Device) -> None:
    x, weight = drawn(23, 40), drawn(40, 13)
    left, right = value(x, device), value(weight, device)
    flush([linalg.matmul(left * 0.25, right)])
    before = statistics()
    found = read(linalg.matmul(left * 0.5, right))
    after = statistics()
    assert (after["plans"], after["builds"]) == (before["plans"], before["builds"])
    assert_close(found, x * 0.5 @ weight, rtol=1e-4, atol=1e-5)


def test_gradients_flow_through_computed_operands(device: Device) -> None:
    check_gradients(lambda x, y: np.dot(npx.relu(x * 2), np.tanh(y) * 3), drawn(5, 7), drawn(7, 3), device=device)


def test_the_history_of_a_computed_operand_is_intact(device: Device) -> None:
    """The product alone is read first; the backward pass then computes the operand once more."""
    x, weight = drawn(19, 40), drawn(40, 11)
    left, right = np.array(x, device=device), np.array(weight, device=device)
    right.attach_grad()
    with autograd.record():
        y = np.dot(left * 2, right)
    assert_close(y, x * 2 @ weight, rtol=1e-4, atol=1e-4)
    y.backward()
    assert_close(right.grad, numpy.repeat((x * 2).sum(axis=0)[:, None], 11, axis=1), rtol=1e-4, atol=1e-4)
