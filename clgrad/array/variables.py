"""What an array has to do with gradients: attaching, detaching, and walking back from it."""

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
    """A window that shows everything and hides the history."""

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

        `grad_req`: 'write' replaces the gradient, 'add' adds to it, 'null' computes none. Whatever the array
        was computed from gets no gradient through it any more.

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
        """Make this array no variable any more; its gradient is gone."""
        detach_variable(self)

    @property
    def grad(self) -> Any:
        """The gradient: one array, whose contents `backward()` changes. None without attach_grad."""
        leaf = self._leaf
        return None if leaf is None else leaf.grad

    def detach(self) -> Any:
        """The same memory without its history: gradients stop here."""
        return self._view(_DETACHED)

    def backward(self, out_grad: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Compute the gradients of this array (of its sum) with respect to the variables behind it.

        `out_grad` weighs the elements, ones where it is None. The record is freed unless `retain_graph`.
        """
        run_backward([self], [out_grad], retain_graph, train_mode)
