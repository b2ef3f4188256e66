"""Writing into arrays under record: allowed, and with right gradients."""

from __future__ import annotations

import pytest

from clgrad import autograd, np
from clgrad.errors import GradientError
from tests.autograd.variables import variable


def test_in_place_operators_under_record() -> None:
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * w
        y += x
        y *= y
        total = y.sum()
    total.backward()
    # total = sum((x w + x) ** 2)
    assert x.grad.tolist() == [2 * 4 * 4, 2 * 10 * 5]
    assert w.grad.tolist() == [2 * 4 * 1, 2 * 10 * 2]


def test_writing_a_region_under_record() -> None:
    x, w = variable([[0, 1, 2], [3, 4, 5]]), variable([1, 2, 3])
    with autograd.record():
        y = x * 2
        y[0] = w * w
        y[1, 1:] = 7
        total = (y * y).sum()
    total.backward()
    assert x.grad.tolist() == [[0, 0, 0], [24, 0, 0]]
    assert w.grad.tolist() == [4, 32, 108]


def test_a_view_under_record_writes_through_with_gradients() -> None:
    x = variable([1, 2, 3])
    with autograd.record():
        y = x * 2
        view = y[1:]
        view *= x[1:]
        total = y.sum()
    total.backward()
    assert y.tolist() == [2, 8, 18]
    assert x.grad.tolist() == [2, 8, 12]


def test_masked_write_under_record() -> None:
    x = variable([-1, 2, -3])
    with autograd.record():
        y = x * x
        y[x < 0] = 0
        total = y.sum()
    total.backward()
    assert x.grad.tolist() == [0, 4, 0]


def test_updating_a_leaf_after_recording_does_not_change_the_gradient() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    x[:] = 100
    y.backward()
    assert x.grad.tolist() == [2, 4]
    with autograd.record():
        y = x * x
    y.backward()
    assert x.grad.tolist() == [200, 200]


def test_a_leaf_written_under_record_gets_the_gradient_of_what_it_was() -> None:
    x = variable([1, 2])
    for _ in range(2):
        before = x.asnumpy()
        with autograd.record():
            x *= x
            y = (3 * x).sum()
        y.backward()
        assert x.grad.tolist() == (6 * before).tolist()


def test_grad_of_a_leaf_written_under_record_is_that_of_backward() -> None:
    x = variable([1, 2])
    for _ in range(2):
        with autograd.record():
            y = (x * x).sum()
            x[:] = 0
        assert autograd.grad(y, x, retain_graph=True)[0].tolist() == [2, 4]
        y.backward()
        assert x.grad.tolist() == [2, 4]
        x[:] = [1, 2]
    with autograd.record():
        x *= x
        y = (3 * x).sum()
    assert autograd.grad(y, x)[0].tolist() == [6, 12]
    assert x.tolist() == [1, 4]
    with autograd.record():
        y = (x * x).sum()
    assert autograd.grad(y, x)[0].tolist() == [2, 8]


def test_an_update_inside_record_trains_all_the_same() -> None:
    w = variable([4.0])
    seen = []
    for _ in range(4):
        with autograd.record():
            loss = (w * w).sum()
            loss.backward()
            w -= 0.25 * w.grad
        seen.append(w.item())
    assert seen == [2.0, 1.0, 0.5, 0.25]


def test_view_of_a_variable_outside_record_stays_without_history() -> None:
    x = variable([1, 2, 3])
    view = x[1:]
    with autograd.record():
        y = view * 2
    with pytest.raises(GradientError):
        y.backward()


def test_a_view_can_be_a_variable() -> None:
    base = np.array([1, 2, 3])
    view = base[1:]
    view.attach_grad()
    with autograd.record():
        y = view * view
    y.backward()
    assert view.grad.tolist() == [4, 6]
    view -= view.grad
    assert base.tolist() == [1, -2, -3]
    with autograd.record():
        y = view * view
    y.backward()
    assert view.grad.tolist() == [-4, -6]
