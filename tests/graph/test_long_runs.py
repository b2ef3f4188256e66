"""Loops of thousands of steps: each plans what repeats once, and neither memory nor the number of kernels grows."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy
import pytest

import clgrad
from clgrad import autograd, np, npx
from clgrad.errors import IndexOutOfRangeError, OutOfDeviceMemoryError
from clgrad.graph import execute, pending
from clgrad.graph.execute import state_of
from clgrad.graph.pending import MINE, MOST_PENDING, PATIENCE, pieces, repetition
from clgrad.graph.prepared import prepare
from clgrad.graph.trace import structure_of
from clgrad.launch import Fault
from clgrad.runtime.device import default_device

STEPS = 5000


@pytest.fixture(autouse=True)
def nothing_pending() -> Iterator[None]:
    npx.waitall()
    gc.collect()
    yield
    gc.collect()
    npx.waitall()


class Counted:
    """What a block adds to clgrad's counters."""

    def __enter__(self) -> Counted:
        self._before = clgrad.statistics()
        return self

    def __exit__(self, *problem: object) -> None:
        after = clgrad.statistics()
        self.added = {name: after[name] - before for name, before in self._before.items()}

    def __getitem__(self, name: str) -> int | float:
        return self.added[name]


def network(layers: int, seed: int = 0) -> Callable[[Any], Any]:
    """Layers of products and relu, of four units."""
    numbers = numpy.random.default_rng(seed)
    weights = [np.array(numbers.standard_normal((4, 4)).astype("float32")) for _ in range(layers)]
    for weight in weights:
        weight.wait_to_read()

    def run(x: Any) -> Any:
        for weight in weights:
            x = npx.relu(np.dot(x, weight))
        return x

    return run


def batch() -> Any:
    x = np.array(numpy.linspace(-1, 1, 8, dtype="float32").reshape(2, 4))
    x.wait_to_read()
    return x


def test_an_inference_loop_that_reads_each_step_has_one_plan() -> None:
    run, x = network(8), batch()
    with Counted() as first:
        for _ in range(3):
            run(x).asnumpy()
    assert first["plans"] == 1
    with Counted() as found:
        for _ in range(STEPS):
            run(x).asnumpy()
    assert (found["plans"], found["plan_hits"], found["builds"], found["allocations"]) == (0, STEPS, 0, 0)
    assert found["live_bytes"] <= 0


@pytest.mark.parametrize("every", [2, 7])
def test_a_loop_that_reads_now_and_then_has_one_plan(every: int) -> None:
    run, x = network(every), batch()
    with Counted() as found:
        for step in range(1, STEPS + 1):
            y = run(x)
            if step % every == 0:
                y.asnumpy()
    assert (found["plans"], found["plan_hits"]) == (1, STEPS // every - 1)


def test_results_that_nobody_keeps_are_not_computed() -> None:
    run, x = network(3), batch()
    with Counted() as found:
        for _ in range(STEPS):
            run(x)
    assert found["plans"] == found["launches"] == 0
    assert len(MINE.waiting.references) <= PATIENCE + 1


def test_a_training_loop_has_one_plan() -> None:
    x = batch()
    weight, bias = np.ones((4, 4)), np.zeros(4)
    for one in (weight, bias):
        one.attach_grad()

    def step() -> Any:
        with autograd.record():
            loss = ((npx.relu(np.dot(x, weight) + bias) - 1) ** 2).mean()
        loss.backward()
        for one in (weight, bias):
            one -= 0.01 * one.grad
        return loss

    for _ in range(4):
        loss = step()
    with Counted() as found:
        for _ in range(STEPS):
            loss = step()
    assert (found["plans"], found["builds"]) == (0, 0)
    # How many buffers are in use at once depends on how far the device is behind.
    assert found["allocations"] <= 32
    assert found["plan_hits"] == STEPS
    assert found["live_bytes"] <= 0
    assert float(loss) < 0.9


def test_a_loop_over_many_shapes_plans_each_once() -> None:
    shapes, rounds = 200, STEPS // 200
    rows = [np.ones((length, 3)) for length in range(1, shapes + 1)]
    for row in rows:
        row.wait_to_read()

    def turn() -> None:
        for row in rows:
            (row * 2 + 1).sum(axis=0).asnumpy()

    turn()
    with Counted() as found:
        for _ in range(rounds):
            turn()
    assert (found["plans"], found["builds"], found["allocations"]) == (0, 0, 0)
    assert found["live_bytes"] <= 0
    assert found["plan_hits"] == shapes * rounds


def test_plans_that_were_used_longest_ago_are_dropped_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "MOST_PLANS", 16)
    plans = state_of(default_device()).plans
    plans.clear()

    def double(length: int) -> None:
        (np.ones(length) * 2 + 1).asnumpy()

    for length in range(1, 50):
        double(length)
        double(7)
        assert len(plans) <= 16
    with Counted() as found:
        double(7)
    assert (found["plans"], found["plan_hits"]) == (0, 1)


