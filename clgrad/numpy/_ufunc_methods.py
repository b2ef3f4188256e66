"""The methods of NumPy's functions of two arrays: reduce, accumulate, outer and at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from clgrad.array import ndarray
from clgrad.array.conversion import as_operand
from clgrad.array.interop import no_version_of
from clgrad.errors import ArgumentError
from clgrad.numpy import _reduction
from clgrad.ops import arithmetic

# The reductions, and the running reductions, by the name of the function.
_REDUCTIONS: dict[str, Callable[..., ndarray]] = {
    "add": _reduction.sum, "multiply": _reduction.prod, "maximum": _reduction.max, "minimum": _reduction.min,
    "logical_and": _reduction.all, "logical_or": _reduction.any,
}  # fmt: skip
_ACCUMULATIONS: dict[str, Callable[..., ndarray]] = {"add": _reduction.cumsum, "multiply": _reduction.cumprod}


def reduce(name: str) -> Callable[..., ndarray]:
    """The method `reduce` of the function `name`, such as sum for add."""

    def method(
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None,
        where: Any = None,
    ) -> ndarray:  # fmt: skip
        if name not in _REDUCTIONS:
            raise no_version_of(f"numpy.{name}.reduce")
        optional = {"dtype": dtype, "initial": initial, "where": where}
        given = {option: value for option, value in optional.items() if value is not None}
        return _REDUCTIONS[name](array, axis, out=out, keepdims=keepdims, **given)

    return method


def accumulate(name: str) -> Callable[..., ndarray]:
    """The method `accumulate` of the function `name`, such as cumsum for add."""

    def method(array: Any, axis: int = 0, dtype: Any = None, out: Any = None) -> ndarray:
        if name not in _ACCUMULATIONS:
            raise no_version_of(f"numpy.{name}.accumulate")
        return _ACCUMULATIONS[name](array, axis, dtype, out)

    return method


def outer(function: Callable[..., ndarray]) -> Callable[..., ndarray]:
    """The method `outer`: the function of each element of a with each element of b."""

    def method(a: Any, b: Any, **options: Any) -> ndarray:
        first, second = ndarray(as_operand(a, b)), ndarray(as_operand(b, a))
        return function(first.reshape(first.shape + (1,) * second.ndim), second, **options)

    return method


def at(name: str) -> Callable[..., None]:
    """The method `at`: the function in place at indices. An index that comes twice is applied twice."""

    def method(a: Any, indices: Any, b: Any) -> None:
        if name not in ("add", "subtract"):
            raise no_version_of(f"numpy.{name}.at")
        if not isinstance(a, ndarray):
            raise ArgumentError(f"{name}.at: the array that is written must be a clgrad array, got {type(a).__name__}")
        given = as_operand(b, a)
        a._add_at(indices, given if name == "add" else arithmetic.negative(given))

    return method
