"""Gradients of zero: ops that are constant almost everywhere have them, and backward writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clgrad import autograd, np, npx
from tests.autograd.variables import variable

STEPS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "rint": np.rint,
    "round": lambda x: np.round(x, 1),
    "trunc": np.trunc,
    "fix": np.fix,
    "floor_divide": lambda x: x // 2,
    "floor_divide of a number": lambda x: 7 // x,
    "whole part": lambda x: np.modf(x)[1],
    "nextafter": lambda x: np.nextafter(np.ones(2), x),
    "spacing": np.spacing,
    "one_hot": lambda x: npx.one_hot(x, 3),
    "copysign": lambda x: np.copysign(np.ones(2), x),
    "heaviside": lambda x: np.heaviside(x, 0.5),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps_have_gradients_of_zero(name: str) -> None:
    x = variable([1.5, -2.25])
    x.grad[:] = 7
    with autograd.record():
        y = STEPS[name](x)
    y.backward()
    assert x.grad.tolist() == [0, 0]


def test_the_gradient_of_a_factor_beside_a_step_is_written() -> None:
    a, b = variable([1, 2]), variable([3, -4])
    b.grad[:] = 7
    with autograd.record():
        y = a * np.sign(b)
    y.backward()
    assert a.grad.tolist() == [1, -1]
    assert b.grad.tolist() == [0, 0]


def test_zero_stays_zero_behind_infinite_slopes() -> None:
    x = variable([0, 4])
    with autograd.record():
        y = np.sign(np.sqrt(x))
    y.backward()
    assert x.grad.tolist() == [0, 0]


def test_a_gradient_of_zero_adds_nothing() -> None:
    x, w = variable([1.5, 2.5]), variable([1, 2], "add")
    w.grad[:] = 7
    with autograd.record():
        u = x * w
        y = u + np.floor(u) + np.floor(w)
    y.backward()
    assert x.grad.tolist() == [1, 2]
    assert w.grad.tolist() == [8.5, 9.5]


def test_grad_of_steps_to_order_three() -> None:
    x, w = variable([1.5, 2.5]), variable([1, 2])
    with autograd.record():
        y = np.floor(x) * w * w * w
        by_x, first = autograd.grad(y, [x, w], create_graph=True)
        second = autograd.grad(first, w, create_graph=True)[0]
        third = autograd.grad(second, [x, w])
    assert by_x.tolist() == [0, 0]
    assert [each.tolist() for each in third] == [[0, 0], [6, 12]]


def test_grad_with_respect_to_an_intermediate_before_a_step() -> None:
    x = variable([1.5, 2.5])
    with autograd.record():
        u = 2 * x
        y = np.ceil(u)
    assert autograd.grad(y, u)[0].tolist() == [0, 0]


def test_a_function_that_returns_none_has_a_gradient_of_zero() -> None:
    class First(autograd.Function):
        def forward(self, x, y):
            return x * 1

        def backward(self, dy):
            return dy, None

    x, y = variable([1, 2]), variable([3, 4])
    y.grad[:] = 7
    with autograd.record():
        z = First()(x, y * y)
    z.backward()
    assert x.grad.tolist() == [1, 1]
    assert y.grad.tolist() == [0, 0]


def test_on_and_off_values_have_gradients() -> None:
    on, off = variable(2), variable(3)
    with autograd.record():
        y = npx.one_hot(np.array([0, 2]), 3, on, off)
    y.backward()
    assert y.tolist() == [[2, 3, 3], [3, 3, 2]]
    assert (on.grad.item(), off.grad.item()) == (2, 4)
