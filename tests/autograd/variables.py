"""Variables and functions that several tests of gradients use."""

from __future__ import annotations

from typing import Any

from clgrad import autograd, np


def variable(numbers: Any, grad_req: str = "write", dtype: str = "float32") -> np.ndarray:
    """An array whose gradients are wanted."""
    x = np.array(numbers, dtype=dtype)
    x.attach_grad(grad_req)
    return x


class Sigmoid(autograd.Function):
    def forward(self, x: np.ndarray) -> np.ndarray:
        y = 1 / (1 + np.exp(-x))
        self.save_for_backward(y)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        (y,) = self.saved_tensors
        return dy * y * (1 - y)


class SumAndProduct(autograd.Function):
    def forward(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.save_for_backward(x, y)
        return x + y, x * y

    def backward(self, d_sum: np.ndarray, d_product: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = self.saved_tensors
        return d_sum + d_product * y, d_sum + d_product * x
