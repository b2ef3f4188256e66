"""Functions with gradients of the user's own."""

from __future__ import annotations

import numpy
import pytest

from clgrad import autograd, np
from clgrad.errors import GradientError
from clgrad.testing import assert_close, check_gradients
from tests.autograd.variables import Sigmoid, SumAndProduct, variable


def test_function_of_the_original() -> None:
    x = variable([0.0, 1.0])
    with autograd.record():
        y = Sigmoid()(x)
    y.backward()
    s = 1 / (1 + numpy.exp(-numpy.array([0.0, 1.0])))
    assert_close(x.grad, (s * (1 - s)).astype("float32"))


def test_function_outside_record_just_computes() -> None:
    assert Sigmoid()(np.zeros(1)).item() == 0.5


def test_function_is_differentiable_to_any_order() -> None:
    check_gradients(lambda x: Sigmoid()(x), [0.3, -0.7], order=3)


def test_function_with_several_outputs() -> None:
    x, y = variable([1, 2], "add"), variable([3, 4])
    for _ in range(2):
        with autograd.record():
            total, product = SumAndProduct()(x, y)
            loss = (total * product).sum()
        loss.backward()
    # d/dx (x + y) x y = 2 x y + y ** 2
    assert x.grad.tolist() == [2 * 15, 2 * 32]
    assert y.grad.tolist() == [7, 20]
    with autograd.record():
        total, product = SumAndProduct()(x, y)
    product.backward()
    assert y.grad.tolist() == [1, 2]
    check_gradients(lambda x, y: list(SumAndProduct()(x, y)), [1.0, 2.0], [3.0, 4.0])


def test_function_instance_is_called_once() -> None:
    function = Sigmoid()
    function(np.zeros(1))
    with pytest.raises(GradientError, match="only once"):
        function(np.zeros(1))


def test_function_keeps_exception_types() -> None:
    class Broken(autograd.Function):
        def forward(self, x):
            return x * 1

        def backward(self, dy):
            raise ZeroDivisionError("mine")

    x = variable([1])
    with autograd.record():
        y = Broken()(x)
    with pytest.raises(ZeroDivisionError, match="mine"):
        y.backward()
    assert not autograd.is_recording()


def test_function_results_are_checked() -> None:
    class TooMany(Sigmoid):
        def backward(self, dy):
            return dy, dy

    class WrongShape(Sigmoid):
        def backward(self, dy):
            return dy.sum()

    x = variable([1, 2])
    with autograd.record():
        y, z = TooMany()(x), WrongShape()(x)
    with pytest.raises(ValueError, match=r"TooMany.backward returned 2 gradients for 1 inputs"):
        y.backward()
    with pytest.raises(ValueError, match=r"WrongShape.backward.*shape \(\)"):
        z.backward()


@pytest.mark.parametrize("dtype", ["float64", "float16", "int32"])
@pytest.mark.parametrize("grad_req", ["write", "add"])
def test_function_gradients_have_the_dtype_of_their_input(dtype: str, grad_req: str) -> None:
    class Double(autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, dy):
            return (dy * 2).astype(dtype)

    x = variable([1, 2], grad_req)
    with autograd.record():
        y = Double()(x)
    y.backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [2, 2]


def test_function_saves_arrays_as_they_are() -> None:
    class Square(autograd.Function):
        def forward(self, x):
            self.save_for_backward(x)
            return x * x

        def backward(self, dy):
            return 2 * dy * self.saved_tensors[0]

    x = variable([3])
    with autograd.record():
        y = Square()(x)
    x[:] = 100
    y.backward()
    assert x.grad.tolist() == [6]


def test_function_without_gradient_for_an_input() -> None:
    class Scale(autograd.Function):
        def forward(self, x, factor):
            self.factor = factor
            return x * factor

        def backward(self, dy):
            return dy * self.factor, None

    x = variable([3])
    with autograd.record():
        y = Scale()(x, 5)
    y.backward()
    assert x.grad.tolist() == [5]
