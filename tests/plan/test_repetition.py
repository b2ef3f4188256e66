"""Values that a gradient reads: which are stored for it, and which it computes again because this takes less memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clgrad.ops import linalg, neural, transcendental
from clgrad.ops.operation import Value
from clgrad.tape import Leaf, scope, walk
from tests.plan.described import CPU, GPU, DescribedDevice, array, kernels, planned


def step(function: Callable[[Value], Value], device: DescribedDevice) -> tuple[Value, Value]:
    """`function` of a product, times a matrix; and the gradient of all this with respect to the product."""
    product = linalg.matmul(array(16, 16, on=device), array(16, 16, on=device))
    product.entry = Leaf(None, "write")
    with scope(recording=True):
        out = linalg.matmul(function(product), array(16, 16, on=device))
    head = linalg.matmul(array(16, 16, on=device), array(16, 16, on=device))
    (gradient,) = walk([out], [head]).leaves.values()
    return out, linalg.matmul(gradient, array(16, 16, on=device))


@pytest.fixture(params=[CPU, GPU], ids=["cpu", "gpu"])
def device(request: pytest.FixtureRequest) -> DescribedDevice:
    found: DescribedDevice = request.param
    return found


def stored(function: Callable[[Value], Value], device: DescribedDevice) -> list[str]:
    """The kernels that end in a function or read its results, without the memory of the arrays outside."""
    return [told.split(": ", 1)[1] for told in kernels(planned(*step(function, device))) if " + " in told]


def test_the_gradient_of_relu_finds_its_mask_in_the_result(device: DescribedDevice) -> None:
    assert stored(neural.relu, device) == [
        "matmul + relu: a0 a1 -> t1",
        "matmul + is_positive + multiply: t0 a5 t1 -> t2",
    ]


def test_the_gradient_of_gelu_computes_its_functions_again(device: DescribedDevice) -> None:
    """x is stored beside the result, instead of x / 2, erf(x) + 1 and exp(-x * x)."""
    assert stored(neural.gelu, device) == [
        "matmul + multiply + erf + add: a0 a1 -> t1 t2",
        "matmul + multiply + erf + add + square + negative + exp: t0 a5 t1 -> t2",
    ]


def test_a_chain_of_costly_functions_is_not_computed_again(device: DescribedDevice) -> None:
    def function(x: Value) -> Value:
        for _ in range(4):
            x = transcendental.tanh(transcendental.sin(x))
        return x

    forward, backward = stored(function, device)
    assert len(forward.split(" -> ")[1].split()) > 4
    assert "tanh" not in backward
