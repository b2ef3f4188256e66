"""Makes functions like NumPy's ufuncs from ops: array-like inputs, `out`, `where`, `dtype`; numbers give numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import Signature, signature
from typing import Any, Protocol

import numpy

from clgrad.array import finish, ndarray
from clgrad.array.arguments import check_order, converted
from clgrad.array.conversion import NUMBERS, as_value, device_of, from_object, operands_or_numbers
from clgrad.array.device import current_device
from clgrad.dtypes import DType, as_dtype
from clgrad.errors import ArgumentError
from clgrad.numpy import _ufunc_methods as methods
from clgrad.ops import choice
from clgrad.ops.operation import Value
from clgrad.runtime.device import Device


class Unary(Protocol):
    """The signature of a function of one array."""

    def __call__(
        self, x: Any, out: Any = None, *, where: Any = True, casting: str = "same_kind", order: str = "K",
        dtype: Any = None, subok: bool = True,
    ) -> Any: ...  # fmt: skip


class Binary(Protocol):
    """The signature and the methods of a function of two arrays."""

    def __call__(
        self, x1: Any, x2: Any, out: Any = None, *, where: Any = True, casting: str = "same_kind", order: str = "K",
        dtype: Any = None, subok: bool = True,
    ) -> Any: ...  # fmt: skip

    reduce: Callable[..., ndarray]
    accumulate: Callable[..., ndarray]
    outer: Callable[..., ndarray]
    at: Callable[..., None]


class UnaryPair(Protocol):
    """The signature of a function of one array with two results."""

    def __call__(
        self, x: Any, out: Any = (None, None), *, where: Any = True, casting: str = "same_kind", order: str = "K",
        dtype: Any = None, subok: bool = True,
    ) -> tuple[ndarray, ndarray]: ...  # fmt: skip


class BinaryPair(Protocol):
    """The signature of a function of two arrays with two results."""

    def __call__(
        self, x1: Any, x2: Any, out: Any = (None, None), *, where: Any = True, casting: str = "same_kind",
        order: str = "K", dtype: Any = None, subok: bool = True,
    ) -> tuple[ndarray, ndarray]: ...  # fmt: skip


# The examples of the functions that are made below, for doctest, which finds only functions with source code.
__test__: dict[str, str] = {}


def unary(name: str, operation: Callable[[Any], Value], summary: str, example: str) -> Unary:
    """The NumPy function `name`, made from an op of one array. The example is "arguments -> printed result"."""

    def function(x: Any, out: Any = None, **options: Any) -> Any:
        if type(x) is ndarray and out is None and not options:
            return ndarray(operation(x._node or x._value))
        if isinstance(x, NUMBERS) and out is None and not options:
            return _on_numbers(name, x)
        return _single(name, operation, (x,), out, options)

    described: Unary = _described(function, Unary, name, summary, example)
    return described


def binary(name: str, operation: Callable[[Any, Any], Value], summary: str, example: str) -> Binary:
    """The NumPy function `name`, made from an op of two arrays that broadcast. The example is as in `unary`."""

    def function(x1: Any, x2: Any, out: Any = None, **options: Any) -> Any:
        if out is None and not options:
            # The most frequent calls, recognised in few steps.
            first, second = type(x1), type(x2)
            if first is ndarray:
                if second is ndarray:
                    return ndarray(operation(x1._node or x1._value, x2._node or x2._value))
                if second is float or second is int:
                    return ndarray(operation(x1._node or x1._value, x2))
            elif isinstance(x1, NUMBERS) and isinstance(x2, NUMBERS):
                return _on_numbers(name, x1, x2)
        return _single(name, operation, (x1, x2), out, options)

    described: Binary = _described(function, Binary, name, summary, example)
    described.reduce, described.accumulate = methods.reduce(name), methods.accumulate(name)
    described.outer, described.at = methods.outer(described), methods.at(name)
    return described


def unary_pair(name: str, operation: Callable[[Any], tuple[Value, Value]], summary: str, example: str) -> UnaryPair:
    """Like `unary`, for an op with two results."""

    def function(x: Any, out: Any = (None, None), **options: Any) -> Any:
        return _computed(name, operation, (x,), out, options)

    described: UnaryPair = _described(function, UnaryPair, name, summary, example)
    return described


def binary_pair(
    name: str, operation: Callable[[Any, Any], tuple[Value, Value]], summary: str, example: str
) -> BinaryPair:
    """Like `binary`, for an op with two results."""

    def function(x1: Any, x2: Any, out: Any = (None, None), **options: Any) -> Any:
        return _computed(name, operation, (x1, x2), out, options)

    described: BinaryPair = _described(function, BinaryPair, name, summary, example)
    return described


def _described(function: Any, protocol: Any, name: str, summary: str, example: str) -> Any:
    arguments, result = example.split(" -> ")
    function.__signature__ = _signature_of(protocol)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = __test__[name] = (
        f"{summary}\n\nElement by element; arrays broadcast. `out` is an array for the result, `where` a mask of the "
        "elements of `out` to write, `dtype` the dtype to compute in.\n\n"
        f">>> from clgrad import np\n>>> print(np.{name}({arguments}))\n{result}\n"
    )
    return function


@cache
def _signature_of(protocol: Any) -> Signature:
    """The signature of a protocol's `__call__` without `self`."""
    described = signature(protocol.__call__)
    return described.replace(parameters=list(described.parameters.values())[1:])


