"""Checks and conversions of arguments that many methods and functions have: shape, order, dtype, casting, ddof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from clgrad import dtypes
from clgrad.dtypes import DType
from clgrad.errors import ArgumentError, DTypeError
from clgrad.ops.arithmetic import cast, rint
from clgrad.ops.movement import reshape, transpose
from clgrad.ops.operation import Value
from clgrad.shapes import Shape, infer_reshape, several

Axis = int | Sequence[int] | None


def as_shape(name: str, shape: int | Iterable[int]) -> Shape:
    """The shape that one integer or several integers stand for.

    >>> as_shape("zeros", 3)
    (3,)
    """
    lengths = several(name, shape)
    if any(length < 0 for length in lengths):
        raise ArgumentError(f"{name}: lengths must not be negative, got shape {lengths}")
    return lengths


def spread(arguments: tuple[Any, ...]) -> Any:
    """The arguments of `f(2, 3)` or of `f((2, 3))`, which mean the same.

    >>> spread((2, 3)), spread(((2, 3),))
    ((2, 3), (2, 3))
    """
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], (Iterable, type(None))) else arguments


def optional_dtype(dtype: Any) -> DType | None:
    """A dtype; None stays None, and the op then chooses."""
    return None if dtype is None else dtypes.as_dtype(dtype)


def reshaped(value: Value, shape: int | Sequence[int], order: str = "C") -> Value:
    """The elements in another shape, taken row by row ('C') or column by column ('F')."""
    if order == "F":
        wanted = infer_reshape("reshape", value.shape, shape)
        return transpose(reshape(transpose(value), wanted[::-1]))
    check_order("reshape", order)
    return reshape(value, shape)


def sorts_descending(name: str, descending: Any, order: Any) -> bool:
    """The order of a sort. NumPy has `kind` in the place of `descending`; every kind gives the same here."""
    if order is not None:
        raise ArgumentError(f"{name}: order names fields, which arrays here do not have; got {order!r}")
    return False if isinstance(descending, str) or descending is None else bool(descending)


def check_order(name: str, order: str) -> None:
    """Raise unless `order` allows row-major arrays, the only layout here."""
    if order not in ("C", "A", "K"):
        raise ArgumentError(f"{name}: order must be 'C', 'A' or 'K', since arrays are row-major here; got {order!r}")


def check_copy(name: str, copy: bool | None) -> None:
    """Raise for copy=False in an op whose result is always a copy."""
    if copy is False:
        raise ArgumentError(f"{name}: the result never shares memory here, and copy=False forbids a copy")


def check_casting(name: str, given: DType, wanted: DType, casting: str) -> None:
    """Raise if NumPy's rule `casting` does not allow the conversion."""
    if casting not in ("no", "equiv", "safe", "same_kind", "unsafe"):
        raise ArgumentError(f"{name}: casting must be 'no', 'equiv', 'safe', 'same_kind' or 'unsafe', got {casting!r}")
    if not numpy.can_cast(given, wanted, casting):  # type: ignore[arg-type]
        raise DTypeError(
            f"{name}: {given.name} is not converted to {wanted.name} by casting={casting!r}; use casting='unsafe'"
        )


def converted(name: str, value: Value, dtype: DType, casting: str) -> Value:
    """The elements in another dtype, if NumPy's rule `casting` allows the conversion."""
    check_casting(name, value.dtype, dtype, casting)
    return cast(value, dtype=dtype)


def degrees_of_freedom(ddof: int | None, correction: int | None) -> int:
    """The value of `correction` or of `ddof`, NumPy's older name for it."""
    if ddof is not None and correction is not None and ddof != correction:
        raise ArgumentError(f"ddof={ddof} and correction={correction} contradict each other; give one")
    return ddof or correction or 0


def rounded(value: Value, decimals: int) -> Value:
    """The elements rounded to `decimals` digits after the point, halves to the even digit."""
    if decimals == 0 or (decimals > 0 and not dtypes.is_floating(value.dtype)):
        return rint(value)
    scale = 10.0**decimals
    return cast(rint(value * scale) / scale, dtype=value.dtype)