@pytest.mark.parametrize("layers", [1, 3])
def test_a_loop_that_nobody_looks_at_is_cut_where_it_repeats(layers: int) -> None:
    run, x = network(layers), batch()
    with Counted() as found:
        for _ in range(STEPS):
            x = run(x) * 0.5 + 1
        x.wait_to_read()
    # The first piece, all others, and what is left at the end.
    assert found["plans"] <= 3
    assert found["plan_hits"] > STEPS * layers // PATIENCE
    assert found["live_bytes"] <= 4096
    expected, y = run(batch()), batch().asnumpy()
    for _ in range(60):
        y = run(np.array(y)).asnumpy() * 0.5 + 1
    assert numpy.isfinite(expected.asnumpy()).all()
    numpy.testing.assert_allclose(x.asnumpy(), y, rtol=1e-3)


def test_twenty_thousand_pending_ops_are_planned_once() -> None:
    """Forwards the loop is cut where it repeats, backwards all is one plan; and the second time there are no others."""
    x = batch()
    x.attach_grad()
    x.grad.wait_to_read()

    def turn() -> None:
        with autograd.record():
            y = x
            for _ in range(STEPS):
                y = y * 0.5 + x
            loss = y.sum()
        loss.backward()
        x.grad.wait_to_read()

    turn()
    with Counted() as found:
        turn()
    assert (found["plans"], found["builds"]) == (0, 0)
    assert found["plan_hits"] > 2 * STEPS // PATIENCE
    numpy.testing.assert_allclose(x.grad.asnumpy(), 2, rtol=1e-6)


@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_waits_while_a_plan_is_made(enabled: bool) -> None:
    x = batch()._value
    for _ in range(300):
        x = x * 0.5
    structure, collections = structure_of([x]), []
    before = gc.get_threshold()
    gc.callbacks.append(lambda phase, information: collections.append(phase))
    gc.set_threshold(10)
    try:
        if not enabled:
            gc.disable()
        del collections[:]
        prepare(structure, default_device())
        # Those before and after: there would be one for every ten objects.
        assert len(collections) < 100
        assert gc.isenabled() == enabled
    finally:
        gc.enable()
        gc.set_threshold(*before)
        gc.callbacks.pop()


def test_memory_stays_where_it_is_in_a_loop_that_nobody_looks_at() -> None:
    x = np.zeros(64)
    with Counted() as found:
        for _ in range(20 * STEPS):
            x = x + 1
    assert found["plans"] <= 2
    assert found["live_bytes"] <= 16 * 256
    assert x.tolist() == [20.0 * STEPS] * 64


def test_a_total_beside_what_is_read_is_computed_in_pieces() -> None:
    x = batch()
    total = np.zeros(())
    with Counted() as found:
        for _ in range(STEPS):
            loss = (x * x).sum()
            total = total + loss
            loss.asnumpy()
    # Nothing but the total waits, and what it is made of has been read.
    assert found["plans"] <= 3
    assert found["live_bytes"] <= 256 * (MOST_PENDING + PATIENCE + 2)
    assert float(total) == pytest.approx(STEPS * float(loss), rel=1e-3)


def test_arrays_that_are_kept_are_computed_in_pieces() -> None:
    x = batch()
    with Counted() as found:
        kept = [x * number for number in range(STEPS)]
    assert 1 <= found["plans"] <= 2
    assert found["plan_hits"] >= STEPS // PATIENCE
    numpy.testing.assert_array_equal(kept[-1].asnumpy(), x.asnumpy() * (STEPS - 1))


def test_a_loop_with_a_prologue_and_unequal_steps_is_cut() -> None:
    x = np.sqrt(np.exp(batch()) + 1)
    with Counted() as found:
        for step in range(STEPS):
            x = x * 0.5
            if step % 10 == 0:
                x = np.tanh(x) + 1
        x.wait_to_read()
    assert found["plans"] <= 3


