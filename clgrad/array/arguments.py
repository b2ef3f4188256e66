"""Arguments that methods and functions share: shapes in several spellings, orders, dtypes, rounding."""

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
    """A shape given as a number or as numbers.

    >>> as_shape("zeros", 3)
    (3,)
    """
    lengths = several(name, shape)
    if any(length < 0 for length in lengths):
        raise ArgumentError(f"{name}: lengths must not be negative, got shape {lengths}")
    return lengths


def spread(arguments: tuple[Any, ...]) -> Any:
    """`f(2, 3)` and `f((2, 3))` mean the same.

    >>> spread((2, 3)), spread(((2, 3),))
    ((2, 3), (2, 3))
    """
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], (Iterable, type(None))) else arguments


def optional_dtype(dtype: Any) -> DType | None:
    """A dtype, or None where the op decides."""
    return None if dtype is None else dtypes.as_dtype(dtype)


def reshaped(value: Value, shape: int | Sequence[int], order: str = "C") -> Value:
    """The elements in another shape, taken row by row ('C') or column by column ('F')."""
    if order == "F":
        wanted = infer_reshape("reshape", value.shape, shape)
        return transpose(reshape(transpose(value), wanted[::-1]))
    check_order("reshape", order)
    return reshape(value, shape)


def check_order(name: str, order: str) -> None:
    """Raise unless `order` means rows first, as arrays here lie."""
    if order not in ("C", "A", "K"):
        raise ArgumentError(f"{name}: order must be 'C' (arrays lie row by row here), got {order!r}")


def check_copy(name: str, copy: bool | None) -> None:
    """Raise where a copy is forbidden to an op that always gives one."""
    if copy is False:
        raise ArgumentError(f"{name}: the result never shares memory here, and copy=False forbids a copy")


def check_casting(name: str, given: DType, wanted: DType, casting: str) -> None:
    """Raise where NumPy's rule `casting` does not let one dtype become the other."""
    if casting not in ("no", "equiv", "safe", "same_kind", "unsafe"):
        raise ArgumentError(f"{name}: casting must be 'no', 'equiv', 'safe', 'same_kind' or 'unsafe', got {casting!r}")
    if not numpy.can_cast(given, wanted, casting):  # type: ignore[arg-type]
        raise DTypeError(
            f"{name}: {given.name} does not become {wanted.name} by the rule {casting!r}; 'unsafe' allows it"
        )


def converted(name: str, value: Value, dtype: DType, casting: str) -> Value:
    """The elements in another dtype, as far as the rule of `casting` allows."""
    check_casting(name, value.dtype, dtype, casting)
    return cast(value, dtype=dtype)


def degrees_of_freedom(ddof: int | None, correction: int | None) -> int:
    """`correction` and NumPy's older `ddof` are the same."""
    if ddof is not None and correction is not None and ddof != correction:
        raise ArgumentError(f"ddof={ddof} and correction={correction} contradict each other; give one")
    return ddof or correction or 0


def rounded(value: Value, decimals: int) -> Value:
    """The elements rounded to `decimals` digits after the point, halves to the even digit."""
    if decimals == 0 or (decimals > 0 and not dtypes.is_floating(value.dtype)):
        return rint(value)
    scale = 10.0**decimals
    return cast(rint(value * scale) / scale, dtype=value.dtype)
