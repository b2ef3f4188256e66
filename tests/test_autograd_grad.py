"""`autograd.grad`: gradients as results, with respect to anything, to any order."""

from __future__ import annotations

import pytest

from clgrad import autograd, np
from clgrad.errors import GradientError
from clgrad.testing import assert_close, check_gradients
from tests.variables import variable


def test_grad_of_an_array_and_of_a_list() -> None:
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * x * w
        one = autograd.grad(y, x, retain_graph=True)
        both = autograd.grad([y], [x, w])
    assert one.tolist() == [6, 16]
    assert [each.tolist() for each in both] == [[6, 16], [1, 4]]
    assert x.grad.tolist() == [0, 0]


def test_grad_with_respect_to_an_intermediate() -> None:
    x = variable([1, 2])
    with autograd.record():
        u = x * x
        y = u * u
        slope = autograd.grad(y, u)
    assert slope.tolist() == [2, 8]


def test_grad_with_head_gradients() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    assert autograd.grad(y, x, np.array([1, 10])).tolist() == [2, 40]


def test_grad_names_a_variable_that_was_not_reached() -> None:
    x, w = variable([1, 2]), variable([[3.0]])
    with autograd.record():
        y = x * x
    with pytest.raises(GradientError, match=r"variable 1 \(shape \(1, 1\)\).*allow_unused=True"):
        autograd.grad(y, [x, w], retain_graph=True)
    x_grad, w_grad = autograd.grad(y, [x, w], allow_unused=True)
    assert x_grad.tolist() == [2, 4]
    assert w_grad.tolist() == [[0]]


def test_higher_orders() -> None:
    x = variable([0.5, 1.5])
    with autograd.record():
        y = x**4
        first = autograd.grad(y, x, create_graph=True)
        second = autograd.grad(first, x, create_graph=True)
        third = autograd.grad(second, x, create_graph=True)
    third.backward()
    assert_close(first, [0.5, 13.5])
    assert_close(second, [3, 27])
    assert_close(third, [12, 36])
    assert_close(x.grad, [24, 24])


def test_create_graph_does_not_need_record_around_it() -> None:
    x = variable([2.0])
    with autograd.record():
        y = x * x * x
    first = autograd.grad(y, x, create_graph=True)
    first.backward()
    assert x.grad.tolist() == [12]


def test_gradient_penalty() -> None:
    check_gradients(lambda x, w: np.tanh(x @ w) ** 2, [[0.1, 0.2], [0.3, -0.4]], [[0.5], [-0.6]], order=3)