def test_what_does_not_repeat_is_computed_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    most = PATIENCE + 100
    monkeypatch.setattr(pending, "MOST_PENDING", most)
    numbers = numpy.random.default_rng(0)
    x = batch()
    start = clgrad.statistics()["launches"]
    made = 0
    while clgrad.statistics()["launches"] == start:
        x = (x + 1, x * 0.5, -x)[numbers.integers(3)]
        made += 1
    assert most <= made <= 3 * most


def test_threads_do_not_cut_each_others_graphs() -> None:
    def work(seed: int) -> None:
        run, x = network(6, seed), batch()
        weight = np.ones((4, 4))
        weight.attach_grad()
        for _ in range(STEPS // 10):
            if seed % 2:
                run(x).asnumpy()
                continue
            with autograd.record():
                loss = (np.dot(x, weight) ** 2).sum()
            loss.backward()

    work(0), work(1)
    with Counted() as found, ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    # The first step of training reads other memory than the next ones.
    assert found["plans"] <= 2


def test_everything_of_threads_that_are_gone_is_waited_for() -> None:
    with ThreadPoolExecutor(1) as pool:
        y = pool.submit(lambda: np.ones(5) * 3 + 1).result()
    assert y._value.storage is None
    npx.waitall()
    assert y._value.storage is not None


def test_work_that_cannot_run_fails_alone() -> None:
    good = np.ones(3) * 2
    impossible = np.ones((1 << 45,)) * 2
    variable = np.ones(3)
    variable.attach_grad()
    with autograd.record():
        loss = (variable * variable).sum()
    loss.backward()
    assert variable.grad.tolist() == [2.0, 2.0, 2.0]
    assert good._value.storage is not None
    with pytest.raises(OutOfDeviceMemoryError):
        impossible.wait_to_read()
    again = np.ones(3) * 3
    impossible[0] = 1
    with pytest.raises(OutOfDeviceMemoryError):
        npx.waitall()
    assert again._value.storage is not None


def test_gradients_that_cannot_be_computed_raise_in_backward() -> None:
    huge = np.ones((1 << 45,))
    huge.attach_grad()
    with autograd.record():
        loss = huge * huge
    with pytest.raises(OutOfDeviceMemoryError):
        loss.backward()


def test_a_plan_that_runs_out_of_memory_after_its_first_kernel_does_not_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first kernel overwrites x, so that a second run would read other values."""
    x = np.ones(3000)
    x.wait_to_read()
    x += 1
    total = np.dot(x.reshape(30, 100), np.ones((100, 5)))
    queue, launches = default_device().queue, list[Any]()
    launch = queue.launch

    def full_after_one(*arguments: Any) -> None:
        launches.append(arguments)
        if len(launches) > 1:
            raise OutOfDeviceMemoryError("full")
        launch(*arguments)

    monkeypatch.setattr(queue, "launch", full_after_one)
    with pytest.raises(OutOfDeviceMemoryError):
        total.wait_to_read()
    assert len(launches) == 2


@pytest.mark.parametrize(
    ("text", "period"),
    [("", 0), ("a", 0), ("aaa", 1), ("abab", 0), ("ababab", 2), ("xyzabcabcabcabc", 3), ("abcabcabcxyz", 0),
     ("aabaabaab", 3), ("q" * 5 + "abcd" * 9 + "ab", 4)],
)  # fmt: skip
def test_repetition(text: str, period: int) -> None:
    assert repetition(text) == period


def test_pieces_hold_what_others_read() -> None:
    x = batch()._value
    for _ in range(2 * PATIENCE):
        x = x + 1
    found = pieces([x])
    assert all(len(roots) == 1 for roots in found)
    assert found[0][0].storage is None
    assert pieces([found[0][0]]) == []


def faults() -> int:
    """How many checks of data there are, those in plans of other devices included."""
    return sum(isinstance(one, Fault) for one in gc.get_objects())


def test_checks_of_many_lengths_go_with_their_plans() -> None:
    lengths = range(20, 60)
    state_of(default_device()).plans.clear()
    gc.collect()
    before = faults()
    index = np.array([0, 1], dtype="int32")
    for length in lengths:
        np.take(np.zeros(length), index).asnumpy()
    with pytest.raises(IndexOutOfRangeError, match=r"take: an index is not an integer from -30 to 29"):
        np.take(np.zeros(30), index + 29).asnumpy()
    state_of(default_device()).plans.clear()
    gc.collect()
    assert faults() <= before


def test_a_loop_that_waits_looks_at_the_arrays_of_its_last_step_alone() -> None:
    x = np.ones(5)
    for _ in range(300):
        y = x * 2
        npx.waitall()
    assert y.tolist() == [2] * 5
    assert len(MINE.waiting.references) < 10
