"""The methods of arrays that concern gradients: attach_grad, detach, backward."""

from __future__ import annotations

from typing import Any

from clgrad.array.differentiation import (
    attach,
    check_differentiable,
    check_gradient_request,
    detach_variable,
    run_backward,
)
from clgrad.array.handle import Handle
from clgrad.ops.operation import Value, alias, fill


class Detached:
    """The window of `x.detach()`: all elements, without history."""

    keeps_history = False

    def read(self, base: Value) -> Value:
        """All of `base`."""
        return alias(base)

    def write(self, base: Value, value: Value) -> Value:
        """All of `value`."""
        return alias(value)


_DETACHED = Detached()


class Variables(Handle):
    """Gradients of arrays."""

    __slots__ = ()

    def attach_grad(self, grad_req: str = "write") -> None:
        """Make this array a variable: `backward()` puts its gradient into `x.grad`, which starts as zeros.

        `grad_req`: 'write' replaces `x.grad`, 'add' adds to it, 'null' computes no gradient. The arrays that this
        array was computed from get no gradients through it any more.

        >>> from clgrad import autograd, np
        >>> x = np.arange(4)
        >>> x.attach_grad()
        >>> with autograd.record():
        ...     y = 2 * np.dot(x, x)
        >>> y.backward()
        >>> x.grad
        array([ 0.,  4.,  8., 12.])
        """
        check_gradient_request("attach_grad", grad_req)
        value = self._value
        check_differentiable("attach_grad", value)
        attach(self, type(self)(fill(0, value.shape, value.dtype, value.device)), grad_req)

    def drop_grad(self) -> None:
        """Make this array an ordinary array again; its gradient is dropped."""
        detach_variable(self)

    @property
    def grad(self) -> Any:
        """The gradient, an array that `backward()` writes into; None without attach_grad."""
        leaf = self._leaf
        return None if leaf is None else leaf.grad

    def detach(self) -> Any:
        """A view of this array without history: gradients stop here."""
        return self._view(_DETACHED)

    def backward(self, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Compute the gradients of the sum of this array with respect to the variables that it was computed from.

        `out_grad` gives each element a weight in that sum, by default 1. The recorded graph is freed unless
        `retain_graph` is true.
        """
        run_backward([self], [out_grad], retain_graph, train_mode)
