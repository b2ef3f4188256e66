"""How an op becomes a NumPy function: anything array-like in, `out`, `where`, and numbers stay numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy

from clgrad.array import finish, ndarray
from clgrad.array.conversion import NUMBERS, as_value, device_of, from_object, operands_of
from clgrad.array.device import current_device
from clgrad.dtypes import DType, as_dtype
from clgrad.ops import arithmetic, choice
from clgrad.ops.operation import Value, fill
from clgrad.runtime.device import Device

# Options that NumPy's ufuncs take and that change nothing here.
_WITHOUT_EFFECT = frozenset(("casting", "order", "subok", "signature"))


class Unary(Protocol):
    """The signature of a function of one array."""

    def __call__(self, x: Any, out: Any = None, **options: Any) -> Any: ...


class Binary(Protocol):
    """The signature of a function of two arrays."""

    def __call__(self, x1: Any, x2: Any, out: Any = None, **options: Any) -> Any: ...


# Where doctest finds the examples of functions that are made below, which have no source of their own.
__test__: dict[str, str] = {}


def unary(name: str, operation: Callable[[Any], Value], summary: str, example: str) -> Unary:
    """The NumPy function `name` on top of an op of one array; the example is "arguments -> what print shows"."""

    def function(x: Any, out: Any = None, **options: Any) -> Any:
        if type(x) is ndarray and out is None and not options:
            return ndarray(operation(x._node or x._value))
        if isinstance(x, NUMBERS) and out is None and not options:
            return _on_numbers(name, x)
        return _general(name, operation, (x,), out, **options)

    _describe(function, name, summary, example)
    return function


def binary(name: str, operation: Callable[[Any, Any], Value], summary: str, example: str) -> Binary:
    """The NumPy function `name` on top of an op of two arrays that broadcast; the example as that of `unary`."""

    def function(x1: Any, x2: Any, out: Any = None, **options: Any) -> Any:
        if out is None and not options:
            # Most calls: told apart with the fewest steps.
            first, second = type(x1), type(x2)
            if first is ndarray:
                if second is ndarray:
                    return ndarray(operation(x1._node or x1._value, x2._node or x2._value))
                if second is float or second is int:
                    return ndarray(operation(x1._node or x1._value, x2))
            elif isinstance(x1, NUMBERS) and isinstance(x2, NUMBERS):
                return _on_numbers(name, x1, x2)
        return _general(name, operation, (x1, x2), out, **options)

    _describe(function, name, summary, example)
    return function


def _describe(function: Any, name: str, summary: str, example: str) -> None:
    arguments, result = example.split(" -> ")
    function.__name__ = function.__qualname__ = name
    function.__doc__ = __test__[name] = (
        f"{summary}\n\nWorks element by element; arrays broadcast. `out` receives the result, `where` says "
        "which elements are computed, `dtype` in which dtype.\n\n"
        f">>> from clgrad import np\n>>> print(np.{name}({arguments}))\n{result}\n"
    )


def _on_numbers(name: str, *numbers: Any) -> Any:
    """NumPy's result as a Python number, which is weak beside arrays."""
    return getattr(numpy, name)(*numbers).item()


def _general(
    name: str, operation: Callable[..., Value], sources: tuple[Any, ...], out: Any, where: Any = True,
    dtype: Any = None, **options: Any,
) -> Any:  # fmt: skip
    unknown = set(options) - _WITHOUT_EFFECT
    if unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument {unknown.pop()!r}")
    device = device_of((*sources, out)) or current_device()
    if dtype is None:
        operands = operands_of(sources, out)
    else:
        operands = [_converted(source, device, as_dtype(dtype)) for source in sources]
    if all(isinstance(one, NUMBERS) for one in operands):
        operands[0] = as_value(operands[0], device)
    value = operation(*operands)
    if where is not True:
        mask = as_value(where, device)
        value = choice.where(mask, value, fill(0, (), value.dtype, device) if out is None else out._value)
    return finish(value, out)


def _converted(source: Any, device: Device, dtype: DType) -> Value:
    if isinstance(source, ndarray):
        return arithmetic.cast(source._value, dtype=dtype)
    return from_object(source, device, dtype)
