"""A device that is described and not there: programs record ops on its arrays, and nothing is ever computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import numpy

from clgrad.array.assembly import ndarray
from clgrad.array.device import named
from clgrad.capabilities import Capabilities
from clgrad.graph.capture import Capture, capturing
from clgrad.graph.node import Storage
from clgrad.graph.trace import Trace
from clgrad.ops.operation import Value
from clgrad.plan.structure import Structure
from clgrad.shapes import Shape, contiguous_strides


class DescribedDevice:
    """All of a device that the recording of ops asks for. Its memory holds nothing, and uploads write nothing."""

    device_type = "gpu"
    index = 0
    name = "described"

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self.memory = SimpleNamespace(allocate=lambda nbytes: SimpleNamespace(first=None, others=set()))
        self.queue = SimpleNamespace(write=lambda buffer, offset, array: None)

    def __str__(self) -> str:
        return "gpu(0)"

    def array(self, shape: Shape, dtype: str = "float32") -> ndarray:
        """A computed array without memory."""
        own: Any = self
        storage = Storage(self.memory.allocate(0), 0, contiguous_strides(shape))
        return ndarray(Value(None, (), None, shape, numpy.dtype(dtype), own, storage))

    @contextmanager
    def entered(self) -> Iterator[None]:
        """New arrays are on this device."""
        own: Any = self
        with named(own):
            yield

    def structure(self, function: Callable[..., Any], arguments: Sequence[Any]) -> Structure:
        """The graph of a function, as `jit` captures it: its results and the arrays that it writes are wanted."""
        capture = Capture(getattr(function, "__qualname__", "a case"))
        own: Any = self
        with self.entered(), capturing(capture):
            found = function(*arguments)
            results = [*found] if isinstance(found, (tuple, list)) else [] if found is None else [found]
            results += [array for array, _ in capture.written.values()]
            values = [_value(one) for one in results]
            pending = {value.serial: value for value in values if value.storage is None}
            return Trace([*pending.values()], own).whole(())


def _value(result: Any) -> Value:
    """The value of an array, or a value itself."""
    value: Value = result if isinstance(result, Value) else result._value
    return value
