"""`jit`: one plan per function, with the bits of the function itself, and errors for what cannot be captured."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable
from typing import Any
from weakref import ref

import numpy
import pytest

import clgrad
from clgrad import autograd, jit, np, npx
from clgrad.errors import ArgumentError, CaptureError, GradientError, IndexOutOfRangeError
from clgrad.runtime.device import Device


def drawn(*shape: int, seed: int = 0) -> numpy.ndarray[Any, Any]:
    return numpy.random.default_rng(seed).standard_normal(shape).astype("float32")


class Model:
    """Two layers, batch statistics, dropout, momentum: everything that a training step keeps and writes."""

    def __init__(self, device: Device) -> None:
        self.parameters = {
            name: np.array(drawn(*shape, seed=number) * 0.3, device=device)
            for number, (name, shape) in enumerate({"w": (6, 8), "b": (8,), "v": (8, 3)}.items())
        }
        self.moments = {name: np.zeros(array.shape, device=device) for name, array in self.parameters.items()}
        self.mean = np.zeros(8, device=device)
        self.steps = 0
        for array in self.parameters.values():
            array.attach_grad()

    def loss(self, x: Any, labels: Any) -> Any:
        p = self.parameters
        hidden = npx.relu(np.dot(x, p["w"]) + p["b"])
        if autograd.is_training():
            self.mean[:] = 0.9 * self.mean + 0.1 * hidden.mean(axis=0).detach()
        hidden = npx.dropout(hidden - self.mean, 0.25)
        return -npx.pick(npx.log_softmax(np.dot(hidden, p["v"])), labels).mean()

    def step(self, x: Any, labels: Any, rate: float, *, momentum: float = 0.9) -> Any:
        with autograd.record():
            loss = self.loss(x, labels)
        loss.backward()
        for name, array in self.parameters.items():
            self.moments[name][:] = momentum * self.moments[name] - rate * array.grad
            array += self.moments[name]
        return {"loss": loss, "rate": rate * 2}

    fast = jit(step)

    def state(self) -> list[bytes]:
        arrays = [*self.parameters.values(), *self.moments.values(), self.mean]
        arrays += [array.grad for array in self.parameters.values()]
        return [array.asnumpy().tobytes() for array in arrays]


def train(model: Model, step: Callable[..., Any], device: Device) -> tuple[list[Any], list[bytes]]:
    npx.random.seed(3)
    told = []
    for turn in range(5):
        x = np.array(drawn(16, 6, seed=turn), device=device)
        labels = np.array(numpy.arange(16) % 3, device=device)
        result = step(x, labels, 0.1 / (turn + 1), momentum=0.8)
        told.append((result["loss"].asnumpy().tobytes(), result["rate"]))
    return told, model.state()


def test_a_training_step_has_the_bits_of_the_step_without_jit(device: Device) -> None:
    plain, fast = Model(device), Model(device)
    assert train(fast, fast.fast, device) == train(plain, plain.step, device)


def test_a_call_plans_and_allocates_nothing(device: Device) -> None:
    model = Model(device)
    x, labels = np.array(drawn(16, 6), device=device), np.zeros(16, device=device)
    for _ in range(3):
        model.fast(x, labels, 0.1)
    before = clgrad.statistics()
    for turn in range(4):
        model.fast(x, labels, 0.1 * turn)
    after = clgrad.statistics()
    assert {name: after[name] - before[name] for name in ("plans", "builds", "allocations", "flushes")} == {
        "plans": 0, "builds": 0, "allocations": 0, "flushes": 0,
    }  # fmt: skip
    assert after["launches"] > before["launches"]
    assert after["live_bytes"] == before["live_bytes"]


def test_results_may_be_nested_and_repeated_and_inputs() -> None:
    @jit
    def several(pair: Any, *, more: Any) -> Any:
        x, y = pair
        z = x + y
        return [z, {"same": z, "input": x, "view": y.T}, (more["n"] + 1, None, "text"), x[1:]]

    x, y = np.ones((2, 2)), np.arange(4).reshape(2, 2)
    for turn in range(3):
        z, rest, (n, nothing, text), view = several([x, y], more={"n": turn})
        assert z.tolist() == rest["same"].tolist() == [[1, 2], [3, 4]]
        assert rest["input"].tolist() == [[1, 1], [1, 1]]
        assert rest["view"].tolist() == [[0, 2], [1, 3]]
        assert (n, nothing, text) == (turn + 1, None, "text")
        assert view.tolist() == [[1, 1]]
        z += 1
        assert x.tolist() == [[1, 1], [1, 1]]


def test_numbers_are_arguments_until_something_depends_on_them() -> None:
    calls = []

    @jit
    def scaled(x: Any, rate: float, step: int) -> Any:
        calls.append(1)
        factor = rate * 2 / (1 - 0.9**step)
        return x * factor + np.sqrt(rate)

    x = np.arange(3)
    for rate, step in [(0.5, 1), (0.25, 2), (1.0, 10)]:
        expected = x * (rate * 2 / (1 - 0.9**step)) + math.sqrt(rate)
        assert scaled(x, rate, step).asnumpy().tobytes() == expected.asnumpy().tobytes()
    assert len(calls) == 1

    @jit
    def branching(x: Any, n: int) -> Any:
        calls.append(1)
        return x * 2 if n > 2 else sum(x for _ in range(n))

    calls.clear()
    for n in (1, 2, 3, 1, 3):
        assert branching(x, n).tolist() == [value * min(n, 2) for value in range(3)]
    assert len(calls) == 3


def test_random_numbers_advance_as_without_jit() -> None:
    def noise(x: Any) -> Any:
        return x + np.random.normal(size=4) + np.random.uniform(size=4)

    fast = jit(noise)
    x = np.zeros(4)
    npx.random.seed(11)
    plain = [noise(x).tolist() for _ in range(3)] + [np.random.normal(size=2).tolist()]
    npx.random.seed(11)
    assert [fast(x).tolist() for _ in range(3)] + [np.random.normal(size=2).tolist()] == plain


def test_a_new_shape_or_dtype_captures_again() -> None:
    calls = []

    @jit
    def doubled(x: Any) -> Any:
        calls.append(x.shape)
        return x * 2

    for shape in [(2,), (3,), (2,), (3,)]:
        assert doubled(np.ones(shape)).tolist() == [2] * shape[0]
    assert calls == [(2,), (3,)]
    assert doubled(np.ones(2, dtype="int32")).dtype == "int32"
    assert doubled(np.ones((2, 3)).T).tolist() == [[2, 2]] * 3
    assert len(calls) == 4


def test_arrays_from_outside_are_read_anew() -> None:
    scale = np.ones(2)

    @jit
    def scaled(x: Any) -> Any:
        return x * scale + scale[0]

    x = np.ones(2)
    assert scaled(x).tolist() == [2, 2]
    scale[:] = np.array([3, 4])
    assert scaled(x).tolist() == [6, 7]


def test_arguments_and_views_may_be_written() -> None:
    @jit
    def write(x: Any, row: Any) -> None:
        x += 1
        row[:] = row * 10

    for _ in range(3):
        x, table = np.zeros(2), np.ones((2, 3))
        held = x + 0
        write(x, table[1])
        assert x.tolist() == [1, 1]
        assert held.tolist() == [0, 0]
        assert table.tolist() == [[1, 1, 1], [10, 10, 10]]


def test_a_value_that_somebody_else_holds_is_not_overwritten() -> None:
    total = np.zeros(1000)

    @jit
    def add(x: Any) -> None:
        total[:] += x

    x = np.ones(1000)
    add(x)
    before = total.copy()
    pending = total * 2
    view = total[:3]
    add(x)
    assert before.tolist() == [1] * 1000
    assert pending.tolist() == [2] * 1000
    assert view.tolist() == [2] * 3
    add(x)
    assert total.tolist() == [3] * 1000


def test_old_values_are_not_kept_alive() -> None:
    w = np.zeros(1 << 16)
    w.wait_to_read()

    @jit
    def step(x: Any, rate: float) -> Any:
        w[:] = w + x * rate
        return x * rate, rate

    x = np.ones(1)
    x.wait_to_read()
    before = clgrad.statistics()["live_bytes"]
    clgrad.reset_peak()
    for turn in range(3):
        scaled, rate = step(x, 2.0)
        assert (float(scaled), rate, w[turn].item()) == (2, 2, 2 * (turn + 1))
    del scaled
    after = clgrad.statistics()
    assert after["live_bytes"] == before
    assert after["peak_bytes"] - before < w.nbytes


def test_gradients_add_up_where_they_shall() -> None:
    x = np.ones(3)
    x.attach_grad("add")

    @jit
    def backward(factor: float) -> None:
        with autograd.record():
            y = (x * x * factor).sum()
        y.backward()

    backward(1.0)
    backward(2.0)
    assert x.grad.tolist() == [6, 6, 6]
    with autograd.record():
        z = (x * 3).sum()
    z.backward()
    assert x.grad.tolist() == [9, 9, 9]


def test_looking_inside_is_an_error_that_names_the_line() -> None:
    @jit
    def curious(x: Any) -> Any:
        return x * float(x.sum())  # the line

    with pytest.raises(CaptureError, match=r"curious reads the value of an array, in .*test_jit\.py:\d+"):
        curious(np.ones(2))
    with pytest.raises(CaptureError, match="reads the value"):
        jit(lambda x: x[x > 0])(np.ones(2))
    assert float(np.ones(2).sum()) == 2


def test_a_function_that_raises_changes_nothing() -> None:
    x = np.ones(2)

    @jit
    def fails(n: int) -> None:
        x[:] = x + n
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        fails(1)
    assert x.tolist() == [1, 1]


def test_arrays_that_are_kept_outside_are_refused() -> None:
    kept = []

    @jit
    def keep(x: Any) -> Any:
        kept.append(x * 2)
        return x

    with pytest.raises(CaptureError, match=r"keeps an array of shape \(2,\)"):
        keep(np.ones(2))


def test_a_view_of_an_array_made_inside_may_be_returned() -> None:
    @jit
    def last(x: Any) -> Any:
        doubled = x * 2
        return doubled[1:], doubled[-1]

    for turn in range(2):
        rest, one = last(np.arange(3) + turn)
        assert (rest.tolist(), one.item()) == ([2 + 2 * turn, 4 + 2 * turn], 4 + 2 * turn)


def test_record_belongs_inside() -> None:
    x = np.ones(2)
    x.attach_grad()
    double = jit(lambda x: x * 2)
    with autograd.record(), pytest.raises(GradientError, match="inside"):
        double(x)
    with autograd.record():
        y = x * x
    with pytest.raises(GradientError, match="history"):
        double(y)
    assert double(x).tolist() == [2, 2]


def test_donated_arrays_are_gone() -> None:
    @jit(donate=[0])
    def next_state(state: Any, x: Any) -> Any:
        return state * 0.5 + x

    x = np.ones(3000)
    state = np.zeros(3000)
    state.wait_to_read()
    for _ in range(3):
        state = next_state(state, x)
    clgrad.reset_peak()
    before = clgrad.statistics()["live_bytes"]
    old = state
    state = next_state(state, x)
    assert clgrad.statistics()["peak_bytes"] == before
    assert state[0].item() == 1.875
    with pytest.raises(ArgumentError, match="donated"):
        old.asnumpy()
    with pytest.raises(ArgumentError, match="donate names argument 0"):
        next_state(state=state, x=x)


def test_bad_data_raises_when_a_result_is_read() -> None:
    pick = jit(lambda x, i: np.take(x, i, mode="raise") if False else x[i])
    x = np.arange(3)
    assert pick(x, np.array([0, 2], dtype="int64")).tolist() == [0, 2]
    bad = pick(x, np.array([0, 5], dtype="int64"))
    with pytest.raises(IndexOutOfRangeError):
        bad.asnumpy()


def test_unhashable_arguments_and_several_devices_are_errors(devices: dict[str, Device]) -> None:
    with pytest.raises(ArgumentError, match="hashable"):
        jit(lambda x: x)({1, 2})
    first, second = list(devices.values())[:2]
    with pytest.raises(CaptureError, match="2 devices"):
        jit(lambda x, y: x)(np.ones(1, device=first), np.ones(1, device=second))


def test_captures_go_with_their_instance() -> None:
    class Counter:
        def __init__(self) -> None:
            self.total = np.zeros(2)

        @jit
        def add(self, x: Any) -> None:
            self.total += x

    one, other = Counter(), Counter()
    for _ in range(2):
        one.add(np.ones(2))
    other.add(np.ones(2))
    assert (one.total.tolist(), other.total.tolist()) == ([2, 2], [1, 1])
    gone = ref(one)
    del one
    gc.collect()
    assert gone() is None


def test_a_function_under_jit_may_call_another() -> None:
    inner = jit(lambda x: x + 1)
    outer = jit(lambda x: inner(x) * 2)
    assert [outer(np.ones(1)).item(), outer(np.zeros(1)).item()] == [4, 2]