def _on_numbers(name: str, *numbers: Any) -> Any:
    """NumPy's result as a Python number, which does not change the dtype of arrays that it meets."""
    return getattr(numpy, name)(*numbers).item()


def _single(
    name: str, operation: Callable[..., Value], sources: tuple[Any, ...], out: Any, options: dict[str, Any]
) -> ndarray:
    outs = out if isinstance(out, tuple) else (out,)
    return _computed(name, lambda *operands: (operation(*operands),), sources, outs, options)[0]


def _computed(
    name: str, operation: Callable[..., tuple[Value, ...]], sources: tuple[Any, ...], outs: tuple[Any, ...],
    options: dict[str, Any],
) -> tuple[ndarray, ...]:  # fmt: skip
    """The results of an op on array-like inputs, with the options of a ufunc."""
    where, casting, dtype = _checked(name, **options)
    device = device_of((*sources, *outs)) or current_device()
    if dtype is None:
        operands = operands_or_numbers(sources, *outs)
    else:
        operands = [_converted(name, source, device, as_dtype(dtype), casting) for source in sources]
    if all(isinstance(one, NUMBERS) for one in operands):
        operands[0] = as_value(operands[0], device)
    results = operation(*operands)
    if len(outs) != len(results):
        raise ArgumentError(f"{name}: out must be {len(results)} arrays, got {len(outs)}")
    if where is not True:
        results = tuple(_masked(name, where, result, out) for result, out in zip(results, outs))
    return tuple(finish(result, out, casting) for result, out in zip(results, outs))


def _checked(
    name: str, where: Any = True, casting: str = "same_kind", order: str = "K", dtype: Any = None, subok: bool = True,
    **unknown: Any,
) -> tuple[Any, str, Any]:  # fmt: skip
    """The options of a ufunc that have an effect. `order` and `subok` have none: arrays are row-major, without
    subclasses."""
    for keyword in unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument {keyword!r}")
    check_order(name, order)
    return where, casting, dtype


def _masked(name: str, where: Any, result: Value, out: Any) -> Value:
    if not isinstance(out, ndarray):
        raise ArgumentError(
            f"{name}: where needs out, an array that keeps its elements where the mask is false. "
            f"Or write np.where(mask, np.{name}(...), otherwise)"
        )
    return choice.where(as_value(where, result.device), result, out._value)


def _converted(name: str, source: Any, device: Device, dtype: DType, casting: str) -> Value:
    if isinstance(source, ndarray):
        return converted(name, source._value, dtype, casting)
    return from_object(source, device, dtype)
