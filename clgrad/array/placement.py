"""Shape, dtype and device of an array; its elements as Python numbers; copies in other dtypes and on other devices."""

from __future__ import annotations

from typing import Any

from clgrad.array.arguments import check_casting, check_order, rounded
from clgrad.array.conversion import chosen_device
from clgrad.array.device import Device, Place, named
from clgrad.array.handle import Handle
from clgrad.dtypes import DType, as_dtype
from clgrad.graph.execute import looking_at, read, wait
from clgrad.ops.arithmetic import cast, identity
from clgrad.ops.transfer import to_device
from clgrad.shapes import Shape, size_of


class Facts(Handle):
    """Shape, dtype and device."""

    __slots__ = ()

    @property
    def shape(self) -> Shape:
        """The lengths of the axes."""
        return self._value.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self._value.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return size_of(self._value.shape)

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self._value.dtype

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._value.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.size * self.itemsize

    @property
    def device(self) -> Device:
        """The device that holds the array; `ctx` and `context` are older names of this attribute."""
        return named(self._value.device)

    ctx = device
    context = device

    def __len__(self) -> int:
        shape = self._value.shape
        if not shape:
            raise TypeError("len() of an array of shape (): it is a single number")
        return shape[0]


class Numbers(Handle):
    """Elements as Python numbers. All methods wait until the elements are computed."""

    __slots__ = ()

    def item(self, *args: Any) -> Any:
        """An element as a Python number: the only element, or the element at a flat or a full index."""
        with looking_at(self._value) as numbers:
            return numbers.item(*args)

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        with looking_at(self._value) as numbers:
            return numbers.tolist()

    def wait_to_read(self) -> None:
        """Return once the elements are computed."""
        wait(self._value)

    def _number(self, wanted: str) -> Any:
        value = self._value
        if size_of(value.shape) != 1:
            raise ValueError(
                f"{wanted} of an array of shape {value.shape} is not defined; the array must have exactly one element. "
                "Usual cause: a missing any(), all(), sum() or index"
            )
        return read(value).item()

    def __bool__(self) -> bool:
        return bool(self._number("the truth value"))

    def __int__(self) -> int:
        return int(self._number("int()"))

    def __float__(self) -> float:
        return float(self._number("float()"))

    def __complex__(self) -> complex:
        return complex(self._number("complex()"))

    def __round__(self, digits: int | None = None) -> Any:
        value = self._value
        return self._finish(rounded(value, digits or 0)) if value.shape else round(read(value).item(), digits)

    def __index__(self) -> int:
        value = self._value
        if value.dtype.kind not in "iu" or value.shape:
            raise TypeError(
                f"an index must be one integer, and this array is {value.dtype.name} of shape {value.shape}"
            )
        return int(read(value).item())


class Placement(Handle):
    """The same elements in other dtypes and on other devices."""

    __slots__ = ()

    def astype(
        self, dtype: Any, order: str = "K", casting: str = "unsafe", subok: bool = True, copy: bool = True
    ) -> Any:
        """The elements in another dtype. Floats are truncated to integers; those out of range saturate."""
        value, wanted = self._value, as_dtype(dtype)
        check_order("astype", order)
        if casting != "unsafe":
            check_casting("astype", value.dtype, wanted, casting)
        if value.dtype != wanted:
            return self._finish(cast(value, dtype=wanted))
        return self._finish(identity(value)) if copy else self

    def to_device(self, device: Place) -> Any:
        """This array if it is on the device already, or else a copy there; differentiable under record."""
        value, target = self._value, chosen_device(device)
        return self if target is value.device else self._finish(to_device(value, device=target))

    def as_in_ctx(self, ctx: Place) -> Any:
        """The same as `to_device`."""
        return self.to_device(ctx)

    def as_in_context(self, context: Place) -> Any:
        """The same as `to_device`."""
        return self.to_device(context)

    def copyto(self, other: Any) -> Any:
        """Write the elements into another array, or make a copy on another device; returns that array."""
        if not isinstance(other, Handle):
            return self._finish(to_device(identity(self._value), device=chosen_device(other)))
        other._assign("copyto", self._value, fresh=False, casting="unsafe")
        return other

    def as_np_ndarray(self) -> Any:
        """This array: there is only one kind."""
        return self

    def as_nd_ndarray(self) -> Any:
        """This array: there is only one kind."""
        return self
