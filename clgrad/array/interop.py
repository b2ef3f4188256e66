"""Protocols of other libraries: NumPy's functions and conversions, DLPack, buffers, pickle, copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

import numpy

from clgrad.array.arguments import check_order
from clgrad.array.conversion import from_host
from clgrad.array.device import current_device
from clgrad.array.handle import Handle
from clgrad.errors import ArgumentError
from clgrad.graph.execute import looking_at, read
from clgrad.ops.arithmetic import identity

# The function that runs when a NumPy function gets a clgrad array, by full names such as "numpy.linalg.norm".
# clgrad.numpy fills it.
numpy_functions: dict[str, Callable[..., Any]] = {}
# The module that `__array_namespace__` returns; clgrad.numpy adds itself.
namespaces: list[ModuleType] = []

_HOST_DEVICE = (1, 0)  # DLPack's kDLCPU
# The versions of the Python array API standard.
_API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")


class Interop(Handle):
    """The methods that NumPy, DLPack, pickle and copy call."""

    __slots__ = ()

    __array_priority__ = 1000.0

    def asnumpy(self) -> numpy.ndarray[Any, Any]:
        """A NumPy array with the same elements; waits until they are computed. Gradients are not affected."""
        return read(self._value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> numpy.ndarray[Any, Any]:
        if copy is False:
            raise ValueError("an array on a device becomes a NumPy array only by a copy; do not pass copy=False")
        if dtype is None:
            return read(self._value)
        with looking_at(self._value) as numbers:
            return numbers.astype(dtype)

    def __array_ufunc__(self, ufunc: numpy.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        name = ufunc.__name__
        if getattr(numpy, name, None) is not ufunc:
            # A ufunc of another library: its name may be NumPy's and its meaning another.
            raise no_version_of(name)
        ours = numpy_functions.get(f"numpy.{name}")
        function = ours if method == "__call__" else getattr(ours, method, None)
        if function is None:
            raise no_version_of(f"numpy.{name}" + ("" if method == "__call__" else f".{method}"))
        outs = options.pop("out", None) or (None,)
        if len(outs) > 1:
            return _all_copied_into(outs, function(*inputs, **options))
        (out,) = outs
        if isinstance(out, numpy.ndarray):
            return _copied_into(out, function(*inputs, **options))
        return function(*inputs, **options) if out is None else function(*inputs, out=out, **options)

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...],
        options: Mapping[str, Any],
    ) -> Any:
        name = f"{function.__module__}.{function.__name__}"
        ours = numpy_functions.get(name)
        if ours is None:
            raise no_version_of(name)
        out = options.get("out")
        if isinstance(out, numpy.ndarray):
            return _copied_into(out, ours(*args, **{**options, "out": None}))
        return ours(*args, **options)

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        if api_version not in (None, *_API_VERSIONS):
            listed = ", ".join(_API_VERSIONS)
            raise ArgumentError(f"__array_namespace__: api_version must be one of {listed}, got {api_version!r}")
        return namespaces[0]

    def __dlpack__(self, **options: Any) -> Any:
        return read(self._value).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return _HOST_DEVICE

    def __reduce__(self) -> Any:
        return _rebuilt, (type(self), read(self._value))

    def tobytes(self, order: str = "C") -> bytes:
        """The elements as bytes, row by row ('C') or column by column ('F')."""
        with looking_at(self._value) as numbers:
            return numbers.tobytes(order)  # type: ignore[arg-type]  # NumPy checks it

    @property
    def __array_interface__(self) -> dict[str, Any]:
        # With strides, Pillow's `Image.fromarray` calls `tobytes`; without them it needs a buffer.
        numbers = read(self._value)
        return {**numbers.__array_interface__, "strides": numbers.strides, "data": numbers}

    def __buffer__(self, flags: int) -> memoryview:
        # `memoryview(x)` calls this from Python 3.12 on. It gives a copy, as `asnumpy` does.
        # Any, because the types of NumPy before 2.5 do not say that its arrays are buffers.
        numbers: Any = read(self._value)
        return memoryview(numbers)

    def copy(self, order: str = "C") -> Any:
        """A copy, which later writes do not change; differentiable under record."""
        check_order("copy", order)
        return type(self)(identity(self._value))

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memory: dict[int, Any]) -> Any:
        return self.copy()


def _rebuilt(array_type: type[Handle], numbers: numpy.ndarray[Any, Any]) -> Handle:
    return array_type(from_host(numbers, current_device(), numbers.dtype))


def _copied_into(out: numpy.ndarray[Any, Any], result: Handle) -> numpy.ndarray[Any, Any]:
    """A NumPy array, after the result was copied into it."""
    with looking_at(result._value) as numbers:
        numpy.copyto(out, numbers, casting="same_kind")
    return out


def _all_copied_into(outs: tuple[Any, ...], results: tuple[Handle, ...]) -> tuple[Any, ...]:
    """The results of a function with several results, each written into its `out` if there is one."""
    for out, result in zip(outs, results):
        if isinstance(out, numpy.ndarray):
            _copied_into(out, result)
        elif out is not None:
            out._assign("out", result._value, fresh=True)
    return tuple(result if out is None else out for out, result in zip(outs, results))


def no_version_of(name: str) -> TypeError:
    """The error for a function of NumPy, or of another library, that clgrad does not have."""
    return TypeError(
        f"{name} has no clgrad version that keeps the array on its device; "
        f"compute it on the host with {name}(x.asnumpy())"
    )
