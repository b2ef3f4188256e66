"""The methods of NumPy's arrays. The functions of the same names in `clgrad.numpy` have longer descriptions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from clgrad.array.arguments import (
    Axis,
    check_copy,
    degrees_of_freedom,
    optional_dtype,
    reshaped,
    rounded,
    sorts_descending,
    spread,
)
from clgrad.array.conversion import as_operand, operands_or_numbers, start_and_mask, value_to_write
from clgrad.array.handle import Array, Handle
from clgrad.ops import choice, comparison, indexing, joining, linalg, movement, reduction, scan, sorting
from clgrad.ops.operation import Value


class Reductions(Handle):
    """Methods that reduce axes."""

    __slots__ = ()

    def sum(
        self: Array, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool | None = False,
        initial: Any = None, where: Any = None,
    ) -> Array:  # fmt: skip
        """The sum over `axis` of the elements where the mask `where` is true; integers give 64-bit integers."""
        value, kind = self._value, optional_dtype(dtype)
        return self._finish(
            reduction.sum(value, axis, bool(keepdims), kind, *start_and_mask(value, initial, where)), out
        )

    def prod(
        self: Array, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False,
        initial: Any = None, where: Any = None,
    ) -> Array:  # fmt: skip
        """The product over `axis` of the elements where the mask `where` is true."""
        value, kind = self._value, optional_dtype(dtype)
        return self._finish(reduction.prod(value, axis, keepdims, kind, *start_and_mask(value, initial, where)), out)

    def mean(
        self: Array, axis: Axis = None, dtype: Any = None, out: Any = None, keepdims: bool = False, *, where: Any = None
    ) -> Array:
        """The mean over `axis` of the elements where the mask `where` is true."""
        value = self._value
        _, mask = start_and_mask(value, None, where)
        return self._finish(reduction.mean(value, axis, keepdims, optional_dtype(dtype), mask), out)

    def var(
        self: Array, axis: Axis = None, dtype: Any = None, out: Any = None, correction: int | None = None,
        keepdims: bool = False, *, ddof: int | None = None, where: Any = None, mean: Any = None,
    ) -> Array:  # fmt: skip
        """The mean square distance from the mean over `axis` of the elements where the mask `where` is true."""
        return _moment(self, reduction.var, axis, dtype, out, correction, keepdims, ddof, where, mean)

    def std(
        self: Array, axis: Axis = None, dtype: Any = None, out: Any = None, correction: int | None = None,
        keepdims: bool = False, *, ddof: int | None = None, where: Any = None, mean: Any = None,
    ) -> Array:  # fmt: skip
        """The standard deviation over `axis` of the elements where the mask `where` is true."""
        return _moment(self, reduction.std, axis, dtype, out, correction, keepdims, ddof, where, mean)

    def max(
        self: Array, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
    ) -> Array:
        """The largest element along `axis` where the mask `where` is true, or `initial` if that is larger."""
        value = self._value
        return self._finish(reduction.max(value, axis, keepdims, *start_and_mask(value, initial, where)), out)

    def min(
        self: Array, axis: Axis = None, out: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
    ) -> Array:
        """The smallest element along `axis` where the mask `where` is true, or `initial` if that is smaller."""
        value = self._value
        return self._finish(reduction.min(value, axis, keepdims, *start_and_mask(value, initial, where)), out)

    def any(self: Array, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Array:
        """Whether any element along `axis` where the mask `where` is true is nonzero."""
        value = self._value
        _, mask = start_and_mask(value, None, where)
        return self._finish(reduction.any(value, axis, keepdims, mask), out)

    def all(self: Array, axis: Axis = None, out: Any = None, keepdims: bool = False, *, where: Any = None) -> Array:
        """Whether all elements along `axis` where the mask `where` is true are nonzero."""
        value = self._value
        _, mask = start_and_mask(value, None, where)
        return self._finish(reduction.all(value, axis, keepdims, mask), out)

    def argmax(self: Array, axis: int | None = None, out: Any = None, keepdims: bool = False) -> Array:
        """The index of the largest element along `axis`."""
        return self._finish(reduction.argmax(self._value, axis, keepdims), out)

    def argmin(self: Array, axis: int | None = None, out: Any = None, keepdims: bool = False) -> Array:
        """The index of the smallest element along `axis`."""
        return self._finish(reduction.argmin(self._value, axis, keepdims), out)

    def sort(
        self, axis: int = -1, descending: bool = False, stable: Any = True, *, kind: Any = None, order: Any = None
    ) -> None:
        """Sort in place along `axis`; see `np.sort`."""
        self._assign("sort", sorting.sort(self._value, axis, sorts_descending("sort", descending, order)), fresh=True)

    def argsort(
        self: Array, axis: int | None = -1, descending: bool = False, stable: Any = True, *, kind: Any = None,
        order: Any = None,
    ) -> Array:  # fmt: skip
        """The indices of the elements in their order along `axis`; see `np.argsort`."""
        return self._finish(sorting.argsort(self._value, axis, sorts_descending("argsort", descending, order)))

    def cumsum(self: Array, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
        """The running sum along `axis`."""
        return self._finish(scan.cumsum(self._value, axis, optional_dtype(dtype)), out)

    def cumprod(self: Array, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
        """The running product along `axis`."""
        return self._finish(scan.cumprod(self._value, axis, optional_dtype(dtype)), out)

    def trace(
        self: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, out: Any = None, *, dtype: Any = None
    ) -> Array:
        """The sum of a diagonal."""
        return self._finish(linalg.trace(self._value, offset, axis1, axis2, optional_dtype(dtype)), out)


def _moment(
    array: Array, operation: Callable[..., Value], axis: Axis, dtype: Any, out: Any, correction: int | None,
    keepdims: bool, ddof: int | None, where: Any, mean: Any,
) -> Array:  # fmt: skip
    value, less = array._value, degrees_of_freedom(ddof, correction)
    _, mask = start_and_mask(value, None, where)
    (center,) = operands_or_numbers((mean,), array)
    return array._finish(operation(value, axis, keepdims, less, optional_dtype(dtype), mask, center), out)


class Movement(Handle):
    """Methods that rearrange elements."""

    __slots__ = ()

    def reshape(self, *shape: Any, order: str = "C", copy: bool | None = None) -> Any:
        """The elements in another shape; one length may be -1."""
        check_copy("reshape", copy)
        return self._finish(reshaped(self._value, spread(shape), order))

    def flatten(self, order: str = "C") -> Any:
        """The elements along one axis, as a copy."""
        return self._finish(reshaped(self._value, -1, order))

    def ravel(self, order: str = "C") -> Any:
        """The elements along one axis."""
        return self._finish(reshaped(self._value, -1, order))

    def transpose(self, *axes: Any) -> Any:
        """The array with its axes in another order; reversed by default."""
        return self._finish(movement.transpose(self._value, spread(axes) or None))

    @property
    def T(self) -> Any:  # noqa: N802 - NumPy's name
        """The array with its axes reversed."""
        return self._finish(movement.transpose(self._value))

    @property
    def mT(self) -> Any:  # noqa: N802 - NumPy's name
        """The array with its last two axes exchanged."""
        return self._finish(movement.swapaxes(self._value, -1, -2))

    def swapaxes(self, axis1: int, axis2: int) -> Any:
        """The array with two axes exchanged."""
        return self._finish(movement.swapaxes(self._value, axis1, axis2))

    def squeeze(self, axis: Axis = None, out: Any = None) -> Any:
        """The array without axes of length one: all of them, or only `axis`."""
        return self._finish(movement.squeeze(self._value, axis), out)

    def expand_dims(self, axis: int | Sequence[int]) -> Any:
        """The array with new axes of length one at the positions `axis`."""
        return self._finish(movement.expand_dims(self._value, axis))

    def broadcast_to(self, shape: int | Sequence[int]) -> Any:
        """The array repeated along new axes and axes of length one."""
        return self._finish(movement.broadcast_to(self._value, shape))

    def broadcast_like(self, other: Any) -> Any:
        """The array repeated to the shape of another array."""
        return self._finish(movement.broadcast_to(self._value, other.shape))

    def repeat(self, repeats: int | Sequence[int], axis: int | None = None) -> Any:
        """Each element repeated."""
        return self._finish(joining.repeat(self._value, repeats, axis))

    def tile(self, reps: int | Sequence[int]) -> Any:
        """The whole array repeated."""
        return self._finish(joining.tile(self._value, reps))

    def flip(self, axis: Axis = None, out: Any = None) -> Any:
        """The array in reverse order along `axis`, or along all axes."""
        return self._finish(movement.flip(self._value, axis), out)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        """The diagonals of the planes of two axes."""
        return self._finish(movement.diagonal(self._value, offset, axis1, axis2))


class Elements(Handle):
    """Methods on single elements, and products."""

    __slots__ = ()

    def clip(self, min: Any = None, max: Any = None, out: Any = None) -> Any:
        """The elements limited to the range from `min` to `max`."""
        return self._finish(choice.clip(*operands_or_numbers((self, min, max))), out)

    def round(self, decimals: int = 0, out: Any = None) -> Any:
        """The elements rounded to `decimals` digits."""
        return self._finish(rounded(self._value, decimals), out)

    def take(self, indices: Any, axis: int | None = None, mode: str = "raise", out: Any = None) -> Any:
        """The elements at `indices` along `axis`."""
        value = self._value
        return self._finish(indexing.take(value, as_operand(indices, value), axis, mode), out)

    def nonzero(self) -> tuple[Any, ...]:
        """The indices of the nonzero elements, one array per axis."""
        return tuple(self._finish(found) for found in indexing.nonzero(self._value))

    def dot(self, b: Any, out: Any = None) -> Any:
        """The product of two arrays by the rules of `numpy.dot`."""
        value = self._value
        return self._finish(linalg.dot(value, as_operand(b, value)), out)

    def isnan(self) -> Any:
        """Whether the elements are NaN."""
        return self._finish(comparison.isnan(self._value))

    def fill(self, value: Any) -> None:
        """Set all elements to one number."""
        self._assign("fill", value_to_write("fill", value, self._value), fresh=False, casting="unsafe")

    def norm(self, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
        """The norm of vectors or matrices."""
        return self._finish(linalg.norm(self._value, ord, axis, keepdims))
