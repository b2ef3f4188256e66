"""The chapter on automatic differentiation that the interface comes from, example by example."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import pytest

matplotlib.use("Agg")

from matplotlib import pyplot

from clgrad import autograd, np
from clgrad.testing import assert_close


@pytest.fixture
def x() -> np.ndarray:
    x = np.arange(4)
    x.attach_grad()
    return x


def test_the_variable_and_its_gradient(x: np.ndarray) -> None:
    assert repr(x) == "array([0., 1., 2., 3.])"
    assert repr(x.grad) == "array([0., 0., 0., 0.])"


def test_a_simple_function(x: np.ndarray) -> None:
    with autograd.record():
        y = 2 * np.dot(x, x)
    assert repr(y) == "array(28.)"
    y.backward()
    assert repr(x.grad) == "array([ 0.,  4.,  8., 12.])"
    assert repr(x.grad == 4 * x) == "array([ True,  True,  True,  True])"


def test_a_later_gradient_overwrites_the_first(x: np.ndarray) -> None:
    with autograd.record():
        y = 2 * np.dot(x, x)
    y.backward()
    with autograd.record():
        y = x.sum()
    y.backward()
    assert x.grad.tolist() == [1, 1, 1, 1]


def test_backward_of_a_vector_is_that_of_its_sum(x: np.ndarray) -> None:
    with autograd.record():
        y = x * x
    y.backward()
    u = x.copy()
    u.attach_grad()
    with autograd.record():
        v = (u * u).sum()
    v.backward()
    assert repr(x.grad == u.grad) == "array([ True,  True,  True,  True])"


def test_detaching_computation(x: np.ndarray) -> None:
    with autograd.record():
        y = x * x
        u = y.detach()
        z = u * x
    z.backward()
    assert (x.grad == u).all()
    y.backward()
    assert (x.grad == 2 * x).all()


def test_attaching_gradients_to_internal_variables() -> None:
    x = np.ones(4) * 2
    y = np.ones(4)
    x.attach_grad()
    y.attach_grad()
    with autograd.record():
        u = x * y
        u.attach_grad()
        z = 5 * u - x
    z.backward()
    assert x.grad.tolist() == [-1] * 4
    assert u.grad.tolist() == [5] * 4
    assert y.grad.tolist() == [0] * 4


def control_flow(a: np.ndarray) -> np.ndarray:
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    return b if b.sum() > 0 else 100 * b


@pytest.mark.parametrize("size", [None, 3, (2, 3)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_gradient_of_python_control_flow(size: Any, seed: int) -> None:
    np.random.seed(seed)
    a = np.random.normal(size=size)
    a.attach_grad()
    with autograd.record():
        d = control_flow(a)
    d.backward()
    assert_close(a.grad, (d / a).asnumpy())


def test_training_mode() -> None:
    assert not autograd.is_training()
    with autograd.record():
        assert autograd.is_training()


def test_backward_twice(x: np.ndarray) -> None:
    with autograd.record():
        y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [0, 2, 4, 6]
    with pytest.raises(RuntimeError, match="freed by an earlier backward"):
        y.backward()


def test_a_second_derivative(x: np.ndarray) -> None:
    with autograd.record():
        y = (x**3).sum()
        (first,) = autograd.grad(y, x, create_graph=True)
    first.backward()
    assert first.tolist() == [0, 3, 12, 27]
    assert x.grad.tolist() == [0, 6, 12, 18]


def test_sine_plotted_with_its_derivative(tmp_path: Path) -> None:
    x = np.linspace(-np.pi, np.pi, 100)
    x.attach_grad()
    with autograd.record():
        y = np.sin(x)
    y.backward()
    assert_close(x.grad, np.cos(x).asnumpy(), rtol=1e-6)
    figure, axes = pyplot.subplots()
    (curve,) = axes.plot(x, y, label="sin(x)")
    axes.plot(x, x.grad, label="its derivative")
    axes.legend()
    figure.savefig(tmp_path / "sine.png")
    pyplot.close(figure)
    assert (tmp_path / "sine.png").stat().st_size > 1000
    assert_close(curve.get_ydata(), y.asnumpy())


def test_second_price_auction() -> None:
    bids = np.array([3, 9, 5, 7])
    bids.attach_grad()
    with autograd.record():
        others = np.where(np.arange(4) == np.argmax(bids), -np.inf, bids)
        price = others.max()
    price.backward()
    assert price.item() == 7
    assert bids.grad.tolist() == [0, 0, 0, 1]
