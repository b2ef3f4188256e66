"""`autograd.Function`: functions whose gradient the user writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clgrad.array.assembly import ndarray
from clgrad.errors import ArgumentError, DeviceError, GradientError, ShapeError
from clgrad.graph.node import Scalar
from clgrad.ops.operation import Value, fill, fit
from clgrad.ops.several import selected
from clgrad.tape import NO_ATTRIBUTES, STATE, CallResults, Parts, record, scope


class Function:
    """A function whose gradient you write: `forward` computes the outputs, `backward` the gradients of the inputs.

    Both get and return arrays; nothing is recorded inside them. `backward` gets one gradient per output and returns
    one gradient, or None for zero, per input. `self.save_for_backward(...)` keeps arrays for it. An instance is
    called once. With `create_graph` the ops in `backward` are recorded, so gradients of higher order work.

    >>> from clgrad import autograd, np
    >>> class Sigmoid(autograd.Function):
    ...     def forward(self, x):
    ...         y = 1 / (1 + np.exp(-x))
    ...         self.save_for_backward(y)
    ...         return y
    ...     def backward(self, dy):
    ...         (y,) = self.saved_tensors
    ...         return dy * y * (1 - y)
    >>> x = np.zeros(2)
    >>> x.attach_grad()
    >>> with autograd.record():
    ...     y = Sigmoid()(x)
    >>> y.backward()
    >>> x.grad
    array([0.25, 0.25])
    """

    _saved: tuple[Any, ...] = ()
    _outputs: list[_Output] | None = None
    # Set while `backward` is recorded: all outputs on the tape.
    _results: CallResults | None = None

    def forward(self, *inputs: Any) -> Any:
        """Compute the outputs from the inputs."""
        raise NotImplementedError(f"{type(self).__name__} needs a forward method")

    def backward(self, *output_grads: Any) -> Any:
        """Compute the gradients of the inputs from those of the outputs."""
        raise NotImplementedError(f"{type(self).__name__} needs a backward method")

    def save_for_backward(self, *arrays: Any) -> None:
        """Keep arrays, as they are now, for `backward`."""
        self._saved = tuple(ndarray(one._value) if isinstance(one, ndarray) else one for one in arrays)

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The arrays that `save_for_backward` kept. While `backward` is recorded, outputs among them have history."""
        return self._saved if self._results is None else tuple(map(self._linked, self._saved))

    def _linked(self, saved: Any) -> Any:
        if self._results is not None and isinstance(saved, ndarray):
            value = saved._value
            for position, output in enumerate(self._outputs or ()):
                if output.serial == value.serial:
                    return ndarray(selected(value, self._results, position))
        return saved

    def __call__(self, *inputs: Any) -> Any:
        name = type(self).__name__
        if self._outputs is not None:
            raise GradientError(f"{name}: an instance is called only once; write {name}()(x) to make a new one")
        values = tuple(one._value if isinstance(one, ndarray) else Scalar(0) for one in inputs)
        with scope(recording=False):
            outputs = self.forward(*inputs)
        listed = _arrays(f"{name}.forward", outputs)
        self._outputs = [_Output(output._value) for output in listed]
        results = CallResults()
        if STATE.recording:
            record(results, _Call(self), values, NO_ATTRIBUTES)
        if results.entry is None:
            return outputs
        recorded = [ndarray(selected(output._value, results, position)) for position, output in enumerate(listed)]
        return recorded[0] if isinstance(outputs, ndarray) else type(outputs)(recorded)


def _arrays(name: str, returned: Any, optional: bool = False) -> list[Any]:
    """The arrays that a method of the user's returned, as a list."""
    listed = list(returned) if isinstance(returned, (list, tuple)) else [returned]
    for one in listed:
        if not (isinstance(one, ndarray) or (optional and one is None)):
            raise ArgumentError(
                f"{name} must return an array{' or None' if optional else ''}, or several, got {type(one).__name__}"
            )
    return listed


class _Output:
    """Facts about an output that are needed after the call. Keeping its value would keep its memory."""

    __slots__ = ("device", "dtype", "serial", "shape")

    def __init__(self, value: Value) -> None:
        self.shape = value.shape
        self.dtype = value.dtype
        self.device = value.device
        self.serial = value.serial


class _Call:
    """The op that computes the outputs from the inputs; its gradient is the user's `backward`.

    It refers to the function, and the function does not refer back. Without that cycle, reference counts alone free
    a call and its memory.
    """

    def __init__(self, function: Function) -> None:
        self.name = type(function).__name__
        self.function = function

    def vjp(self, g: Parts, out: CallResults, inputs: Sequence[Any], attributes: dict[str, Any]) -> Sequence[Any]:
        """The gradients that the user's `backward` returns, checked."""
        function = self.function
        gradients = [
            ndarray(g.cotangents[at] if at in g.cotangents else fill(0, output.shape, output.dtype, output.device))
            for at, output in enumerate(function._outputs or ())
        ]
        function._results = out if STATE.recording else None
        try:
            returned = function.backward(*gradients)
        finally:
            function._results = None
        return self._checked(returned, inputs)

    def _checked(self, returned: Any, inputs: Sequence[Any]) -> list[Value | None]:
        listed = _arrays(f"{self.name}.backward", returned, optional=True)
        if len(listed) != len(inputs):
            raise ArgumentError(
                f"{self.name}.backward returned {len(listed)} gradients for {len(inputs)} inputs; return an array "
                "or None for each input"
            )
        for position, (gradient, value) in enumerate(zip(listed, inputs)):
            if gradient is not None and isinstance(value, Value) and gradient.shape != value.shape:
                raise ShapeError(
                    f"{self.name}.backward: the gradient of input {position} has shape {gradient.shape} and "
                    f"the input {value.shape}; they must agree"
                )
            if gradient is not None and isinstance(value, Value) and gradient._value.device is not value.device:
                raise DeviceError(
                    f"{self.name}.backward: the gradient of input {position} is on {gradient.device} and the input "
                    f"on {value.device}; copy it with to_device({str(value.device)!r})"
                )
        return [
            fit(gradient._value, value) if gradient is not None and isinstance(value, Value) else None
            for gradient, value in zip(listed, inputs)
        ]
