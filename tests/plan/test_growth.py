"""The planner's work grows with the graph. Lines of Python are counted, not seconds, so nothing disturbs the count."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from clgrad.graph.trace import structure_of
from clgrad.ops import choice, comparison, linalg, movement, reduction
from clgrad.ops.operation import Value, fill
from clgrad.ops.transcendental import exp
from clgrad.plan.planner import make_plan
from tests.plan.described import CPU, array

# What twice the graph may cost.
MOST = 2.2


def lines(work: Callable[[], Any]) -> int:
    """How many lines of Python a piece of work runs, each turn of a loop among them."""
    count = 0

    def look(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += 1
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def pointwise_chain(length: int) -> list[Value]:
    x = array(64, 64)
    for _ in range(length):
        x = x * 0.5 + 1.0
    return [x]


def products(length: int) -> list[Value]:
    x, weights = array(8, 16), [array(16, 16) for _ in range(4)]
    for place in range(length):
        x = linalg.matmul(x, weights[place % 4])
    return [x]


def centred(length: int) -> list[Value]:
    x = array(64, 64)
    for _ in range(length):
        x = x - reduction.mean(x, -1, True)
    return [x]


def softmaxes(length: int) -> list[Value]:
    x = array(64, 64)
    for _ in range(length // 4):
        raised = exp(x - reduction.max(x, -1, True))
        x = raised / reduction.sum(raised, -1, True)
    return [x]


def perceptron(length: int) -> list[Value]:
    """A training step: products forwards and backwards, masks, updates of many parameters."""
    weights = [(array(16, 16), array(16)) for _ in range(length // 4)]
    x = array(32, 16)
    behind = []
    for weight, bias in weights:
        sums = linalg.matmul(x, weight) + bias
        behind.append((x, sums))
        x = choice.maximum(sums, 0.0)
    results = [reduction.sum(x * x, None)]
    slope = x * 2.0
    for (weight, bias), (before, sums) in zip(reversed(weights), reversed(behind)):
        slope = choice.where(comparison.greater(sums, 0.0), slope, 0.0)
        change = linalg.matmul(movement.transpose(before), slope)
        results += [weight - change * 0.1, bias - reduction.sum(slope, 0) * 0.1]
        slope = linalg.matmul(slope, movement.transpose(weight))
    return results


def writes(length: int) -> list[Value]:
    """Row after row of one array: each write takes over the memory of the one before."""
    x = array(1000, 4)
    for row in range(length):
        x = movement.slice_update(x, fill(1.0, (1, 4), x.dtype, x.device), **movement.along(x.shape, 0, row, 1))
    return [x]


def totals(length: int) -> list[Value]:
    """One running sum of what many arrays give."""
    x, total = array(32, 32), fill(0.0, (), array().dtype, array().device)
    for place in range(length):
        total = total + reduction.sum(exp(x * float(place)), None)
    return [total]


def many_readers(length: int) -> list[Value]:
    """One computed array that every kernel reads, across its rows."""
    turned = movement.transpose(linalg.matmul(array(16, 16), array(16, 16)))
    return [linalg.matmul(array(4, 16), turned) + 1.0 for _ in range(length)]


def work(build: Callable[[int], list[Value]], length: int) -> int:
    structure = structure_of(build(length))
    return lines(lambda: make_plan(structure, CPU.capabilities))


@pytest.mark.parametrize(
    "build", [pointwise_chain, products, centred, softmaxes, perceptron, writes, totals, many_readers]
)
def test_twice_the_graph_is_twice_the_work(build: Callable[[int], list[Value]]) -> None:
    length = 200
    work(build, length // 4)  # fills the caches of shapes
    once, twice = work(build, length), work(build, 2 * length)
    assert twice <= MOST * once, (once, twice)
