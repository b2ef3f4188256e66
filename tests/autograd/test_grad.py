"""`autograd.grad`: gradients as results, with respect to anything, to any order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clgrad import autograd, np, npx
from clgrad.errors import GradientError
from clgrad.testing import assert_close, check_gradients
from tests.autograd.variables import Sigmoid, variable


def test_grad_is_a_list_also_for_one_variable() -> None:
    x, w = variable([1, 2]), variable([3, 4])
    with autograd.record():
        y = x * x * w
        one = autograd.grad(y, x, retain_graph=True)
        both = autograd.grad([y], (x, w))
    assert isinstance(one, list)
    assert isinstance(both, list)
    assert [each.tolist() for each in one] == [[6, 16]]
    assert [each.tolist() for each in both] == [[6, 16], [1, 4]]
    assert x.grad.tolist() == [0, 0]


def test_grad_with_respect_to_an_intermediate() -> None:
    x = variable([1, 2])
    with autograd.record():
        u = x * x
        y = u * u
        (slope,) = autograd.grad(y, u)
    assert slope.tolist() == [2, 8]


def test_grad_with_head_gradients() -> None:
    x = variable([1, 2])
    with autograd.record():
        y = x * x
    assert autograd.grad(y, x, np.array([1, 10]))[0].tolist() == [2, 40]


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
        first = autograd.grad(y, x, create_graph=True)[0]
        second = autograd.grad(first, x, create_graph=True)[0]
        third = autograd.grad(second, x, create_graph=True)[0]
    third.backward()
    assert_close(first, [0.5, 13.5])
    assert_close(second, [3, 27])
    assert_close(third, [12, 36])
    assert_close(x.grad, [24, 24])


def test_create_graph_does_not_need_record_around_it() -> None:
    x = variable([2.0])
    with autograd.record():
        y = x * x * x
    (first,) = autograd.grad(y, x, create_graph=True)
    first.backward()
    assert x.grad.tolist() == [12]


def test_gradient_penalty() -> None:
    check_gradients(lambda x, w: np.tanh(x @ w) ** 2, [[0.1, 0.2], [0.3, -0.4]], [[0.5], [-0.6]], order=3)


@pytest.mark.parametrize("function", [lambda x: x * 3, lambda x: x**2, np.abs, npx.relu, np.sign, lambda x: np.ones(2)])
def test_functions_that_are_flat_after_some_order(function: Callable[[np.ndarray], np.ndarray]) -> None:
    check_gradients(function, [1.0, -2.0], order=3)


def test_a_constant_gradient_has_gradients_of_zero() -> None:
    x, b = variable([1, -2]), variable(3)
    with autograd.record():
        y = abs(x).sum() + b
        slopes = autograd.grad(y, [x, b], create_graph=True)
        total = slopes[0].sum() * slopes[1]
    assert autograd.grad(total, [x, b], retain_graph=True)[0].tolist() == [0, 0]
    x.grad[:] = 5
    total.backward()
    assert (x.grad.tolist(), b.grad.item()) == ([0, 0], 0)


def test_a_constant_gradient_leaves_the_head_gradient_alone() -> None:
    x, head_gradient = variable([1, 2]), np.array([3, 4])
    with autograd.record():
        (slope,) = autograd.grad(x + 0, x, head_gradient, create_graph=True)
    assert autograd.grad(slope, x)[0].tolist() == [0, 0]
    with autograd.record():
        y = head_gradient * 2
    with pytest.raises(GradientError, match="nothing was recorded"):
        y.backward()


class WrongSlope(autograd.Function):
    """The square, with a gradient that is too large."""

    def forward(self, x: np.ndarray) -> np.ndarray:
        self.save_for_backward(x)
        return x * x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (x,) = self.saved_tensors
        return dy * x * 2.1


class WrongBend(Sigmoid):
    """The sigmoid, whose gradient is right and does not know that it depends on x."""

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.saved_tensors
        y = y.detach()
        return dy * y * (1 - y)


def test_check_gradients_finds_wrong_gradients() -> None:
    with pytest.raises(AssertionError, match="gradient of order 1"):
        check_gradients(lambda x: WrongSlope()(x), [0.5, -1.0])
    check_gradients(lambda x: WrongBend()(x), [0.5, -1.0], order=1)
    with pytest.raises(AssertionError, match="gradient of order 2"):
        check_gradients(lambda x: WrongBend()(x), [0.5, -1.0])
    with pytest.raises(AssertionError, match="gradient of order 1"):
        check_gradients(lambda x: x.detach() * 2, [0.5, -1.0])
