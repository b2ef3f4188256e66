"""Interpreters count references differently: a count that is wrong may cost a copy, and never a value."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.graph import references as references_module
from clgrad.graph import trace
from clgrad.graph.execute import flush, read
from clgrad.graph.references import counts_are_exact, references
from clgrad.ops import movement
from clgrad.ops.selection import constant
from clgrad.runtime.device import Device, default_device
from tests.processes import output_of
from tests.random_graphs import RandomProgram


def test_references_of_lists_are_told() -> None:
    lone, shared = [object()], [object()]
    others = [shared[0], (shared[0],)]
    assert references(lone) == [0]
    assert references(shared) == [2]
    assert references([*lone, lone[0]]) == [2, 2]
    del others
    assert references(shared) == [0]


def test_here_memory_is_taken_over() -> None:
    assert counts_are_exact() == trace.DONATES
    if getattr(sys, "_is_gil_enabled", lambda: True)():
        assert trace.DONATES


def nobody_loses_a_value() -> None:
    """Values that are held in every way there is, beside work that would like to have their memory."""
    device = default_device()
    x = np.arange(8)
    x.wait_to_read()
    y = x + 1
    assert y.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert x.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    # held by the tape, in a view, and by a value without an array
    x.attach_grad()
    with autograd.record():
        z = x * x
        loss = (z * z).sum()
    seen = z[2:5]
    x += 1
    x.wait_to_read()
    loss.backward()
    assert x.grad.tolist() == [4.0 * n**3 for n in range(8)]
    assert seen.tolist() == [4, 9, 16]
    value = constant(numpy.ones(8, "float32"), device)
    changed = movement.slice_update(value, value * 3, start=(0,), count=(8,), step=(1,))
    total = changed + value
    kept = total * 2
    flush([kept + 1])
    assert read(kept).tolist() == [8] * 8
    assert read(value).tolist() == [1] * 8
    # an update in place of what somebody else still looks at
    base = np.zeros(8)
    base.wait_to_read()
    before = base.copy()
    view, copy = base[4:], base + 0
    base[:4] = 5
    base.wait_to_read()
    assert before.tolist() == copy.tolist() == [0] * 8
    assert view.tolist() == [0] * 4
    assert base.tolist() == [5] * 4 + [0] * 4
    for seed in range(2):
        RandomProgram(seed, device).run(10)


def test_nobody_loses_a_value() -> None:
    nobody_loses_a_value()


def one_less(one: Any) -> int:
    return sys.getrefcount(one) - 1


def one_more(one: Any) -> int:
    return sys.getrefcount(one) + 1


def constant_count(one: Any) -> int:
    return 3


def too_many(one: Any) -> int:
    return 1 << 40


class Alternating:
    """Counts one less every other time, as if references of the interpreter came and went."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, one: Any) -> int:
        self.calls += 1
        return sys.getrefcount(one) - self.calls % 2


@pytest.mark.parametrize("count", [one_less, one_more])
def test_another_way_of_counting_changes_nothing(monkeypatch: pytest.MonkeyPatch, count: Callable[[Any], int]) -> None:
    monkeypatch.setattr(references_module, "getrefcount", count)
    assert counts_are_exact()
    nobody_loses_a_value()
    assert donations() > 0


@pytest.mark.parametrize("count", [constant_count, too_many, Alternating()])
def test_counts_that_do_not_tell_who_holds_cost_copies(
    monkeypatch: pytest.MonkeyPatch, count: Callable[[Any], int]
) -> None:
    monkeypatch.setattr(references_module, "getrefcount", count)
    assert not counts_are_exact()
    monkeypatch.setattr(trace, "DONATES", counts_are_exact())
    nobody_loses_a_value()
    assert donations() == 0


def test_without_a_global_lock_nothing_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    assert not counts_are_exact()


def donations() -> int:
    """How many results of one more step take over the memory of an earlier one."""
    npx.waitall()
    x = np.ones(3000)
    x.wait_to_read()
    before = clgrad.statistics()["live_bytes"]
    peaks = []
    for _ in range(3):
        clgrad.runtime.statistics.reset_peak()
        x += 1
        x.wait_to_read()
        peaks.append(clgrad.statistics()["peak_bytes"] - before)
    return peaks.count(0)


@pytest.mark.parametrize("wrong", [-1, 1, None])
def test_the_check_at_import_finds_out(wrong: int | None) -> None:
    """An interpreter that counts one less or one more from the start, and one that tells nothing."""
    count = "lambda one: 5" if wrong is None else f"lambda one: real(one) + {wrong}"
    code = f"""
import sys
real = sys.getrefcount
sys.getrefcount = {count}
from clgrad import np
from clgrad.graph import trace
x = np.arange(4)
x.wait_to_read()
y = x + 1
print(y.tolist(), x.tolist(), trace.DONATES)
"""
    donates = wrong is not None
    assert output_of(code, CLGRAD_DEVICE="cpu") == f"[1.0, 2.0, 3.0, 4.0] [0.0, 1.0, 2.0, 3.0] {donates}"


def test_history_has_a_list_of_inputs_of_its_own(device: Device) -> None:
    """The trace counts the references of each node's tuple of inputs once: nobody else may hold that tuple."""
    x = np.ones(3, device=device)
    x.attach_grad()
    with autograd.record():
        results = [x * 2, np.dot(x, x), x[1:], np.where(x > 0, x, 0), npx.pick(x[None], np.zeros(1, device=device))]
    for result in results:
        node = result._value
        assert references([node.inputs]) == [1]
