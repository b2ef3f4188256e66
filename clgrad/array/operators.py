"""Python's operators on arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from clgrad.array.conversion import NUMBERS, as_operand
from clgrad.array.handle import Array, Handle
from clgrad.dtypes import bool_
from clgrad.ops import arithmetic, bitwise, comparison, linalg, powers, quotient
from clgrad.ops.operation import fill

Method = Callable[[Any, Any], Any]


def _operand(other: Any, array: Handle) -> Any:
    """The other operand as a value or a number. NotImplemented for other types makes Python ask that type."""
    if isinstance(other, (Handle, numpy.ndarray, list, tuple)):
        return as_operand(other, array)
    return other if isinstance(other, NUMBERS) else NotImplemented


def _unary(operation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def method(self: Handle) -> Any:
        return type(self)(operation(self._value))

    return method


def _binary(operation: Callable[[Any, Any], Any], beside_none: bool | None = None) -> Method:
    """An operator. `beside_none` is the result of comparing an element with None, for == and !=."""

    # Every operator call runs this code, so common operands are recognised without further calls; and calling a
    # bound method is faster than calling an object.
    call: Method = operation.__call__  # type: ignore[operator]

    def method(self: Handle, other: Any) -> Any:
        kind = type(other)
        if kind is type(self):
            other = other._node or other._value
        elif kind is not float and kind is not int:
            if other is None and beside_none is not None:
                return type(self)(fill(beside_none, self._value.shape, bool_, self._value.device))
            other = _operand(other, self)
            if other is NotImplemented:
                return NotImplemented
        return type(self)(call(self._node or self._value, other))

    return method


def _reflected(operation: Callable[[Any, Any], Any]) -> Method:
    call: Method = operation.__call__  # type: ignore[operator]

    def method(self: Handle, other: Any) -> Any:
        kind = type(other)
        if kind is not float and kind is not int:
            other = _operand(other, self)
            if other is NotImplemented:
                return NotImplemented
        return type(self)(call(other, self._node or self._value))

    return method


def _in_place(symbol: str, operation: Callable[[Any, Any], Any]) -> Method:
    def method(self: Handle, other: Any) -> Any:
        other = _operand(other, self)
        if other is NotImplemented:
            return NotImplemented
        self._assign(symbol, operation(self._value, other), fresh=True)
        return self

    return method


def _quotient_and_remainder(kind: type[Array], x: Any, y: Any) -> tuple[Array, Array]:
    quotients, remainders = quotient.divmod(x, y)
    return kind(quotients), kind(remainders)


class Operators(Handle):
    """Arithmetic, comparison and bitwise operators, with their reflected and in-place forms."""

    __slots__ = ()

    __neg__ = _unary(arithmetic.negative)
    __pos__ = _unary(arithmetic.positive)
    __abs__ = _unary(arithmetic.absolute)
    __invert__ = _unary(bitwise.invert)

    __add__ = _binary(arithmetic.add)
    __sub__ = _binary(arithmetic.subtract)
    __mul__ = _binary(arithmetic.multiply)
    __truediv__ = _binary(arithmetic.divide)
    __floordiv__ = _binary(arithmetic.floor_divide)
    __mod__ = _binary(arithmetic.remainder)
    __pow__ = _binary(powers.power)
    __matmul__ = _binary(linalg.matmul)
    __and__ = _binary(bitwise.bitwise_and)
    __or__ = _binary(bitwise.bitwise_or)
    __xor__ = _binary(bitwise.bitwise_xor)
    __lshift__ = _binary(bitwise.left_shift)
    __rshift__ = _binary(bitwise.right_shift)

    __radd__ = _reflected(arithmetic.add)
    __rsub__ = _reflected(arithmetic.subtract)
    __rmul__ = _reflected(arithmetic.multiply)
    __rtruediv__ = _reflected(arithmetic.divide)
    __rfloordiv__ = _reflected(arithmetic.floor_divide)
    __rmod__ = _reflected(arithmetic.remainder)
    __rpow__ = _reflected(powers.power)
    __rmatmul__ = _reflected(linalg.matmul)
    __rand__ = _reflected(bitwise.bitwise_and)
    __ror__ = _reflected(bitwise.bitwise_or)
    __rxor__ = _reflected(bitwise.bitwise_xor)
    __rlshift__ = _reflected(bitwise.left_shift)
    __rrshift__ = _reflected(bitwise.right_shift)

    __iadd__ = _in_place("+=", arithmetic.add)
    __isub__ = _in_place("-=", arithmetic.subtract)
    __imul__ = _in_place("*=", arithmetic.multiply)
    __itruediv__ = _in_place("/=", arithmetic.divide)
    __ifloordiv__ = _in_place("//=", arithmetic.floor_divide)
    __imod__ = _in_place("%=", arithmetic.remainder)
    __ipow__ = _in_place("**=", powers.power)
    __imatmul__ = _in_place("@=", linalg.matmul)
    __iand__ = _in_place("&=", bitwise.bitwise_and)
    __ior__ = _in_place("|=", bitwise.bitwise_or)
    __ixor__ = _in_place("^=", bitwise.bitwise_xor)
    __ilshift__ = _in_place("<<=", bitwise.left_shift)
    __irshift__ = _in_place(">>=", bitwise.right_shift)

    __eq__ = _binary(comparison.equal, beside_none=False)
    __ne__ = _binary(comparison.not_equal, beside_none=True)
    __lt__ = _binary(comparison.less)
    __le__ = _binary(comparison.less_equal)
    __gt__ = _binary(comparison.greater)
    __ge__ = _binary(comparison.greater_equal)

    # Sets and dictionaries tell arrays apart by identity, as in MXNet.
    __hash__ = object.__hash__

    def __divmod__(self: Array, other: Any) -> tuple[Array, Array]:
        other = _operand(other, self)
        return other if other is NotImplemented else _quotient_and_remainder(type(self), self._value, other)

    def __rdivmod__(self: Array, other: Any) -> tuple[Array, Array]:
        other = _operand(other, self)
        return other if other is NotImplemented else _quotient_and_remainder(type(self), other, self._value)
