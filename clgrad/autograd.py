"""Automatic differentiation: recording ops, computing gradients, and functions with a gradient of your own.

>>> from clgrad import autograd, np
>>> x = np.array([1, 2, 3])
>>> x.attach_grad()
>>> with autograd.record():
...     y = (x * x).sum()
>>> y.backward()
>>> x.grad
array([2., 4., 6.])
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from clgrad.array import finish, ndarray
from clgrad.array.differentiation import (
    attach,
    check_differentiable,
    check_gradient_request,
    differentiable,
    gradients_of,
    run_backward,
)
from clgrad.array.function import Function as Function
from clgrad.errors import ArgumentError, DeviceError, GradientError, ShapeError
from clgrad.ops.operation import fill
from clgrad.tape import STATE, scope

__all__ = [
    "Function", "backward", "get_symbol", "grad", "is_recording", "is_training", "mark_variables", "pause",
    "predict_mode", "record", "set_recording", "set_training", "train_mode",
]  # fmt: skip


def record(train_mode: bool = True) -> AbstractContextManager[None]:
    """A scope in which ops are recorded, so that `backward()` can compute gradients; in training mode by default.

    >>> with record(train_mode=False):
    ...     is_recording(), is_training()
    (True, False)
    """
    return scope(recording=True, training=train_mode)


def pause(train_mode: bool = False) -> AbstractContextManager[None]:
    """A scope inside `record` in which nothing is recorded.

    >>> with record(), pause():
    ...     is_recording(), is_training()
    (False, False)
    """
    return scope(recording=False, training=train_mode)


def train_mode() -> AbstractContextManager[None]:
    """A scope in which ops such as dropout behave as in training.

    >>> with train_mode():
    ...     is_recording(), is_training()
    (False, True)
    """
    return scope(training=True)


def predict_mode() -> AbstractContextManager[None]:
    """A scope in which ops such as dropout behave as in prediction.

    >>> with record(), predict_mode():
    ...     is_recording(), is_training()
    (True, False)
    """
    return scope(training=False)


def is_recording() -> bool:
    """Whether ops are being recorded in this thread.

    >>> is_recording()
    False
    """
    return STATE.recording


def is_training() -> bool:
    """Whether ops such as dropout behave as in training in this thread.

    >>> is_training()
    False
    """
    return STATE.training


def set_recording(is_recording: bool) -> bool:
    """Switch recording on or off in this thread; returns the previous setting.

    >>> set_recording(True), set_recording(False)
    (False, True)
    """
    before, STATE.recording = STATE.recording, bool(is_recording)
    return before


def set_training(train_mode: bool) -> bool:
    """Switch training mode on or off in this thread; returns the previous setting.

    >>> set_training(True), set_training(False)
    (False, True)
    """
    before, STATE.training = STATE.training, bool(train_mode)
    return before


def mark_variables(variables: Any, gradients: Any, grad_reqs: str | Sequence[str] = "write") -> None:
    """Make arrays variables; `backward()` writes their gradients into the arrays `gradients`.

    >>> from clgrad import np
    >>> x, gradient = np.ones(2), np.zeros(2)
    >>> mark_variables(x, gradient)
    >>> with record():
    ...     y = 3 * x
    >>> y.backward()
    >>> gradient
    array([3., 3.])
    """
    arrays, targets = _listed("variables", variables), _listed("gradients", gradients)
    requests = [grad_reqs] * len(arrays) if isinstance(grad_reqs, str) else list(grad_reqs)
    if not len(arrays) == len(targets) == len(requests):
        raise ArgumentError(
            f"mark_variables: {len(arrays)} variables, {len(targets)} gradients and {len(requests)} "
            "grad_reqs; their numbers must agree"
        )
    for array, target, request in zip(arrays, targets, requests):
        check_gradient_request("mark_variables", request)
        check_differentiable("mark_variables", array._value)
        if (array.shape, array.dtype) != (target.shape, target.dtype):
            raise ShapeError(
                f"mark_variables: the gradient is {target.dtype.name} of shape {target.shape} and its "
                f"variable {array.dtype.name} of shape {array.shape}; they must agree"
            )
        if array._value.device is not target._value.device:
            raise DeviceError(
                f"mark_variables: the gradient is on {target.device} and its variable on {array.device}; "
                "they must agree"
            )
        attach(array, target, request)


def backward(heads: Any, head_grads: Any = None, retain_graph: bool = False, train_mode: bool = True) -> None:
    """Compute the gradients of all variables that the heads were computed from; see `ndarray.backward`.

    >>> from clgrad import np
    >>> x = np.array([1, 2])
    >>> x.attach_grad()
    >>> with record():
    ...     y, z = x * x, 3 * x
    >>> backward([y, z], [None, np.array([10, 100])])
    >>> x.grad
    array([ 32., 304.])
    """
    run_backward(_listed("heads", heads), _head_gradients(head_grads), retain_graph, train_mode)


def grad(
    heads: Any, variables: Any, head_grads: Any = None, retain_graph: bool | None = None,
    create_graph: bool = False, train_mode: bool = True, allow_unused: bool = False,
) -> list[ndarray]:  # fmt: skip
    """The gradients of the sum of the heads with respect to `variables`; no `.grad` changes.

    The result is a list with one array per variable, also for a single variable. With `create_graph` the gradients
    are recorded, so that they can be differentiated again; the gradient of a constant gradient is zeros. A variable
    that no head was computed from is an error, or gives zeros with `allow_unused`.

    >>> from clgrad import np
    >>> x = np.array(3)
    >>> x.attach_grad()
    >>> with record():
    ...     y = x * x * x
    ...     slope = grad(y, x, create_graph=True)[0]
    >>> slope.backward()
    >>> slope, x.grad
    (array(27.), array(18.))
    """
    arrays = _listed("variables", variables)
    retain = create_graph if retain_graph is None else retain_graph
    found = gradients_of(_listed("heads", heads), arrays, _head_gradients(head_grads), retain, create_graph, train_mode)
    results = []
    for position, (array, gradient) in enumerate(zip(arrays, found)):
        if gradient is None:
            if not allow_unused:
                raise GradientError(
                    f"grad: variable {position} (shape {array.shape}) was not reached from the heads. Usual "
                    "causes: the heads do not depend on it, attach_grad() was called on it or it was rebound after "
                    "recording, or a detach() is between it and the heads. Pass allow_unused=True to get zeros"
                )
            gradient = fill(0, array.shape, array.dtype, array._value.device)
        results.append(ndarray(differentiable(gradient, arrays)) if create_graph else finish(gradient))
    return results


def get_symbol(x: ndarray) -> Any:
    """In MXNet the symbol of a recorded array; clgrad has no symbols and raises."""
    raise NotImplementedError(
        "get_symbol: clgrad has no symbols; print clgrad.explain(x) to see how a pending array is computed"
    )


def _listed(name: str, arrays: Any) -> list[ndarray]:
    listed = list(arrays) if isinstance(arrays, (list, tuple)) else [arrays]
    for one in listed:
        if not isinstance(one, ndarray):
            raise ArgumentError(f"{name} must be an array or a list of arrays, got {type(one).__name__}")
    if not listed:
        raise ArgumentError(f"{name} is empty; give at least one array")
    return listed


def _head_gradients(head_grads: Any) -> Sequence[Any] | None:
    return head_grads if head_grads is None or isinstance(head_grads, (list, tuple)) else [head_grads]
